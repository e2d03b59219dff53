//! Files that are no session, or not this one: refused, and left as they are.

use std::fs;
use std::path::Path;
use std::time::Duration;

use pairpick::data::bundled;
use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::texts::Texts;
use pairpick::error::Result;
use pairpick::progress::Silent;
use pairpick::session::{Desk, Lag, Material, Plan};
use rusqlite::Connection;

use super::person::{Person, Place, material, open, plan, question, threads};

/// A session with answers, closed.
fn session() -> Place {
    let place = Place::new();
    let desk = place.open(&plan(2, 4));
    Person::new().answer_all(&desk);
    super::person::learnt(&desk, 2);
    place
}

/// Checks that an attempt is refused so, and that the file is as it was.
fn refused<T>(place: &Place, attempt: impl FnOnce(&Path) -> Result<T>, problem: &str) {
    let before = fs::read(place.path()).unwrap();
    let error = attempt(&place.path()).err().unwrap().to_string();
    assert!(error.contains(problem), "{error}\ndoes not say\n{problem}");
    assert!(error.contains("s.db"), "{error}");
    assert!(fs::read(place.path()).unwrap() == before, "{problem}: the file has changed");
    let left = fs::read_dir(place.path().parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "{problem}: something is left");
}

#[test]
fn a_session_of_other_data_or_another_plan_is_refused() {
    let place = session();
    let with = |material: Material| {
        move |path: &Path| Desk::open(path, material, plan(2, 4), threads(), &mut Silent)
    };
    let mut bytes = bundled::EMBEDDINGS.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let name = Path::new("other.npy");
    let part = |source| Embeddings::from_source(source, name).unwrap();
    let texts = |embeddings: &Embeddings| Texts::bundled(embeddings).unwrap();
    let whole = part(bytes.clone());
    let (whole_texts, shape) = (texts(&whole), "embeddings or pairs");
    refused(&place, with(Material::new(whole, None, whole_texts)), shape);
    let mut bytes = bundled::EMBEDDINGS.to_vec();
    let last = bytes.len() / 2;
    bytes[last] ^= 1;
    let other = part(bytes).restricted_to(0..78).unwrap();
    let other_texts = texts(&other);
    refused(&place, with(Material::new(other, None, other_texts)), "other embeddings or pairs");

    let embeddings = Dataset::bundled().unwrap().train.embeddings;
    let other = String::from_utf8(bundled::TEXTS.to_vec()).unwrap().replacen("finger", "thumb", 1);
    let other = Texts::from_source(other.into_bytes(), name, &embeddings).unwrap();
    refused(&place, with(Material::new(embeddings, None, other)), "other texts: digest 0x");

    let lagging = Plan { lag: Lag::None, ..plan(2, 4) };
    refused(
        &place,
        |path| open(path, &lagging),
        "other settings: lag \"1\", and now it is lag \"0\"",
    );
    refused(
        &place,
        |path| open(path, &plan(2, 5)),
        "other settings: batch 4, and now it is batch 5",
    );
    drop(open(&place.path(), &plan(9, 4)).unwrap());
}

#[test]
fn what_is_no_session_newer_or_damaged_is_refused() {
    let attempt = |path: &Path| open(path, &plan(2, 4));
    let place = session();
    let whole = fs::read(place.path()).unwrap();
    for from in [4096, 8192, 12288] {
        let mut damaged = whole.clone();
        damaged[from..from + 40].fill(0x5a);
        fs::write(place.path(), damaged).unwrap();
        refused(&place, attempt, "the session is damaged");
    }
    fs::write(place.path(), &whole[..whole.len() / 2]).unwrap();
    refused(&place, attempt, "the session is damaged");
    fs::write(place.path(), "{\"a\": [0, 1]}\n".repeat(100)).unwrap();
    refused(&place, attempt, "not a session of pairpick: it is no data base of SQLite");

    fs::write(place.path(), &whole).unwrap();
    let write = |statement: &str| {
        Connection::open(place.path()).unwrap().execute_batch(statement).unwrap();
    };
    write("PRAGMA user_version = 2");
    refused(&place, attempt, "a session of format 2, which a newer version");
    write(
        "PRAGMA user_version = 1; UPDATE models SET bits = CAST(substr(bits, 1, length(bits) - 1) || x'00' AS BLOB)",
    );
    refused(&place, attempt, "the session is damaged: the model of round");
    fs::write(place.path(), &whole).unwrap();
    write("UPDATE answers SET answer = 'perhaps' WHERE nth = 1");
    refused(&place, attempt, "an unknown answer");
    fs::remove_file(place.path()).unwrap();
    write("CREATE TABLE t (a)");
    refused(&place, attempt, "not a session of pairpick: a data base of another program");
}

#[test]
fn a_file_that_another_program_has_locked_is_said_to_be() {
    let place = session();
    let other = Connection::open(place.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = open(&place.path(), &plan(2, 4)).err().unwrap().to_string();
    assert!(error.contains("another program has locked the file"), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(open(&place.path(), &plan(2, 4)).unwrap());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let path = Path::new("/nowhere/s.db");
    let error = Desk::open(path, material(), plan(1, 2), threads(), &mut Silent);
    assert!(error.err().unwrap().to_string().contains("/nowhere/s.db"));
}

#[test]
fn the_background_waits_for_a_file_that_another_program_reads() {
    let (place, plan) = (Place::new(), plan(2, 4));
    drop(place.open(&plan));
    let other = Connection::open(place.path()).unwrap();
    let forget =
        "DELETE FROM answers; DELETE FROM questions; DELETE FROM rounds; DELETE FROM models;";
    other.execute_batch(forget).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM session;").unwrap();
    let desk = place.open(&plan);
    let is_held_up =
        |desk: &Desk| desk.status().working.is_some_and(|now| now.starts_with("waiting"));
    while !is_held_up(&desk) {
        assert_eq!(desk.status().failed, None);
        desk.wait(Duration::from_millis(20));
    }
    other.execute_batch("ROLLBACK").unwrap();
    assert!(question(&desk, 1).is_some());
    assert!(!is_held_up(&desk));
}

#[test]
fn to_look_at_a_session_changes_nothing_and_begins_none() {
    let place = session();
    let before = fs::read(place.path()).unwrap();
    let look = |path: &Path| Desk::look(path, material(), threads(), &mut Silent);
    let desk = look(&place.path()).unwrap();
    assert!(desk.status().answered > 0 && !desk.export().unwrap().is_empty());
    drop(desk);
    assert_eq!(fs::read(place.path()).unwrap(), before);
    let empty = place.file("empty.db");
    fs::write(&empty, "").unwrap();
    let refused = look(&empty).err().unwrap().to_string();
    assert!(refused.contains("nothing has begun in it"), "{refused}");
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
}
