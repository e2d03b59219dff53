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
use crate::settings::{Oracle, Settings};

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
        let (seed, answers) = (self.settings.seed, &self.settings.answers);
        let round = questions.first().map_or(0, |question| question.round);
        let mut rng = Stream::new(seed, "oracle", round);
        let label = |question: &Question| {
            let votes = answer(answers.oracle, answers.temperature, self.known(question), &mut rng);
            let votes = votes.ok_or_else(|| {
                let expected = "answers from what the data does not have";
                Error::setting("oracle", answers.oracle.name(), expected)
            })?;
            Ok(Label { question: *question, votes })
        };
        let labels: Result<Vec<Label>> = questions.iter().map(label).collect();
        Ok(Some(Answered { labels: labels?, skipped: Vec::new() }))
    }
}

impl OracleAnswerer<'_> {
    fn known(&self, question: &Question) -> Known {
        let golden = self.dataset.train.rewards.as_ref();
        let reward = |item: u64| golden?.values().get(item as usize).copied();
        let candidates = self.dataset.candidates.as_ref();
        let listed = candidates.zip(question.candidate);
        Known {
            rewards: reward(question.a).zip(reward(question.b)),
            recorded: listed.and_then(|(list, place)| list.answer(place)),
            weight: listed.and_then(|(list, place)| list.given(place).weight()).unwrap_or(1.0),
        }
    }
}

/// What is known of a pair that is asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The golden rewards of its two items.
    pub rewards: Option<(f32, f32)>,
    /// The answers that it has already.
    pub recorded: Option<Votes>,
    /// How often another answer counts.
    pub weight: f64,
}

/// Which of two responses the annotator prefers; none, if what it answers from is not known.
/// `Oracle::BradleyTerry` prefers the first with probability σ((a − b)/temperature), one draw a
/// question; `Oracle::ArgMax` prefers the larger reward, and calls equal ones a tie;
/// `Oracle::Recorded` repeats the recorded answer.
pub fn answer(oracle: Oracle, temperature: f64, known: Known, rng: &mut Stream) -> Option<Votes> {
    let preference = match (oracle, known.rewards) {
        (Oracle::Recorded, _) => return known.recorded,
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
