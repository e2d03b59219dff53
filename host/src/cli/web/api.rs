//! What the page asks for: the question of its annotator, and what becomes of an answer. Every request
//! is one call to the desk, on a thread where it may wait for the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::{Next as Rest, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{Door, Refusal};
use super::files::{FILES, protected};
use super::view::{self, Turn};
use crate::cli::log::{ERROR, log};
use crate::error::Error;
use crate::named;
use crate::session::{Answer, Desk, Next, QuestionId, Reply};

/// The longest request, in bytes: a note is all that can be long.
const LONGEST: usize = 1 << 16;

/// How long a page that has nothing to show waits for news before it asks anew.
const NEWS: Duration = Duration::from_millis(250);

/// What all requests share.
pub(super) struct Office {
    pub desk: Arc<Desk>,
    pub door: Door,
    /// The question that each annotator was shown last, and when.
    pub shown: Mutex<BTreeMap<u32, (QuestionId, Instant)>>,
}

type Shared = State<Arc<Office>>;

/// The server's paths.
pub(super) fn router(office: Arc<Office>) -> Router {
    let api = Router::new()
        .route("/api/question", get(question))
        .route("/api/news", get(news))
        .route("/api/answer", post(answer))
        .route("/api/undo", post(undo))
        .route("/api/leave", post(leave))
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(from_fn_with_state(office.clone(), from_our_page));
    let files = FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.path, get(move || async move { file.into_response() }))
    });
    files
        .merge(api)
        .layer(from_fn_with_state(office.clone(), to_our_host))
        .layer(map_response(protected))
        .with_state(office)
}

async fn to_our_host(State(office): Shared, request: Request, rest: Rest) -> Response {
    match office.door.check_host(request.headers()) {
        Ok(()) => rest.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn from_our_page(State(office): Shared, request: Request, rest: Rest) -> Response {
    match office.door.check_origin(request.headers()) {
        Ok(()) => rest.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Who asks.
#[derive(Clone, Copy)]
struct Annotator(u32);

impl FromRequestParts<Arc<Office>> for Annotator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, Refusal> {
        office.door.annotator(&parts.headers).map(Self)
    }
}

/// Why there is nothing to show.
enum Failure {
    /// What was sent is no such message.
    Message(JsonRejection),
    /// The desk could not do it; nothing was recorded.
    Desk(Error),
    /// The program is at fault.
    Lost,
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::Message(rejection)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Message(rejection) => (rejection.status(), rejection.body_text()),
            Self::Desk(error) => {
                log(ERROR, &error.to_string());
                (StatusCode::SERVICE_UNAVAILABLE, format!("Nothing was recorded: {error}"))
            }
            Self::Lost => (StatusCode::INTERNAL_SERVER_ERROR, "the program is at fault".to_owned()),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

type Told = Result<Json<Value>, Failure>;

/// Does something at the desk, and tells what comes next.
async fn at_desk(
    office: Arc<Office>,
    Annotator(annotator): Annotator,
    act: impl FnOnce(&Office) -> Result<Option<String>, Error> + Send + 'static,
) -> Told {
    let turn = move || {
        let news = act(&office)?;
        let (next, status) = (office.desk.next(annotator)?, office.desk.status());
        office.has_shown(annotator, &next);
        Ok(view::turn(&Turn {
            annotator,
            annotators: office.door.annotators(),
            news,
            next,
            status,
        }))
    };
    match tokio::task::spawn_blocking(turn).await {
        Ok(told) => told.map(Json).map_err(Failure::Desk),
        Err(_panic) => Err(Failure::Lost),
    }
}

async fn question(State(office): Shared, annotator: Annotator) -> Told {
    at_desk(office, annotator, |_| Ok(None)).await
}

async fn news(State(office): Shared, annotator: Annotator) -> Told {
    let wait = |office: &Office| {
        office.desk.wait(NEWS);
        Ok(None)
    };
    at_desk(office, annotator, wait).await
}

/// An answer as the page sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    question: u64,
    #[serde(with = "named")]
    answer: Answer,
    seconds: f64,
    note: Option<String>,
}

async fn answer(
    State(office): Shared,
    annotator: Annotator,
    sent: Result<Json<Sent>, JsonRejection>,
) -> Told {
    let Json(Sent { question, answer, seconds, note }) = sent?;
    let Annotator(number) = annotator;
    let record = move |office: &Office| {
        let id = QuestionId(question);
        let note = note.filter(|note| !note.trim().is_empty());
        let seconds = office.at_most_since_shown(number, id, seconds);
        let outcome = office.desk.answer(id, number, &Reply { answer, seconds, note })?;
        Ok(Some(view::outcome(outcome, answer)))
    };
    at_desk(office, annotator, record).await
}

async fn undo(
    State(office): Shared,
    annotator: Annotator,
    sent: Result<Json<Nothing>, JsonRejection>,
) -> Told {
    let Json(Nothing {}) = sent?;
    let Annotator(number) = annotator;
    at_desk(office, annotator, move |office| Ok(Some(view::undone(office.desk.undo(number)?))))
        .await
}

async fn leave(
    State(office): Shared,
    Annotator(number): Annotator,
    sent: Result<Json<Nothing>, JsonRejection>,
) -> Result<StatusCode, Failure> {
    let Json(Nothing {}) = sent?;
    office.desk.leave(number);
    Ok(StatusCode::NO_CONTENT)
}

/// An empty object: a form of another page cannot send even that as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Office {
    /// Remembers when a question was shown first.
    fn has_shown(&self, annotator: u32, next: &Next) {
        let Next::Question(shown) = next else { return };
        let mut all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&annotator).is_none_or(|(id, _)| *id != shown.id) {
            all.insert(annotator, (shown.id, Instant::now()));
        }
    }

    /// The seconds that a page says, but not more than have passed.
    fn at_most_since_shown(&self, annotator: u32, id: QuestionId, seconds: f64) -> f64 {
        let all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = match all.get(&annotator) {
            Some((shown, at)) if *shown == id => at.elapsed().as_secs_f64(),
            _ => 0.0,
        };
        if seconds < passed { seconds } else { passed }
    }
}
