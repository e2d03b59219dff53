//! [`Groups`]: the rows of a flat file as the items of prompts of any size. Items are numbered prompt
//! by prompt, each prompt's in the order of its rows; where its rows stand apart, an item's number is
//! not its row.

use std::ops::Range;

use super::prompt_ids::PromptIds;

/// Which rows are the items of which prompt.
#[derive(Debug)]
pub(super) struct Groups {
    /// The first item of each prompt, and behind the last one's last.
    starts: Vec<u32>,
    /// Where rows of one prompt stand apart.
    order: Option<Order>,
}

/// Rows and items by each other's numbers.
#[derive(Debug)]
struct Order {
    rows: Vec<u32>,
    items: Vec<u32>,
}

impl Groups {
    /// Of rows with these ids, of which there are fewer than 2³².
    pub fn of(ids: &PromptIds) -> Self {
        let mut end = 0;
        let mut starts = vec![0];
        starts.extend(ids.sizes().into_iter().map(|size| {
            end = u32::saturating_add(end, size);
            end
        }));
        let order = (!ids.prompts().is_sorted()).then(|| Order::of(ids.prompts(), &starts));
        Self { starts, order }
    }

    /// How many prompts there are.
    pub fn prompts(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The items of a prompt; none beyond the last.
    pub fn items_of(&self, prompt: u64) -> Range<u64> {
        let last = self.prompts() as u64;
        let start = |prompt: u64| u64::from(self.starts[prompt.min(last) as usize]);
        start(prompt)..start(prompt.saturating_add(1))
    }

    /// The prompt of an item.
    pub fn prompt_of(&self, item: u64) -> u64 {
        let after = self.starts.partition_point(|start| u64::from(*start) <= item);
        after.saturating_sub(1) as u64
    }

    /// The row of an item.
    pub fn row(&self, item: u64) -> u64 {
        in_list(self.order.as_ref().map(|order| &order.rows), item)
    }

    /// The item of a row.
    pub fn item(&self, row: u64) -> u64 {
        in_list(self.order.as_ref().map(|order| &order.items), row)
    }

    /// Whether every item's number is its row.
    pub fn are_rows_in_order(&self) -> bool {
        self.order.is_none()
    }
}

impl Order {
    fn of(prompts: &[u32], starts: &[u32]) -> Self {
        let (mut rows, mut items) = (vec![0; prompts.len()], vec![0; prompts.len()]);
        let mut next = starts.to_vec();
        for (row, (prompt, item)) in prompts.iter().zip(&mut items).enumerate() {
            let next = &mut next[*prompt as usize];
            (*item, rows[*next as usize]) = (*next, row as u32);
            *next = next.saturating_add(1);
        }
        Self { rows, items }
    }
}

/// What a list has in this place; without a list the place itself.
fn in_list(list: Option<&Vec<u32>>, place: u64) -> u64 {
    let found = list.and_then(|list| list.get(usize::try_from(place).ok()?));
    found.map_or(place, |found| u64::from(*found))
}
