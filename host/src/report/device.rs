//! What came home from labelling devices, in words.

use super::table::right_aligned;
use crate::device::merge::{DeviceSummary, Merged};
use crate::device::replay::{Replay, ReplayedRound};

/// What logs came to, a line a log.
#[must_use]
pub fn merged(merged: &Merged) -> String {
    let row = |device: &DeviceSummary| {
        vec![
            device.device.to_string(),
            device.answers.to_string(),
            device.duplicates.to_string(),
            device.dropped.to_string(),
            device.log.clone(),
        ]
    };
    let titles = ["device", "answers", "known already", "torn", "log"];
    let table = right_aligned(&titles, merged.devices.iter().map(row));
    let Merged { labels, skipped, repeated, conflicts, .. } = merged;
    let several = match repeated {
        0 => String::new(),
        repeated => format!(
            "\n{repeated} pairs have answers of several devices, {} of them different ones",
            conflicts.len()
        ),
    };
    format!("{table}\n{labels} labels, {skipped} passed over{several}")
}

/// A replay, a line a round.
#[must_use]
pub fn replayed(replay: &Replay) -> String {
    let row = |round: &ReplayedRound| {
        vec![
            round.round.to_string(),
            format!("{}/{}", round.answered, round.pairs),
            round.batch.to_string(),
            round.batch_here.to_string(),
            round.head.to_string(),
            round.head_here.to_string(),
            if round.same { "yes" } else { "NO" }.to_owned(),
        ]
    };
    let titles = ["round", "answered", "batch, log", "here", "head, log", "here", "same"];
    let table = right_aligned(&titles, replay.rounds.iter().map(row));
    let Replay { device, answers, identical, rounds } = replay;
    let verdict = match identical {
        true => format!("identical: {} selections of device {device}", rounds.len()),
        false => format!("DIFFERENT: device {device} did not select what this machine computes"),
    };
    format!("{table}\n{answers} answers; {verdict}\n")
}
