//! What a session asks and learns follows from the answers alone.

use pairpick::data::dataset::Dataset;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::progress::Silent;
use pairpick::round::journal::MemoryJournal;
use pairpick::round::run;
use pairpick::session::{Ending, Lag, Next, Plan};
use pairpick::settings::{Answers, Oracle, Preset, Settings};

use super::person::{Person, Place, content, learnt, plan, question, settled, threads};

/// Without a lag a session is a run with a person for an oracle, bit for bit, whatever is asked again.
#[test]
fn a_session_without_a_lag_comes_to_the_bits_of_a_run() {
    let answers = Answers { oracle: Oracle::ArgMax, temperature: 1.0 };
    let mut plan = Plan { lag: Lag::None, swap_check: 0.5, ..plan(3, 10) };
    plan.settings.answers = answers;
    let Dataset { train, .. } = Dataset::bundled().unwrap();
    let dataset = Dataset { train, candidates: None, test: None, test_labels: None };
    let mut answerer = OracleAnswerer { dataset: &dataset, settings: &plan.settings };
    let mut journal = MemoryJournal::default();
    run(&dataset, &plan.settings, &threads(), &mut answerer, &mut journal, &mut Silent).unwrap();
    let expected = &journal.committed.rounds;

    let (place, person) = (Place::new(), Person::new());
    let desk = place.open(&plan);
    for round in expected {
        for _ in 0..15 {
            let shown = question(&desk, 1).unwrap();
            assert_eq!((shown.round, shown.batch), (round.round, 15));
            person.reply(&desk, 1, &shown);
        }
        learnt(&desk, round.round);
        let status = desk.status();
        assert_eq!(status.model, Some((round.round, round.digest)));
        assert_eq!(status.confidence.map(f64::to_bits), round.confidence.map(f64::to_bits));
    }
    assert_eq!(desk.next(1).unwrap(), Next::Ended(Ending::Rounds(3)));
    let agreement = desk.status().with_oneself;
    assert_eq!((agreement.alike.part, agreement.alike.whole, agreement.kappa), (15, 15, Some(1.0)));
}

/// Whether the background is far ahead or far behind.
#[test]
fn the_same_answers_give_the_same_bits_however_fast_they_come() {
    for preset in [Preset::Default, Preset::Mlp] {
        let mut plan = Plan { swap_check: 0.3, ..plan(4, 6) };
        if preset == Preset::Mlp {
            let Settings { asking, .. } = Settings::of_preset(preset).sized_for_bundled();
            let (rounds, batch) = (plan.settings.asking.rounds, plan.settings.asking.batch);
            plan.settings = Settings::of_preset(preset);
            plan.settings.asking = pairpick::settings::Asking { rounds, batch, ..asking };
        }
        let person = Person::moody();
        let (fast, slow) = (Place::new(), Place::new());
        let desk = fast.open(&plan);
        let shown = person.answer_all(&desk);
        learnt(&desk, 4);
        desk.close();
        let desk = slow.open(&plan);
        let mut again = Vec::new();
        while let Some(shown) = question(&desk, 1) {
            settled(&desk);
            person.reply(&desk, 1, &shown);
            again.push(shown);
        }
        learnt(&desk, 4);
        desk.close();
        assert_eq!(shown, again, "{preset:?}");
        assert_eq!(content(&fast.path()), content(&slow.path()), "{preset:?}");
    }
}

/// The second batch is chosen by no label, and the third by those of the first.
#[test]
fn a_batch_is_chosen_by_all_answers_but_the_last_batch_s() {
    let place = Place::new();
    let desk = place.open(&plan(4, 5));
    Person::new().answer_all(&desk);
    desk.close();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let mut statement =
        connection.prepare("SELECT model_round FROM rounds ORDER BY round").unwrap();
    let rounds: Vec<i64> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rounds, [0, 0, 1, 2]);
}

/// A sitting later, somebody wants more rounds: they are those of a session that was to have so many.
#[test]
fn more_rounds_later_are_the_same_rounds() {
    let person = Person::moody();
    let (at_once, in_two) = (Place::new(), Place::new());
    let desk = at_once.open(&plan(4, 5));
    person.answer_all(&desk);
    learnt(&desk, 4);
    drop(desk);
    for rounds in [2, 4] {
        let desk = in_two.open(&plan(rounds, 5));
        person.answer_all(&desk);
        learnt(&desk, rounds as u64);
    }
    assert_eq!(content(&at_once.path()), content(&in_two.path()));
}

#[test]
fn a_session_ends_where_the_model_is_as_sure_as_was_wanted() {
    let place = Place::new();
    let desk = place.open(&Plan { until: Some(0.01), ..plan(9, 10) });
    let asked = Person::new().answer_all(&desk);
    // The model of the first batch is sure enough; the second was chosen before there was one.
    assert_eq!(asked.len(), 20);
    assert!(matches!(desk.next(1).unwrap(), Next::Ended(Ending::Confident(_))));
}
