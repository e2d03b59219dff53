//! A labelling device from its host's side: packed by the command, played by the core's own loop in
//! memory, imported and replayed by the command.

#[path = "../command/mod.rs"]
mod command;
mod course;
mod covariates;
mod damage;
mod home;
#[path = "../npy/mod.rs"]
mod npy;
mod packing;
mod session;

use std::fs;
use std::path::Path;

use pairpick::device::log::LogMemory;
use pairpick::device::replay::memory_for;
use pairpick_core::device::{Answer, PoolImage, RECORD_LEN, Session};
use pairpick_core::parallel::{Executor, Sequential};
use serde_json::Value;

use self::command::pairpick;

/// What a command prints, which succeeds.
fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = pairpick(folder, arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The object that it prints.
fn object(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&told(folder, arguments)).unwrap()
}

/// What it says of bad input, or of a check that fails.
fn refused(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = pairpick(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Packs a small pool of the bundled replies.
fn pack(folder: &Path, more: &[&str]) -> Vec<u8> {
    let common = ["device", "pack", "--items", "48", "--landmarks", "8", "--batch", "4"];
    told(folder, &[&common[..], more].concat());
    fs::read(folder.join("pool.img")).unwrap()
}

/// A device of this number gives so many answers to the pool of an image, in one session or in several
/// with power failing between them in the middle of a record, and leaves its log.
fn play<E: Executor>(
    executor: &E,
    image: &[u8],
    device: u32,
    answers: usize,
    failures: &[usize],
    say: impl Fn(u32, u32) -> Answer,
) -> Vec<u8> {
    let image = PoolImage::open(image).unwrap();
    let mut log = vec![0xff; 120 * RECORD_LEN];
    for end in failures.iter().copied().chain([answers]) {
        let mut memory = memory_for(&image, 100, executor.threads()).unwrap();
        let store = LogMemory(log);
        let mut session = Session::open(executor, image, store, device, memory.lend()).unwrap();
        while session.answers() < end {
            let question = session.question().expect("pairs enough");
            session.answer(executor, say(question.items.a, question.items.b)).unwrap();
        }
        LogMemory(log) = session.into_store();
        if end != answers {
            // Half of the next record was written.
            let erased =
                log.chunks_exact(RECORD_LEN).position(|r| r == [0xff; RECORD_LEN]).unwrap();
            log[erased * RECORD_LEN..][..RECORD_LEN / 2].fill(0x5a);
        }
    }
    log
}

/// The head of a device's session, found again from image and log.
fn head_after(image: &[u8], log: Vec<u8>) -> Vec<f32> {
    let image = PoolImage::open(image).unwrap();
    let mut memory = memory_for(&image, 100, 1).unwrap();
    let session = Session::open(&here(), image, LogMemory(log), 1, memory.lend()).unwrap();
    session.head().to_vec()
}

/// Whoever knows items by their numbers.
fn by_number(a: u32, b: u32) -> Answer {
    Answer::ALL[((7 * a + 3 * b) % 9) as usize % 5]
}

fn here() -> Sequential {
    Sequential::default()
}
