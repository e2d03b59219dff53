//! How long somebody waits for the next question while a model learns.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use pairpick::data::embeddings::Embeddings;
use pairpick::data::texts::Texts;
use pairpick::progress::Silent;
use pairpick::session::{Answer, Desk, Material, Plan, Reply};
use pairpick::settings::Settings;
use pairpick_core::rng::Stream;

use super::npy::npy;
use super::person::{Place, SECONDS, question, threads};

const PROMPTS: usize = 2_000;
const RESPONSES: usize = 10;
const DIMENSIONS: usize = 256;

/// The default recipe on 500 prompts a round, which are 22,500 pairs.
fn material() -> Material {
    let mut rng = Stream::new(1, "embeddings", 0);
    let values: Vec<f32> =
        (0..PROMPTS * RESPONSES * DIMENSIONS).map(|_| rng.normal::<f64>() as f32).collect();
    let file = npy(&[PROMPTS, RESPONSES, DIMENSIONS], |index| values[index]);
    let embeddings = Embeddings::from_source(file, Path::new("e.npy")).unwrap();
    let text = "word ".repeat(100);
    let line = |prompt| {
        let responses: Vec<String> =
            (0..RESPONSES).map(|response| format!("\"{prompt} {response} {text}\"")).collect();
        format!("{{\"prompt\": \"{prompt}?\", \"responses\": [{}]}}\n", responses.join(", "))
    };
    let lines: String = (0..PROMPTS).map(line).collect();
    let texts = Texts::from_source(lines.into_bytes(), Path::new("t.jsonl"), &embeddings).unwrap();
    Material::new(embeddings, None, texts)
}

#[test]
#[ignore = "takes half a minute"]
fn by_name_the_next_question_comes_at_once_while_a_model_learns() {
    let place = Place::new();
    let plan = Plan::new(Settings::default());
    let desk = Desk::open(&place.path(), material(), plan, threads(), &mut Silent).unwrap();
    let (mut waits, began) = (Vec::new(), Instant::now());
    let mut shown = question(&desk, 1).unwrap();
    while waits.len() < 400 && began.elapsed() < Duration::from_secs(300) {
        sleep(Duration::from_millis(10));
        let working = desk.status().working;
        let answered = Instant::now();
        desk.answer(shown.id, 1, &Reply::new(Answer::First, SECONDS)).unwrap();
        let Some(next) = question(&desk, 1) else {
            break;
        };
        let wait = answered.elapsed();
        if next.round == shown.round && working.is_some() {
            waits.push(wait);
        }
        shown = next;
    }
    waits.sort_unstable();
    let at = |share: f64| waits[(share * (waits.len() - 1) as f64) as usize];
    println!(
        "{} answers while models learn: median {:?}, 95 % {:?}, longest {:?}",
        waits.len(),
        at(0.5),
        at(0.95),
        at(1.0)
    );
    assert!(waits.len() >= 100 && at(0.5) < Duration::from_millis(50));
}
