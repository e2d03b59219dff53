//! Files that are no session, or not this one: refused, and left as they are.

use std::fs;
use std::path::Path;

use pairpick::data::bundled;
use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::texts::Texts;
use pairpick::error::Result;
use pairpick::progress::Silent;
use pairpick::session::{Desk, Lag, Material, Plan};
use rusqlite::Connection;

use super::person::{Person, Place, material, open, plan, threads};

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
    refused(&place, |path| open(path, &lagging), "other settings: lag \"0\"; expected lag \"1\"");
    refused(&place, |path| open(path, &plan(2, 5)), "other settings: batch 5; expected batch 4");
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
