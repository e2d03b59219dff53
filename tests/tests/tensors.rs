//! Embeddings and rewards beyond the plain `.npy` of three axes: `safetensors` files, flat lists,
//! values that are no numbers, and the bytes that are read and no others.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pairpick::Error;
use pairpick::data::array::{ArrayReader, Element, SAFETENSORS_HEADER_LIMIT};
use pairpick::data::dataset::{Dataset, Split};
use pairpick::data::embeddings::Embeddings;
use pairpick::data::pool_kind::PoolKind;
use pairpick::data::rewards::Rewards;
use pairpick::data::source::Source;
use pairpick::error::{ArrayError, DataError};
use pairpick::label::oracle::OracleAnswerer;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::round::journal::MemoryJournal;
use pairpick::runtime::Runtime;
use pairpick::settings::{Architecture, Asking, Preset, Settings, Typed};
use pairpick_tests::fuzz::{around, npy, tensors};
use pairpick_tests::generate::numbers_f32;
use safetensors::tensor::{Dtype, TensorView};

const NAME: &str = "e.safetensors";

fn open(bytes: Vec<u8>) -> Result<ArrayReader, Error> {
    ArrayReader::new(bytes, Path::new(NAME), "embeddings")
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// What the crate that others use writes.
fn serialized(list: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let views = list.iter().map(|(name, dtype, shape, bytes)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap())
    });
    safetensors::serialize(views, Some([("format".to_owned(), "pt".to_owned())].into())).unwrap()
}

/// A header, and zeros that take no room.
struct Sparse {
    header: Vec<u8>,
    len: u64,
}

impl Sparse {
    fn of_shape(shape: &str, numbers: u64) -> Self {
        let header = npy("<f4", shape, 0);
        let len = header.len() as u64 + 4 * numbers;
        Self { header, len }
    }
}

impl Source for Sparse {
    fn byte_len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.header.read_at(out, offset)?;
        let len = out.len();
        out[read..].fill(0);
        Ok(len)
    }
}

/// Rewards of 9.6 TB belong to embeddings that are larger still.
#[test]
fn arrays_that_no_memory_holds_are_refused_before_it_is_asked_for() {
    for (shape, numbers, message) in [
        (
            "(4294967295, 559, 1)",
            4_294_967_295 * 559,
            "2400886717905 items, but the limit is 268435456",
        ),
        ("(2400000000, 1)", 2_400_000_000, "2400000000 items, but the limit is 268435456"),
        ("(1, 65535, 65536)", 65_535 * 65_536, "4294901760 numbers a prompt, but the limit is"),
    ] {
        let embeddings = Embeddings::from_source(Sparse::of_shape(shape, numbers), Path::new(NAME));
        let error = embeddings.map(drop).unwrap_err().to_string();
        assert!(error.starts_with(NAME) && error.contains(message), "{error}");
    }
    let few = Embeddings::from_source(npy("<f4", "(4, 3, 2)", 96), Path::new(NAME)).unwrap();
    let rewards = Sparse::of_shape("(4294967295, 559)", 4_294_967_295 * 559);
    let error = Rewards::from_source(rewards, Path::new("r.npy"), &few).unwrap_err().to_string();
    assert!(error.contains("does not fit"), "{error}");
}

#[test]
fn the_tensor_of_the_name_or_the_only_one() {
    let values = numbers_f32(24, 1);
    let others = little_endian(&[9.0; 6]);
    let bytes = little_endian(&values);
    let both = serialized(&[
        ("rewards", Dtype::F32, &[3, 2], &others),
        ("embeddings", Dtype::F32, &[3, 2, 4], &bytes),
    ]);
    let only = serialized(&[("psi", Dtype::F32, &[3, 2, 4], &bytes)]);
    for file in [both.clone(), only] {
        let reader = open(file).unwrap();
        assert_eq!((reader.shape(), reader.element()), (&[3, 2, 4][..], Element::F32));
        let mut read = vec![0.0; 24];
        reader.read(0, &mut read).unwrap();
        assert_eq!(bits(&read), bits(&values));
        reader.read(21, &mut read[..3]).unwrap();
        assert_eq!(bits(&read[..3]), bits(&values[21..]));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both");
    fs::write(&path, both).unwrap();
    let split =
        Split::open(Embeddings::open(&path).unwrap(), Some(&path), PoolKind::CrossPrompt).unwrap();
    assert_eq!(split.rewards.unwrap().values(), [9.0; 6]);
}

/// A half is the sum of its powers of two; a bfloat16 is the upper half of a float.
#[test]
fn sixteen_bits_are_widened_exactly() {
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let mut read = vec![0.0; 65_536];
    open(serialized(&[("x", Dtype::BF16, &[65_536], &all)])).unwrap().read(0, &mut read).unwrap();
    for (value, half) in read.iter().zip(0_u32..) {
        let expected = f32::from_bits(half << 16);
        let same = value.to_bits() == expected.to_bits();
        assert!(same || (value.is_nan() && expected.is_nan()), "{half:#06x}: {value}");
    }
    let mut as_npy = read.clone();
    open(serialized(&[("x", Dtype::F16, &[65_536], &all)])).unwrap().read(0, &mut read).unwrap();
    let mut file = npy("<f2", "(65536,)", 0);
    file.extend(&all);
    open(file).unwrap().read(0, &mut as_npy).unwrap();
    assert_eq!(bits(&read), bits(&as_npy));
}

#[test]
fn defects_of_a_file() {
    type Check = fn(&ArrayError) -> bool;
    let good = tensors(&[("embeddings", Element::F32, &[3, 2, 4])]);
    let entry = |dtype, shape, offsets| {
        format!("{{\"x\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
    };
    let mut claims = (SAFETENSORS_HEADER_LIMIT + 1).to_le_bytes().to_vec();
    claims.push(b'{');
    let many: Vec<String> = (0..12).map(|number| format!("layer {number}")).collect();
    let many: Vec<(&str, Element, &[usize])> =
        many.iter().map(|name| (name.as_str(), Element::F32, &[1][..])).collect();
    let cases: [(&str, Vec<u8>, Check); 11] = [
        ("not a .npy, .npz or safetensors file", good[..8].to_vec(), |error| {
            matches!(error, ArrayError::NotAnArray { .. })
        }),
        ("truncated", good[..40].to_vec(), |error| {
            matches!(error, ArrayError::Truncated { found: 40, .. })
        }),
        (
            "96 bytes",
            good[..good.len() - 96].to_vec(),
            |error| matches!(error, ArrayError::Truncated { expected, found, .. } if expected - found == 96),
        ),
        (
            "1 bytes after the end",
            [&good[..], &[0]].concat(),
            |error| matches!(error, ArrayError::TrailingBytes { expected, found, .. } if found - expected == 1),
        ),
        ("safetensors header claims 131073 bytes; the limit is 131072", claims, |error| {
            matches!(error, ArrayError::HeaderTooLong { .. })
        }),
        ("safetensors header is damaged", around("{\"x\":1}", &[]), |error| {
            matches!(error, ArrayError::DamagedHeader { .. })
        }),
        ("damaged", around(&entry("F32", "[2,3]", "[0,20]"), &[0; 20]), |error| {
            matches!(error, ArrayError::DamagedHeader { .. })
        }),
        ("damaged", around(&entry("F32", "[9223372036854775808,2]", "[0,0]"), &[]), |error| {
            matches!(error, ArrayError::DamagedHeader { .. })
        }),
        (
            "tensor \"x\" is of type I64, but F32, F16, BF16 or F64 is expected; convert with",
            around(&entry("I64", "[2]", "[0,16]"), &[0; 16]),
            |error| matches!(error, ArrayError::TensorType { .. }),
        ),
        (
            "an array named \"embeddings\", or a single one, is expected; found none",
            around("{}", &[]),
            |error| matches!(error, ArrayError::NoTensor { .. }),
        ),
        ("found 12: \"layer 0\", \"layer 1\", \"layer 10\"", tensors(&many), |error| {
            matches!(error, ArrayError::NoTensor { .. })
        }),
    ];
    for (message, bytes, expected) in cases {
        let error = open(bytes).err().unwrap_or_else(|| panic!("{message} was accepted"));
        let text = error.to_string();
        let Error::Array { problem, .. } = error else { panic!("{message}: {error:?}") };
        assert!(expected(&problem), "{message}: {problem:?}");
        let told = text.contains(message) || matches!(problem, ArrayError::Truncated { .. });
        assert!(text.starts_with(NAME) && told, "{message}: {text}");
    }
    for name in ["\\u001b[2J".to_owned(), "x".repeat(10_000)] {
        let text =
            format!("{{\"{name}\":{{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}}}");
        let message = open(around(&text, &[0])).err().unwrap().to_string();
        assert!(message.len() < 500 && !message.contains(char::is_control), "{message}");
    }
    for end in 0..good.len() {
        assert!(open(good[..end].to_vec()).is_err(), "{end} of {}", good.len());
    }
}

fn flat(count: usize, value: f32) -> Embeddings {
    let mut bytes = npy("<f4", &format!("({count}, 2)"), 0);
    bytes.extend(little_endian(&vec![value; 2 * count]));
    Embeddings::from_source(bytes, Path::new("flat.npy")).unwrap()
}

#[test]
fn flat_embeddings_are_rows() {
    let data = flat(5, 1.0);
    assert_eq!(
        (data.prompts(), data.responses().most(), data.items(), data.is_flat()),
        (5, 1, 5, true)
    );
    let error = data.check_in_prompt().unwrap_err().to_string();
    assert!(error.contains("shape (5, 2): its rows belong to no prompt"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewards");
    for file in [npy("<f4", "(5,)", 20), tensors(&[("r", Element::Bf16, &[5])])] {
        fs::write(&path, file).unwrap();
        assert_eq!(Rewards::open(&path, &data).unwrap().values(), [0.0; 5]);
    }
    fs::write(&path, npy("<f4", "(6,)", 24)).unwrap();
    let error = Rewards::open(&path, &data).unwrap_err().to_string();
    assert!(error.contains("(6,) does not fit flat.npy: shape (5, 2)"), "{error}");
    assert!(error.contains("those of (M, D) ones (M,)"), "{error}");
    // One response a prompt is no flat list.
    let single = npy("<f4", "(5, 1, 2)", 40);
    let single = Embeddings::from_source(single, Path::new("e.npy")).unwrap();
    assert!(!single.is_flat() && Rewards::open(&path, &single).is_err());
    let error = single.check_in_prompt().unwrap_err().to_string();
    assert!(error.contains("1 responses a prompt, but at least 2 are needed"), "{error}");
}

#[test]
fn rows_are_checked_when_they_are_read() {
    let mut values = vec![1.0; 12];
    values[9] = f32::NAN;
    for (shape, place) in
        [("(3, 2, 2)", "NaN at [2, 0, 1] (prompt 2"), ("(6, 2)", "NaN at [4, 1] (row 4")]
    {
        let mut bytes = npy("<f4", shape, 0);
        bytes.extend(little_endian(&values));
        let data = Embeddings::from_source(bytes, Path::new("e.npy")).unwrap();
        data.read_items(&[3, 0, 5], &mut [0.0; 6]).unwrap();
        let error = data.read_items(&[0, 4], &mut [0.0; 4]).unwrap_err();
        assert!(
            matches!(error, Error::Data { problem: DataError::NonFiniteEmbedding { .. }, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(place), "{error}");
        let last = data.prompts() - 1;
        let mut rest = vec![0.0; 2 * data.responses().most()];
        assert_eq!(
            data.read_prompts(last..last + 1, &mut rest).is_err(),
            data.responses().most() == 2
        );
    }
    let error = flat(3, f32::INFINITY).scan_finite(&mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("inf at [0, 0] (row 0, dimension 0, from 0)"), "{error}");
}

/// How often each byte of a file was read.
type Counts = Arc<Mutex<BTreeMap<u64, u32>>>;

struct Counting {
    bytes: Vec<u8>,
    counts: Counts,
}

impl Source for Counting {
    fn byte_len(&self) -> io::Result<u64> {
        self.bytes.byte_len()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.bytes.read_at(out, offset)?;
        let mut counts = self.counts.lock().unwrap();
        for place in offset..offset + read as u64 {
            *counts.entry(place).or_default() += 1;
        }
        Ok(read)
    }
}

/// 40 prompts of 3 responses of 8 numbers, and where its data starts.
fn counted() -> (Embeddings, Counts, u64) {
    let mut bytes = npy("<f4", "(40, 3, 8)", 0);
    let data_start = bytes.len() as u64;
    bytes.extend(little_endian(&numbers_f32(40 * 3 * 8, 3)));
    let counts = Counts::default();
    let source = Counting { bytes, counts: counts.clone() };
    (Embeddings::from_source(source, Path::new("e.npy")).unwrap(), counts, data_start)
}

#[test]
fn only_the_bytes_of_the_items_asked_for_are_read() {
    let (data, counts, data_start) = counted();
    assert!(counts.lock().unwrap().keys().all(|place| *place < data_start), "to open it");
    counts.lock().unwrap().clear();
    let items = [7, 8, 9, 60, 2, 119];
    data.read_items(&items, &mut [0.0; 6 * 8]).unwrap();
    let read = counts.lock().unwrap();
    let mut expected = BTreeMap::new();
    for item in items {
        let row = data_start + item * 32;
        expected.extend((row..row + 32).map(|place| (place, 1)));
    }
    assert_eq!(*read, expected);
}

/// Without standardisation, which is over all embeddings, a round reads the prompts that it drew.
#[test]
fn a_round_reads_the_rows_of_its_prompts() {
    let (train, counts, data_start) = counted();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewards.npy");
    let mut bytes = npy("<f4", "(40, 3)", 0);
    bytes.extend(little_endian(&numbers_f32(120, 4)));
    fs::write(&path, bytes).unwrap();
    let rewards = Rewards::open(&path, &train).unwrap();
    let train = Split { embeddings: train, rewards: Some(rewards) };
    let dataset = Dataset { train, candidates: None, test: None, test_labels: None };
    let mut settings = Settings::of_preset(Preset::Mlp);
    settings.asking = Asking { prompts_per_round: 5, batch: 6, rounds: 1, ..settings.asking };
    let Architecture::Mlp(network) = &mut settings.model else { panic!("it is no network") };
    (network.hidden, network.standardise) = ([4; 3], false);
    settings.fit_to(dataset.summary().unwrap(), &Typed::default()).unwrap();
    counts.lock().unwrap().clear();
    let threads = Threads::start(&Runtime::default()).unwrap();
    let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
    let mut journal = MemoryJournal::default();
    round::run(&dataset, &settings, &threads, &mut oracle, &mut journal, &mut Silent).unwrap();
    let read = counts.lock().unwrap();
    let prompts: BTreeMap<u64, ()> =
        read.keys().map(|place| ((place - data_start) / (3 * 32), ())).collect();
    assert_eq!((prompts.len(), read.len()), (5, 5 * 3 * 32));
}
