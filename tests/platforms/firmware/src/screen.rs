//! A screen of few letters, played by what the emulator prints; and it together with the buttons.

use core::fmt::{Display, Write};

use pairpick_core::device::{PoolImage, Question};

use crate::buttons::Buttons;
use crate::host::File;
use crate::label::{Button, Panel};
use crate::stack;

/// Letters in a line.
const LINE: usize = 60;

/// What fits a line.
fn line(text: &str) -> &str {
    let text = text.lines().next().unwrap_or("");
    let end = text.char_indices().nth(LINE).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or("")
}

/// Screen and buttons.
pub struct Front {
    screen: File,
    buttons: Buttons,
}

impl Front {
    /// Nothing where one of them is missing. To be called once.
    pub fn start() -> Option<Self> {
        let screen = File::output()?;
        let buttons = Buttons::start(cortex_m::Peripherals::take()?.SYST)?;
        Some(Self { screen, buttons })
    }
}

impl Panel for Front {
    fn tell(&mut self, text: impl Display) {
        // A screen that fails shows nothing, and no question is answered.
        let _ = writeln!(self.screen, "{text}");
    }

    fn ask(&mut self, image: &PoolImage<'_>, question: &Question) -> Button {
        // What may be spoilt is not asked about; the program says so at its end.
        if !stack::holds() {
            return Button::Off;
        }
        let &Question { round, place, of, items, .. } = question;
        let prompt = image.prompt_of(items.a).map_or("", |prompt| image.prompt_text(prompt));
        self.tell(format_args!("\nround {round}, {} of {of}: {}", place + 1, line(prompt)));
        self.tell(format_args!("  1  {}", line(image.item_text(items.a))));
        self.tell(format_args!("  2  {}", line(image.item_text(items.b))));
        let button = self.buttons.wait();
        self.tell(format_args!("  -> {button}"));
        button
    }
}
