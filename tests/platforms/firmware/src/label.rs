//! The device's loop: shows a question, waits for a button, keeps the answer; between batches the
//! session learns and selects.

use core::fmt::{self, Display};

use pairpick_core::device::{
    Answer, PoolImage, Question, Session, SessionError, SessionMemory, Store,
};
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::profile::Profile;

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

impl Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer(Answer::First) => "1 is better",
            Self::Answer(Answer::Second) => "2 is better",
            Self::Answer(Answer::Tie) => "as good as each other",
            Self::Answer(Answer::Skip) => "passed over",
            Self::Answer(Answer::BothBad) => "both bad",
            Self::Off => "off",
        })
    }
}

/// Asks until the session ends or the switch is turned, in the profile of the image. Every answer is in the
/// store before the next question is shown; where the store holds answers, goes on behind them.
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
    match image.header().settings.profile {
        Profile::Exact => label_by(executor, image, store, device, panel, memory),
        Profile::Micro => label_by(&Micro(executor), image, store, device, panel, memory),
    }
}

fn label_by<E: Executor, S: Store, P: Panel>(
    executor: &E,
    image: PoolImage<'_>,
    store: S,
    device: u32,
    panel: &mut P,
    memory: SessionMemory<'_>,
) -> Result<(), SessionError> {
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
