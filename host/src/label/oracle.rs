//! [`answer`]: a simulated annotator who knows the golden rewards.

use pairpick_core::arith::sigmoid;
use pairpick_core::rng::Stream;

use crate::data::labels::Preference;
use crate::settings::Oracle;

/// Which of two responses of these golden rewards the annotator prefers. `Oracle::BradleyTerry`
/// prefers the first with probability σ((a − b)/temperature), one draw a question;
/// `Oracle::ArgMax` prefers the larger reward, and calls equal ones a tie.
pub fn answer(
    oracle: Oracle,
    temperature: f64,
    (a, b): (f32, f32),
    rng: &mut Stream,
) -> Preference {
    match oracle {
        Oracle::BradleyTerry => {
            let probability = sigmoid((f64::from(a) - f64::from(b)) / temperature);
            if rng.uniform::<f64>() < probability { Preference::First } else { Preference::Second }
        }
        Oracle::ArgMax if a == b => Preference::Tie,
        Oracle::ArgMax if b < a => Preference::First,
        Oracle::ArgMax => Preference::Second,
    }
}
