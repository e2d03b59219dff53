//! What a labelling session takes, size by size: memory, the deepest stack, instructions. Shapes are
//! known only when it runs, as those of an image are, so that every size runs the same code. It
//! writes an image into flash and opens a session on it: the first batch is selected before there is an
//! answer, the second after ten. `tests/platforms/device` runs it.

#![no_std]
#![no_main]

use core::fmt::{self, Write};

use cortex_m_rt::entry;
use firmware::flash::image_memory;
use firmware::host::{File, exit};
use firmware::memory::Arena;
use firmware::shared::Shared;
use firmware::{counter, stack, training};
use pairpick_core::device::{
    Answer, Header, PoolImage, RECORD_LEN, Section, Session, SessionError, Settings, Store,
    StoreError,
};
use pairpick_core::linalg::packed_len;
use pairpick_core::parallel::Sequential;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Sizes, Strategy};
use pairpick_core::topk::Scored;

const REPLIES: usize = 10;
const BATCH: u32 = 10;
const ANSWERS: usize = 100;
const STRATEGIES: [Strategy; 2] = [Strategy::Dopt, Strategy::RobustVOpt];
const ORDERS: [usize; 3] = [16, 32, 64];
const ITEMS: [usize; 3] = [100, 200, 1000];

/// What is answered, over and over.
const GIVEN: [Answer; 3] = [Answer::First, Answer::Second, Answer::First];

const MOST_ORDER: usize = 64;
const MOST_ITEMS: usize = 1000;
const MOST_PROMPTS: usize = MOST_ITEMS / REPLIES;
const RECORDS: usize = 16;

/// How large a pool is.
#[derive(Clone, Copy)]
struct Size {
    order: usize,
    items: usize,
}

/// What an image is made of.
struct Parts {
    features: [f32; MOST_ORDER * MOST_ITEMS],
    starts: [u32; MOST_PROMPTS + 1],
    names: [u32; 2 * MOST_ITEMS],
    text_starts: [u32; MOST_PROMPTS + MOST_ITEMS + 1],
    target: [f32; packed_len(MOST_ORDER)],
}

static PARTS: Shared<Parts> = Shared::new(Parts {
    features: [0.0; _],
    starts: [0; _],
    names: [0; _],
    text_starts: [0; _],
    target: [0.0; _],
});

/// Room for the largest session.
type Room = Arena<{ 1 << 18 }>;

static ROOM: Shared<Room> = Shared::new(Room::ZERO);

/// A log in memory.
struct Records([u8; RECORDS * RECORD_LEN]);

impl Store for Records {
    fn capacity(&self) -> usize {
        self.0.len()
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        for (byte, stored) in bytes.iter_mut().zip(self.0.iter().skip(offset)) {
            *byte = *stored;
        }
        Ok(())
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError> {
        for (stored, byte) in self.0.iter_mut().skip(offset).zip(bytes) {
            *stored = *byte;
        }
        Ok(())
    }
}

#[entry]
fn main() -> ! {
    let Some(mut output) = File::output() else { exit(2) };
    match told(&mut output) {
        Ok(()) => exit(0),
        Err(error) => {
            let _ = writeln!(output, "refused: {error}");
            exit(1)
        }
    }
}

fn told(output: &mut File) -> Result<(), SessionError> {
    let _ = writeln!(output, "thousand {}", counter::start());
    // SAFETY: the only places that take them, once.
    let (parts, room) = unsafe { (PARTS.take(), ROOM.take()) };
    // SAFETY: there is no image yet.
    let flash = bytemuck::try_cast_slice_mut(unsafe { image_memory() }).unwrap_or_default();
    training::measure(output, flash, room.numbers())?;
    for strategy in STRATEGIES {
        for order in ORDERS {
            for items in ITEMS {
                let settings = Settings::new(strategy, 1.0, BATCH);
                let image = image_of(settings, Size { order, items }, parts)?;
                let taken = measure(image, room)?;
                let _ = writeln!(output, "{taken}");
            }
        }
    }
    for strategy in Strategy::ALL {
        // How deep the stack goes does not depend on how many are drawn.
        let own = Settings::new(strategy, 1.0, BATCH);
        let settings = Settings { posterior_samples: 8, configurations: 64, ..own };
        let image = image_of(settings, Size { order: ORDERS[0], items: ITEMS[0] }, parts)?;
        let taken = measure(image, room)?;
        let _ = writeln!(output, "deepest {} {}", strategy.name(), taken.stack);
    }
    Ok(())
}

/// A pool of random items.
fn image_of(
    settings: Settings,
    size: Size,
    parts: &mut Parts,
) -> Result<PoolImage<'static>, SessionError> {
    let Size { order, items } = size;
    let prompts = items / REPLIES;
    let mut rng = Stream::new(7, "budgets", 0);
    parts.features.fill_with(|| 2.0 * rng.uniform::<f32>() - 1.0);
    for (start, prompt) in parts.starts.iter_mut().zip(0..) {
        *start = prompt * REPLIES as u32;
    }
    for (name, (item, place)) in
        parts.names.iter_mut().zip((0..).flat_map(|item| [(item, 0), (item, 1)]))
    {
        let replies = REPLIES as u32;
        *name = if place == 0 { item / replies } else { item % replies };
    }
    // V = I.
    parts.target.fill(0.0);
    let (mut place, mut column) = (0, order);
    while let Some(entry) = parts.target.get_mut(place)
        && column > 0
    {
        *entry = 1.0;
        (place, column) = (place + column, column - 1);
    }
    let sections = [
        (Section::Features, first(bytemuck::cast_slice(&parts.features), items * order)),
        (Section::Starts, first(bytemuck::cast_slice(&parts.starts), prompts + 1)),
        (Section::Names, first(bytemuck::cast_slice(&parts.names), 2 * items)),
        (Section::TextStarts, first(bytemuck::cast_slice(&parts.text_starts), prompts + items + 1)),
        (Section::Texts, &[]),
        (Section::Target, first(bytemuck::cast_slice(&parts.target), packed_len(order))),
    ];
    let header = Header::new(1, items as u32, order as u32, prompts as u32, settings);
    let header = header.with_sections(&sections)?;
    // SAFETY: the image before is no longer looked at.
    let memory = unsafe { image_memory() };
    header.write(&sections, memory.get_mut(..header.len()).unwrap_or_default())?;
    Ok(PoolImage::open(memory)?)
}

/// The bytes of the first so many numbers.
fn first(bytes: &[u8], numbers: usize) -> &[u8] {
    bytes.get(..4 * numbers).unwrap_or_default()
}

/// Bytes that a device works in which only selects, answers kept elsewhere.
fn selection_bytes(image: &PoolImage<'_>) -> usize {
    let settings = &image.header().settings;
    let sizes = Sizes { pool: image.pool_size(), batch: BATCH as usize, threads: 1 };
    let workspace = settings.strategy.workspace_len(&sizes, &settings.options(None));
    let batch = BATCH as usize * size_of::<Scored<f32>>();
    let posterior = (image.order() + packed_len(image.order())) * size_of::<f32>();
    let prompts = (image.prompts() + 1) * (size_of::<u32>() + size_of::<u64>());
    workspace.bytes::<f32>() + batch + posterior + prompts
}

/// What a session took: bytes, and instructions of its first batch and of the round behind.
struct Taken {
    strategy: &'static str,
    size: Size,
    select: usize,
    session: usize,
    /// The stack at its deepest by the first batch, and by the second.
    selecting: usize,
    stack: usize,
    selection: u64,
    round: u64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { strategy, size: Size { order, items }, select, session, .. } = self;
        let Self { selecting, stack, selection, round, .. } = self;
        write!(
            f,
            "{strategy} {order} {items} {select} {session} {selecting} {stack} {selection} {round}"
        )
    }
}

fn measure(image: PoolImage<'_>, room: &mut Room) -> Result<Taken, SessionError> {
    let len = image.session_len(ANSWERS, 1);
    let memory = room.lend(len)?;
    let executor = &Sequential::default();
    let log = Records([0xff; RECORDS * RECORD_LEN]);
    stack::paint();
    let (selection, session) = counter::count(|| Session::open(executor, image, log, 1, memory));
    let mut session = session?;
    let selecting = stack::depth();
    let (round, answered) = counter::count(|| {
        let mut given = GIVEN.iter().cycle().take(BATCH as usize);
        given.try_for_each(|answer| session.answer(executor, *answer))
    });
    answered?;
    Ok(Taken {
        strategy: image.header().settings.strategy.name(),
        size: Size { order: image.order(), items: image.items() },
        select: selection_bytes(&image),
        session: len.bytes(),
        selecting,
        stack: stack::depth(),
        selection,
        round,
    })
}
