//! [`OracleAnswerer`]: a simulated annotator who knows the golden rewards, or what somebody has
//! answered.

use pairpick_core::arith::sigmoid;
use pairpick_core::rng::Stream;

use crate::data::dataset::Dataset;
use crate::data::labels::Label;
use crate::data::preference::Preference;
use crate::data::question::Question;
use crate::data::votes::Votes;
use crate::error::{Error, Result};
use crate::named::Named;
use crate::round::answer::{Answered, Answerer};
use crate::settings::{Answers, Oracle, Settings};

/// Answers from a data set, as the settings say.
#[derive(Clone, Copy)]
pub struct OracleAnswerer<'a> {
    /// Golden rewards of the training items, and candidates with their answers.
    pub dataset: &'a Dataset,
    /// Which oracle, its temperature, and the seed of its errors.
    pub settings: &'a Settings,
}

impl Answerer for OracleAnswerer<'_> {
    fn answer(&mut self, questions: &[Question]) -> Result<Option<Answered>> {
        let label = |question: &Question| -> Result<Label> {
            Ok(Label { question: *question, votes: self.votes(question)? })
        };
        let labels: Result<Vec<Label>> = questions.iter().map(label).collect();
        Ok(Some(Answered { labels: labels?, skipped: Vec::new() }))
    }
}

impl OracleAnswerer<'_> {
    /// The answer to a pair, which depends on it and on the seed alone: whoever asks about the pair,
    /// in whichever round and order, hears the same.
    fn votes(&self, question: &Question) -> Result<Votes> {
        let Answers { oracle, temperature } = self.settings.answers;
        let ascending = question.ascending();
        let mut rng = Stream::new(self.settings.seed, "oracle", pair_number(ascending));
        let known = self.known(ascending, question.candidate);
        let votes = answer(oracle, temperature, known, &mut rng).ok_or_else(|| {
            Error::setting("oracle", oracle.name(), "answers from what the data does not have")
        })?;
        Ok(if question.a > question.b { votes.reversed() } else { votes })
    }

    /// What is known of a pair, the smaller item first.
    fn known(&self, (a, b): (u64, u64), candidate: Option<u64>) -> Known {
        let golden = self.dataset.train.rewards.as_ref();
        let reward = |item: u64| golden?.values().get(item as usize).copied();
        let listed = self.dataset.candidates.as_ref().zip(candidate);
        Known {
            rewards: reward(a).zip(reward(b)),
            recorded: listed.and_then(|(list, place)| list.answer(place)),
            weight: listed.and_then(|(list, place)| list.given(place).weight()).unwrap_or(1.0),
        }
    }
}

/// A pair's number among all pairs of items, by the larger item, then by the smaller: no two pairs
/// of fewer than 2³² items have the same.
fn pair_number((smaller, larger): (u64, u64)) -> u64 {
    (larger.wrapping_mul(larger.wrapping_sub(1)) / 2).wrapping_add(smaller)
}

/// What is known of a pair that is asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The golden rewards of its two items.
    pub rewards: Option<(f32, f32)>,
    /// The answers that it has already.
    pub recorded: Option<Votes>,
    /// How often an answer counts.
    pub weight: f64,
}

impl Known {
    /// How many answers are recorded: one, where that is a probability.
    fn answers(&self) -> f64 {
        self.recorded.map_or(0.0, |votes| (votes.total() / self.weight).round())
    }
}

/// Which of two responses the annotator prefers; none, if what it answers from is not known.
/// `Oracle::BradleyTerry` prefers the first with probability σ((a − b)/temperature);
/// `Oracle::ArgMax` prefers the larger reward, and calls equal ones a tie; `Oracle::Recorded` draws
/// one of several recorded answers, and `Oracle::RecordedAll` repeats them all.
pub fn answer(oracle: Oracle, temperature: f64, known: Known, rng: &mut Stream) -> Option<Votes> {
    let preference = match (oracle, known.rewards) {
        (Oracle::Recorded, _) if known.answers() > 1.0 => drawn(known.recorded?, rng)?,
        (Oracle::Recorded | Oracle::RecordedAll, _) => return known.recorded,
        (Oracle::BradleyTerry, Some((a, b))) => {
            let probability = sigmoid((f64::from(a) - f64::from(b)) / temperature);
            let first = rng.uniform::<f64>() < probability;
            if first { Preference::First } else { Preference::Second }
        }
        (Oracle::ArgMax, Some((a, b))) if a == b => Preference::Tie,
        (Oracle::ArgMax, Some((a, b))) if b < a => Preference::First,
        (Oracle::ArgMax, Some(_)) => Preference::Second,
        (Oracle::BradleyTerry | Oracle::ArgMax, None) => return None,
    };
    Some(Votes::from(preference).times(known.weight))
}

/// One of the answers, each with a probability in proportion to how often it was given.
fn drawn(votes: Votes, rng: &mut Stream) -> Option<Preference> {
    let mut rest = rng.uniform::<f64>() * votes.total();
    let mut chosen = None;
    for (preference, count) in votes.answers() {
        chosen = Some(preference);
        if rest < count {
            break;
        }
        rest -= count;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_number_of_its_own() {
        let pairs = (0..200).flat_map(|larger| (0..larger).map(move |smaller| (smaller, larger)));
        assert!(pairs.map(pair_number).eq(0..19_900));
        let last = u64::from(u32::MAX);
        assert_eq!(pair_number((last - 1, last)) + 1, last * (last + 1) / 2);
    }

    #[test]
    fn a_recorded_answer_is_drawn_by_how_often_it_was_given() {
        let votes = Votes { a: 5.0, b: 3.0, tie: 2.0 }.times(0.5);
        let known = Known { rewards: None, recorded: Some(votes), weight: 0.5 };
        let mut drawn = Votes::default();
        for pair in 0..10_000 {
            let mut rng = Stream::new(1, "oracle", pair);
            let one = answer(Oracle::Recorded, 1.0, known, &mut rng).unwrap();
            assert!(one.total() == 0.5 && one.answers().count() == 1, "{one:?}");
            drawn.a += one.a;
            drawn.b += one.b;
            drawn.tie += one.tie;
        }
        for (count, share) in [(drawn.a, 0.5), (drawn.b, 0.3), (drawn.tie, 0.2)] {
            assert!((count / 5_000.0 - share).abs() < 0.02, "{drawn:?}");
        }
        let all = answer(Oracle::RecordedAll, 1.0, known, &mut Stream::new(1, "oracle", 0));
        assert_eq!(all, Some(votes));
        let probable = Some(Votes::of_probability(0.3).times(0.5));
        let known = Known { recorded: probable, ..known };
        assert_eq!(
            answer(Oracle::Recorded, 1.0, known, &mut Stream::new(1, "oracle", 0)),
            probable
        );
        let nothing = Known { recorded: None, ..known };
        assert_eq!(answer(Oracle::Recorded, 1.0, nothing, &mut Stream::new(1, "oracle", 0)), None);
    }
}
