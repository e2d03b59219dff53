//! Several people, several tabs, answers that are taken back.

use std::collections::BTreeSet;

use pairpick::session::{Answer, Next, Outcome, Plan, QuestionId, Reply, Shown, Undone, Waiting};

use super::person::{Person, Place, SECONDS, plan, question};

#[test]
fn people_get_different_questions_of_one_batch_and_wait_for_each_other() {
    let (place, person) = (Place::new(), Person::new());
    let desk = place.open(&plan(2, 3));
    let shown: Vec<_> = (1..=3).map(|annotator| question(&desk, annotator).unwrap()).collect();
    let ids: BTreeSet<QuestionId> = shown.iter().map(|shown| shown.id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(desk.next(4).unwrap(), Next::Wait(Waiting::Others));
    assert_eq!(question(&desk, 2).unwrap(), shown[1], "the same until it is answered");
    person.reply(&desk, 2, &shown[1]);
    assert_eq!(desk.next(2).unwrap(), Next::Wait(Waiting::Others));
    desk.leave(3);
    assert_eq!(question(&desk, 2).unwrap().id, shown[2].id);
    person.reply(&desk, 2, &shown[2]);
    person.reply(&desk, 1, &shown[0]);
    assert_eq!(question(&desk, 4).unwrap().round, 2);
}

#[test]
fn two_tabs_record_an_answer_once() {
    let place = Place::new();
    let desk = place.open(&plan(2, 2));
    let shown = question(&desk, 1).unwrap();
    let reply = |answer| Reply::new(answer, SECONDS);
    let answer = |id, answer| desk.answer(id, 1, &reply(answer)).unwrap();
    assert_eq!(answer(shown.id, Answer::First), Outcome::Recorded);
    assert_eq!(answer(shown.id, Answer::Second), Outcome::AnsweredBefore);
    assert_eq!(answer(QuestionId(4), Answer::First), Outcome::NoSuchQuestion, "of the next batch");
    assert_eq!(answer(QuestionId(99), Answer::First), Outcome::NoSuchQuestion);
    assert_eq!(desk.status().answered, 1);
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let shown = question(&desk, 1).unwrap();
        let tabs = [Answer::First, Answer::Second, Answer::Tie, Answer::Skip];
        let tabs = tabs.map(|answer| {
            let (desk, reply) = (&desk, reply(answer));
            scope.spawn(move || desk.answer(shown.id, 1, &reply).unwrap())
        });
        tabs.map(|tab| tab.join().unwrap()).into()
    });
    let recorded = outcomes.iter().filter(|outcome| **outcome == Outcome::Recorded).count();
    assert_eq!(recorded, 1, "{outcomes:?}");
    assert_eq!(desk.status().answered, 2);
}

#[test]
fn an_answer_is_taken_back_as_far_as_the_start_of_the_open_batch() {
    let (place, person) = (Place::new(), Person::new());
    let desk = place.open(&plan(2, 3));
    let first = question(&desk, 1).unwrap();
    person.reply(&desk, 1, &first);
    let other = question(&desk, 2).unwrap();
    person.reply(&desk, 2, &other);
    assert_eq!(desk.undo(1).unwrap(), Undone::Question(first.id), "of one's own answers");
    assert_eq!(question(&desk, 1).unwrap(), first);
    assert_eq!(desk.undo(1).unwrap(), Undone::Nothing);
    // It can be answered otherwise, after the session was closed too.
    drop(desk);
    let desk = place.open(&plan(2, 3));
    assert_eq!(question(&desk, 1).unwrap(), first);
    desk.answer(first.id, 1, &Reply::new(Answer::Skip, SECONDS)).unwrap();
    let third = question(&desk, 1).unwrap();
    person.reply(&desk, 1, &third);
    assert_eq!(desk.undo(1).unwrap(), Undone::Nothing, "the batch is closed");
    assert_eq!(question(&desk, 1).unwrap().round, 2);
}

/// What was put aside trains nothing and never comes back, not even the other way round.
#[test]
fn what_is_put_aside_never_comes_back() {
    let place = Place::new();
    let plan = Plan { swap_check: 1.0, ..plan(3, 8) };
    let desk = place.open(&plan);
    let mut pairs = BTreeSet::new();
    let mut asked = 0;
    while let Some(shown) = question(&desk, 1) {
        let mut texts = [shown.left.clone(), shown.right.clone()];
        texts.sort();
        assert!(pairs.insert((shown.prompt.clone(), texts)), "{shown:?}");
        let answer = if asked % 2 == 0 { Answer::Skip } else { Answer::BothBad };
        desk.answer(shown.id, 1, &Reply::new(answer, SECONDS)).unwrap();
        asked += 1;
    }
    assert_eq!(asked, 24);
    super::person::learnt(&desk, 3);
    let status = desk.status();
    assert_eq!((status.answered, status.confidence), (24, None), "nothing was learnt");
}

#[test]
fn a_note_and_the_seconds_are_kept_and_nonsense_is_no_time() {
    let place = Place::new();
    let desk = place.open(&plan(1, 3));
    for (seconds, note) in [(1.5, Some("a\u{1b}b")), (f64::NAN, None), (-3.0, None)] {
        let shown = question(&desk, 1).unwrap();
        let note = note.map(str::to_owned);
        desk.answer(shown.id, 1, &Reply { answer: Answer::Tie, seconds, note }).unwrap();
    }
    let lines = String::from_utf8(desk.export().unwrap()).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].contains(r#""annotator":1,"seconds":1.5,"note":"a\u001bb""#), "{lines:?}");
    assert!(lines[1..].iter().all(|line| line.ends_with(r#""seconds":0.0}"#)), "{lines:?}");
}

#[test]
fn a_question_is_asked_again_once_it_is_answered_and_stays_answered_then() {
    let place = Place::new();
    let plan = Plan { swap_check: 1.0, ..plan(1, 2) };
    let desk = place.open(&plan);
    let answer = |annotator, shown: &Shown, answer| {
        desk.answer(shown.id, annotator, &Reply::new(answer, SECONDS)).unwrap()
    };
    let first = question(&desk, 1).unwrap();
    let second = question(&desk, 2).unwrap();
    assert_eq!(answer(2, &second, Answer::First), Outcome::Recorded);
    // Of the two that are asked again only one is answered so far.
    let again = question(&desk, 2).unwrap();
    assert_eq!((&again.left, &again.right), (&second.right, &second.left));
    assert_eq!(answer(2, &again, Answer::Second), Outcome::Recorded);
    assert!(matches!(desk.next(2).unwrap(), Next::Wait(Waiting::Others)));
    assert_eq!(answer(1, &first, Answer::First), Outcome::Recorded);
    let again = question(&desk, 2).unwrap();
    assert_eq!((&again.left, &again.right), (&first.right, &first.left));
    desk.leave(2);
    assert_eq!(desk.undo(1).unwrap(), Undone::Question(first.id));
    assert_eq!(answer(2, &again, Answer::First), Outcome::NoSuchQuestion);
    assert_eq!(answer(1, &first, Answer::First), Outcome::Recorded);
}
