//! Reading of [`Embeddings`]: the rows that a round draws, or all of them once.

use std::ops::Range;

use pairpick_core::digest::Digest;

use super::Embeddings;
use crate::digest::HexDigest;
use crate::error::{DataError, Error, Result};

/// Numbers that a scan of the whole file holds at a time.
const SCAN_LEN: u64 = 1 << 18;

/// What all embeddings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Of all values.
    pub digest: HexDigest,
    /// Whether there are several, and all the same.
    pub all_equal: bool,
}

impl Embeddings {
    /// Reads items by their numbers, D values each, in the order given, and nothing else of the
    /// file. Consecutive numbers are one read.
    ///
    /// # Errors
    /// [`Error::Core`] unless `out` has D places for each item and every item exists;
    /// [`DataError::NonFiniteEmbedding`] with its place, or [`DataError::PaddedEmbedding`];
    /// [`Error::Io`].
    pub fn read_items(&self, items: &[u64], out: &mut [f32]) -> Result<()> {
        self.check_out(items.len(), out)?;
        if let Some(&index) = items.iter().find(|item| **item >= self.items()) {
            return Err(self.no_such_item(index));
        }
        let rows: Vec<u64> = items.iter().map(|item| self.row(*item)).collect();
        let mut rest = out;
        for run in rows.chunk_by(|row, next| row.checked_add(1) == Some(*next)) {
            let (rows, after) = rest.split_at_mut(run.len().saturating_mul(self.dimensions));
            rest = after;
            if let Some(first) = run.first() {
                self.read_rows(*first, rows)?;
            }
        }
        Ok(())
    }

    /// Reads the first numbers of items, so many of each.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`], but for numbers that are not finite.
    pub(in crate::data) fn read_starts(
        &self,
        items: &[u64],
        len: usize,
        out: &mut [f32],
    ) -> Result<()> {
        for (item, out) in items.iter().zip(out.chunks_mut(len.max(1))) {
            let before = self.row(*item).saturating_mul(self.dimensions as u64);
            self.reader.read(self.first_value().saturating_add(before), out)?;
        }
        Ok(())
    }

    /// Reads items of consecutive numbers, D values each.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub fn read_range(&self, items: Range<u64>, out: &mut [f32]) -> Result<()> {
        if !self.are_rows_in_order() {
            return self.read_items(&items.collect::<Vec<u64>>(), out);
        }
        self.check_out(items.end.saturating_sub(items.start) as usize, out)?;
        match items.end > self.items() {
            true => Err(self.no_such_item(items.end.saturating_sub(1))),
            false => self.read_rows(items.start, out),
        }
    }

    /// Reads all items of consecutive prompts, D values each.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub fn read_prompts(&self, prompts: Range<usize>, out: &mut [f32]) -> Result<()> {
        let start = |prompt: usize| self.items_of(prompt as u64).start;
        self.read_range(start(prompts.start)..start(prompts.end), out)
    }

    /// Reads every value once, in the order of the rows, and stops at the first NaN or infinity; gives back what
    /// they are. `advance` is told the number of values read so far, of [`Embeddings::values`].
    ///
    /// # Errors
    /// [`DataError::NonFiniteEmbedding`] with its place; [`Error::Io`].
    pub fn scan_finite(&self, advance: &mut dyn FnMut(u64)) -> Result<Scan> {
        let start = self.first_value();
        let (mut values, mut digest) = (Vec::new(), Digest::new());
        let mut first_row: Vec<f32> = Vec::new();
        let mut all_equal = self.items() > 1;
        let mut done = 0;
        while done < self.values() {
            let left = self.values().saturating_sub(done);
            let len = if left < SCAN_LEN { left } else { SCAN_LEN };
            values.resize(len as usize, 0.0);
            let first = start.saturating_add(done);
            self.reader.read(first, &mut values)?;
            self.check_finite(first, &values)?;
            digest.numbers(&values).map_err(Error::core("digest of the embeddings"))?;
            if done == 0 {
                // A row is shorter than what is read at a time.
                first_row.extend(values.iter().take(self.dimensions));
            }
            let place = done.checked_rem(self.dimensions as u64).unwrap_or(0) as usize;
            let expected = first_row.iter().cycle().skip(place);
            all_equal = all_equal && values.iter().zip(expected).all(|(own, first)| own == first);
            done = done.saturating_add(len);
            advance(done);
        }
        Ok(Scan { digest: HexDigest(digest.value()), all_equal })
    }

    fn read_rows(&self, first_row: u64, out: &mut [f32]) -> Result<()> {
        let before = first_row.saturating_mul(self.dimensions as u64);
        let first = self.first_value().saturating_add(before);
        self.reader.read(first, out)?;
        self.check_finite(first, out)
    }

    /// Looks at numbers that were read, from the one at `first` in the file on.
    fn check_finite(&self, first: u64, values: &[f32]) -> Result<()> {
        match values.iter().position(|value| !value.is_finite()) {
            Some(found) => Err(self.non_finite(first.saturating_add(found as u64), values[found])),
            None => Ok(()),
        }
    }

    fn check_out(&self, items: usize, out: &[f32]) -> Result<()> {
        let expected = items.saturating_mul(self.dimensions);
        if out.len() == expected {
            return Ok(());
        }
        let (what, found) = ("memory for embeddings", out.len());
        let source = pairpick_core::Error::Shape { what, expected, found };
        Err(Error::Core { context: self.path().display().to_string(), source })
    }

    fn no_such_item(&self, index: u64) -> Error {
        let source = pairpick_core::Error::Index { what: "item", index, len: self.items() };
        Error::Core { context: self.path().display().to_string(), source }
    }

    fn non_finite(&self, index: u64, value: f32) -> Error {
        let dimensions = self.dimensions as u64;
        let row = index.checked_div(dimensions).unwrap_or(0);
        if value.is_nan() && !self.flat && self.is_padding(row) {
            let place = self.row_name(row).place(None);
            return DataError::PaddedEmbedding { place, dimensions }.at(self.path());
        }
        let place = self.row_name(row).place(index.checked_rem(dimensions));
        DataError::NonFiniteEmbedding { place, value }.at(self.path())
    }

    /// Whether a row of the file has nothing but NaN.
    fn is_padding(&self, row: u64) -> bool {
        let mut values = vec![0.0; self.dimensions];
        let first = row.saturating_mul(self.dimensions as u64);
        self.reader.read(first, &mut values).is_ok() && values.iter().all(|value| value.is_nan())
    }
}
