//! What the page asks for: the question of its annotator, and what becomes of an answer. Every request
//! is one call to the desk, on a thread where it may wait for the disk.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next as Rest, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{Door, Refusal};
use super::files::{FILES, protected};
use super::view::{self, Turn};
use super::visitors::{Visitor, Visitors};
use crate::cli::log::{ERROR, log};
use crate::error::Error;
use crate::named;
use crate::session::{Answer, Desk, QuestionId, Reply};

/// The longest request, in bytes: a note is all that can be long.
const LONGEST: usize = 1 << 16;

/// How long a page that has nothing to show waits for news before it asks anew.
const NEWS: Duration = Duration::from_millis(250);

/// How long a page takes at most to be loaded anew. Whoever is gone for longer has left.
const RELOAD: Duration = Duration::from_secs(2);

/// The header by which a page says which it is.
const PAGE: &str = "pairpick-page";

/// What all requests share.
pub(super) struct Office {
    pub desk: Arc<Desk>,
    pub door: Door,
    pub visitors: Visitors,
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

impl FromRequestParts<Arc<Office>> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, Refusal> {
        let annotator = office.door.annotator(&parts.headers)?;
        Ok(Self { annotator, page: page(&parts.headers) })
    }
}

/// Which page of its annotator asks; 0 where it does not say.
fn page(headers: &HeaderMap) -> u32 {
    let number = headers.get(PAGE).and_then(|value| value.to_str().ok()?.parse().ok());
    number.unwrap_or(0)
}

/// Why nothing was done.
enum Failure {
    /// What was sent is no such message.
    Message(JsonRejection),
    /// The desk could not do it.
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

/// Does something at the desk, and tells what comes next. What has been done is told even if nothing can
/// come next.
async fn at_desk(
    office: Arc<Office>,
    visitor: Visitor,
    act: impl FnOnce(&Desk, u32) -> Result<Option<String>, Error> + Send + 'static,
) -> Told {
    office.visitors.come(visitor);
    let turn = move || {
        let Office { desk, door, .. } = &*office;
        let annotator = visitor.annotator;
        let news = act(desk, annotator)?;
        let (next, status) = (desk.next(annotator), desk.status());
        if let Err(error) = &next {
            log(ERROR, &error.to_string());
        }
        Ok(view::turn(&Turn { annotator, annotators: door.annotators(), news, next, status }))
    };
    match tokio::task::spawn_blocking(turn).await {
        Ok(told) => told.map(Json).map_err(Failure::Desk),
        Err(_panic) => Err(Failure::Lost),
    }
}

async fn question(State(office): Shared, visitor: Visitor) -> Told {
    at_desk(office, visitor, |_, _| Ok(None)).await
}

async fn news(State(office): Shared, visitor: Visitor) -> Told {
    let wait = |desk: &Desk, _| {
        desk.wait(NEWS);
        Ok(None)
    };
    at_desk(office, visitor, wait).await
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
    visitor: Visitor,
    sent: Result<Json<Sent>, JsonRejection>,
) -> Told {
    let Json(Sent { question, answer, seconds, note }) = sent?;
    let record = move |desk: &Desk, annotator| {
        let id = QuestionId(question);
        let note = note.filter(|note| !note.trim().is_empty());
        // What a page says, but not more than has passed.
        let passed = desk.held_for(annotator, id).unwrap_or_default().as_secs_f64();
        let seconds = if seconds < passed { seconds } else { passed };
        let outcome = desk.answer(id, annotator, &Reply { answer, seconds, note })?;
        Ok(Some(outcome.told(answer)))
    };
    at_desk(office, visitor, record).await
}

async fn undo(
    State(office): Shared,
    visitor: Visitor,
    sent: Result<Json<Nothing>, JsonRejection>,
) -> Told {
    let Json(Nothing {}) = sent?;
    let undo = |desk: &Desk, annotator| Ok(Some(desk.undo(annotator)?.to_string()));
    at_desk(office, visitor, undo).await
}

/// A page is closed, or loaded anew: only who has none for a while leaves the question to others.
async fn leave(
    State(office): Shared,
    visitor: Visitor,
    sent: Result<Json<Nothing>, JsonRejection>,
) -> Result<StatusCode, Failure> {
    let Json(Nothing {}) = sent?;
    office.visitors.go(visitor);
    tokio::spawn(async move {
        tokio::time::sleep(RELOAD).await;
        if !office.visitors.is_here(visitor.annotator) {
            office.desk.leave(visitor.annotator);
        }
    });
    Ok(StatusCode::NO_CONTENT)
}

/// An empty object: a form of another page cannot send even that as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}
