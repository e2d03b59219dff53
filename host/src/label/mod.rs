//! Who answers: each an [`Answerer`](crate::round::answer::Answerer).

pub mod oracle;
