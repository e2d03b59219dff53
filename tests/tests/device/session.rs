use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::device::{
    Answer, AnswerRecord, End, LogError, LogHeader, PairKind, PoolImage, Precision, RECORD_LEN,
    Record, RoundRecord, Session, SessionError, Settings,
};
use pairpick_core::digest::Digest;
use pairpick_core::fisher::{Weighting, add_pairs, pairs_workspace_len};
use pairpick_core::head::{Covariates, newton, rewards, rewards_workspace_len};
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::memory::Growing;
use pairpick_core::parallel::{Micro, Sequential};
use pairpick_core::pool::{Comparison, Distinct, Pool, Prompts};
use pairpick_core::profile::Profile;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Selector, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::device::{Flash, Provision, label, label_in, memory_for, memory_of, said};
use pairpick_tests::levels::available;
use pairpick_tests::threads::Threads;

pub(super) fn here() -> Sequential {
    Sequential::default()
}

pub(super) fn small(strategy: Strategy) -> Provision {
    Provision::new(strategy, 9, 5, 4, 21)
}

/// The rounds that a log tells of.
fn rounds(flash: &Flash) -> Vec<RoundRecord> {
    let round = |record: Record| match record {
        Record::Round(round) => Some(round),
        _ => None,
    };
    flash.records().into_iter().filter_map(round).collect()
}

fn answer_of(record: Record) -> AnswerRecord {
    match record {
        Record::Answer(answer) => answer,
        other => panic!("an answer, not {other:?}"),
    }
}

pub(super) fn labelled(provision: &Provision, answers: usize) -> Flash {
    let image = provision.image().expect("an image");
    let mut flash = Flash::new(60);
    label(&here(), &image, &mut flash, answers).expect("a session");
    flash
}

/// The batches of a strategy as its own call picks them, each behind a fit to all answers before.
fn expected(given: &Provision, count: u32) -> Vec<RoundRecord> {
    let (order, items) = (given.order, given.features.len() / given.order);
    let settings = &given.settings;
    let features = Columns::new(&given.features, order, items).expect("shape");
    let mut first_pairs = vec![0; given.starts.len()];
    let prompts = Prompts::new(&given.starts, &mut first_pairs).expect("prompts");
    let (mut asked, mut answers) = (vec![], Vec::<Comparison<f32>>::new());
    let mut told = vec![];
    for round in 1..=count {
        let mut head = vec![0.0; order];
        if !answers.is_empty() {
            let mut memory = vec![0.0; newton::workspace_len(1, order, items, answers.len())];
            let fitted = newton::fit(&here(), features, &answers, 0.5, &mut head, &mut memory);
            fitted.expect("a fit");
        }
        let mut values = vec![0.0; items];
        let alike = settings.strategy == Strategy::RobustVOpt;
        let mut memory = vec![0.0; rewards_workspace_len(order).max(pairs_workspace_len(order))];
        if !alike {
            rewards(&here(), features, &head, &mut values, &mut memory).expect("rewards");
        }
        let mut past = Packed::new(order, vec![0.0; packed_len(order)]).expect("order");
        let weighting = Weighting::Bernoulli;
        add_pairs(&here(), features, &answers, &values, weighting, &mut past, &mut memory)
            .expect("pairs");
        asked.sort_unstable();
        let pool = &Pool::in_prompt(features, prompts, &asked).expect("a pool");
        let past = Packed::new(order, past.as_slice()).expect("order");
        let posterior = &Posterior {
            head: &head,
            prior_precision: 0.5,
            covariates: Covariates::NONE,
            jitter: 0.0,
            past,
        };
        let target = pairpick_tests::generate::positive::<f32>(order, 5, 0.1);
        let target = Some(Packed::new(order, target.as_slice()).expect("order"));
        let options = &Options { target, ..Options::default() };
        let problem = Problem { executor: &here(), pool, posterior, options };
        let mut rng = Stream::new(settings.seed, settings.strategy.name(), u64::from(round));
        let mut selector = Selector {
            numbers: Growing(vec![]),
            heaps: Growing(Vec::<Scored<f32>>::new()),
            ranks: Growing(vec![]),
            batch: Growing(Vec::<Scored<f32>>::new()),
        };
        let batch = selector.select(settings.strategy, &problem, 4, &mut rng).expect("a batch");
        let (mut digest, mut of_head) = (Digest::new(), Digest::new());
        let mut picked = vec![];
        for Scored { pair, score } in batch.pairs {
            digest.integer(*pair);
            digest.integer(u64::from(score.to_bits()));
            picked.push(*pair);
        }
        of_head.numbers(&head).expect("numbers");
        told.push(RoundRecord { round, pairs: 4, batch: digest.value(), head: of_head.value() });
        for pair in picked {
            let items = prompts.items_of_pair(pair).expect("a pair");
            if let Some(label) = said(items.a, items.b).label() {
                answers.push(Comparison { a: items.a, b: items.b, label, count: 1.0 });
            }
            asked.push(pair);
        }
    }
    told
}

#[test]
fn a_session_selects_what_each_strategy_selects_after_its_own_fit() {
    for strategy in Strategy::ALL {
        let given = small(strategy);
        let told = rounds(&labelled(&given, 12));
        assert_eq!(told, expected(&given, 4), "{}", strategy.name());
    }
}

#[test]
fn no_executor_and_no_place_of_the_image_changes_a_bit() {
    for strategy in [Strategy::RobustVOpt, Strategy::Dopt, Strategy::GreedyDopt] {
        let given = small(strategy).with_earlier_labels();
        let image = given.image().expect("an image");
        let flash = labelled(&given, 17);
        for (name, level) in available() {
            for threads in [1, 3] {
                let mut other = Flash::new(60);
                let executor = Threads { level, threads };
                label(&executor, &image, &mut other, 17).expect("a session");
                assert_eq!(other.bytes, flash.bytes, "{name}, {threads} threads");
            }
        }
        let mut moved = vec![0];
        moved.extend(&image);
        let mut other = Flash::new(60);
        label(&here(), &moved[1..], &mut other, 17).expect("a session");
        assert_eq!(other.bytes, flash.bytes, "an image at an odd place");
        let halves = Settings { precision: Precision::F16, ..given.settings };
        let halved = labelled(&Provision { settings: halves, ..given }, 17);
        assert_eq!(rounds(&halved), rounds(&flash), "the same numbers in 16 bits");
    }
}

/// More pairs than are kept together, and not a multiple of those: behind the last is room for others.
#[test]
fn what_stands_in_memory_changes_no_bit() {
    for strategy in Strategy::ALL {
        for seed in 0..3 {
            let mut given = Provision::new(strategy, 60, 6, 4, seed);
            given.settings.batch = 30;
            let bytes = given.image().expect("an image");
            let image = PoolImage::open(&bytes).expect("an image");
            let mut flash = Flash::new(100);
            label(&here(), &bytes, &mut flash, 30).expect("a session");
            let mut rng = Stream::new(seed, "memory", 0);
            let powers = || [1e-6, 1e-3, 1.0, 1e3, 1e6][(5.0 * rng.uniform::<f64>()) as usize];
            let mut other = Flash::new(100);
            let memory = memory_of(&image, 64, 1, powers);
            label_in(&here(), image, &mut other, 30, memory).expect("a session");
            assert_eq!(other.bytes, flash.bytes, "{}, {seed}", strategy.name());
        }
    }
}

/// Power fails after every byte that is written; somebody goes on, and it fails once more.
#[test]
fn power_may_fail_at_any_byte_and_nothing_changes() {
    let given = small(Strategy::PaDopt);
    let image = given.image().expect("an image");
    let whole = labelled(&given, 9);
    let head = label(&here(), &image, &mut whole.clone(), 9).expect("as before");
    let written = whole.records().len() * RECORD_LEN;
    for power in 0..written {
        let mut flash = Flash::new(60);
        flash.power = power;
        let first = label(&here(), &image, &mut flash, 9);
        assert_eq!(first, Err(SessionError::Log(LogError::Store)), "{power}");
        flash.power = power % 50;
        let _ = label(&here(), &image, &mut flash, 9);
        flash.power = usize::MAX;
        assert_eq!(label(&here(), &image, &mut flash, 9).as_ref(), Ok(&head), "{power}");
        assert_eq!(flash.records(), whole.records(), "{power}");
    }
}

/// A copy of the log that ends anywhere is gone on with to the same end.
#[test]
fn a_log_that_is_cut_at_any_byte_is_gone_on_with() {
    let given = small(Strategy::GreedyDopt);
    let image = given.image().expect("an image");
    let whole = labelled(&given, 6);
    for len in 0..whole.records().len() * RECORD_LEN {
        let mut flash = Flash::new(60);
        flash.bytes[..len].copy_from_slice(&whole.bytes[..len]);
        label(&here(), &image, &mut flash, 6).unwrap_or_else(|error| panic!("{len}: {error}"));
        assert_eq!(flash.records(), whole.records(), "{len}");
    }
}

#[test]
fn a_bit_changed_in_a_log_is_refused_or_costs_the_last_record() {
    let given = small(Strategy::Dopt);
    let image = given.image().expect("an image");
    let whole = labelled(&given, 5);
    let end = whole.records().len() * RECORD_LEN;
    for bit in 0..end * 8 {
        let mut flash = whole.clone();
        flash.bytes[bit / 8] ^= 1 << (bit % 8);
        match label(&here(), &image, &mut flash, 5) {
            Ok(_) => {
                assert!(bit / 8 >= end - RECORD_LEN, "bit {bit}");
                assert_eq!(flash.records(), whole.records());
            }
            Err(error) => {
                assert!(matches!(error, SessionError::Log(_)), "bit {bit}: {error}");
            }
        }
    }
}

/// A first record of which power left anything.
#[test]
fn a_device_begins_behind_a_torn_header() {
    let given = small(Strategy::Dopt);
    let image = given.image().expect("an image");
    let whole = labelled(&given, 6);
    for residue in [[0x5a; RECORD_LEN], [0; RECORD_LEN]] {
        let mut flash = Flash::new(60);
        flash.bytes[..RECORD_LEN].copy_from_slice(&residue);
        label(&here(), &image, &mut flash, 6).expect("a session");
        assert_eq!(flash.records(), whole.records());
    }
}

/// Whatever the caps leave of a batch, and of the next, which may have smaller caps.
#[test]
fn every_pair_of_a_pool_is_asked_about_under_any_caps() {
    for (strategy, kind) in [
        (Strategy::RobustVOpt, PairKind::CrossPrompt),
        (Strategy::RobustVOpt, PairKind::InPrompt),
        (Strategy::VOpt, PairKind::CrossPrompt),
        (Strategy::Entropy, PairKind::CrossPrompt),
    ] {
        for distinct in [None, Some(Distinct::Even(0)), Some(Distinct::PerPrompt(1))] {
            for seed in 0..12 {
                let mut given = Provision::new(strategy, 5, 5, 3, seed);
                given.settings.pairs = kind;
                given.settings.distinct = distinct;
                given.settings.batch = 10;
                let bytes = given.image().expect("an image");
                let image = PoolImage::open(&bytes).expect("an image");
                let mut flash = Flash::new(1_000);
                let mut memory = memory_for(&image, 500, 1);
                let mut session = Session::open(&here(), image, &mut flash, 0, memory.lend());
                let case = format!("{strategy:?}, {kind:?}, {distinct:?}, {seed}");
                let session = session.as_mut().unwrap_or_else(|error| panic!("{case}: {error}"));
                while session.question().is_some() {
                    let answered = session.answer(&here(), Answer::First);
                    answered.unwrap_or_else(|error| panic!("{case}: {error}"));
                }
                assert_eq!(session.end(), Some(End::NoPairs), "{case}");
            }
        }
    }
}

#[test]
fn pairs_asked_before_are_not_asked_again() {
    let mut given = small(Strategy::Random);
    let first = labelled(&given, 4);
    let pairs = |flash: &Flash| -> Vec<(u32, u32)> {
        let pair = |record: Record| match record {
            Record::Answer(AnswerRecord { a, b, .. }) => Some((a, b)),
            _ => None,
        };
        flash.records().into_iter().filter_map(pair).collect()
    };
    given.asked = pairs(&first);
    given.asked.sort_unstable();
    let second = pairs(&labelled(&given, 40));
    assert!(second.len() > 10 && second.iter().all(|pair| !given.asked.contains(pair)));
}

#[test]
fn all_pairs_of_all_items_are_on_offer_across_prompts() {
    for strategy in [Strategy::RobustVOpt, Strategy::Dopt] {
        let mut given = small(strategy);
        given.settings.pairs = PairKind::CrossPrompt;
        let flash = labelled(&given, 20);
        assert_eq!(rounds(&flash).len(), 6);
    }
    let mut given = small(Strategy::Bald);
    given.settings.pairs = PairKind::CrossPrompt;
    let image = given.image().expect("an image");
    let error = label(&here(), &image, &mut Flash::new(9), 1).expect_err("too many pairs");
    assert_eq!(error, SessionError::Core(Error::AllPairs));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let given = small(Strategy::Dopt);
    let image = given.image().expect("an image");
    let flash = labelled(&given, 6);
    let refused = |image: &[u8], bytes: &[u8]| {
        let mut flash = Flash { bytes: bytes.to_vec(), power: usize::MAX };
        label(&here(), image, &mut flash, 9).expect_err("refused")
    };
    // Another image of the same pool.
    let other = Provision { settings: Settings { seed: 99, ..given.settings }, ..given.clone() };
    let other = other.image().expect("an image");
    let error = refused(&other, &flash.bytes);
    assert!(matches!(error, SessionError::Log(LogError::Image { .. })), "{error}");
    let sum = PoolImage::open(&image).expect("an image").checksum();
    let log_of = |records: &[Record]| -> Vec<u8> {
        let mut bytes = Flash::new(20).bytes;
        for (place, record) in records.iter().enumerate() {
            let bytes = &mut bytes[place * RECORD_LEN..][..RECORD_LEN];
            bytes.copy_from_slice(&record.encode(place as u32));
        }
        bytes
    };
    let header = |pool| Record::Header(LogHeader { pool, image: sum, device: 3 });
    let error = refused(&image, &log_of(&[header(1)]));
    assert!(matches!(error, SessionError::Log(LogError::Pool { .. })), "{error}");
    // Another selection than the one computed.
    let mut records = flash.records();
    let told = records.clone();
    let Record::Round(last) = told[6] else { panic!("a round of four") };
    records[6] = Record::Round(RoundRecord { batch: last.batch ^ 1, ..last });
    assert_eq!(refused(&image, &log_of(&records[..7])), SessionError::Diverged { round: 2 });
    records[6] = Record::Round(RoundRecord { head: last.head ^ 1, ..last });
    assert_eq!(refused(&image, &log_of(&records[..7])), SessionError::Diverged { round: 2 });
    let misplaced = |records: &[Record], place: u32, expected: &str| {
        let error = refused(&image, &log_of(records)).to_string();
        assert_eq!(error, format!("record {place}: {expected}"));
    };
    records[6] = Record::Round(RoundRecord { round: 3, ..last });
    misplaced(&records[..7], 6, "expected round 2, found 3");
    records[6] = Record::Round(RoundRecord { pairs: 5, ..last });
    misplaced(&records[..7], 6, "expected a round of 1 to 4 pairs, found 5");
    records[6] = Record::Round(RoundRecord { pairs: 0, ..last });
    misplaced(&records[..7], 6, "expected a round of 1 to 4 pairs, found 0");
    let early = [&told[..4], &told[6..7]].concat();
    misplaced(&early, 4, "a round, before the one before has been answered");
    let skipped = [&told[..3], &told[4..5]].concat();
    misplaced(&skipped, 3, "an answer that does not follow the one before");
    let first = answer_of(told[2]);
    let swapped = [&told[..2], &[Record::Answer(AnswerRecord { a: first.b, b: first.a, ..first })]];
    let found = format!("found items {} and {}", first.b, first.a);
    misplaced(
        &swapped.concat(),
        2,
        &format!("expected two items of one prompt, the first first, {found}"),
    );
    let other = AnswerRecord { place: 0, ..answer_of(told[3]) };
    let found = format!("found items {} and {}", other.a, other.b);
    let other = [&told[..2], &[Record::Answer(other)]].concat();
    misplaced(&other, 2, &format!("expected the pair that is asked about, {found}"));
    let twice = Record::Answer(AnswerRecord { place: 1, ..first });
    let twice = [&told[..3], &[twice], &told[4..7]].concat();
    let found = format!("found items {} and {}", first.a, first.b);
    misplaced(&twice, 3, &format!("expected a pair that was not asked about before, {found}"));
    let across = Record::Answer(AnswerRecord { a: 0, b: given.starts[1], place: 1, ..first });
    let across = [&told[..3], &[across], &told[4..7]].concat();
    let found = format!("found items 0 and {}", given.starts[1]);
    misplaced(&across, 3, &format!("expected two items of one prompt, the first first, {found}"));
    // The log of another device.
    let Record::Header(header) = told[0] else { panic!("a header") };
    let error = refused(&image, &log_of(&[Record::Header(LogHeader { device: 4, ..header })]));
    assert_eq!(error.to_string(), "of another device: expected number 3, found 4");
}

#[test]
fn an_image_for_the_other_profile_is_refused() {
    let mut given = small(Strategy::Dopt);
    let exact = given.image().expect("an image");
    let micro = &Micro(&here());
    let refused = label(micro, &exact, &mut Flash::new(20), 1);
    assert_eq!(refused, Err(SessionError::Profile));
    given.settings.profile = Profile::Micro;
    let image = given.image().expect("an image");
    assert_eq!(label(&here(), &image, &mut Flash::new(20), 1), Err(SessionError::Profile));
    let mut flash = Flash::new(40);
    label(micro, &image, &mut flash, 12).expect("a session");
    assert_ne!(rounds(&flash), rounds(&labelled(&small(Strategy::Dopt), 12)));
}

#[test]
fn less_memory_than_is_said_is_refused() {
    let given = small(Strategy::RobustVOpt);
    let bytes = given.image().expect("an image");
    let image = PoolImage::open(&bytes).expect("an image");
    let opened = |cut: &dyn Fn(&mut pairpick_core::device::SessionMemory<'_>)| {
        let (mut memory, mut flash) = (memory_for(&image, 20, 1), Flash::new(20));
        let mut lent = memory.lend();
        cut(&mut lent);
        Session::open(&here(), image, &mut flash, 0, lent).map(|_| ())
    };
    assert_eq!(opened(&|_| ()), Ok(()));
    let len = image.session_len(20, 1);
    let refused = |what, required| {
        let found = required - 1;
        Err(SessionError::Core(Error::Workspace { what, required, found }))
    };
    fn cut<T>(part: &mut &mut [T]) {
        let len = part.len() - 1;
        *part = &mut std::mem::take(part)[..len];
    }
    let error = opened(&|memory| cut(&mut memory.numbers));
    assert_eq!(error, refused("numbers of a session", len.numbers));
    let error = opened(&|memory| cut(&mut memory.heaps));
    assert_eq!(error, refused("candidates of a session", len.heaps));
    let error = opened(&|memory| cut(&mut memory.ranks));
    assert_eq!(error, refused("whole numbers of a session", len.ranks));
    let error = opened(&|memory| cut(&mut memory.batch));
    assert_eq!(error, refused("batch of a session", len.batch));
    let error = opened(&|memory| cut(&mut memory.starts));
    assert_eq!(error, refused("prompts of a session", len.starts));
    // Fewer answers are an end, and no error.
    assert_eq!(opened(&|memory| cut(&mut memory.comparisons)), Ok(()));
}
