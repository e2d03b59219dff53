//! A labelling device without the device: images of random pools, flash that loses its power, and
//! the memory of a session.

pub use pairpick::device::replay::Memory;
use pairpick_core::device::{
    Answer, Header, ImageError, PoolImage, Precision, RECORD_LEN, Record, Section, Session,
    SessionBuffers, SessionError, Settings, Store, StoreError,
};
use pairpick_core::linalg::packed_len;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::Comparison;
use pairpick_core::select::Strategy;
use pairpick_core::topk::Scored;

use crate::generate;

/// What an image is made of.
#[derive(Clone, Debug)]
pub struct Provision {
    /// How it selects and learns.
    pub settings: Settings,
    /// H.
    pub order: usize,
    /// Where prompts begin.
    pub starts: Vec<u32>,
    /// An item a column; each is one in 16 bits.
    pub features: Vec<f32>,
    /// β and M of earlier labels, if there were any.
    pub earlier: Option<(Vec<f32>, Vec<f32>)>,
    /// Pairs that were asked about.
    pub asked: Vec<(u32, u32)>,
}

impl Provision {
    /// A random pool of prompts with up to so many replies.
    #[must_use]
    pub fn new(strategy: Strategy, prompts: usize, most: u64, order: usize, seed: u64) -> Self {
        let (mut starts, features, _) = generate::pool(prompts, most, order, seed);
        // An image has no more prompts than items.
        starts.dedup();
        // Multiples of 2⁻¹⁰.
        let features = features.into_iter().map(|value| (value * 1024.0).round() / 1024.0);
        let settings = Settings { seed, ..Settings::new(strategy, 0.5, 4) };
        Self { settings, order, starts, features: features.collect(), earlier: None, asked: vec![] }
    }

    fn items(&self) -> usize {
        self.features.len() / self.order
    }

    /// V, which is positive.
    fn target(&self) -> Vec<f32> {
        generate::positive::<f32>(self.order, 5, 0.1).as_slice().to_vec()
    }

    fn texts(&self) -> Vec<String> {
        let prompts = (1..self.starts.len()).map(|prompt| format!("prompt {prompt}?"));
        let replies = (0..self.items()).map(|item| format!("réponse {item}"));
        prompts.chain(replies).collect()
    }

    /// The image.
    ///
    /// # Errors
    /// What the format refuses.
    ///
    /// # Panics
    /// On more bytes than 2³².
    pub fn image(&self) -> Result<Vec<u8>, ImageError> {
        let features = match self.settings.precision {
            Precision::F32 => floats(&self.features),
            Precision::F16 => self.features.iter().flat_map(|f| halved(*f).to_le_bytes()).collect(),
        };
        let starts: Vec<u8> = self.starts.iter().flat_map(|start| start.to_le_bytes()).collect();
        let name = |item: usize| [item as u32 / 3, item as u32 % 3];
        let names = (0..self.items()).flat_map(name).flat_map(u32::to_le_bytes).collect();
        let (mut ends, mut texts) = (vec![0_u32], String::new());
        for text in self.texts() {
            texts.push_str(&text);
            ends.push(u32::try_from(texts.len()).expect("short"));
        }
        let mut sections = vec![
            (Section::Features, features),
            (Section::Starts, starts),
            (Section::Names, names),
            (Section::TextStarts, ends.into_iter().flat_map(u32::to_le_bytes).collect()),
            (Section::Texts, texts.into_bytes()),
            (Section::Target, floats(&self.target())),
        ];
        if let Some((head, past)) = &self.earlier {
            sections.push((Section::Head, floats(head)));
            sections.push((Section::Past, floats(past)));
            sections.push((Section::PastAlike, floats(past)));
        }
        if !self.asked.is_empty() {
            let asked = self.asked.iter().flat_map(|(a, b)| [*a, *b]);
            sections.push((Section::Asked, asked.flat_map(u32::to_le_bytes).collect()));
        }
        let sections: Vec<(Section, &[u8])> =
            sections.iter().map(|(section, bytes)| (*section, bytes.as_slice())).collect();
        let prompts = self.starts.len() - 1;
        let header = Header::new(
            0x1234_5678_9abc_def0,
            self.items() as u32,
            self.order as u32,
            prompts as u32,
            self.settings,
        );
        let header = header.with_sections(&sections)?;
        let mut image = vec![0; header.len()];
        header.write(&sections, &mut image)?;
        Ok(image)
    }

    /// β and M as labels could have given them.
    #[must_use]
    pub fn with_earlier_labels(self) -> Self {
        let (head, past) = (
            generate::numbers_f32(self.order, 11),
            generate::positive::<f32>(self.order, 12, 0.5).as_slice().to_vec(),
        );
        assert_eq!(past.len(), packed_len(self.order));
        Self { earlier: Some((head, past)), ..self }
    }
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The bits of a multiple of 2⁻¹⁰ between −1 and 1 in 16 bits.
#[must_use]
pub fn halved(value: f32) -> u16 {
    let sign = u16::from(value.is_sign_negative()) << 15;
    let mut magnitude = f64::from(value).abs();
    if magnitude == 0.0 {
        return sign;
    }
    let mut exponent = 15;
    while magnitude < 1.0 {
        magnitude *= 2.0;
        exponent -= 1;
    }
    sign | exponent << 10 | ((magnitude - 1.0) * 1024.0) as u16
}

/// Flash that is erased, and whose power ends after so many bytes.
#[derive(Clone, Debug)]
pub struct Flash {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Bytes that will still be written.
    pub power: usize,
}

impl Flash {
    /// Room for so many records, and power for ever.
    #[must_use]
    pub fn new(records: usize) -> Self {
        Self { bytes: vec![0xff; records * RECORD_LEN], power: usize::MAX }
    }

    /// The records that it holds, without those that resume.
    ///
    /// # Panics
    /// Never: a record has its length.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let places = self.bytes.chunks_exact(RECORD_LEN).zip(0..);
        let records = places.filter_map(|(bytes, place)| {
            Record::decode(bytes.try_into().expect("a record"), place)
        });
        records.filter(|record| !matches!(record, Record::Resumed(_))).collect()
    }
}

impl Store for &mut Flash {
    fn capacity(&self) -> usize {
        self.bytes.len()
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        bytes.copy_from_slice(&self.bytes[offset..][..bytes.len()]);
        Ok(())
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let place = &mut self.bytes[offset..][..bytes.len()];
        assert!(place.iter().all(|byte| *byte == 0xff), "written in place");
        let written = bytes.len().min(self.power);
        place[..written].copy_from_slice(&bytes[..written]);
        self.power -= written;
        if written == bytes.len() { Ok(()) } else { Err(StoreError) }
    }
}

/// Just enough memory for so many answers, full of what is no number.
#[must_use]
pub fn memory_for(image: &PoolImage<'_>, answers: usize, threads: usize) -> Memory {
    memory_of(image, answers, threads, || f32::NAN)
}

/// The same, full of such numbers, and else of what is not 0.
pub fn memory_of(
    image: &PoolImage<'_>,
    answers: usize,
    threads: usize,
    mut number: impl FnMut() -> f32,
) -> Memory {
    let len = image.session_len(answers, threads);
    let scored = Scored { score: number(), pair: u64::MAX };
    let comparison = Comparison { a: u32::MAX, b: u32::MAX, label: 7.0, count: -1.0 };
    SessionBuffers {
        numbers: (0..len.numbers).map(|_| number()).collect(),
        heaps: vec![scored; len.heaps],
        ranks: vec![u64::MAX; len.ranks],
        batch: vec![scored; len.batch],
        starts: vec![u32::MAX; len.starts],
        comparisons: vec![comparison; len.comparisons],
    }
}

/// What a person who knows the items by their numbers says: every answer there is.
#[must_use]
pub fn said(a: u32, b: u32) -> Answer {
    match (u64::from(a) * 7 + u64::from(b) * 13) % 11 {
        0..5 => Answer::First,
        5..8 => Answer::Second,
        8 => Answer::Tie,
        9 => Answer::Skip,
        _ => Answer::BothBad,
    }
}

/// Opens a session on some flash and answers until so many answers are there, or the session ends;
/// then tells β's bits.
///
/// # Errors
/// What the session refuses.
pub fn label<E: Executor>(
    executor: &E,
    image: &[u8],
    flash: &mut Flash,
    answers: usize,
) -> Result<Vec<u32>, SessionError> {
    let image = PoolImage::open(image)?;
    label_in(executor, image, flash, answers, memory_for(&image, 64, executor.threads()))
}

/// The same in such memory.
///
/// # Errors
/// What the session refuses.
pub fn label_in<E: Executor>(
    executor: &E,
    image: PoolImage<'_>,
    flash: &mut Flash,
    answers: usize,
    mut memory: Memory,
) -> Result<Vec<u32>, SessionError> {
    let mut session = Session::open(executor, image, flash, 3, memory.lend())?;
    while session.answers() < answers {
        let Some(question) = session.question() else {
            break;
        };
        session.answer(executor, said(question.items.a, question.items.b))?;
    }
    Ok(session.head().iter().map(|weight| weight.to_bits()).collect())
}
