//! [`replay`]: a device's session once more, by this machine.

use std::path::Path;

use pairpick_core::device::{PoolImage, Session, SessionBuffers, SessionError};
use pairpick_core::parallel::{Executor, Micro};
use pairpick_core::pool::Comparison;
use pairpick_core::profile::Profile;
use pairpick_core::topk::Scored;
use serde::Serialize;

use super::log::{DeviceLog, Event, LogMemory};
use crate::digest::HexDigest;
use crate::error::{Error, Result};
use crate::memory::zeros;

/// Records that are written beside those of the log: the header, and another round.
const MORE: usize = 4;

/// What a round selected, as the log tells and as it is computed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedRound {
    /// The round.
    pub round: u32,
    /// Pairs of its batch.
    pub pairs: u16,
    /// Of them, those that have an answer.
    pub answered: u16,
    /// Digest of its pairs and their scores, by the log.
    pub batch: HexDigest,
    /// The same, computed.
    pub batch_here: HexDigest,
    /// Digest of the head that it was selected by, by the log.
    pub head: HexDigest,
    /// The same, computed.
    pub head_here: HexDigest,
    /// Whether all of it is the same, and each answer is to the pair that is asked about here.
    pub same: bool,
}

/// A log, replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// The device.
    pub device: u32,
    /// Its rounds, up to the first that differs.
    pub rounds: Vec<ReplayedRound>,
    /// Answers taken in.
    pub answers: usize,
    /// Whether every selection is what this machine computes, bit for bit.
    pub identical: bool,
}

/// Memory of a session, on this machine.
pub type Memory = SessionBuffers<
    Vec<f32>,
    Vec<Scored<f32>>,
    Vec<u64>,
    Vec<Scored<f32>>,
    Vec<u32>,
    Vec<Comparison<f32>>,
>;

/// Memory for a session of up to so many answers.
///
/// # Errors
/// [`Error::Core`] where the system has not so much.
pub fn memory_for(image: &PoolImage<'_>, answers: usize, threads: usize) -> Result<Memory> {
    let len = image.session_len(answers, threads);
    let none = Comparison { a: 0, b: 0, label: 0.0, count: 1.0 };
    Ok(SessionBuffers {
        numbers: zeros("numbers", len.numbers, 1)?,
        heaps: zeros("heaps", len.heaps, 1)?,
        ranks: zeros("ranks", len.ranks, 1)?,
        batch: zeros("batch", len.batch, 1)?,
        starts: zeros("starts", len.starts, 1)?,
        comparisons: vec![none; len.comparisons],
    })
}

/// Selects and learns as the device did, in the image's profile.
///
/// # Errors
/// [`Error::Device`] for a log of another image or without a round, or what a session refuses.
pub fn replay<E: Executor>(executor: &E, image: &PoolImage<'_>, log: &DeviceLog) -> Result<Replay> {
    log.check_image(image)?;
    log.check_of(image)?;
    if log.rounds().next().is_none() {
        let problem = "no batch was selected yet, so that nothing can be compared";
        return Err(Error::device(&log.path)(problem));
    }
    match image.header().settings.profile {
        Profile::Exact => replayed(executor, image, log),
        Profile::Micro => replayed(&Micro(executor), image, log),
    }
}

fn replayed<E: Executor>(executor: &E, image: &PoolImage<'_>, log: &DeviceLog) -> Result<Replay> {
    let refused = || Error::device(&log.path);
    let answers = log.answers().count();
    let mut memory = memory_for(image, answers.saturating_add(1), executor.threads())?;
    let store = LogMemory::erased(log.records.len().saturating_add(MORE));
    let device = log.header.device;
    let mut session =
        Session::open(executor, *image, store, device, memory.lend()).map_err(refused())?;
    let mut rounds = Vec::<ReplayedRound>::new();
    let (mut taken, mut identical) = (0, true);
    for (_, event) in &log.records {
        match event {
            Event::Round(told) => {
                let here = session.round();
                identical = here == *told;
                rounds.push(ReplayedRound {
                    round: told.round,
                    pairs: told.pairs,
                    answered: 0,
                    batch: HexDigest(told.batch),
                    batch_here: HexDigest(here.batch),
                    head: HexDigest(told.head),
                    head_here: HexDigest(here.head),
                    same: identical,
                });
            }
            Event::Answer(told) => {
                let asked = session.question();
                identical = asked.is_some_and(|question| {
                    (question.items.a, question.items.b) == (told.a, told.b)
                });
                if identical {
                    session.answer(executor, told.answer).map_err(refused())?;
                    taken += 1;
                }
                if let Some(round) = rounds.last_mut() {
                    round.same &= identical;
                    round.answered += u16::from(identical);
                }
            }
        }
        if !identical {
            break;
        }
    }
    Ok(Replay { device, rounds, answers: taken, identical })
}

/// Opens a session that has not begun, to see that the image's settings can be done.
///
/// # Errors
/// [`Error::Device`] with what the strategy refuses.
pub fn try_out<E: Executor>(executor: &E, path: &Path, image: &PoolImage<'_>) -> Result<()> {
    fn opened<E: Executor>(
        executor: &E,
        image: &PoolImage<'_>,
    ) -> Result<Result<(), SessionError>> {
        let mut memory = memory_for(image, 1, executor.threads())?;
        let opened = Session::open(executor, *image, LogMemory::erased(MORE), 0, memory.lend());
        Ok(opened.map(|_| ()))
    }
    let opened = match image.header().settings.profile {
        Profile::Exact => opened(executor, image),
        Profile::Micro => opened(&Micro(executor), image),
    };
    opened?.map_err(Error::device(path))
}
