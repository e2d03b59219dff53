//! What the desk says, in the page's words.

use serde_json::{Value, json};

use crate::session::{Answer, Ending, Line, Next, Outcome, Shown, Status, Undone, Waiting};

/// What a page shows after each request.
pub(super) struct Turn {
    pub annotator: u32,
    pub annotators: usize,
    /// What became of what was done.
    pub news: Option<String>,
    pub next: Next,
    pub status: Status,
}

pub(super) fn turn(turn: &Turn) -> Value {
    let Turn { annotator, annotators, news, next, status } = turn;
    let who = (*annotators > 1).then(|| format!("annotator {annotator} of {annotators}"));
    let lines: Vec<[String; 2]> =
        status.lines().into_iter().map(|Line { name, text }| [name.to_owned(), text]).collect();
    json!({
        "annotator": who,
        "news": news,
        "next": match next {
            Next::Question(shown) => json!({ "question": question(shown) }),
            Next::Wait(waiting) => json!({ "waiting": waited_for(*waiting) }),
            Next::Ended(ending) => json!({ "ended": ended(*ending) }),
        },
        "status": {
            "batch": status.batch, "left": status.left, "working": status.working, "lines": lines,
        },
    })
}

fn question(shown: &Shown) -> Value {
    let Shown { id, round, place, batch, prompt, left, right } = shown;
    json!({
        "id": id.0,
        "title": format!("Round {round}, question {place} of {batch}: which reply is better?"),
        "prompt": prompt, "first": left, "second": right,
    })
}

const fn waited_for(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Others => "Others have the rest of this batch. The next one comes by itself.",
        Waiting::Batch => "The next batch is being chosen. It comes by itself.",
    }
}

fn ended(ending: Ending) -> String {
    match ending {
        Ending::Rounds(rounds) => format!("Batch {rounds} was the last. Thank you."),
        Ending::Confident(rho) => {
            format!("The model is as sure of its order as was wanted: ρ {rho:.2}. Thank you.")
        }
        Ending::NoPairLeft => "Every pair has been asked about. Thank you.".to_owned(),
    }
}

/// What became of an answer.
pub(super) fn outcome(outcome: Outcome, answer: Answer) -> String {
    match outcome {
        Outcome::Recorded => {
            let what = match answer {
                Answer::First => "The first is better",
                Answer::Second => "The second is better",
                Answer::Tie => "A tie",
                Answer::Skip => "Skipped",
                Answer::BothBad => "Both are bad",
            };
            format!("{what}: recorded.")
        }
        Outcome::AnsweredBefore => {
            "That question was answered already, which stays. Here is the next.".to_owned()
        }
        Outcome::NoSuchQuestion => {
            "That question is not open any more; nothing was recorded. Here is the next.".to_owned()
        }
    }
}

/// What was taken back.
pub(super) fn undone(undone: Undone) -> String {
    match undone {
        Undone::Question(_) => "Taken back. Here is the question again.".to_owned(),
        Undone::Nothing => {
            "Nothing to take back: of this batch you have answered nothing.".to_owned()
        }
    }
}
