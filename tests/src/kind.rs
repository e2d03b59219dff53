//! The kinds of pool, which every suite on pools runs on.

use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::pool::{ItemPair, Pool, Prompts};

/// Which pairs of some items are on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of each prompt.
    InPrompt,
    /// All.
    CrossPrompt,
    /// Those of a list.
    Listed,
}

/// Every kind.
pub const KINDS: [Kind; 3] = [Kind::InPrompt, Kind::CrossPrompt, Kind::Listed];

impl Kind {
    /// The pool of this kind; the pairs are read where it is a list.
    ///
    /// # Errors
    /// The pool's.
    pub fn pool<'a>(
        self,
        items: Columns<'a, f32>,
        prompts: Prompts<'a>,
        pairs: &'a [ItemPair],
        labelled: &'a [u64],
    ) -> Result<Pool<'a>, Error> {
        match self {
            Self::InPrompt => Pool::in_prompt(items, prompts, labelled),
            Self::CrossPrompt => Pool::cross_prompt(items, labelled),
            Self::Listed => Pool::listed(items, pairs, labelled),
        }
    }
}
