//! What the answers so far say of those who gave them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use pairpick_core::arith::Real;

use super::course::Course;
use super::material::Material;
use super::record::{Asked, Batch, Given};
use super::reply::Answer;
use super::status::{Agreement, Share, Status, Stop};
use crate::data::preference::Preference;
use crate::data::question::Question;
use crate::error::Result;
use crate::round::steps::Taught;

/// The rate is that of so many answers, the last.
const RECENT: usize = 50;

/// Kinds of answers that can be alike.
const KINDS: [Preference; 3] = [Preference::First, Preference::Second, Preference::Tie];

/// Characters of the texts of items that were asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths(BTreeMap<u64, u64>);

impl Lengths {
    /// Counts those of a pair.
    pub(super) fn add(&mut self, material: &Material, question: &Question) -> Result<()> {
        for item in [question.a, question.b] {
            if let Entry::Vacant(unknown) = self.0.entry(item) {
                unknown.insert(material.text(item)?.response.chars().count() as u64);
            }
        }
        Ok(())
    }

    /// Which of a pair is the longer, if one is.
    fn longer(&self, question: &Question) -> Option<Preference> {
        let (a, b) = (self.0.get(&question.a)?, self.0.get(&question.b)?);
        match a.cmp(b) {
            std::cmp::Ordering::Less => Some(Preference::Second),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Preference::First),
        }
    }
}

/// Where a session stands, as far as its course tells.
pub(super) fn tally(course: &Course, lengths: &Lengths) -> Status {
    let batches = &course.batches;
    let asked = || batches.iter().flat_map(|batch| &batch.asked);
    let given: Vec<&Given> = asked().filter_map(|asked| asked.given.as_ref()).collect();
    let open = course.open();
    let newest = course.newest();
    let (with_oneself, between_people) = agreements(batches);
    Status {
        answered: given.len() as u64,
        round: open.map_or(batches.len() as u64, |batch| batch.round),
        batch: open.map_or(0, |batch| batch.asked.len() as u64),
        left: open.map_or(0, |batch| batch.open().count() as u64),
        per_hour: per_hour(given),
        confidence: newest.and_then(|model| model.taught.confidence),
        model: newest.map(|model| (model.round, model.digest)),
        stop: Stop {
            rounds: course.plan.settings.asking.rounds as u64,
            confidence: course.plan.until,
            lag: course.plan.lag,
        },
        left_preferred: share(asked().filter_map(prefers_left)),
        longer_preferred: share(asked().filter_map(|asked| prefers_longer(asked, lengths))),
        covariates: newest.map(|model| Taught::covariates(&model.taught)).unwrap_or_default(),
        with_oneself,
        between_people,
        ..Status::default()
    }
}

/// So many of so many.
fn share(found: impl Iterator<Item = bool>) -> Share {
    found.fold(Share::default(), |share, holds| Share {
        part: share.part.saturating_add(u64::from(holds)),
        whole: share.whole.saturating_add(1),
    })
}

fn per_hour(mut given: Vec<&Given>) -> Option<f64> {
    given.sort_unstable_by_key(|given| std::cmp::Reverse(given.nth));
    given.truncate(RECENT);
    let seconds = given.iter().fold(0.0, |sum, given| sum + given.reply.seconds);
    (seconds > 0.0).then(|| 3600.0 * given.len() as f64 / seconds)
}

/// Whether an answer prefers the left reply, where it prefers one.
fn prefers_left(asked: &Asked) -> Option<bool> {
    match asked.given.as_ref()?.reply.answer {
        Answer::First => Some(true),
        Answer::Second => Some(false),
        Answer::Tie | Answer::Skip | Answer::BothBad => None,
    }
}

/// Whether an answer prefers the longer reply, where it prefers one and one is longer.
fn prefers_longer(asked: &Asked, lengths: &Lengths) -> Option<bool> {
    let preferred = asked.preference().filter(|preferred| *preferred != Preference::Tie)?;
    Some(lengths.longer(&asked.question)? == preferred)
}

/// How far answers agree with those to the same pairs the other way round: of the same person, and of
/// different ones.
fn agreements(batches: &[Batch]) -> (Agreement, Agreement) {
    let (mut own, mut other) = (Counts::default(), Counts::default());
    for batch in batches {
        for again in &batch.asked {
            let first = again.repeats.and_then(|id| batch.asked.iter().find(|own| own.id == id));
            let Some(first) = first else {
                continue;
            };
            let (Some(one), Some(two)) = (first.preference(), again.preference()) else {
                continue;
            };
            let who = |asked: &Asked| asked.given.as_ref().map(Given::who);
            let same = who(first) == who(again);
            (if same { &mut own } else { &mut other }).add(one, two);
        }
    }
    (own.agreement(), other.agreement())
}

/// How often which answer was followed by which.
#[derive(Default)]
struct Counts([[u64; 3]; 3]);

impl Counts {
    fn add(&mut self, first: Preference, again: Preference) {
        let place = |answer| KINDS.iter().position(|kind| *kind == answer).unwrap_or(0);
        let count = &mut self.0[place(first)][place(again)];
        *count = count.saturating_add(1);
    }

    /// Cohen, *A coefficient of agreement for nominal scales* (1960): κ = (p − c) / (1 − c), p the
    /// share that is alike, c what it would be if the two answers knew nothing of each other.
    fn agreement(&self) -> Agreement {
        let Self(counts) = self;
        let sum = |row: &[u64; 3]| row.iter().copied().fold(0, u64::saturating_add);
        let column = |place: usize| sum(&counts.map(|row| row[place]));
        let whole = counts.iter().map(sum).fold(0, u64::saturating_add);
        let part = (0..3).map(|place| counts[place][place]).fold(0, u64::saturating_add);
        let n = whole as f64;
        let chance = (0..3).fold(0.0, |chance, place| {
            chance + (sum(&counts[place]) as f64 / n) * (column(place) as f64 / n)
        });
        let kappa = (part as f64 / n - chance) / (1.0 - chance);
        Agreement { alike: Share { part, whole }, kappa: Some(kappa).filter(|k| k.is_finite()) }
    }
}

impl Share {
    /// Wilson's 95 % interval of the share, where there is any.
    pub(super) fn interval(self) -> Option<[f64; 2]> {
        const Z: f64 = 1.96;
        let (n, p) = (self.whole as f64, self.part as f64 / self.whole as f64);
        let middle = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt_of();
        let scale = 1.0 + Z * Z / n;
        (self.whole > 0).then(|| [(middle - spread) / scale, (middle + spread) / scale])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: [[u64; 3]; 3]) -> Agreement {
        Counts(counts).agreement()
    }

    #[test]
    fn kappa_is_what_is_alike_beyond_chance() {
        // The usual example: 20 and 15 of 50 alike, 0.7 where chance gives 0.5.
        let agreement = counts([[20, 5, 0], [10, 15, 0], [0, 0, 0]]);
        assert_eq!(agreement.alike, Share { part: 35, whole: 50 });
        assert!((agreement.kappa.unwrap() - 0.4).abs() < 1e-12, "{agreement:?}");
        let independent = counts([[6, 4, 2], [3, 2, 1], [9, 6, 3]]);
        assert!(independent.kappa.unwrap().abs() < 1e-12, "{independent:?}");
        assert_eq!(counts([[4, 0, 0], [0, 3, 0], [0, 0, 2]]).kappa, Some(1.0));
        // Always the same answer, which chance alone would give.
        assert_eq!(counts([[9, 0, 0], [0; 3], [0; 3]]).kappa, None);
        assert_eq!(counts([[0; 3]; 3]), Agreement::default());
    }

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        let [low, high] = Share { part: 14, whole: 20 }.interval().unwrap();
        assert!((low - 0.4810).abs() < 1e-4 && (high - 0.8545).abs() < 1e-4, "{low} to {high}");
        assert_eq!(Share::default().interval(), None);
    }
}
