//! Held-out answers: closed forms, the definitions followed naively, and the loss that training
//! has, bit for bit.

use pairpick_core::Error;
use pairpick_core::arith::{Level, ln, sigmoid};
use pairpick_core::head::loss::mean_loss;
use pairpick_core::metric::held_out::{BINS, HeldOut};
use pairpick_core::pool::Comparison;
use proptest::prelude::*;

fn of(answers: &[(f64, f64)]) -> HeldOut {
    let mut held_out = HeldOut::default();
    for (margin, label) in answers {
        held_out.add(*margin, *label, 1.0).expect("an answer");
    }
    held_out
}

#[test]
fn without_an_answer_nothing_is_known() {
    let none = HeldOut::default();
    assert_eq!((none.answers(), none.log_loss(), none.calibration_error()), (0.0, None, None));
    assert_eq!((none.untied(), none.accuracy()), (0.0, None));
    assert!(none.bins().iter().all(|bin| bin.mean_predicted().is_none()));
}

#[test]
fn a_model_that_knows_nothing_loses_ln_2_and_is_calibrated_on_fair_answers() {
    let fair = of(&[(0.0, 1.0), (0.0, 0.0), (0.0, 0.5)]);
    assert_eq!(fair.log_loss(), Some(ln(2.0)));
    assert_eq!(fair.accuracy(), Some(0.5));
    assert_eq!(fair.untied(), 2.0, "the tie is left out");
    assert_eq!(fair.calibration_error(), Some(0.0));
    for middle in [fair.bins()[BINS / 2 - 1], fair.bins()[BINS / 2]] {
        let found = (middle.answers, middle.mean_predicted(), middle.observed());
        assert_eq!(found, (3.0, Some(0.5), Some(0.5)), "each way round");
    }
}

#[test]
fn certain_answers_go_to_the_outer_bins_whether_right_or_wrong() {
    let sure = of(&[(800.0, 1.0), (-800.0, 0.0), (800.0, 0.0), (-800.0, 1.0)]);
    assert_eq!(sure.log_loss(), Some(400.0), "two of four lose their margin");
    assert_eq!(sure.accuracy(), Some(0.5));
    assert_eq!(sure.calibration_error(), Some(0.5));
    let answers = sure.bins().map(|bin| bin.answers);
    assert_eq!(answers, [4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0]);
}

#[test]
fn what_is_no_answer_is_refused_and_not_counted() {
    let mut held_out = of(&[(1.0, 1.0)]);
    let before = held_out;
    for margin in [f64::NAN, f64::INFINITY] {
        let error = held_out.add(margin, 1.0, 1.0).unwrap_err();
        assert_eq!(error, Error::NonFinite { what: "margins", index: 1 });
    }
    for value in [0.7, -1.0, 2.0] {
        assert_eq!(held_out.add(1.0, value, 1.0).unwrap_err(), Error::Label { index: 1, value });
    }
    assert!(matches!(held_out.add(1.0, f64::NAN, 1.0), Err(Error::Label { index: 1, .. })));
    for count in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(held_out.add(1.0, 1.0, count), Err(Error::Parameter { .. })), "{count}");
    }
    assert_eq!(held_out, before);
}

fn answers() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let label = prop_oneof![Just(0.0), Just(0.5), Just(1.0)];
    prop::collection::vec((-20.0..20.0_f64, label), 1..700)
}

proptest! {
    #[test]
    fn the_loss_is_that_of_training(answers in answers()) {
        let comparisons: Vec<Comparison<f64>> =
            answers.iter().map(|(_, label)| Comparison { a: 0, b: 1, label: *label, count: 1.0 }).collect();
        let mut margins: Vec<f64> = answers.iter().map(|(margin, _)| *margin).collect();
        let expected = mean_loss(Level::baseline(), &comparisons, &mut margins);
        prop_assert_eq!(of(&answers).log_loss(), Some(expected));
    }

    #[test]
    fn bins_and_accuracy_follow_their_definitions(answers in answers()) {
        let held_out = of(&answers);
        // Each pair both ways round, so that neither item comes first.
        let turned = answers.iter().map(|(margin, label)| (-*margin, 1.0 - *label));
        let both: Vec<(f64, f64)> = answers.iter().copied().chain(turned).collect();
        let mut apart = 0.0;
        for (number, bin) in held_out.bins().iter().enumerate() {
            let own: Vec<(f64, f64)> = both
                .iter()
                .map(|(margin, label)| (sigmoid(*margin), *label))
                .filter(|(probability, _)| {
                    let (low, high) = (number as f64 / 10.0, (number + 1) as f64 / 10.0);
                    low <= *probability && (*probability < high || number == BINS - 1)
                })
                .collect();
            prop_assert_eq!(bin.answers, own.len() as f64);
            if let (Some(predicted), Some(observed)) = (bin.mean_predicted(), bin.observed()) {
                let (mut p, mut y) = (0.0, 0.0);
                for (probability, label) in &own {
                    p += probability;
                    y += label;
                }
                prop_assert!((predicted - p / own.len() as f64).abs() < 1e-12);
                prop_assert!((observed - y / own.len() as f64).abs() < 1e-12);
                apart += own.len() as f64 * (predicted - observed).abs();
            }
        }
        let error = held_out.calibration_error().expect("answers");
        prop_assert!((error - apart / both.len() as f64).abs() < 1e-12);
        let untied: Vec<_> = answers.iter().filter(|(_, label)| *label != 0.5).collect();
        let right = untied.iter().filter(|(m, y)| (*m > 0.0) == (*y == 1.0)).count();
        let accuracy = (!untied.is_empty()).then(|| right as f64 / untied.len() as f64);
        prop_assert_eq!(held_out.accuracy(), accuracy);
        prop_assert_eq!(held_out.untied(), untied.len() as f64);
    }

    /// Which item is called the first changes no figure, but for the rounding of the loss.
    #[test]
    fn a_pair_the_other_way_round_is_the_same_answer(answers in answers()) {
        let turned: Vec<(f64, f64)> =
            answers.iter().map(|(margin, label)| (-*margin, 1.0 - *label)).collect();
        let (own, other) = (of(&answers), of(&turned));
        prop_assert_eq!(own.bins(), other.bins());
        prop_assert_eq!(own.calibration_error(), other.calibration_error());
        prop_assert_eq!(own.accuracy(), other.accuracy());
        let losses = own.log_loss().zip(other.log_loss()).expect("answers");
        prop_assert!((losses.0 - losses.1).abs() < 1e-12);
    }

    /// An answer that counts n times is n answers.
    #[test]
    fn counts_are_repeated_answers(answers in answers(), counts in prop::collection::vec(1_u8..5, 700)) {
        let mut counted = HeldOut::default();
        let mut repeated = Vec::new();
        for ((margin, label), count) in answers.iter().zip(&counts) {
            counted.add(*margin, *label, f64::from(*count)).expect("an answer");
            repeated.extend(vec![(*margin, *label); usize::from(*count)]);
        }
        let repeated = of(&repeated);
        prop_assert_eq!(counted.answers(), repeated.answers());
        prop_assert_eq!(counted.accuracy(), repeated.accuracy());
        let near = |own: Option<f64>, other: Option<f64>| {
            own.zip(other).is_some_and(|(own, other)| (own - other).abs() < 1e-12)
        };
        prop_assert!(near(counted.log_loss(), repeated.log_loss()));
        prop_assert!(near(counted.calibration_error(), repeated.calibration_error()));
    }
}
