//! Answers that leave a session, and come into a new one.

use std::fs;

use pairpick::progress::Silent;
use pairpick::session::{Desk, Plan};

use super::person::{Person, Place, content, material, plan, question, settled, threads};

fn import(place: &Place, labels: &str, plan: &Plan) -> pairpick::error::Result<u64> {
    fs::write(place.file("labels.jsonl"), labels).unwrap();
    let (path, labels) = (place.path(), place.file("labels.jsonl"));
    Desk::import(&path, &labels, material(), plan.clone(), threads(), &mut Silent)
}

#[test]
fn answers_come_into_a_new_session_with_all_that_goes_with_them() {
    let plan = Plan { swap_check: 0.3, ..plan(4, 6) };
    let (place, person) = (Place::new(), Person::moody());
    let desk = place.open(&plan);
    for _ in 0..19 {
        let shown = question(&desk, 1).unwrap();
        person.reply(&desk, 1 + (shown.id.0 % 2) as u32, &shown);
    }
    settled(&desk);
    let (labels, status) = (desk.export().unwrap(), desk.status());
    desk.close();

    let other = Place::new();
    assert_eq!(import(&other, str::from_utf8(&labels).unwrap(), &plan).unwrap(), 19);
    assert!(!other.file("s.db.draft").exists());
    let desk = other.open(&plan);
    settled(&desk);
    assert_eq!(desk.status().model, status.model);
    assert_eq!(desk.export().unwrap(), labels);
    assert_eq!(content(&other.path()), content(&place.path()));
    // Both go on alike.
    let rest = person.answer_all(&desk);
    assert_eq!(rest, person.answer_all(&place.open(&plan)));
}

#[test]
fn what_the_session_does_not_ask_is_refused_and_leaves_nothing() {
    let (place, plan) = (Place::new(), plan(2, 4));
    let desk = place.open(&plan);
    Person::new().answer_all(&desk);
    let labels = String::from_utf8(desk.export().unwrap()).unwrap();
    drop(desk);
    assert!(import(&place, &labels, &plan).unwrap_err().to_string().contains("already"));

    let seeded = Plan {
        settings: pairpick::settings::Settings { seed: 1, ..plan.settings.clone() },
        ..plan.clone()
    };
    let first = labels.lines().next().unwrap();
    for (labels, plan, problem) in [
        (labels.clone(), &seeded, "line 1: the session does not ask about this pair"),
        (format!("{labels}{first}\n"), &plan, "line 9: line 1 has an answer to the same pair"),
        (format!("{first}\n{{}}"), &plan, "line 2: missing field \"a\""),
        (first.replace("\"seconds\":2.0", "\"seconds\":\"x\""), &plan, "line 1: seconds: "),
    ] {
        let other = Place::new();
        let error = import(&other, &labels, plan).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        let left: Vec<_> = fs::read_dir(other.path().parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "the labels alone: {left:?}");
    }
}

#[test]
fn nothing_is_imported_where_a_session_is_just_begun() {
    let (place, plan) = (Place::new(), plan(2, 4));
    let lock = fs::File::create(place.file("s.db.lock")).unwrap();
    lock.lock().unwrap();
    let refused = import(&place, "", &plan).unwrap_err().to_string();
    assert!(refused.contains("works on this session"), "{refused}");
    assert!(!place.path().exists());
}

#[test]
fn an_answer_to_what_is_not_asked_again_is_refused() {
    let plan = Plan { swap_check: 1.0, ..plan(1, 2) };
    let (place, other) = (Place::new(), Place::new());
    let desk = place.open(&plan);
    Person::new().answer_all(&desk);
    let labels = String::from_utf8(desk.export().unwrap()).unwrap();
    let first = labels.lines().next().unwrap();
    let (head, again) = first.split_once(",\"again\"").unwrap();
    let (head, _) = head.split_once("\"label\"").unwrap();
    let skipped = format!("{head}\"skip\":true,\"annotator\":1,\"again\"{again}\n");
    let refused = import(&other, &skipped, &plan).unwrap_err().to_string();
    assert!(
        refused.contains("line 1: an answer \"again\" to a pair that was put aside"),
        "{refused}"
    );
}
