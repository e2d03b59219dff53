//! [`merge`]: the answers of several devices to one pool, as labels.

use std::collections::BTreeMap;

use pairpick_core::device::{Answer, AnswerRecord, PoolImage};
use serde::Serialize;

use super::log::DeviceLog;
use super::name_of;
use crate::data::item::ItemName;
use crate::data::preference::Preference;
use crate::data::record;
use crate::error::{Error, Result};
use crate::named::Named;

/// A line of labels, as `run` writes them, and whose answer it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceLabel {
    /// The round that asked.
    pub round: u32,
    /// The pair's first item.
    pub a: ItemName,
    /// Its second item.
    pub b: ItemName,
    /// The answer.
    #[serde(flatten)]
    pub answer: record::Answer,
    /// Whether it was passed over since neither is any good.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub both_bad: bool,
    /// None: a log keeps no scores.
    pub score: Option<f64>,
    /// The device's number.
    pub annotator: u32,
}

/// What became of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceSummary {
    /// The file.
    pub log: String,
    /// The device's number.
    pub device: u32,
    /// Answers in it.
    pub answers: usize,
    /// Of them, those that another file of the same device has too.
    pub duplicates: usize,
    /// Records that power did not let end.
    pub dropped: u32,
}

/// A pair that was answered differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The pair's first item.
    pub a: ItemName,
    /// Its second item.
    pub b: ItemName,
    /// Who said what.
    pub answers: Vec<DeviceAnswer>,
}

/// What a device was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceAnswer {
    /// The device's number.
    pub device: u32,
    /// The answer's name.
    pub answer: &'static str,
}

/// The logs together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Merged {
    /// The logs, by device.
    pub devices: Vec<DeviceSummary>,
    /// Answers that are learnt from.
    pub labels: usize,
    /// Questions that were passed over, or where neither was any good.
    pub skipped: usize,
    /// Pairs with the answers of several devices.
    pub repeated: usize,
    /// Those of them whose answers differ.
    pub conflicts: Vec<Conflict>,
    /// A line an answer.
    #[serde(skip)]
    pub lines: Vec<DeviceLabel>,
    /// The longest log of each device, by its number.
    #[serde(skip)]
    pub logs: Vec<DeviceLog>,
}

/// Puts logs together: of two of one device, one of which begins as the other, the longer. The order
/// is that of rounds, places in the batch, and devices, however the logs are given.
///
/// # Errors
/// [`Error::Device`] for a log of another pool, or a damaged one, and for two of one device that differ.
pub fn merge(image: &PoolImage<'_>, mut logs: Vec<DeviceLog>) -> Result<Merged> {
    logs.iter().try_for_each(|log| log.check_of(image))?;
    // The longest of a device first.
    logs.sort_by_key(|log| (log.header.device, usize::MAX - log.records.len(), log.path.clone()));
    let (mut devices, mut kept) = (Vec::new(), Vec::<DeviceLog>::new());
    for log in logs {
        let answers = log.answers().count();
        let longer = kept.last().filter(|longer| longer.header.device == log.header.device);
        if let Some(longer) = longer {
            check_beginning(longer, &log)?;
        }
        devices.push(DeviceSummary {
            log: log.path.display().to_string(),
            device: log.header.device,
            answers,
            duplicates: if longer.is_some() { answers } else { 0 },
            dropped: log.dropped,
        });
        if longer.is_none() {
            kept.push(log);
        }
    }
    let mut answers: Vec<(u32, &AnswerRecord)> = kept
        .iter()
        .flat_map(|log| log.answers().map(|answer| (log.header.device, answer)))
        .collect();
    answers.sort_by_key(|(device, answer)| (answer.round, answer.place, *device));
    let lines: Vec<DeviceLabel> =
        answers.iter().map(|(device, answer)| line(image, *device, answer)).collect();
    let skipped = lines.iter().filter(|line| line.answer.skip).count();
    let (repeated, conflicts) = conflicts(image, &answers);
    let labels = lines.len() - skipped;
    Ok(Merged { devices, labels, skipped, repeated, conflicts, lines, logs: kept })
}

/// Fails unless a log begins as a shorter one of the same device does.
fn check_beginning(longer: &DeviceLog, log: &DeviceLog) -> Result<()> {
    let mut events = log.records.iter().zip(&longer.records);
    let differing = events.find(|((_, own), (_, other))| own != other);
    let same_image = log.header == longer.header;
    let what = match differing {
        None if same_image => return Ok(()),
        Some(((place, _), _)) if same_image => {
            format!("they differ from record {place} on: each device needs a number of its own")
        }
        _ => "they are of two images: import the logs of each with its own".to_owned(),
    };
    let (device, longer) = (log.header.device, longer.path.display());
    let problem = format!("device {device} has another log, {longer}, and {what}");
    Err(Error::device(&log.path)(problem))
}

fn line(image: &PoolImage<'_>, device: u32, record: &AnswerRecord) -> DeviceLabel {
    let answer = match record.answer {
        Answer::First => Preference::First.into(),
        Answer::Second => Preference::Second.into(),
        Answer::Tie => Preference::Tie.into(),
        Answer::Skip | Answer::BothBad => record::Answer::skipped(),
    };
    let (a, b) = (name_of(image, record.a), name_of(image, record.b));
    let both_bad = record.answer == Answer::BothBad;
    DeviceLabel { round: record.round, a, b, answer, both_bad, score: None, annotator: device }
}

/// How many pairs have several answers, and those whose answers differ, in order of their items.
fn conflicts(image: &PoolImage<'_>, answers: &[(u32, &AnswerRecord)]) -> (usize, Vec<Conflict>) {
    let mut pairs = BTreeMap::<(u32, u32), Vec<(u32, Answer)>>::new();
    for (device, record) in answers {
        pairs.entry((record.a, record.b)).or_default().push((*device, record.answer));
    }
    pairs.retain(|_, answers| answers.len() > 1);
    let repeated = pairs.len();
    pairs.retain(|_, answers| {
        let mut labels = answers.iter().filter_map(|(_, answer)| answer.label());
        let first = labels.next();
        labels.any(|label| Some(label) != first)
    });
    let conflict = |((a, b), answers): ((u32, u32), Vec<(u32, Answer)>)| Conflict {
        a: name_of(image, a),
        b: name_of(image, b),
        answers: answers
            .into_iter()
            .map(|(device, answer)| DeviceAnswer { device, answer: answer.name() })
            .collect(),
    };
    (repeated, pairs.into_iter().map(conflict).collect())
}
