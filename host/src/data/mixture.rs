//! The two-dimensional example of *Active Reward Modeling* (Shen, Sun and Ton, 2025), section 4: points
//! of a plane, whose golden reward is the log-density of two Gaussians; measured on a grid.

use std::f64::consts::PI;

use pairpick_core::arith;
use pairpick_core::rng::Stream;

use super::dataset::{Dataset, Split, npy_file};
use super::embeddings::Embeddings;
use super::rewards::Rewards;
use crate::error::Result;
use crate::named::named;

/// The Gaussians' centres are at ± this in both directions.
pub const CENTRE: f64 = 2.5;

/// Their variance.
pub const VARIANCE: f64 = 0.25;

/// The grid goes so far from 0 on each side.
pub const EXTENT: f64 = 4.0;

/// Points of the grid on each side.
pub const SIDE: usize = 81;

/// Points that rounds draw theirs from: so many that hardly one is drawn twice.
const POINTS: usize = 40_000;

/// Where the points lie that can be asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Points {
    /// Normal, of variance 1 about 0: few reach the Gaussians.
    #[default]
    Normal,
    /// Uniform on all of the grid.
    Uniform,
}

named!(Points, "kind of points",
    Normal = "normal": "standard normal, as in the paper: few lie where the reward is largest",
    Uniform = "uniform": "uniform on all of the square that is measured",
);

/// The log-density of both Gaussians, each with half the weight.
#[must_use]
pub fn log_density([x, y]: [f64; 2]) -> f64 {
    let exponent = |centre: f64| {
        let (x, y) = (x - centre, y - centre);
        -(x * x + y * y) / (2.0 * VARIANCE)
    };
    let (one, other) = (exponent(CENTRE), exponent(-CENTRE));
    let (larger, smaller) = if one > other { (one, other) } else { (other, one) };
    // ln(½ (e^a + e^b)) = a + ln(1 + e^(b − a)) − ln 2, a the larger.
    let sum = larger + arith::log1p(arith::exp(smaller - larger)) - arith::ln(2.0);
    sum - arith::ln(2.0 * PI * VARIANCE)
}

/// The points of the grid, row by row from below.
#[must_use]
pub fn grid() -> Vec<[f64; 2]> {
    let at = |place: usize| EXTENT * (2.0 * place as f64 / (SIDE as f64 - 1.0) - 1.0);
    (0..SIDE * SIDE).map(|place| [at(place % SIDE), at(place / SIDE)]).collect()
}

/// The example as data: each point a prompt of one response, the grid one test prompt.
///
/// # Errors
/// None that a release of this program would give.
pub fn dataset(points: Points) -> Result<Dataset> {
    let mut stream = Stream::new(0, "mixture", 0);
    let mut coordinate = || match points {
        Points::Normal => stream.normal::<f64>(),
        Points::Uniform => EXTENT * (2.0 * stream.uniform::<f64>() - 1.0),
    };
    let train: Vec<[f64; 2]> = (0..POINTS).map(|_| [coordinate(), coordinate()]).collect();
    let train = split(&train, [POINTS as u64, 1], "(example) points")?;
    let test = split(&grid(), [1, (SIDE * SIDE) as u64], "(example) grid")?;
    Ok(Dataset { train, candidates: None, test: Some(test), test_labels: None })
}

fn split(points: &[[f64; 2]], shape: [u64; 2], name: &str) -> Result<Split> {
    let inputs: Vec<f32> = points.iter().flatten().map(|value| *value as f32).collect();
    let [prompts, responses] = shape;
    let embeddings = npy_file(vec![prompts, responses, 2], &inputs);
    let embeddings = Embeddings::from_source(embeddings, name.as_ref())?;
    // Of the points as they are read: in f32.
    let reward = |point: &[f32]| match point {
        [x, y] => log_density([f64::from(*x), f64::from(*y)]) as f32,
        _ => 0.0,
    };
    let rewards: Vec<f32> = inputs.chunks(2).map(reward).collect();
    let rewards = npy_file(vec![prompts, responses], &rewards);
    let rewards = Some(Rewards::from_source(rewards, name.as_ref(), &embeddings)?);
    Ok(Split { embeddings, rewards })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In closed form: at a centre, half of 1/(2π/4), the other being 50 units of exponent away; in the
    /// middle, both alike; and by the sum of densities where that does not vanish.
    #[test]
    fn the_reward_is_the_log_density_of_both() {
        let at_centre = arith::ln(0.5 * 2.0 / PI);
        assert!((log_density([2.5, 2.5]) - at_centre).abs() < 1e-14);
        let middle = arith::ln(2.0 / PI) - 25.0;
        assert!((log_density([0.0, 0.0]) - middle).abs() < 1e-13);
        for [x, y] in [[0.3, -0.2], [1.0, 0.5], [-1.5, 0.9]] {
            let density = |centre: f64| {
                let square = (x - centre) * (x - centre) + (y - centre) * (y - centre);
                2.0 / PI * arith::exp(-2.0 * square)
            };
            let expected = arith::ln(0.5 * density(2.5) + 0.5 * density(-2.5));
            assert!((log_density([x, y]) - expected).abs() < 1e-12, "{x} {y}");
        }
        // Far from both nothing underflows to −∞.
        assert!(log_density([-4.0, 4.0]).is_finite() && log_density([40.0, -40.0]) < -1e3);
    }

    #[test]
    fn the_grid_is_measured_and_points_lie_where_they_should() {
        assert_eq!((grid()[0], grid()[SIDE * SIDE - 1]), ([-4.0, -4.0], [4.0, 4.0]));
        assert_eq!(grid()[SIDE / 2], [0.0, -4.0]);
        for (points, variance) in [(Points::Normal, 1.0), (Points::Uniform, 16.0 / 3.0)] {
            let dataset = dataset(points).unwrap();
            let test = dataset.test.as_ref().unwrap();
            assert_eq!((test.embeddings.prompts(), test.embeddings.items()), (1, 6561));
            let mut values = vec![0.0; 2 * POINTS];
            dataset.train.embeddings.read_range(0..POINTS as u64, &mut values).unwrap();
            let squares = values.iter().map(|value| f64::from(value * value));
            let found = squares.fold(0.0, |sum, square| sum + square) / values.len() as f64;
            assert!((found / variance - 1.0).abs() < 0.02, "{found} {variance}");
            let golden = dataset.train.rewards.as_ref().unwrap().values();
            let point = [f64::from(values[6]), f64::from(values[7])];
            assert_eq!(golden[3], log_density(point) as f32);
        }
    }
}
