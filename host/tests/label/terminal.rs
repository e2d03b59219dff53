//! A terminal that a test holds the other end of.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{self, Pty};

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
        let (pty, other) = blocking::open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let child = blocking::Command::new(env!("CARGO_BIN_EXE_pairpick"))
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

    /// Asks the program to end, as the system does.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
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
        (code, screen.contents())
    }
}
