//! What the desk says, in the page's words.

use serde_json::{Value, json};

use crate::error::Result;
use crate::session::{Line, Next, Shown, Status};

/// What a page shows after each request.
pub(super) struct Turn {
    pub annotator: u32,
    pub annotators: usize,
    /// What became of what was done.
    pub news: Option<String>,
    /// What comes next, or why nothing can.
    pub next: Result<Next>,
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
            Ok(Next::Question(shown)) => json!({ "question": question(shown) }),
            Ok(Next::Wait(waiting)) => json!({ "waiting": waiting.to_string() }),
            Ok(Next::Ended(ending)) => json!({ "ended": ending.to_string() }),
            Err(error) => json!({ "stopped": error.to_string() }),
        },
        "status": {
            "batch": status.batch, "left": status.left, "working": status.working,
            "brief": status.brief(), "lines": lines,
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
