//! [`Visitors`]: who has a page open. One person may have several, and a page that is loaded anew is
//! another one.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A page that an annotator has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Visitor {
    /// From 1.
    pub annotator: u32,
    /// What the page calls itself, as long as it is open.
    pub page: u32,
}

/// All pages that are open.
#[derive(Debug, Default)]
pub(super) struct Visitors(Mutex<BTreeSet<Visitor>>);

impl Visitors {
    /// A page asks for something.
    pub fn come(&self, visitor: Visitor) {
        self.lock().insert(visitor);
    }

    /// A page is closed.
    pub fn go(&self, visitor: Visitor) {
        self.lock().remove(&visitor);
    }

    /// Whether an annotator has a page open.
    pub fn is_here(&self, annotator: u32) -> bool {
        self.lock().iter().any(|visitor| visitor.annotator == annotator)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Visitor>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
