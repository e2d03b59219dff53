//! The others: each a process of its own, asked for one measurement at a time, so that all take
//! turns on the same machine.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process that measures another's work.
#[derive(Debug)]
pub struct Peer {
    /// Who it is, with the version.
    pub name: String,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A measurement.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long the fastest of its calls took.
    pub seconds: f64,
    /// Operations of its matrix products; 0 where the peer does not tell.
    pub operations: f64,
}

impl Peer {
    /// Starts a peer that may use so many threads. `None`, with a word on stderr, if it does not
    /// run here.
    pub fn start(program: &OsStr, arguments: &[&OsStr], threads: usize) -> Option<Self> {
        let threads = threads.to_string();
        let spawned = Command::new(program)
            .args(arguments)
            .env("OPENBLAS_NUM_THREADS", &threads)
            .env("OMP_NUM_THREADS", &threads)
            .env("MKL_NUM_THREADS", &threads)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: {}: {error}", program.display());
                return None;
            }
        };
        let (questions, answers) = (child.stdin.take()?, child.stdout.take()?);
        let mut peer =
            Self { name: String::new(), child, questions, answers: BufReader::new(answers) };
        peer.name = peer.line();
        if peer.name.is_empty() {
            eprintln!("skipped: {} ended at once", program.display());
            return None;
        }
        Some(peer)
    }

    /// Measures a work; `None` if the peer does not do it.
    pub fn time(&mut self, work: &str) -> Option<Timing> {
        let line = self.ask("time", work);
        let (seconds, operations) = line.split_once(' ')?;
        Some(Timing { seconds: seconds.parse().ok()?, operations: operations.parse().ok()? })
    }

    /// The pairs that it picks, by their numbers; none if it does not do the work.
    pub fn answer(&mut self, work: &str) -> Vec<u64> {
        let line = self.ask("answer", work);
        line.split_whitespace().filter_map(|number| number.parse().ok()).collect()
    }

    fn ask(&mut self, command: &str, work: &str) -> String {
        match writeln!(self.questions, "{command} {work}").and_then(|()| self.questions.flush()) {
            Ok(()) => self.line(),
            Err(_) => String::new(),
        }
    }

    /// The next line; empty at the end.
    fn line(&mut self) -> String {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(_) => line.trim().to_owned(),
            Err(_) => String::new(),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
