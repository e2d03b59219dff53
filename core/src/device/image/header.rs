//! [`Header`]: what an image says of itself, and where its sections are.

use super::super::bytes::{Reader, Writer};
use super::super::checksum::checksum;
use super::super::codes::{PROFILES, STRATEGIES, WEIGHTS, cap_code, cap_of, choice_of, code_of};
use super::error::ImageError;
use super::settings::{PairKind, Precision, Settings};
use crate::arith::Real;
use crate::linalg::MAX_ORDER;
use crate::pool::Distinct;
use crate::scenario::CONTRACT;

/// The version of the image's format.
pub const FORMAT: u16 = 1;

const MAGIC: [u8; 8] = *b"pairpick";

/// Kinds of sections there may be.
const SECTIONS: usize = 12;

/// Where numbers may lie.
const ALIGNMENT: usize = 16;

const MAX_ITEMS: u32 = 1 << 24;

/// Samples, joint answers, clusters.
const MAX_COUNT: u32 = 1 << 24;

const PART: &str = "header";

/// Bits of the flags.
const PAST: u16 = 1;
const MISFIT: u16 = 2;
const DESIGN_PRECISION: u16 = 4;
const SAMPLED: u16 = 8;

/// What an image says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Which responses the pool has, in which order, and their embeddings: images of the same pool have
    /// the same, whatever their settings.
    pub pool: u64,
    /// N.
    pub items: u32,
    /// H.
    pub order: u32,
    /// How many prompts the items belong to.
    pub prompts: u32,
    /// How pairs are selected and learnt from.
    pub settings: Settings,
    sections: [Place; SECTIONS],
}

/// Where a section is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u32,
    pub(super) len: u32,
    pub(super) checksum: u32,
}

impl Header {
    /// Bytes of a header.
    pub const LEN: usize = 256;

    /// One of an image that has no sections yet.
    #[must_use]
    pub fn new(pool: u64, items: u32, order: u32, prompts: u32, settings: Settings) -> Self {
        Self { pool, items, order, prompts, settings, sections: [Place::default(); SECTIONS] }
    }

    /// The same of an image with these sections, in the order of their numbers.
    ///
    /// # Errors
    /// [`ImageError::Invalid`] out of order, or beyond 2³² bytes.
    pub fn with_sections(mut self, sections: &[(Section, &[u8])]) -> Result<Self, ImageError> {
        let mut next = 0;
        for (section, bytes) in sections {
            let (part, number) = (section.name(), *section as usize);
            let offset = self.len();
            let end = u32::try_from(offset.saturating_add(bytes.len()));
            let (Ok(offset), Ok(end)) = (u32::try_from(offset), end) else {
                return Err(ImageError::Invalid { part, problem: "beyond 2³² bytes" });
            };
            if number < next {
                let problem = "expected in the order of sections, once each";
                return Err(ImageError::Invalid { part, problem });
            }
            if let Some(place) = self.sections.get_mut(number) {
                let checksum = checksum(bytes);
                *place = Place { offset, len: end.saturating_sub(offset), checksum };
            }
            next = number.saturating_add(1);
        }
        Ok(self)
    }

    /// Writes the image: the header, then the sections that it was given.
    ///
    /// # Errors
    /// [`ImageError::Truncated`] unless `out` is as long as the image; [`ImageError::Invalid`], with
    /// nothing written, unless the sections are those that the header was given.
    pub fn write(&self, sections: &[(Section, &[u8])], out: &mut [u8]) -> Result<(), ImageError> {
        if out.len() != self.len() {
            return Err(ImageError::Truncated { expected: self.len(), found: out.len() });
        }
        self.check_given(sections)?;
        out.fill(0);
        Writer(out).put(&self.encode());
        for (section, bytes) in sections {
            let place = self.place(*section).unwrap_or_default();
            let rest = out.get_mut(place.offset as usize..).unwrap_or_default();
            Writer(rest).put(bytes);
        }
        Ok(())
    }

    /// Fails unless these are the sections that the header has places for.
    fn check_given(&self, sections: &[(Section, &[u8])]) -> Result<(), ImageError> {
        let refused =
            |section: Section, problem| Err(ImageError::Invalid { part: section.name(), problem });
        let given = |wanted| sections.iter().filter(move |(section, _)| *section == wanted);
        for section in Section::ALL {
            match (self.place(section), given(section).count()) {
                (None, 0) | (Some(_), 1) => {}
                (None, _) => return refused(section, "the header has no place for it"),
                (Some(_), _) => return refused(section, "expected once, as the header has it"),
            }
        }
        for (section, bytes) in sections {
            let place = self.place(*section).unwrap_or_default();
            if place.len as usize != bytes.len() || place.checksum != checksum(bytes) {
                return refused(*section, "not the bytes that the header was given");
            }
        }
        Ok(())
    }

    /// The length of the image: of the header and of the sections so far.
    #[must_use]
    pub fn len(&self) -> usize {
        let last = self.sections.iter().rev().find(|place| place.offset != 0);
        let end = last
            .map_or(Self::LEN, |place| (place.offset as usize).saturating_add(place.len as usize));
        padded(end)
    }

    /// Never: a header has bytes itself.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Where a section is, if there is one.
    pub(super) fn place(&self, section: Section) -> Option<Place> {
        self.sections.get(section as usize).copied().filter(|place| place.offset != 0)
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let settings = &self.settings;
        let (cap, count) = cap_code(settings.distinct);
        let flags = [
            (settings.past, PAST),
            (settings.misfit.is_some(), MISFIT),
            (settings.design_precision.is_some(), DESIGN_PRECISION),
            (settings.sampled, SAMPLED),
        ];
        let flags = flags.iter().fold(0, |all, (set, flag)| if *set { all | flag } else { all });
        let mut out = Writer(&mut bytes);
        out.put(&MAGIC);
        out.u16(FORMAT);
        out.u16(CONTRACT as u16);
        out.u32(u32::try_from(self.len()).unwrap_or(u32::MAX));
        out.u64(self.pool);
        out.u64(settings.seed);
        for count in [self.items, self.order, self.prompts, settings.batch, settings.first_round] {
            out.u32(count);
        }
        out.put(&[
            settings.pairs as u8,
            settings.precision as u8,
            code_of(&PROFILES, settings.profile),
            code_of(&STRATEGIES, settings.strategy),
            settings.weights.map_or(0, |weights| code_of(&WEIGHTS, weights)),
            cap,
        ]);
        out.u16(flags);
        out.u32(count);
        out.f32(settings.prior_precision);
        out.f32(settings.jitter);
        out.f32(settings.misfit.unwrap_or(0.0));
        out.f32(settings.design_precision.unwrap_or(0.0));
        out.u32(settings.covariates);
        out.f32(settings.covariate_precision);
        for count in
            [settings.mixed, settings.posterior_samples, settings.configurations, settings.clusters]
        {
            out.u32(count);
        }
        out.f32(settings.radius);
        for Place { offset, len, checksum } in self.sections {
            out.u32(offset);
            out.u32(len);
            out.u32(checksum);
        }
        let (before, _) = split(&bytes);
        let own = checksum(before);
        if let Some(place) = bytes.last_chunk_mut() {
            *place = own.to_le_bytes();
        }
        bytes
    }

    /// Reads the header at the front of an image, and checks all that it says by itself.
    ///
    /// # Errors
    /// As [`PoolImage::open`](super::PoolImage::open).
    pub fn decode(image: &[u8]) -> Result<Self, ImageError> {
        let expected = Self::LEN;
        let truncated = ImageError::Truncated { expected, found: image.len() };
        let begins = MAGIC.iter().zip(image).all(|(own, other)| own == other);
        if !begins || image.is_empty() {
            return Err(ImageError::Foreign);
        }
        let bytes: &[u8; Self::LEN] = image.first_chunk().ok_or(truncated)?;
        let (before, stored) = split(bytes);
        let mut read = Reader(bytes.get(MAGIC.len()..).unwrap_or_default());
        let (format, contract, len) = (read.u16(), u32::from(read.u16()), read.u32() as usize);
        if format > FORMAT {
            return Err(ImageError::Newer { found: format, supported: FORMAT });
        }
        let computed = checksum(before);
        if stored != computed {
            return Err(ImageError::Checksum { part: PART, stored, computed });
        }
        if format != FORMAT {
            return Err(invalid("its format has no such version"));
        }
        if contract != CONTRACT {
            return Err(ImageError::Contract { found: contract, expected: CONTRACT });
        }
        if image.len() < len {
            return Err(ImageError::Truncated { expected: len, found: image.len() });
        }
        let header = Self::fields(&mut read)?;
        header.check_places(len)?;
        // One form for each header: what stands there is what would be written.
        match header.encode() == *bytes {
            true => Ok(header),
            false => {
                Err(invalid("a field that its code or flag leaves without a meaning is not 0"))
            }
        }
    }

    fn fields(read: &mut Reader<'_>) -> Result<Self, ImageError> {
        let (pool, seed) = (read.u64(), read.u64());
        let (items, order, prompts) = (read.u32(), read.u32(), read.u32());
        let (batch, first_round) = (read.u32(), read.u32());
        let [pairs, precision, profile, strategy, weights, cap] = read.take();
        let (flags, count) = (read.u16(), read.u32());
        let [prior_precision, jitter, misfit, design_precision] = [(); 4].map(|()| read.f32());
        let (covariates, covariate_precision) = (read.u32(), read.f32());
        let [mixed, posterior_samples, configurations, clusters] = [(); 4].map(|()| read.u32());
        let radius = read.f32();
        let sections = [(); SECTIONS].map(|()| {
            let (offset, len, checksum) = (read.u32(), read.u32(), read.u32());
            Place { offset, len, checksum }
        });
        let given = |flag| flags & flag != 0;
        if flags & !(PAST | MISFIT | DESIGN_PRECISION | SAMPLED) != 0 {
            return Err(invalid("flags that are not known"));
        }
        let weights = match weights {
            0 => None,
            code => Some(choice_of(&WEIGHTS, code).ok_or(invalid("weights of an unknown kind"))?),
        };
        let settings = Settings {
            precision: choice_of(&Precision::ALL, precision)
                .ok_or(invalid("features of an unknown precision"))?,
            profile: choice_of(&PROFILES, profile).ok_or(invalid("an unknown profile"))?,
            strategy: choice_of(&STRATEGIES, strategy).ok_or(invalid("an unknown strategy"))?,
            pairs: choice_of(&PairKind::ALL, pairs).ok_or(invalid("pairs of an unknown kind"))?,
            weights,
            distinct: cap_of(cap, count).ok_or(invalid("a cap of an unknown kind"))?,
            misfit: given(MISFIT).then_some(misfit),
            design_precision: given(DESIGN_PRECISION).then_some(design_precision),
            past: given(PAST),
            sampled: given(SAMPLED),
            prior_precision,
            jitter,
            covariates,
            covariate_precision,
            mixed,
            posterior_samples,
            configurations,
            clusters,
            radius,
            batch,
            seed,
            first_round,
        };
        let header = Self { pool, items, order, prompts, settings, sections };
        header.check()?;
        Ok(header)
    }

    /// Fails unless every field is in its range.
    pub(super) fn check(&self) -> Result<(), ImageError> {
        let Self { items, order, prompts, settings, .. } = self;
        let positive = |value: f32| value > 0.0 && value.is_finite_number();
        let not_negative = |value: f32| value >= 0.0 && value.is_finite_number();
        let counted = [settings.posterior_samples, settings.configurations, settings.clusters];
        let per_prompt = matches!(settings.distinct, Some(Distinct::PerPrompt(0)));
        let per_item = matches!(settings.distinct, Some(Distinct::PerItem(0)));
        let checks = [
            ((2..=MAX_ITEMS).contains(items), "expected 2 to 2²⁴ items"),
            ((1..=MAX_ORDER as u32).contains(order), "expected 1 to 4096 features of an item"),
            ((1..=*items).contains(prompts), "expected a prompt or more, and no more than items"),
            (
                (1..=u32::from(u16::MAX)).contains(&settings.batch),
                "expected 1 to 65535 pairs a batch",
            ),
            // A log has no more records than 2³², and a round takes two: no number overflows.
            (
                (1..=1 << 31).contains(&settings.first_round),
                "expected the first round to be 1 to 2³¹",
            ),
            (positive(settings.prior_precision), "expected a prior precision above 0"),
            (not_negative(settings.jitter), "expected a jitter that is not negative"),
            (settings.misfit.is_none_or(not_negative), "expected a misfit that is not negative"),
            (settings.design_precision.is_none_or(positive), "expected a design's λ above 0"),
            (settings.covariates <= *order, "expected no more covariates than features"),
            (positive(settings.covariate_precision), "expected covariates' precision above 0"),
            (not_negative(settings.radius), "expected a radius that is not negative"),
            (settings.mixed <= settings.batch, "expected no more pairs at random than a batch has"),
            (
                counted.iter().all(|count| (1..=MAX_COUNT).contains(count)),
                "expected 1 to 2²⁴ samples, joint answers and clusters",
            ),
            (!per_prompt && !per_item, "expected a cap above 0"),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, problem)) => Err(invalid(problem)),
            None => Ok(()),
        }
    }

    /// Fails unless the sections follow each other to the end of the image.
    fn check_places(&self, len: usize) -> Result<(), ImageError> {
        let mut end = Self::LEN;
        for (number, place) in self.sections.iter().enumerate() {
            if *place == Place::default() {
                continue;
            }
            if number >= Section::ALL.len() {
                return Err(invalid("a section of an unknown kind"));
            }
            if place.offset as usize != end {
                return Err(invalid("a section does not begin where the one before ends"));
            }
            end = padded(end.saturating_add(place.len as usize));
        }
        match end == len {
            true => Ok(()),
            false => Err(invalid("the image does not end where its sections do")),
        }
    }
}

/// A part of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Features, item after item.
    Features,
    /// Where each prompt's items begin.
    Starts,
    /// What items are called.
    Names,
    /// Where each text begins.
    TextStarts,
    /// Texts of prompts, then of items.
    Texts,
    /// V.
    Target,
    /// β that earlier labels gave.
    Head,
    /// Fisher information of earlier labels.
    Past,
    /// The same at weights of ¼.
    PastAlike,
    /// Pairs that have been asked about.
    Asked,
}

impl Section {
    /// In the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Features,
        Self::Starts,
        Self::Names,
        Self::TextStarts,
        Self::Texts,
        Self::Target,
        Self::Head,
        Self::Past,
        Self::PastAlike,
        Self::Asked,
    ];

    /// What messages call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Starts => "prompt starts",
            Self::Names => "item names",
            Self::TextStarts => "text starts",
            Self::Texts => "texts",
            Self::Target => "target",
            Self::Head => "head",
            Self::Past => "past",
            Self::PastAlike => "past at equal weights",
            Self::Asked => "asked pairs",
        }
    }
}

fn invalid(problem: &'static str) -> ImageError {
    ImageError::Invalid { part: PART, problem }
}

/// The next place where numbers may lie.
fn padded(end: usize) -> usize {
    end.div_ceil(ALIGNMENT).saturating_mul(ALIGNMENT)
}

/// What the header's checksum is of, and it.
fn split(bytes: &[u8; Header::LEN]) -> (&[u8], u32) {
    let (before, own) = bytes.split_last_chunk().unwrap_or((bytes, &[0; 4]));
    (before, u32::from_le_bytes(*own))
}
