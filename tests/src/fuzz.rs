//! Mutation of valid files: what no reader may answer with a panic, or with memory out of
//! proportion to the file. Every input follows from a seed, the reader's name and its number, so a
//! failure can be repeated by itself.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use pairpick::data::array::{Element, Integer};
use pairpick::data::candidates::Candidates;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::labels::{Repeats, read_labels_from};
use pairpick::device::log::DeviceLog;
use pairpick::model::{MlpTrunk, Model, Standardisation, Trunk};
use pairpick::settings::{Preset, Settings};
use pairpick_core::device::{
    AnswerLog, Header, PairKind, PoolImage, Precision, RECORD_LEN, checksum,
};
use pairpick_core::parallel::Sequential;
use pairpick_core::rng::Stream;
use pairpick_core::select::Strategy;
use pairpick_core::trunk::{Activation, Mlp};
use peak_alloc::PeakAlloc;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::device::{Flash, Provision, label};
use crate::generate::numbers_f32;

/// The most bytes that a reader may hold beyond its input, whatever the input says: the costliest
/// header at its limit takes 3.5 million.
pub const MEMORY_LIMIT: usize = 4 << 20;

/// A reader under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Embeddings from `.npy`.
    Npy,
    /// Embeddings from `.npz`.
    Npz,
    /// Embeddings from `safetensors`.
    Tensors,
    /// A model.
    Model,
    /// Labels of embeddings with prompts, and of flat ones.
    Labels,
    /// Candidate pairs of the same.
    Candidates,
    /// Lengths of texts, of the responses of the same.
    Texts,
    /// `settings.json`.
    Settings,
    /// A device's image.
    Image,
    /// A device's log.
    Log,
}

/// How many inputs of a reader came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read.
    pub accepted: u64,
    /// An error.
    pub refused: u64,
    /// The most bytes held beyond the baseline, the input included.
    pub peak: usize,
}

impl Reader {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Npy,
        Self::Npz,
        Self::Tensors,
        Self::Model,
        Self::Labels,
        Self::Candidates,
        Self::Texts,
        Self::Settings,
        Self::Image,
        Self::Log,
    ];

    /// The name in reports, and of the stream of its inputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Tensors => "safetensors",
            Self::Model => "model",
            Self::Labels => "labels",
            Self::Candidates => "candidates",
            Self::Texts => "texts",
            Self::Settings => "settings",
            Self::Image => "image",
            Self::Log => "log",
        }
    }

    /// Files that the reader accepts.
    #[must_use]
    pub fn valid(self) -> Vec<Vec<u8>> {
        match self {
            Self::Npy => vec![
                npy("<f4", "(3, 2, 4)", 4 * 24),
                npy("<f2", "(3, 2, 4)", 2 * 24),
                npy("<f8", "(6, 4)", 8 * 24),
            ],
            Self::Npz => vec![
                npz(&[("arr_0.npy", &npy("<f4", "(6, 4)", 4 * 24))]),
                npz(&[
                    ("rewards.npy", &npy("<f4", "(3, 2)", 4 * 6)),
                    ("embeddings.npy", &npy("<f4", "(3, 2, 4)", 4 * 24)),
                ]),
            ],
            Self::Tensors => vec![
                tensors(&[("embeddings", Element::F32, &[3, 2, 4])]),
                tensors(&[("only", Element::Bf16, &[6, 4])]),
                tensors(&[
                    ("rewards", Element::F32, &[3, 2]),
                    ("embeddings", Element::F16, &[3, 2, 4]),
                ]),
            ],
            Self::Model => [false, true].map(model).to_vec(),
            Self::Labels => vec![
                b"{\"round\":1,\"a\":[0,1],\"b\":[0,0],\"label\":1,\"score\":null}\n\
                  {\"round\":2,\"a\":[2,0],\"b\":[1,1],\"label\":0.5,\"score\":0.25}\n"
                    .to_vec(),
                b"{\"a\":3,\"b\":5,\"label\":0,\"rank\":1,\"pair\":7,\"score\":1e-3,\
                  \"fisher_weight\":0.25,\"margin\":-0.5}\n\n{\"a\":0,\"b\":1,\"label\":1}\n"
                    .to_vec(),
                b"{\"a\":5,\"b\":3,\"votes\":[2,1,4],\"weight\":0.5,\"id\":17}\n\
                  {\"a\":0,\"b\":1,\"label\":0.3,\"annotator\":\"x\",\"topic\":{\"of\":[1,null]}}\n"
                    .to_vec(),
            ],
            Self::Candidates => vec![
                b"{\"a\":[0,1],\"b\":[0,0]}\n{\"a\":[2,0],\"b\":[1,1]}\n".to_vec(),
                b"{\"a\":3,\"b\":5,\"label\":0}\n{\"a\":0,\"b\":1,\"label\":0.5}\n".to_vec(),
            ],
            Self::Texts => vec![
                b"{\"prompt\":\"p\",\"responses\":[\"one\",{\"text\":\"two\",\"reward\":1}]}\n"
                    .repeat(3),
                b"{\"prompt_id\":1,\"response\":[{\"role\":\"user\",\"content\":\"\xc3\xa4\"}]}\n"
                    .repeat(6),
                b"{\"tokens\":12,\"text\":\"x\"}\n".repeat(6),
            ],
            Self::Settings => [Preset::Default, Preset::Mlp, Preset::Paper]
                .map(|preset| Settings::of_preset(preset).to_json().expect("text").into_bytes())
                .to_vec(),
            Self::Image => vec![image(PairKind::InPrompt), image(PairKind::CrossPrompt)],
            Self::Log => vec![log(30), log(7)],
        }
    }

    /// Whether the reader accepts some bytes. What it accepts it must be able to give in full.
    ///
    /// # Panics
    /// If the reader does, or what it read cannot be written and read again.
    #[must_use]
    pub fn accepts(self, bytes: &[u8]) -> bool {
        let path = Path::new(self.name());
        match self {
            Self::Npy | Self::Npz | Self::Tensors => read_embeddings(bytes, path),
            Self::Model => Model::from_bytes(bytes, path).is_ok_and(|model| {
                let again = model.to_bytes(path).expect("what was read can be written");
                assert_eq!(Model::from_bytes(&again, path).expect("written"), model);
                true
            }),
            Self::Labels => embeddings_of_both_kinds().iter().any(|embeddings| {
                let read = |repeats| read_labels_from(&mut &*bytes, path, embeddings, repeats);
                let refused = read(Repeats::Refuse);
                let kept = read(Repeats::Keep);
                let kept = kept.map(|file| file.labels);
                assert!(
                    refused.is_err()
                        || refused.ok().map(|file| file.labels) == kept.as_ref().ok().cloned()
                );
                kept.is_ok()
            }),
            Self::Candidates => embeddings_of_both_kinds().iter().any(|embeddings| {
                Candidates::from_source(&mut &*bytes, path, embeddings).is_ok_and(|read| {
                    assert!(read.answers.is_none_or(|answers| answers.len() == read.pairs.len()));
                    true
                })
            }),
            Self::Texts => embeddings_of_both_kinds().into_iter().any(|embeddings| {
                let items = embeddings.items() as usize;
                embeddings.with_lengths_from_source(bytes, path).is_ok_and(|read| {
                    let lengths = read.covariates().expect("they were read").values();
                    assert!(lengths.len() == items && lengths.iter().all(|length| *length >= 0.0));
                    true
                })
            }),
            Self::Settings => {
                str::from_utf8(bytes).is_ok_and(|text| Settings::from_json(text, path).is_ok())
            }
            Self::Image => PoolImage::open(bytes).is_ok_and(|image| {
                look_through(&image);
                true
            }),
            Self::Log => {
                let _ = DeviceLog::read(path, bytes);
                AnswerLog::open(bytes).is_ok_and(|mut log| {
                    let places = 0..log.len();
                    let read = places.filter(|place| log.record(*place).expect("read").is_some());
                    assert!(read.count() <= bytes.len().div_ceil(RECORD_LEN));
                    true
                })
            }
        }
    }

    /// Reads the inputs of some numbers, and checks the memory that each takes.
    ///
    /// # Panics
    /// With the input's number if the reader panics or takes more than [`MEMORY_LIMIT`].
    #[must_use]
    pub fn run(self, seed: u64, numbers: std::ops::Range<u64>, memory: &PeakAlloc) -> Counts {
        let valid = self.valid();
        let mut counts = Counts::default();
        for number in numbers {
            let input = self.input(seed, number, &valid);
            memory.reset_peak_usage();
            let before = memory.current_usage();
            let read = panic::catch_unwind(AssertUnwindSafe(|| self.accepts(&input)));
            let peak = memory.peak_usage().saturating_sub(before);
            let name = self.name();
            assert!(peak <= MEMORY_LIMIT, "{name}, seed {seed}, input {number}: {peak} bytes");
            counts.peak = counts.peak.max(peak);
            match read {
                Ok(true) => counts.accepted += 1,
                Ok(false) => counts.refused += 1,
                Err(_) => panic!("{name}, seed {seed}, input {number} panicked"),
            }
        }
        counts
    }

    /// The input of a number: a valid file, changed one to four times, mostly once or twice. Half
    /// of the binary ones have their header's length or their checksums put right, or no change of a
    /// header's text would be looked at.
    fn input(self, seed: u64, number: u64, valid: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Stream::new(seed, self.name(), number);
        let mut pick = || &valid[below(&mut stream, valid.len())];
        let (mut bytes, other) = (pick().clone(), pick().clone());
        let data_len = self.data_len(&bytes);
        let most = 1 + below(&mut stream, 4);
        for _ in 0..=below(&mut stream, most) {
            mutate(&mut bytes, &other, &mut stream);
        }
        match (self, data_len) {
            (Self::Image, _) if stream.below(2) == 0 => put_image_right(&mut bytes),
            (Self::Log, _) if stream.below(2) == 0 => put_log_right(&mut bytes),
            (_, Some(data_len)) if stream.below(2) == 0 => {
                self.put_length_right(&mut bytes, data_len);
            }
            _ => {}
        }
        bytes
    }

    /// Where a header's length stands, in how many bytes; texts have none.
    const fn length_field(self) -> Option<(usize, usize)> {
        match self {
            Self::Npy => Some((8, 2)),
            Self::Tensors | Self::Model => Some((0, 8)),
            Self::Npz | Self::Labels | Self::Candidates | Self::Texts | Self::Settings => None,
            Self::Image | Self::Log => None,
        }
    }

    /// Bytes after the header of a valid file.
    fn data_len(self, file: &[u8]) -> Option<usize> {
        let (start, size) = self.length_field()?;
        let mut length = [0; 8];
        length.iter_mut().zip(&file[start..start + size]).for_each(|(to, from)| *to = *from);
        let header = usize::try_from(u64::from_le_bytes(length)).expect("a valid file's");
        Some(file.len() - start - size - header)
    }

    /// Lets the header end where the data begin.
    fn put_length_right(self, bytes: &mut [u8], data_len: usize) {
        let Some((start, size)) = self.length_field() else {
            return;
        };
        let length = bytes.len().saturating_sub(data_len + start + size);
        let field = bytes.iter_mut().skip(start).take(size);
        field.zip(length.to_le_bytes()).for_each(|(to, from)| *to = from);
    }
}

/// A device's image with all that one may hold.
fn image(pairs: PairKind) -> Vec<u8> {
    let mut given = Provision::new(Strategy::RobustVOpt, 4, 3, 2, 3).with_earlier_labels();
    given.settings.pairs = pairs;
    if pairs == PairKind::CrossPrompt {
        given.settings.precision = Precision::F16;
    }
    Provision { asked: vec![(0, 1)], ..given }.image().expect("an image")
}

/// The log of some answers, power failing once.
fn log(answers: usize) -> Vec<u8> {
    let image = Provision::new(Strategy::Dopt, 9, 5, 4, 21).image().expect("an image");
    let (executor, mut flash) = (Sequential::default(), Flash::new(60));
    flash.power = 5 * RECORD_LEN + 9;
    assert!(label(&executor, &image, &mut flash, answers).is_err());
    flash.power = usize::MAX;
    label(&executor, &image, &mut flash, answers).expect("a session");
    flash.bytes
}

/// Asks an image for all that it has.
fn look_through(image: &PoolImage<'_>) {
    let mut features = vec![0.0; image.order()];
    for item in 0..image.header().items {
        image.features_of(item as usize, &mut features).expect("an item");
        assert!(features.iter().all(|value| value.is_finite()));
        assert!(image.name(item).is_some() && image.prompt_of(item).is_some());
        let _ = image.item_text(item);
    }
    let _ = (0..image.prompts()).map(|prompt| image.prompt_text(prompt).len()).max();
    for place in 0..image.asked_len() {
        let pair = image.asked(place).expect("a pair");
        assert!(image.has_pair(pair, image.header().settings.pairs));
    }
    let _ = image.session_len(100, 1).bytes();
}

/// Puts a checksum behind what it is of.
fn put_checksum(bytes: &mut [u8]) {
    if let Some((of, place)) = bytes.split_last_chunk_mut::<4>() {
        *place = checksum(of).to_le_bytes();
    }
}

/// Writes the checksums of an image's sections and header as its bytes have them now.
fn put_image_right(bytes: &mut [u8]) {
    const PLACES: usize = 108;
    if bytes.len() < Header::LEN {
        return;
    }
    for place in (PLACES..Header::LEN - 4).step_by(12) {
        let number = |at: usize| {
            u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
        };
        let (start, len) = (number(place), number(place + 4));
        if let (true, Some(section)) = (start > 0, bytes.get(start..start.saturating_add(len))) {
            let own = checksum(section).to_le_bytes();
            bytes[place + 8..place + 12].copy_from_slice(&own);
        }
    }
    put_checksum(&mut bytes[..Header::LEN]);
}

/// Writes the checksums of a log's records as their bytes are now, erased ones aside.
fn put_log_right(bytes: &mut [u8]) {
    let written = |record: &&mut [u8]| record.iter().any(|byte| *byte != 0xff);
    bytes.chunks_exact_mut(RECORD_LEN).filter(written).for_each(put_checksum);
}

/// Numbers that sizes are replaced by.
const NUMBERS: [&str; 10] = [
    "0",
    "-1",
    "1e999",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "999999999999999999999999999999",
    "0.5",
    "1",
];

/// Changes some bytes in one of the ways that files go wrong.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let place = below(stream, bytes.len());
    let end = place + below(stream, bytes.len() + 1 - place);
    match below(stream, 9) {
        0 | 1 => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << (end % 8)),
        2 => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte = stream.bits() as u8),
        3 => bytes.truncate(place),
        4 => drop(bytes.drain(place..end)),
        5 => {
            let copy = bytes[place..end].to_vec();
            bytes.splice(place..place, copy);
        }
        6 => {
            let from = below(stream, other.len());
            bytes.splice(place.., other[from..].iter().copied());
        }
        7 => inflate(bytes, place, NUMBERS[below(stream, NUMBERS.len())]),
        // Where both binary forms have the length of their header.
        _ => {
            let start = if end.is_multiple_of(2) { 0 } else { 8 };
            let huge = stream.bits() >> below(stream, 64);
            let places = bytes.iter_mut().skip(start).take(8);
            places.zip(huge.to_le_bytes()).for_each(|(byte, new)| *byte = new);
        }
    }
}

/// Puts another number in place of the first one from `place` on.
fn inflate(bytes: &mut Vec<u8>, place: usize, number: &str) {
    let Some(start) = bytes.iter().skip(place).position(u8::is_ascii_digit) else {
        return;
    };
    let start = place + start;
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(start..start + digits, number.bytes());
}

fn below(stream: &mut Stream, bound: usize) -> usize {
    usize::try_from(stream.below(bound as u64)).expect("below a usize")
}

fn read_embeddings(bytes: &[u8], path: &Path) -> bool {
    let Ok(embeddings) = Embeddings::from_source(bytes.to_vec(), path) else {
        return false;
    };
    let (items, dimensions) = (embeddings.items(), embeddings.dimensions());
    assert!(embeddings.values() <= bytes.len() as u64, "more numbers than bytes");
    let mut rows = vec![0.0; 2 * dimensions];
    let ends = embeddings.read_items(&[0, items - 1], &mut rows);
    let all = embeddings.scan_finite(&mut |_| ());
    assert!(ends.is_ok() || all.is_err());
    all.is_ok()
}

fn embeddings_of_both_kinds() -> [Embeddings; 2] {
    ["(3, 2, 4)", "(6, 4)"].map(|shape| {
        let source = npy("<f4", shape, 4 * 24);
        Embeddings::from_source(source, Path::new("embeddings.npy")).expect("a good file")
    })
}

/// A `.npy` file of version 1.0 with zeros for data.
#[must_use]
pub fn npy(descr: &str, shape: &str, data_len: usize) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(header.len()).expect("short").to_le_bytes());
    file.extend(header.as_bytes());
    file.resize(file.len() + data_len, 0);
    file
}

/// An archive of these members, stored as they are.
#[must_use]
pub fn npz(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip(CompressionMethod::STORE, members).expect("memory takes all")
}

/// An archive whose members are said to be compressed by a method.
///
/// # Errors
/// None that memory gives.
pub fn zip(method: CompressionMethod, members: &[(&str, &[u8])]) -> Result<Vec<u8>, rawzip::Error> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for (name, data) in members {
        let (mut entry, config) = archive.new_file(name).compression_method(method).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(data)?;
        let (_, descriptor) = writer.finish()?;
        entry.finish(descriptor)?;
    }
    archive.finish()?;
    Ok(bytes)
}

/// A `safetensors` file around a header's text.
#[must_use]
pub fn around(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// A `safetensors` file of tensors of zeros.
#[must_use]
pub fn tensors(list: &[(&str, Element, &[usize])]) -> Vec<u8> {
    let mut start = 0;
    let entries = list.iter().map(|(name, element, shape)| {
        let dtype = match element {
            Element::F64 => "F64".to_owned(),
            Element::F32 => "F32".to_owned(),
            Element::F16 => "F16".to_owned(),
            Element::Bf16 => "BF16".to_owned(),
            Element::Integer(Integer { bytes, signed }) => {
                format!("{}{}", if *signed { 'I' } else { 'U' }, 8 * bytes)
            }
        };
        let end = start + shape.iter().fold(element.size(), |bytes, length| bytes * length);
        let entry = format!(
            "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}"
        );
        start = end;
        entry
    });
    let entries: Vec<String> = entries.collect();
    around(&format!("{{{}}}", entries.join(",")), &vec![0; start])
}

fn model(standardised: bool) -> Vec<u8> {
    let mlp = Mlp::new(5, [4, 3, 2], Activation::Gelu).expect("a network");
    let standardisation =
        standardised.then(|| Standardisation { mean: numbers_f32(5, 4), scale: numbers_f32(5, 5) });
    let model = MlpTrunk::new(mlp, numbers_f32(mlp.head(), 1), standardisation)
        .and_then(|trunk| Model::new(Trunk::Mlp(trunk), numbers_f32(mlp.features(), 3)))
        .expect("parts that fit");
    model.to_bytes(Path::new("model.safetensors")).expect("a good model")
}
