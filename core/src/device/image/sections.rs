//! What every section of an image must be.

use super::{ImageError, PoolImage, Section};
use crate::arith::Real;
use crate::device::checksum::checksum;
use crate::linalg::packed_len;

impl PoolImage<'_> {
    /// Fails unless all bytes are as they were packed, and hold what they should.
    pub(super) fn check(&self) -> Result<(), ImageError> {
        for section in Section::ALL {
            self.check_bytes(section)?;
            self.check_len(section)?;
        }
        self.check_starts()?;
        self.check_texts()?;
        self.check_numbers()?;
        self.check_asked()
    }

    /// The section's checksum, and the bytes that fill it up.
    fn check_bytes(&self, section: Section) -> Result<(), ImageError> {
        let (part, Some(place)) = (section.name(), self.header.place(section)) else {
            return Ok(());
        };
        let bytes = self.section(section).unwrap_or_default();
        let (stored, computed) = (place.checksum, checksum(bytes));
        if stored != computed {
            return Err(ImageError::Checksum { part, stored, computed });
        }
        let end = (place.offset as usize).saturating_add(bytes.len());
        let rest = self.bytes.get(end..).unwrap_or_default();
        let fill = rest.iter().take(end.next_multiple_of(16).saturating_sub(end));
        match fill.clone().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(ImageError::Invalid { part, problem: "not followed by zeros" }),
        }
    }

    fn check_len(&self, section: Section) -> Result<(), ImageError> {
        let (items, order) = (self.items(), self.order());
        let expected = match section {
            Section::Features => {
                let number = self.header.settings.precision.bytes();
                Some(items.saturating_mul(order).saturating_mul(number))
            }
            Section::Starts => Some(self.prompts().saturating_add(1).saturating_mul(4)),
            Section::Names => Some(items.saturating_mul(8)),
            Section::TextStarts => {
                Some(items.saturating_add(self.prompts()).saturating_add(1).saturating_mul(4))
            }
            Section::Target | Section::Past | Section::PastAlike => {
                Some(packed_len(order).saturating_mul(4))
            }
            Section::Head => Some(order.saturating_mul(4)),
            Section::Texts | Section::Asked => None,
        };
        let has = |section| self.header.place(section).is_some();
        let facts = self.header.settings.strategy.facts();
        let needed = match section {
            Section::Features | Section::Starts | Section::Names => true,
            Section::TextStarts => has(Section::Texts),
            Section::Texts => has(Section::TextStarts),
            Section::Target => facts.target,
            Section::Head => has(Section::Past) || has(Section::PastAlike),
            Section::Past => has(Section::Head),
            Section::PastAlike => has(Section::Head) && self.header.settings.weighs_alike(),
            Section::Asked => false,
        };
        let problem = match self.section(section) {
            None if needed => "missing",
            Some(bytes) if expected.is_some_and(|len| len != bytes.len()) => {
                "its length is not what the header says"
            }
            _ => return Ok(()),
        };
        Err(ImageError::Invalid { part: section.name(), problem })
    }

    fn check_starts(&self) -> Result<(), ImageError> {
        let part = Section::Starts.name();
        let mut before = 0;
        for prompt in 0..=self.prompts() {
            let start = self.start(prompt).unwrap_or(0);
            if start < before || prompt == 0 && start != 0 {
                let problem = "they begin with 0 and do not descend";
                return Err(ImageError::Invalid { part, problem });
            }
            before = start;
        }
        match before == self.header.items {
            true => Ok(()),
            false => Err(ImageError::Invalid { part, problem: "they do not end with the items" }),
        }
    }

    fn check_texts(&self) -> Result<(), ImageError> {
        let Some(texts) = self.section(Section::Texts) else {
            return Ok(());
        };
        let part = Section::Texts.name();
        let mut end = 0;
        for place in 0..self.items().saturating_add(self.prompts()) {
            let text = self.text_bytes(place).filter(|text| core::str::from_utf8(text).is_ok());
            let Some(text) = text else {
                return Err(ImageError::Invalid {
                    part,
                    problem: "no UTF-8 where they begin and end",
                });
            };
            end += text.len();
        }
        // Each begins where the one before ends; so the first at 0 only if all together are the whole.
        match end == texts.len() {
            true => Ok(()),
            false => Err(ImageError::Invalid { part, problem: "bytes of no text" }),
        }
    }

    fn check_numbers(&self) -> Result<(), ImageError> {
        let mut numbers =
            [Section::Target, Section::Head, Section::Past, Section::PastAlike].into_iter();
        let finite = |section| {
            let len = self.section(section).map_or(0, |bytes| bytes.len() / 4);
            (0..len).all(|place| {
                self.number(section, place).is_some_and(|number| number.is_finite_number())
            })
        };
        let problem = "a number that is not finite";
        if let Some(section) = numbers.find(|section| !finite(*section)) {
            return Err(ImageError::Invalid { part: section.name(), problem });
        }
        let (part, bytes) = (Section::Features.name(), self.section(Section::Features));
        let bytes = bytes.unwrap_or_default();
        let all = self.items().saturating_mul(self.order());
        match (0..all).all(|place| self.feature(bytes, place).is_finite_number()) {
            true => Ok(()),
            false => Err(ImageError::Invalid { part, problem }),
        }
    }

    fn check_asked(&self) -> Result<(), ImageError> {
        let part = Section::Asked.name();
        if !self.section(Section::Asked).unwrap_or_default().len().is_multiple_of(8) {
            return Err(ImageError::Invalid { part, problem: "half a pair" });
        }
        let mut before = None;
        for place in 0..self.asked_len() {
            let pair = self.asked(place).unwrap_or_default();
            if !self.has_pair(pair, self.header.settings.pairs) {
                return Err(ImageError::Invalid { part, problem: "no pair of the pool" });
            }
            if before.is_some_and(|before| before >= pair) {
                return Err(ImageError::Invalid { part, problem: "they do not ascend" });
            }
            before = Some(pair);
        }
        Ok(())
    }
}
