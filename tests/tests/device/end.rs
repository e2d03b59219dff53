//! Why a session ends.

use pairpick_core::device::{Answer, End, PoolImage, Record, Session, SessionError};
use pairpick_core::select::Strategy;
use pairpick_tests::device::{Flash, Provision, memory_for};
use pairpick_tests::oracle;

use super::session::here;

#[test]
fn a_session_ends_where_pairs_or_room_do() {
    let given = Provision::new(Strategy::Entropy, 2, 4, 3, 4);
    let bytes = given.image().expect("an image");
    let image = PoolImage::open(&bytes).expect("an image");
    let mut pairs = 0;
    for starts in given.starts.windows(2) {
        pairs += (starts[1] - starts[0]) * (starts[1] - starts[0] - 1) / 2;
    }
    let end = |records: usize, answers: usize| {
        let mut flash = Flash::new(records);
        let mut memory = memory_for(&image, answers, 1);
        let mut session =
            Session::open(&here(), image, &mut flash, 0, memory.lend()).expect("a session");
        while session.question().is_some() {
            session.answer(&here(), Answer::First).expect("an answer");
        }
        let (end, taken) = (session.end().expect("an end"), session.answers());
        let refused = session.answer(&here(), Answer::First);
        assert_eq!(refused, Err(SessionError::Ended(end)));
        // As it is found again.
        let mut memory = memory_for(&image, answers, 1);
        let again = Session::open(&here(), image, &mut flash, 0, memory.lend()).expect("a session");
        assert_eq!((again.end(), again.answers()), (Some(end), taken));
        (end, taken)
    };
    assert!(pairs > 5, "{pairs}");
    assert_eq!(end(60, 60), (End::NoPairs, pairs as usize));
    assert_eq!(end(60, 3), (End::MemoryFull, 3));
    // A header, a round of four, and room for three of them.
    assert_eq!(end(5, 60), (End::LogFull, 3));
    // Room for another round, but not for an answer behind it.
    assert_eq!(end(7, 60), (End::LogFull, 4));
    assert_eq!(end(8, 60), (End::LogFull, 5));
}

/// The pool's last pair fills memory, or the log, to its end: there is still the reason that nothing can mend.
#[test]
fn a_pool_that_ends_with_memory_or_the_log_has_no_pairs() {
    let given = Provision::new(Strategy::Entropy, 2, 4, 3, 4);
    let bytes = given.image().expect("an image");
    let image = PoolImage::open(&bytes).expect("an image");
    let pairs = oracle::pairs(&given.starts).len();
    let records = 1 + pairs + pairs.div_ceil(4);
    for (records, answers) in [(60, pairs), (records, 60), (records, pairs)] {
        let mut flash = Flash::new(records);
        let mut memory = memory_for(&image, answers, 1);
        let mut session =
            Session::open(&here(), image, &mut flash, 0, memory.lend()).expect("a session");
        while session.question().is_some() {
            session.answer(&here(), Answer::First).expect("an answer");
        }
        assert_eq!((session.answers(), session.end()), (pairs, Some(End::NoPairs)));
    }
}

/// A batch that cannot be selected ends a session, which says so and not that there is no room.
#[test]
fn a_batch_that_cannot_be_begun_is_an_end_of_its_own() {
    let mut failed = 0;
    for seed in 0..20 {
        let mut given = Provision::new(Strategy::GreedyDopt, 9, 5, 4, seed);
        // A prior that rounding swallows.
        given.settings.prior_precision = 1e-30;
        given.settings.batch = 2;
        let bytes = given.image().expect("an image");
        let image = PoolImage::open(&bytes).expect("an image");
        let (mut flash, mut memory) = (Flash::new(60), memory_for(&image, 60, 1));
        let mut session =
            Session::open(&here(), image, &mut flash, 0, memory.lend()).expect("a session");
        let answered = (0..20).try_for_each(|_| session.answer(&here(), Answer::First));
        let Err(error) = answered else { continue };
        assert!(matches!(error, SessionError::Core(_)), "{error}");
        failed += 1;
        let answers = session.answers();
        assert_eq!((session.question(), session.end()), (None, Some(End::Failed)));
        let again = session.answer(&here(), Answer::First);
        assert_eq!(again, Err(SessionError::Ended(End::Failed)));
        let ended = "no question is open: the next batch could not be begun";
        assert_eq!(again.expect_err("ended").to_string(), ended);
        // What was answered is kept, and fails again.
        let mut memory = memory_for(&image, 60, 1);
        let opened = Session::open(&here(), image, &mut flash, 0, memory.lend());
        assert_eq!(opened.map(|_| ()), Err(error));
        let kept = |record: &Record| matches!(record, Record::Answer(_));
        assert_eq!(flash.records().iter().filter(|record| kept(record)).count(), answers);
    }
    assert!(failed > 0, "no seed fails");
}
