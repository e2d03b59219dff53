//! [`Holder`]: one process at a time works on a session. A file beside it is locked while one does, and
//! says which; the lock goes with the process, however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{self, Path, PathBuf};
use std::process;
use std::time::SystemTime;

use crate::error::{Error, Result, SessionError, quotable};

/// The most bytes that are read of what a holder says.
const MOST_READ: u64 = 200;

/// Days of the Gregorian calendar in 400 years.
const ERA: u64 = 146_097;

/// The lock of a session, as long as it is held.
#[derive(Debug)]
pub(super) struct Holder {
    session: PathBuf,
    path: PathBuf,
    /// None once it is let go.
    lock: Option<File>,
}

impl Holder {
    /// Takes a session, by whichever of its names.
    ///
    /// # Errors
    /// [`SessionError::Held`] where another process has it; [`Error::Io`].
    pub(super) fn take(session: &Path) -> Result<Self> {
        let whole = resolve(session)?;
        let path = beside(&whole);
        loop {
            let mut lock = OpenOptions::new()
                .create(true)
                .read(true)
                .append(true)
                .open(&path)
                .map_err(|error| Error::io(&path, "create", error))?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let (path, holder) = (session.into(), said_by(&mut lock));
                    return Err(SessionError::Held { path, holder }.into());
                }
                Err(TryLockError::Error(error)) => return Err(Error::io(path, "lock", error)),
            }
            // Whoever had it before may have removed the file that was locked.
            if is_there(&lock, &path) {
                let text = format!("process {}, since {}", process::id(), now());
                lock.set_len(0)
                    .and_then(|()| lock.write_all(text.as_bytes()))
                    .map_err(|error| Error::io(&path, "write", error))?;
                return Ok(Self { session: whole, path, lock: Some(lock) });
            }
        }
    }

    /// The one name of the session's file.
    pub(super) fn session(&self) -> &Path {
        &self.session
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // While it is locked, where the system lets it: nobody must find it unlocked and then gone.
        if fs::remove_file(&self.path).is_err() {
            self.lock = None;
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The one name of a session's file, which need not be there: whole, and without links.
///
/// # Errors
/// [`Error::Io`] where its folder cannot be found.
fn resolve(session: &Path) -> Result<PathBuf> {
    let whole = fs::canonicalize(session).or_else(|_| {
        let whole = path::absolute(session)?;
        let (folder, name) = (whole.parent(), whole.file_name());
        let named = folder.zip(name).ok_or(io::ErrorKind::InvalidFilename)?;
        Ok(fs::canonicalize(named.0)?.join(named.1))
    });
    whole.map_err(|error| Error::io(session, "create", error))
}

/// The name of the file that is locked.
fn beside(session: &Path) -> PathBuf {
    let mut name = session.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    session.with_file_name(name)
}

/// Who holds it.
fn said_by(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.take(MOST_READ).read_to_string(&mut text) {
        Ok(1..) => quotable(&text),
        _ => "another process".to_owned(),
    }
}

#[cfg(unix)]
fn is_there(lock: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    let both: io::Result<_> = lock.metadata().and_then(|own| Ok((own, fs::metadata(path)?)));
    both.is_ok_and(|(own, other)| identity(own) == identity(other))
}

/// Open files cannot be removed elsewhere.
#[cfg(not(unix))]
fn is_there(_lock: &File, _path: &Path) -> bool {
    true
}

fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    date(since.map_or(0, |since| since.as_secs()))
}

/// A time in seconds from 1970 on, as people write it: years begin in March here, so that the day which
/// some have and others not is a year's last.
fn date(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (year, hour, minute) = (400 * era + year + next, time / 3_600, time / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC", time % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn one_holds_a_session_and_the_next_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("s.db");
        let holder = Holder::take(&session).unwrap();
        let refused = Holder::take(&session).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}, since 2", process::id())), "{refused}");
        #[cfg(unix)]
        {
            let link = folder.path().join("t.db");
            fs::write(&session, "").unwrap();
            std::os::unix::fs::symlink(&session, &link).unwrap();
            assert!(Holder::take(&link).unwrap_err().to_string().contains("since 2"));
        }
        drop(holder);
        assert!(!beside(&session).exists());
        // What a killed process leaves is taken over.
        fs::write(beside(&session), "process 1, since long ago, and longer than the next").unwrap();
        drop(Holder::take(&session).unwrap());
    }
}
