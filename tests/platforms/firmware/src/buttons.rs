//! Buttons, played by a file of letters: the system's tick looks at it as an interrupt of real ones would
//! come, and puts what is pressed into a queue, from which the loop takes it.

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use heapless::spsc::{Consumer, Producer, Queue};
use pairpick_core::device::Answer;

use crate::host::File;
use crate::label::Button;
use crate::shared::Shared;

/// Cycles from one look at the buttons to the next: a millisecond.
const TICK: u32 = 25_000;

static QUEUE: Shared<Queue<Button, 4>> = Shared::new(Queue::new());

/// What the tick has: the buttons, and its end of the queue.
static PRESSED: Shared<Option<(File, Producer<'static, Button>)>> = Shared::new(None);

/// Whether a question is on the screen. Somebody presses a button when there is one, not before.
static ASKED: AtomicBool = AtomicBool::new(false);

/// The loop's end of the queue.
pub struct Buttons(Consumer<'static, Button>);

impl Buttons {
    /// Has the tick look at the file `buttons` from now on; nothing where there is no such file. To be
    /// called once.
    pub fn start(mut timer: SYST) -> Option<Self> {
        let file = File::read_only(c"buttons")?;
        // SAFETY: called once, and the tick has not begun.
        let consumer = unsafe {
            let (producer, consumer) = QUEUE.take().split();
            *PRESSED.take() = Some((file, producer));
            consumer
        };
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(TICK);
        timer.clear_current();
        timer.enable_counter();
        timer.enable_interrupt();
        Some(Self(consumer))
    }

    /// Waits for a button.
    pub fn wait(&mut self) -> Button {
        ASKED.store(true, Ordering::Release);
        loop {
            match self.0.dequeue() {
                Some(button) => return button,
                None => cortex_m::asm::wfi(),
            }
        }
    }
}

#[exception]
fn SysTick() {
    if !ASKED.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: the tick alone has it, once it has begun.
    if let Some((file, queue)) = unsafe { PRESSED.take() }
        && let Some(button) = pressed(*file)
    {
        ASKED.store(false, Ordering::Release);
        // One question, one button: there is room.
        let _ = queue.enqueue(button);
    }
}

/// The next button, if the next letter is one: where it is another nobody presses anything, and where the
/// file ends the switch is turned.
fn pressed(file: File) -> Option<Button> {
    let Some(letter) = file.read() else { return Some(Button::Off) };
    Some(Button::Answer(match letter {
        b'1' => Answer::First,
        b'2' => Answer::Second,
        b'=' => Answer::Tie,
        b's' => Answer::Skip,
        b'b' => Answer::BothBad,
        _ => return None,
    }))
}
