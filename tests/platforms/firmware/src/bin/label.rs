//! The labelling device: 200 items of 25 prompts, features of order 32, batches of up to 10 by
//! `robust-v-opt` or by a strategy that needs no more memory, up to 100 answers; 20 pairs of earlier labels
//! or of equal features.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware::flash::{ImageFlash, LogFlash};
use firmware::host::exit;
use firmware::label::{ImageSource, Panel, label};
use firmware::memory::Memory;
use firmware::screen::Front;
use firmware::shared::Shared;
use pairpick_core::device::{LogError, PoolImage, SessionError, SessionLen, SessionSizes};
use pairpick_core::pool::PoolSize;
use pairpick_core::select::{Options, Sizes, Strategy};

const SIZES: SessionSizes = SessionSizes {
    selection: Sizes { pool: PoolSize::uniform(32, 25, 8), batch: 10, threads: 1 },
    prompts: 25,
    asked: 20,
    answers: 100,
    copied: 0,
};
const LEN: SessionLen = SessionLen::new(Strategy::RobustVOpt, &Options::DEFAULT, &SIZES);

type Session = Memory<
    { LEN.numbers },
    { LEN.heaps },
    { LEN.ranks },
    { LEN.batch },
    { LEN.starts },
    { LEN.comparisons },
>;

static MEMORY: Shared<Session> = Shared::new(Session::EMPTY);

/// Which of several devices this is.
const DEVICE: u32 = 1;

#[entry]
fn main() -> ! {
    let Some(mut front) = Front::start() else { exit(2) };
    match run(&mut front) {
        Ok(()) => exit(0),
        Err(error) => {
            front.tell(format_args!("refused: {error}"));
            exit(1)
        }
    }
}

fn run(front: &mut Front) -> Result<(), SessionError> {
    let image = PoolImage::open(ImageFlash.memory())?;
    let store = LogFlash::open().map_err(LogError::from)?;
    // SAFETY: the only place that takes it, once.
    let memory = unsafe { MEMORY.take() }.lend(image.session_len(SIZES.answers, 1));
    label(image, store, DEVICE, front, memory)
}
