//! The device's loop: shows a question, waits for a button, keeps the answer; between batches the
//! session learns and selects.

use core::fmt::Display;

use pairpick_core::device::{
    Answer, PoolImage, Question, Session, SessionError, SessionMemory, Store,
};
use pairpick_core::parallel::Sequential;

/// Where a pool's image lies, such as in flash.
pub trait ImageSource {
    /// Memory at whose front an image is.
    fn memory(&self) -> &'static [u8];
}

/// Screen and buttons.
pub trait Panel {
    /// Shows something.
    fn tell(&mut self, text: impl Display);

    /// Shows a question, and waits for a button.
    fn ask(&mut self, image: &PoolImage<'_>, question: &Question) -> Button;
}

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// An answer.
    Answer(Answer),
    /// The switch.
    Off,
}

/// Asks until the session ends or the switch is turned. Every answer is in the store before the next
/// question is shown; where the store holds answers, goes on behind them.
///
/// # Errors
/// Those of [`Session::open`] and [`Session::answer`].
pub fn label<S: Store, P: Panel>(
    image: PoolImage<'_>,
    store: S,
    device: u32,
    panel: &mut P,
    memory: SessionMemory<'_>,
) -> Result<(), SessionError> {
    let executor = &Sequential::default();
    let mut session = Session::open(executor, image, store, device, memory)?;
    panel.tell(format_args!(
        "device {device}: {} items, {} answers",
        session.image().items(),
        session.answers()
    ));
    while let Some(question) = session.question() {
        match panel.ask(session.image(), &question) {
            Button::Answer(answer) => session.answer(executor, answer)?,
            Button::Off => break,
        }
    }
    if let Some(end) = session.end() {
        panel.tell(end);
    }
    panel.tell(format_args!("{} answers", session.answers()));
    Ok(())
}
