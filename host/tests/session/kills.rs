//! A process that is killed at any moment, also within a commit, goes on as if it had never stopped; a
//! second one is told who holds the session; a full disk loses nothing.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pairpick::session::{Desk, Next, Plan, QuestionId, Reply};
use pairpick_core::rng::Stream;
use rusqlite::Connection;

use super::person::{Person, Place, SECONDS, answered, content, open, plan, question, settled};
use super::skip::skip;

/// Says that this process is to answer in a session, and in which.
const CHILD: &str = "PAIRPICK_TEST_SESSION";

/// The most that a thread does to the files before it is killed.
const MOST_DONE: u64 = 60;

/// Whether there is a program that kills another at any call of the system; said where there is not.
fn has_strace() -> bool {
    let found = Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok();
    found || {
        skip("kills within a commit", "strace");
        false
    }
}

fn few() -> Plan {
    Plan { swap_check: 0.2, ..plan(4, 5) }
}

/// Not a test: the process that others kill. It says which answers are safe.
#[test]
#[ignore = "answers in a session, for tests that kill it"]
fn child() {
    let Some(path) = env::var_os(CHILD) else {
        return;
    };
    let desk = match open(Path::new(&path), &few()) {
        Ok(desk) => desk,
        Err(error) => return println!("\nrefused: {error}"),
    };
    println!("\nopen");
    match answer(&desk) {
        Ok(()) => println!("ended"),
        Err(error) => println!("refused: {error}"),
    }
}

/// Answers all there is, and waits until it is learnt.
fn answer(desk: &Desk) -> Result<(), String> {
    let person = Person::moody();
    loop {
        match desk.next(1).map_err(|error| error.to_string())? {
            Next::Wait(_) => desk.wait(Duration::from_millis(20)),
            Next::Ended(_) => break,
            Next::Question(shown) => {
                let reply = Reply::new(person.answer(&shown), SECONDS);
                desk.answer(shown.id, 1, &reply).map_err(|error| error.to_string())?;
                println!("safe {}", shown.id.0);
            }
        }
    }
    settled(desk);
    desk.status().failed.map_or(Ok(()), Err)
}

/// The command of such a process.
fn command(path: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "kills::child", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env(CHILD, path).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// What it says in the end.
fn said(mut child: Child) -> Vec<String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map_while(Result::ok).collect();
    child.wait().unwrap();
    lines
}

fn journal(path: &Path) -> PathBuf {
    path.with_file_name("s.db-journal")
}

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after it began.
    After(Duration),
    /// As one of its threads is to do the so manieth thing to the session's files: to write, to bring
    /// what is written to the disk, to cut off, to remove.
    Doing(u64),
}

/// Starts a process that is killed then; whether it was within a commit.
fn kill(path: &Path, moment: Moment) -> bool {
    let mut child = match moment {
        Moment::After(_) => command(path),
        Moment::Doing(nth) => traced(path, nth),
    };
    let mut child = child.spawn().unwrap();
    if let Moment::After(delay) = moment {
        let began = Instant::now();
        while began.elapsed() < delay && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_micros(200));
        }
        let _ = child.kill();
    }
    let said = said(child).join("\n");
    assert!(!said.contains("refused"), "{moment:?}: {said}");
    let is_within = fs::metadata(journal(path)).is_ok_and(|found| found.len() > 0);
    check_safe(path, &said);
    is_within
}

/// The process under strace, which ends it.
fn traced(path: &Path, nth: u64) -> Command {
    const CALLS: &str = "write,pwrite64,fsync,fdatasync,ftruncate,unlink";
    let own = command(path);
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CALLS}")]);
    traced.arg("-P").arg(path).arg("-P").arg(journal(path));
    traced.args(["-e", &format!("inject={CALLS}:signal=KILL:when={nth}")]);
    traced.arg(own.get_program()).args(own.get_args());
    traced.env(CHILD, path).stdout(Stdio::piped()).stderr(Stdio::null());
    traced
}

/// What a process called safe is in the file, which is whole; looked at in a copy, so that the next
/// process finds what this one left.
fn check_safe(path: &Path, said: &str) {
    let copy = tempfile::tempdir().unwrap();
    let own = copy.path().join("s.db");
    if fs::copy(path, &own).is_err() {
        return;
    }
    let _ = fs::copy(journal(path), journal(&own));
    let whole: String = Connection::open(&own)
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let safe = said.lines().filter_map(|line| line.strip_prefix("safe "));
    let safe: Vec<QuestionId> = safe.filter_map(|id| id.parse().ok()).map(QuestionId).collect();
    if !safe.is_empty() {
        let kept = answered(&own);
        assert!(safe.iter().all(|id| kept.contains(id)), "{safe:?} of {kept:?}");
    }
}

/// Kills processes so often, begins anew whenever one ends, and compares what comes of each session
/// with one that was never killed; how many were killed within a commit.
fn killed(times: u64, seed: u64) -> u64 {
    let whole = Place::new();
    let began = Instant::now();
    assert!(said(command(&whole.path()).spawn().unwrap()).contains(&"ended".to_owned()));
    let (expected, took) = (content(&whole.path()), began.elapsed());
    let mut draws = Stream::new(seed, "kills", 0);
    let (mut place, mut within) = (Place::new(), 0);
    for time in 0..times {
        let moment = match time % 4 {
            0 => Moment::After(took.mul_f64(draws.uniform::<f64>())),
            _ => Moment::Doing(1 + draws.below(MOST_DONE)),
        };
        within += u64::from(kill(&place.path(), moment));
        if time % 8 == 7 {
            assert!(said(command(&place.path()).spawn().unwrap()).contains(&"ended".to_owned()));
            assert_eq!(content(&place.path()), expected, "{moment:?}");
            place = Place::new();
        }
    }
    within
}

#[test]
fn a_killed_session_goes_on_as_if_it_had_never_stopped() {
    if !has_strace() {
        return;
    }
    let within = killed(16, 1);
    assert!(within > 0, "none was killed within a commit");
}

/// The first commit, which makes the file, interrupted at every step of it.
#[test]
fn a_session_begins_anew_where_it_was_killed_as_it_began() {
    if !has_strace() {
        return;
    }
    let mut within = 0;
    for nth in 1..=8 {
        let place = Place::new();
        within += u32::from(kill(&place.path(), Moment::Doing(nth)));
        drop(place.open(&few()));
    }
    assert!(within > 0, "none was killed within a commit");
}

/// Two hundred of them, by name.
#[test]
#[ignore = "takes minutes"]
fn by_name_two_hundred_kills() {
    assert!(has_strace());
    let within = killed(200, 2);
    println!("{within} of 200 were killed within a commit");
    assert!(within >= 20, "{within}");
}

#[test]
fn a_second_process_is_told_who_holds_the_session() {
    let place = Place::new();
    let desk = place.open(&few());
    let told = said(command(&place.path()).spawn().unwrap()).join("\n");
    let holder = format!("process {}, since 20", id());
    assert!(told.contains(&holder) && told.contains("works on this session"), "{told}");
    let plan = few();
    assert!(question(&desk, 1).is_some(), "the first is not disturbed");
    drop(desk);
    drop(place.open(&plan));
}

/// A limit on the size of files stands in for a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let whole = Place::new();
    assert!(said(command(&whole.path()).spawn().unwrap()).contains(&"ended".to_owned()));
    let size = fs::metadata(whole.path()).unwrap().len();
    let place = Place::new();
    let mut refusals = 0;
    for share in [0.3, 0.5, 0.6, 0.7, 0.8, 0.9] {
        let limit = (share * size as f64 / 1024.0) as u64;
        // Who exceeds the limit is told, not ended.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let own = command(&place.path());
        let mut limited = Command::new("bash");
        limited.args(["-c", &script]).arg(own.get_program()).args(own.get_args());
        limited.env(CHILD, place.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let said = said(limited.spawn().unwrap()).join("\n");
        check_safe(&place.path(), &said);
        if let Some((_, problem)) = said.split_once("refused: ") {
            assert!(problem.contains("s.db: cannot "), "{problem}");
            refusals += 1;
        }
    }
    assert!(refusals > 0, "the limit was never met");
    assert!(said(command(&place.path()).spawn().unwrap()).contains(&"ended".to_owned()));
    assert_eq!(content(&place.path()), content(&whole.path()));
}
