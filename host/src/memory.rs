//! The owners of working memory that grows to what is needed, or says that the system has not so
//! much: an allocation that fails otherwise ends the program.

use pairpick_core::Error as Core;
use pairpick_core::memory::Memory;
use pairpick_core::pool::ItemPair;
use pairpick_core::topk::Scored;
use pairpick_core::{certificate, select};

use crate::error::{Error, Result};

/// Memory of the core's that grows.
#[derive(Clone, Debug, Default)]
pub struct Growing<T>(Vec<T>);

impl<T: Clone + Default> Memory<T> for Growing<T> {
    fn lend(&mut self, what: &'static str, len: usize) -> Result<&mut [T], Core> {
        let Self(memory) = self;
        grow(memory, what, len)?;
        memory.lend(what, len)
    }
}

/// Makes memory at least so long.
fn grow<T: Clone + Default>(
    memory: &mut Vec<T>,
    what: &'static str,
    len: usize,
) -> Result<(), Core> {
    let found = memory.len();
    if found < len {
        let refused = |_| Core::Workspace { what, required: len, found };
        memory.try_reserve_exact(len - found).map_err(refused)?;
        memory.resize(len, T::default());
    }
    Ok(())
}

/// Zeros, as many as rows times columns.
///
/// # Errors
/// [`Error::Core`] where the system has no memory for them.
pub(crate) fn zeros<T: Clone + Default>(
    what: &'static str,
    rows: usize,
    columns: usize,
) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    grow(&mut memory, what, rows.saturating_mul(columns)).map_err(Error::core("memory"))?;
    Ok(memory)
}

/// Picks batches in memory that grows to what a selection needs and serves the next one too.
pub type Selector<T> =
    select::Selector<Growing<T>, Growing<Scored<T>>, Growing<u64>, Growing<Scored<T>>>;

/// Measures and bounds batches, likewise.
pub type Certifier<T> =
    certificate::Certifier<Growing<T>, Growing<Scored<T>>, Growing<ItemPair>, Growing<u64>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_there_is_not_is_an_error() {
        let error = zeros::<f32>("features", usize::MAX, 2).unwrap_err().to_string();
        assert!(error.starts_with("memory: features: "), "{error}");
        assert!(error.ends_with("(more memory than the system has)"), "{error}");
        let mut memory = Growing::<f64>::default();
        assert_eq!(memory.lend("numbers", 3).unwrap(), [0.0; 3]);
        assert!(memory.lend("numbers", usize::MAX / 4).is_err());
        assert_eq!(memory.lend("numbers", 2).unwrap(), [0.0; 2]);
    }
}
