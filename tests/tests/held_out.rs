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
        held_out.add(*margin, *label).expect("an answer");
    }
    held_out
}

#[test]
fn without_an_answer_nothing_is_known() {
    let none = HeldOut::default();
    assert_eq!((none.labels(), none.log_loss(), none.calibration_error()), (0, None, None));
    assert_eq!(none.agreement().accuracy(), None);
    assert!(none.bins().iter().all(|bin| bin.mean_predicted().is_none()));
}

#[test]
fn a_model_that_knows_nothing_loses_ln_2_and_is_calibrated_on_fair_answers() {
    let fair = of(&[(0.0, 1.0), (0.0, 0.0), (0.0, 0.5)]);
    assert_eq!(fair.log_loss(), Some(ln(2.0)));
    assert_eq!(fair.agreement().accuracy(), Some(0.5));
    assert_eq!(fair.agreement().pairs, 2, "the tie is left out");
    assert_eq!(fair.calibration_error(), Some(0.0));
    let middle = fair.bins()[BINS / 2];
    assert_eq!(
        (middle.labels, middle.mean_predicted(), middle.observed()),
        (3, Some(0.5), Some(0.5))
    );
}

#[test]
fn certain_answers_go_to_the_outer_bins_whether_right_or_wrong() {
    let sure = of(&[(800.0, 1.0), (-800.0, 0.0), (800.0, 0.0), (-800.0, 1.0)]);
    assert_eq!(sure.log_loss(), Some(400.0), "two of four lose their margin");
    assert_eq!(sure.agreement().accuracy(), Some(0.5));
    assert_eq!(sure.calibration_error(), Some(0.5));
    let labels: Vec<u64> = sure.bins().iter().map(|bin| bin.labels).collect();
    assert_eq!(labels, [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
}

#[test]
fn what_is_no_answer_is_refused_and_not_counted() {
    let mut held_out = of(&[(1.0, 1.0)]);
    let before = held_out;
    for margin in [f64::NAN, f64::INFINITY] {
        let error = held_out.add(margin, 1.0).unwrap_err();
        assert_eq!(error, Error::NonFinite { what: "margins", index: 1 });
    }
    for value in [0.7, -1.0, 2.0] {
        assert_eq!(held_out.add(1.0, value).unwrap_err(), Error::Label { index: 1, value });
    }
    assert!(matches!(held_out.add(1.0, f64::NAN), Err(Error::Label { index: 1, .. })));
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
            answers.iter().map(|(_, label)| Comparison { a: 0, b: 1, label: *label }).collect();
        let mut margins: Vec<f64> = answers.iter().map(|(margin, _)| *margin).collect();
        let expected = mean_loss(Level::baseline(), &comparisons, &mut margins);
        prop_assert_eq!(of(&answers).log_loss(), Some(expected));
    }

    #[test]
    fn bins_and_accuracy_follow_their_definitions(answers in answers()) {
        let held_out = of(&answers);
        let mut apart = 0.0;
        for (number, bin) in held_out.bins().iter().enumerate() {
            let own: Vec<(f64, f64)> = answers
                .iter()
                .map(|(margin, label)| (sigmoid(*margin), *label))
                .filter(|(probability, _)| {
                    let (low, high) = (number as f64 / 10.0, (number + 1) as f64 / 10.0);
                    low <= *probability && (*probability < high || number == BINS - 1)
                })
                .collect();
            prop_assert_eq!(bin.labels, own.len() as u64);
            if let (Some(predicted), Some(observed)) = (bin.mean_predicted(), bin.observed()) {
                let (mut p, mut y) = (0.0, 0.0);
                for (probability, label) in &own {
                    p += probability;
                    y += label;
                }
                prop_assert_eq!((predicted, observed), (p / own.len() as f64, y / own.len() as f64));
                apart += own.len() as f64 * (predicted - observed).abs();
            }
        }
        let error = held_out.calibration_error().expect("answers");
        prop_assert!((error - apart / answers.len() as f64).abs() < 1e-12);
        let untied: Vec<_> = answers.iter().filter(|(_, label)| *label != 0.5).collect();
        let right = untied.iter().filter(|(m, y)| (*m > 0.0) == (*y == 1.0)).count();
        prop_assert_eq!(held_out.agreement().agreed, right as f64);
        prop_assert_eq!(held_out.agreement().pairs, untied.len() as u64);
    }
}
