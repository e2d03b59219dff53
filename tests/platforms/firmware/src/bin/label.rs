//! The labelling device: 200 items of 25 prompts, features of order 32, batches of up to 10 by
//! `robust-v-opt`, up to 100 answers; 20 pairs of earlier labels or of equal features. An image of other
//! sizes, of any strategy and either profile, has its session in the same memory, if that is enough, and is
//! refused if not.

#![no_std]
#![no_main]

use core::fmt::Write;

use cortex_m_rt::entry;
use firmware::flash::{LogFlash, device_number, image};
use firmware::host::{File, exit};
use firmware::label::{Panel, label};
use firmware::memory::{Arena, words};
use firmware::screen::Front;
use firmware::shared::Shared;
use firmware::stack;
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

static MEMORY: Shared<Arena<{ words(LEN) }>> = Shared::new(Arena::ZERO);

/// How the program ends where it may have spoilt its own memory.
const STACK_OVERRUN: u32 = 3;

#[entry]
fn main() -> ! {
    stack::paint();
    let Some(mut front) = Front::start() else { exit(2) };
    let mut code = match device_number() {
        None => {
            front.tell("refused: this board has no number yet");
            1
        }
        Some(number) => match run(&mut front, number) {
            Ok(()) => 0,
            Err(error) => {
                front.tell(format_args!("refused: {error}"));
                1
            }
        },
    };
    if !stack::holds() {
        front.tell("stopped: the stack came too near the statics, or into them");
        code = STACK_OVERRUN;
    }
    tell_stack();
    exit(code)
}

fn run(front: &mut Front, number: u32) -> Result<(), SessionError> {
    let image = PoolImage::open(image())?;
    let store = LogFlash::open().map_err(LogError::from)?;
    // SAFETY: the only place that takes it, once.
    let memory = unsafe { MEMORY.take() }.lend(image.session_len(SIZES.answers, 1))?;
    label(image, store, number, front, memory)
}

/// Writes how deep the stack went, and how much of it there is, to the file `stack` if there is one.
fn tell_stack() {
    if let Some(mut file) = File::open(c"stack") {
        let _ = writeln!(file, "{} {}", stack::depth(), stack::room());
    }
}
