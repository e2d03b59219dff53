//! [`Progress`]: how long work tells whoever waits for it, without knowing of terminals.

/// Listens to a run. Stages do not overlap.
pub trait Progress: Send {
    /// A stage begins, of `total` steps; 0 if it cannot say.
    fn begin(&mut self, stage: &str, total: u64);

    /// So many of the steps are done.
    fn advance(&mut self, done: u64);

    /// The stage is over.
    fn end(&mut self);

    /// A round is over, and in a line what it came to.
    fn round(&mut self, round: u64, line: &str);

    /// Something that a person should know, and that is no error.
    fn note(&mut self, message: &str);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _stage: &str, _total: u64) {}

    fn advance(&mut self, _done: u64) {}

    fn end(&mut self) {}

    fn round(&mut self, _round: u64, _line: &str) {}

    fn note(&mut self, _message: &str) {}
}

/// Remembers what is noted, and hears nothing else.
#[derive(Clone, Debug, Default)]
pub struct Notes(pub Vec<String>);

impl Progress for Notes {
    fn begin(&mut self, _stage: &str, _total: u64) {}

    fn advance(&mut self, _done: u64) {}

    fn end(&mut self) {}

    fn round(&mut self, _round: u64, _line: &str) {}

    fn note(&mut self, message: &str) {
        self.0.push(message.to_owned());
    }
}
