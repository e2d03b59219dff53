//! [`Answerer`]: who answers the questions of a round.

use crate::data::labels::Label;
use crate::data::question::Question;
use crate::error::Result;

/// What came of a batch. A question that is in neither list stays open, and may be asked again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// Questions with their answers, in the order in which they were asked.
    pub labels: Vec<Label>,
    /// Questions put aside: never learnt from, and not asked again.
    pub skipped: Vec<Question>,
}

/// Answers questions: a simulation, or people at a terminal, a page or a device.
///
/// A batch is closed: the loop learns from it once all of it has come back. How the answers come, one
/// by one or not, and whether one is taken back, is the answerer's own affair; so is keeping them
/// safe until then. After an interruption it is asked the same batch again, and whatever it knows
/// already it need not ask anybody.
pub trait Answerer: Send {
    /// Has a batch answered, the best question first; none if it was interrupted.
    ///
    /// # Errors
    /// What keeps it from answering at all.
    fn answer(&mut self, questions: &[Question]) -> Result<Option<Answered>>;
}
