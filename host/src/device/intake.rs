//! [`asked`]: what devices asked, as a session takes it in.

use std::path::Path;

use pairpick_core::device::{Answer as Pressed, PairKind, PoolImage};

use super::choice::Chosen;
use super::log::{DeviceLog, Event};
use crate::data::embeddings::Embeddings;
use crate::digest::HexDigest;
use crate::error::Result;
use crate::session::{Answer, AskedElsewhere, ReplyElsewhere};

/// The rounds of devices with the same image, each as a batch with the answers that it has: by rounds,
/// then by devices, if the logs are. `path` is the image's.
///
/// # Errors
/// As [`Chosen::of_image`]; [`Error::Device`](crate::error::Error::Device) for a log of another image, whose
/// strategy is not known here.
pub fn asked(
    path: &Path,
    image: &PoolImage<'_>,
    embeddings: &Embeddings,
    logs: &[DeviceLog],
) -> Result<Vec<AskedElsewhere>> {
    logs.iter().try_for_each(|log| log.check_image(image))?;
    let chosen = Chosen::of_image(path, image, embeddings)?;
    let mut rounds: Vec<(u32, AskedElsewhere)> =
        logs.iter().flat_map(|log| asked_by(log, image, &chosen)).collect();
    rounds.sort_by_key(|(round, _)| *round);
    Ok(rounds.into_iter().map(|(_, batch)| batch).collect())
}

/// The rounds of one device.
fn asked_by(log: &DeviceLog, image: &PoolImage<'_>, chosen: &Chosen) -> Vec<(u32, AskedElsewhere)> {
    let strategy = image.header().settings.strategy.name();
    let mut offered = pairs(image, chosen).saturating_sub(image.asked_len() as u64);
    let mut rounds: Vec<(u32, AskedElsewhere)> = Vec::new();
    for (_, event) in &log.records {
        match event {
            Event::Round(round) => {
                let batch = AskedElsewhere {
                    path: log.path.clone(),
                    strategy: strategy.to_owned(),
                    head: HexDigest(round.head),
                    offered,
                    device: log.header.device,
                    replies: Vec::new(),
                };
                offered = offered.saturating_sub(round.pairs.into());
                rounds.push((round.round, batch));
            }
            Event::Answer(record) => {
                let items = [record.a, record.b].map(|place| chosen.items.get(place as usize));
                if let (Some((_, batch)), [Some(a), Some(b)]) = (rounds.last_mut(), items) {
                    let answer = said(record.answer);
                    batch.replies.push(ReplyElsewhere { a: *a, b: *b, answer });
                }
            }
        }
    }
    rounds
}

/// How many pairs a pool has.
fn pairs(image: &PoolImage<'_>, chosen: &Chosen) -> u64 {
    let among = |items: u64| items * items.saturating_sub(1) / 2;
    match image.header().settings.pairs {
        PairKind::CrossPrompt => among(chosen.items.len() as u64),
        PairKind::InPrompt => {
            let sizes = chosen.starts.windows(2).map(|ends| u64::from(ends[1] - ends[0]));
            sizes.map(among).fold(0, u64::saturating_add)
        }
    }
}

/// Items of a device are shown in their order, the first one first.
fn said(answer: Pressed) -> Answer {
    match answer {
        Pressed::First => Answer::First,
        Pressed::Second => Answer::Second,
        Pressed::Tie => Answer::Tie,
        Pressed::Skip => Answer::Skip,
        Pressed::BothBad => Answer::BothBad,
    }
}
