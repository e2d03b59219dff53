//! A labelling device on this machine: it asks about 20 of the pairs of 12 prompts, loses power while the
//! eighth answer is written, and goes on behind the seventh. All its memory is arrays that are sized when it is built.
//!
//! ```sh
//! cargo run -p pairpick-core --example labelling_device
//! ```
//!
//! The loop, [`label`], is a board's. A board has to bring three things of its own, which arrays, a
//! function and `println!` stand in for here: an image in its flash, from `pairpick device pack`
//! ([`pack`]); a [`Store`] in another part of it, whose writes are safe before they return ([`Flash`]);
//! and a screen with buttons ([`press`]). It also has a number, which tells its log from those of others, and
//! memory in a static. [The firmware](../../tests/platforms/firmware/src/lib.rs) is the board's version of
//! this file.

use pairpick_core::device::{
    Answer, Header, LogError, PoolImage, Question, RECORD_LEN, Section, Session, SessionArrays,
    SessionError, SessionLen, SessionSizes, Settings, Store, StoreError,
};
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::PoolSize;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Sizes, Strategy};

const ORDER: usize = 8;
const PROMPTS: usize = 12;
const REPLIES: usize = 4;
const ITEMS: usize = PROMPTS * REPLIES;
const BATCH: usize = 5;
const ANSWERS: usize = 20;
const STRATEGY: Strategy = Strategy::PaDopt;

/// What the largest session needs.
const LEN: SessionLen = SessionLen::new(
    STRATEGY,
    &Options::DEFAULT,
    &SessionSizes {
        selection: Sizes {
            pool: PoolSize::uniform(ORDER, PROMPTS, REPLIES),
            batch: BATCH,
            threads: 1,
        },
        prompts: PROMPTS,
        asked: 0,
        answers: ANSWERS,
        copied: 0,
    },
);

type Memory = SessionArrays<
    { LEN.numbers },
    { LEN.heaps },
    { LEN.ranks },
    { LEN.batch },
    { LEN.starts },
    { LEN.comparisons },
>;

/// The flash that the log lies in, and how many bytes can be written before power fails.
struct Flash<'a> {
    bytes: &'a mut [u8],
    power: usize,
}

impl Store for Flash<'_> {
    fn capacity(&self) -> usize {
        self.bytes.len()
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        let stored = self.bytes.get(offset..offset + bytes.len()).ok_or(StoreError)?;
        bytes.copy_from_slice(stored);
        Ok(())
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let place = self.bytes.get_mut(offset..offset + bytes.len()).ok_or(StoreError)?;
        let written = bytes.len().min(self.power);
        for (stored, byte) in place.iter_mut().zip(bytes).take(written) {
            *stored = *byte;
        }
        self.power -= written;
        if written == bytes.len() { Ok(()) } else { Err(StoreError) }
    }
}

/// The image's bytes, which begin at a multiple of 16 so that features are used where they lie.
#[repr(align(16))]
struct Image([u8; 4096]);

/// Writes the image of a pool of random items, which a host would have packed.
fn pack(image: &mut Image) -> Result<(), SessionError> {
    let mut rng = Stream::new(7, "example", 0);
    let features: [[u8; 4]; ORDER * ITEMS] =
        core::array::from_fn(|_| (2.0 * rng.uniform::<f32>() - 1.0).to_le_bytes());
    let starts: [[u8; 4]; PROMPTS + 1] =
        core::array::from_fn(|prompt| ((prompt * REPLIES) as u32).to_le_bytes());
    let names: [[u8; 4]; 2 * ITEMS] = core::array::from_fn(|place| {
        let (item, which) = (place / 2, place % 2);
        let name = if which == 0 { item / REPLIES } else { item % REPLIES };
        (name as u32).to_le_bytes()
    });
    let text_starts = [0; 4 * (PROMPTS + ITEMS + 1)];
    let sections = [
        (Section::Features, features.as_flattened()),
        (Section::Starts, starts.as_flattened()),
        (Section::Names, names.as_flattened()),
        (Section::TextStarts, &text_starts),
        (Section::Texts, &[]),
    ];
    let settings = Settings::new(STRATEGY, 1.0, BATCH as u32);
    let header = Header::new(1, ITEMS as u32, ORDER as u32, PROMPTS as u32, settings);
    let header = header.with_sections(&sections)?;
    header.write(&sections, image.0.get_mut(..header.len()).unwrap_or_default())?;
    Ok(())
}

/// Somebody who likes the larger first feature.
fn press(image: &PoolImage<'_>, question: &Question) -> Result<Answer, SessionError> {
    let [mut a, mut b] = [[0.0; ORDER]; 2];
    image.features_of(question.items.a as usize, &mut a)?;
    image.features_of(question.items.b as usize, &mut b)?;
    Ok(if a[0] > b[0] { Answer::First } else { Answer::Second })
}

/// The device, until it has all answers: tells how many it began with.
fn label(image: PoolImage<'_>, log: Flash<'_>, memory: &mut Memory) -> Result<usize, SessionError> {
    let executor = &Sequential::default();
    let mut session = Session::open(executor, image, log, 1, memory.lend())?;
    let before = session.answers();
    println!("{before} answers in the log");
    while session.answers() < ANSWERS
        && let Some(question) = session.question()
    {
        let answer = press(session.image(), &question)?;
        let Question { round, place, items, .. } = question;
        println!("round {round}, {}: {} or {}? {answer:?}", place + 1, items.a, items.b);
        session.answer(executor, answer)?;
    }
    Ok(before)
}

fn main() -> Result<(), SessionError> {
    let (mut image, mut log) = (Image([0; 4096]), [0xff; 64 * RECORD_LEN]);
    let mut memory = Memory::ZERO;
    pack(&mut image)?;
    println!("{ITEMS} replies of {ORDER} numbers each, {} bytes of RAM", size_of::<Memory>());
    let image = PoolImage::open(&image.0)?;
    // A header, two rounds, seven answers, and some bytes of the eighth.
    let flash = Flash { bytes: &mut log, power: 10 * RECORD_LEN + 13 };
    assert_eq!(label(image, flash, &mut memory), Err(LogError::Store.into()), "power fails");
    println!("power fails");
    let flash = Flash { bytes: &mut log, power: usize::MAX };
    assert_eq!(label(image, flash, &mut memory)?, 7, "what was written in part is passed over");
    let flash = Flash { bytes: &mut log, power: 0 };
    assert_eq!(label(image, flash, &mut memory)?, ANSWERS, "every answer is found again");
    Ok(())
}
