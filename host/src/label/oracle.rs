//! [`answer`]: a simulated annotator who knows the golden rewards, or what somebody has answered.

use pairpick_core::arith::sigmoid;
use pairpick_core::rng::Stream;

use crate::data::preference::Preference;
use crate::named::named;

/// Who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oracle {
    /// Draws the answer with the Bradley–Terry probability of the golden rewards.
    #[default]
    BradleyTerry,
    /// Always the response of the larger golden reward.
    ArgMax,
    /// Whoever answered the candidates before.
    Recorded,
}

named!(Oracle, "oracle",
    BradleyTerry = "bt": "a person who errs: draws from the Bradley–Terry probability",
    ArgMax = "argmax": "a person who never errs: the larger golden reward wins",
    Recorded = "recorded": "the labels that the candidates have already",
);

/// What is known of a pair that is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// The golden rewards of its two items.
    pub rewards: Option<(f32, f32)>,
    /// The answer that it has already.
    pub recorded: Option<Preference>,
}

/// Which of two responses the annotator prefers; none, if what it answers from is not known.
/// `Oracle::BradleyTerry` prefers the first with probability σ((a − b)/temperature), one draw a
/// question; `Oracle::ArgMax` prefers the larger reward, and calls equal ones a tie;
/// `Oracle::Recorded` repeats the recorded answer.
pub fn answer(
    oracle: Oracle,
    temperature: f64,
    known: Known,
    rng: &mut Stream,
) -> Option<Preference> {
    match (oracle, known.rewards) {
        (Oracle::Recorded, _) => known.recorded,
        (Oracle::BradleyTerry, Some((a, b))) => {
            let probability = sigmoid((f64::from(a) - f64::from(b)) / temperature);
            let first = rng.uniform::<f64>() < probability;
            Some(if first { Preference::First } else { Preference::Second })
        }
        (Oracle::ArgMax, Some((a, b))) if a == b => Some(Preference::Tie),
        (Oracle::ArgMax, Some((a, b))) if b < a => Some(Preference::First),
        (Oracle::ArgMax, Some(_)) => Some(Preference::Second),
        (Oracle::BradleyTerry | Oracle::ArgMax, None) => None,
    }
}
