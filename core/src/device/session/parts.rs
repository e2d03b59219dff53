//! What a session stands on: the pool, what earlier labels gave, and the answers so far.

use super::super::image::{PairKind, PoolImage, Section};
use super::super::log::Answer;
use crate::columns::Columns;
use crate::error::Error;
use crate::heap::rotate_right;
use crate::linalg::{Packed, packed_len};
use crate::parallel::split_at;
use crate::pool::{self, Comparison, ItemPair, Pairs, Prompts};

/// The pairs on offer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pool<'a> {
    features: Columns<'a, f32>,
    prompts: Prompts<'a>,
    starts: &'a [u32],
    kind: PairKind,
}

impl<'a> Pool<'a> {
    pub(super) fn new(
        image: &PoolImage<'a>,
        features: Columns<'a, f32>,
        starts: &'a mut [u32],
        first_pairs: &'a mut [u64],
    ) -> Result<Self, Error> {
        for (prompt, start) in starts.iter_mut().enumerate() {
            *start = image.start(prompt).unwrap_or(0);
        }
        let starts = &*starts;
        let prompts = Prompts::new(starts, first_pairs)?;
        Ok(Self { features, prompts, starts, kind: image.header().settings.pairs })
    }

    pub(super) fn features(&self) -> Columns<'a, f32> {
        self.features
    }

    fn pairs(&self) -> Pairs<'a> {
        match self.kind {
            PairKind::InPrompt => Pairs::InPrompt(self.prompts),
            PairKind::CrossPrompt => {
                Pairs::CrossPrompt(u32::try_from(self.features.len()).unwrap_or(u32::MAX))
            }
        }
    }

    pub(super) fn items_of_pair(&self, pair: u64) -> Option<ItemPair> {
        self.pairs().items_of_pair(pair)
    }

    pub(super) fn pair_number(&self, items: ItemPair) -> Option<u64> {
        self.pairs().pair_number(items.a, items.b)
    }

    pub(super) fn available(&self, answers: &Answers<'_>) -> u64 {
        self.pairs().len().saturating_sub(answers.asked().len() as u64)
    }

    /// The pool without what has been asked about.
    pub(super) fn without<'p>(&self, asked: &'p [u64]) -> Result<pool::Pool<'p>, Error>
    where
        'a: 'p,
    {
        match self.kind {
            PairKind::InPrompt => pool::Pool::in_prompt(self.features, self.prompts, asked),
            PairKind::CrossPrompt => {
                pool::Pool::cross_prompt(self.features, asked)?.with_prompts(self.starts)
            }
        }
    }
}

/// What the image says of earlier labels, and of what is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Earlier<'a> {
    /// V.
    pub(super) target: Option<Packed<f32, &'a [f32]>>,
    /// β.
    pub(super) head: Option<&'a [f32]>,
    /// Fisher information at it.
    pub(super) past: Option<Packed<f32, &'a [f32]>>,
    /// The same at weights of ¼.
    pub(super) alike: Option<Packed<f32, &'a [f32]>>,
}

/// The sections that are used where they lie, or copied.
const COPIED: [Section; 4] = [Section::Target, Section::Head, Section::Past, Section::PastAlike];

impl<'a> Earlier<'a> {
    /// Reads the sections, copying what cannot be used where it lies; and the rest of the memory.
    pub(super) fn new(
        image: &PoolImage<'a>,
        memory: &'a mut [f32],
    ) -> Result<(Self, &'a mut [f32]), Error> {
        let mut rest = memory;
        let [target, head, past, alike] = COPIED.map(|section| {
            let len = image.section(section)?.len() / 4;
            if let Some(numbers) = image.in_place(section) {
                return Some(numbers);
            }
            let (copy, others) = split_at(core::mem::take(&mut rest), len);
            rest = others;
            for (place, value) in copy.iter_mut().enumerate() {
                *value = image.number(section, place).unwrap_or(0.0);
            }
            Some(&*copy)
        });
        let packed = |numbers: Option<&'a [f32]>| {
            numbers.map(|numbers| Packed::new(image.order(), numbers)).transpose()
        };
        let (target, past, alike) = (packed(target)?, packed(past)?, packed(alike)?);
        Ok((Self { target, head, past, alike }, rest))
    }
}

impl PoolImage<'_> {
    /// Numbers that a session copies out of the image, since they cannot be used where they lie: none of
    /// an f32 image in aligned memory on a little-endian machine.
    #[must_use]
    pub fn copied_len(&self) -> usize {
        let others = COPIED.into_iter().filter(|section| self.in_place(*section).is_none());
        let lens = others.map(|section| self.section(section).map_or(0, |bytes| bytes.len() / 4));
        lens.fold(self.widened_len(), usize::saturating_add)
    }
}

/// What has been asked about, and what was answered.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    /// Pair numbers, ascending.
    asked: &'a mut [u64],
    asked_len: usize,
    /// How many of them the image knew.
    before: usize,
    comparisons: &'a mut [Comparison<f32>],
    learnt: usize,
}

impl<'a> Answers<'a> {
    pub(super) fn new(
        asked: &'a mut [u64],
        comparisons: &'a mut [Comparison<f32>],
        image: &PoolImage<'_>,
        pool: &Pool<'_>,
    ) -> Self {
        // They ascend by their items, and so by their numbers.
        let before = image.asked_len();
        for (place, slot) in asked.iter_mut().take(before).enumerate() {
            let number = image.asked(place).and_then(|items| pool.pair_number(items));
            *slot = number.unwrap_or(u64::MAX);
        }
        Self { asked, asked_len: before, before, comparisons, learnt: 0 }
    }

    /// The numbers of all pairs asked about, ascending.
    pub(super) fn asked(&self) -> &[u64] {
        self.asked.get(..self.asked_len).unwrap_or_default()
    }

    /// The answers that are learnt from, in their order.
    pub(super) fn learnt(&self) -> &[Comparison<f32>] {
        self.comparisons.get(..self.learnt).unwrap_or_default()
    }

    /// How many answers there are.
    pub(super) fn taken(&self) -> usize {
        self.asked_len.saturating_sub(self.before)
    }

    pub(super) fn is_full(&self) -> bool {
        self.asked_len >= self.asked.len() || self.learnt >= self.comparisons.len()
    }

    /// Adds an answer to a pair that was not asked about before.
    ///
    /// # Errors
    /// [`Error::Workspace`]; [`Error::Parameter`] for a pair that was.
    pub(super) fn add(&mut self, pair: u64, items: ItemPair, answer: Answer) -> Result<(), Error> {
        let found = self.taken();
        if self.is_full() {
            let required = found.saturating_add(1);
            return Err(Error::Workspace { what: "answers", required, found });
        }
        let Err(place) = self.asked().binary_search(&pair) else {
            return Err(Error::Parameter { what: "a pair is asked about once" });
        };
        self.asked_len += 1;
        let moved = self.asked.get_mut(place..self.asked_len).unwrap_or_default();
        if let Some(last) = moved.last_mut() {
            *last = pair;
        }
        rotate_right(moved);
        let slot = self.comparisons.get_mut(self.learnt);
        if let (Some(label), Some(slot)) = (answer.label(), slot) {
            *slot = Comparison { a: items.a, b: items.b, label, count: 1.0 };
            self.learnt += 1;
        }
        Ok(())
    }
}

/// Numbers of a packed matrix of the image's order.
pub(super) fn packed_of(image: &PoolImage<'_>) -> usize {
    packed_len(image.order())
}
