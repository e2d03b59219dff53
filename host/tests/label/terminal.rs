//! A terminal that a test holds the other end of.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{self, Pty};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pairpick");

/// A question must have been seen for a little, and the key before be over, until a key answers.
const UNHURRIED: Duration = Duration::from_millis(200);

/// A loaded machine may take so long for what takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    parser: vt100::Parser,
    output: Receiver<Vec<u8>>,
}

impl Terminal {
    /// Starts the program in a folder.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_by(blocking::Command::new(PROGRAM), folder, arguments)
    }

    /// The same by a caller that ignores that terminals go, as `nohup` does.
    pub fn start_ignoring_hangup(folder: &Path, arguments: &[&str]) -> Self {
        let shell = blocking::Command::new("sh");
        Self::start_by(
            shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", PROGRAM]),
            folder,
            arguments,
        )
    }

    fn start_by(caller: blocking::Command, folder: &Path, arguments: &[&str]) -> Self {
        let (pty, other) = blocking::open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let child = caller
            .args(arguments)
            .current_dir(folder)
            .env("TERM", "xterm-256color")
            .spawn(other)
            .unwrap();
        let (pty, (sender, output)) = (Arc::new(pty), channel());
        let own = Arc::clone(&pty);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The system reports an error once the other end is closed.
            while let Ok(read @ 1..) = (&*own).read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let [rows, columns] = [24, 80].map(|size| NonZeroU16::new(size).unwrap());
        Self { pty, child, parser: vt100::Parser::new(rows, columns, 0), output }
    }

    /// Types as a person does who has read the question.
    pub fn answer(&mut self, key: &str) {
        thread::sleep(UNHURRIED);
        self.press(key);
    }

    pub fn press(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen shows a text.
    pub fn until(&mut self, text: &str) {
        let began = Instant::now();
        while !self.screen().contents().contains(text) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(_) => panic!("no {text:?} in\n{}", self.screen().contents()),
            }
        }
    }

    /// Waits until nothing is drawn any more that was begun.
    pub fn settle(&mut self) {
        let end = Instant::now() + Duration::from_secs(1);
        while let Ok(bytes) =
            self.output.recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.parser.process(&bytes);
        }
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Sends the program a signal, as the system does.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Whether what is typed shows, and comes a line at a time, as everywhere but in programs that take
    /// each key.
    pub fn is_cooked(&self) -> bool {
        let terminal = self.pty.as_fd().try_clone_to_owned().unwrap();
        let output = Command::new("stty").arg("-a").stdin(terminal).output().unwrap();
        let modes = String::from_utf8(output.stdout).unwrap();
        let has = |mode: &str| modes.split([' ', ';', '\n']).any(|word| word == mode);
        let is_raw = has("-icanon") && has("-echo");
        assert!(is_raw || has("icanon") && has("echo"), "{modes}");
        !is_raw
    }

    /// Takes the terminal away, as a window that is closed does, and waits for the end of the program: its
    /// exit code, or none where it goes on.
    pub fn hang_up(mut self) -> Option<i32> {
        let Self { pty, output, .. } = self;
        drop(output);
        // What is drawn for the key ends the thread that reads, which has the terminal too.
        (&*pty).write_all(b"n").unwrap();
        drop(pty);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(ended) = self.child.try_wait().unwrap() {
                return ended.code();
            }
            thread::sleep(UNHURRIED);
        }
        self.child.kill().unwrap();
        None
    }

    /// Waits for the end of the program: its exit code, and what the terminal shows then, which is as it
    /// was before.
    pub fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.parser.process(&bytes);
        }
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "the screen of the program is left");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(self.is_cooked(), "keys come one by one");
        (code, screen.contents())
    }
}
