//! The `.npy` reader: what it reads is what NumPy wrote, every defect has its own error, and no
//! bytes whatever make it panic or take memory that the file does not have.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use pairpick::Error;
use pairpick::data::array::{ArrayReader, Element, NPY_HEADER_LIMIT};
use pairpick::data::bundled;
use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::rewards::Rewards;
use pairpick::data::source::Source;
use pairpick::error::ArrayError;
use proptest::prelude::*;

const NAME: &str = "test.npy";

/// A file of the given version; version 1.0 counts its header in two bytes, later ones in four.
fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    let length = u32::try_from(header.len()).unwrap().to_le_bytes();
    file.extend(if version == 1 { &length[..2] } else { &length[..] });
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n")
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn open(bytes: Vec<u8>) -> Result<ArrayReader, Error> {
    ArrayReader::new(bytes, Path::new(NAME), "embeddings")
}

/// Values that tell places apart, with awkward ones among them.
fn values(count: usize) -> Vec<f32> {
    let mut values: Vec<f32> = (0..count).map(|index| index as f32 * 0.37 - 3.0).collect();
    let awkward = [-0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, -1e-40];
    for (value, awkward) in values.iter_mut().zip(awkward) {
        *value = awkward;
    }
    values
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_version_gives_the_same_numbers() {
    let values = values(24);
    for version in 1..=3 {
        let bytes = file(version, &header("<f4", "(2, 3, 4)"), &f32_bytes(&values));
        let reader = open(bytes).unwrap();
        assert_eq!((reader.shape(), reader.len()), (&[2, 3, 4][..], 24));
        assert_eq!(reader.element(), Element::F32);
        let mut read = vec![0.0; 24];
        reader.read(0, &mut read).unwrap();
        assert_eq!(bits(&read), bits(&values), "version {version}");
        let mut part = vec![0.0; 5];
        reader.read(19, &mut part).unwrap();
        assert_eq!(bits(&part), bits(&values[19..]), "version {version}");
    }
}

/// Spellings of the same header that writers of NumPy files use.
#[test]
fn spellings_of_a_header() {
    for text in [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }   \n",
        "{\"shape\":(3,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        " { 'shape' : ( 3L , ) , 'descr' : '<f4' , 'fortran_order' : False } \n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }\n",
    ] {
        let reader = open(file(1, text, &[0; 12])).unwrap();
        assert_eq!(reader.shape(), [3], "{text}");
    }
    let scalar = open(file(1, &header("<f4", "()"), &[0; 4])).unwrap();
    assert_eq!((scalar.shape(), scalar.len()), (&[][..], 1));
}

/// The value of 16 bits by IEEE-754's definition, by powers of two that are exact.
fn half_by_definition(bits: u16) -> f32 {
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f32::from(bits & 0x3ff));
    let mut power = 1.0 / 16_777_216.0; // 2⁻²⁴, the unit of the smallest halves
    for _ in 1..exponent {
        power *= 2.0;
    }
    let magnitude = match exponent {
        0 => fraction * power,
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1024.0 + fraction) * power,
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[test]
fn every_half_is_widened_exactly() {
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let reader = open(file(1, &header("<f2", "(65536,)"), &all)).unwrap();
    let mut read = vec![0.0; 65_536];
    reader.read(0, &mut read).unwrap();
    for (half, value) in (0..=u16::MAX).zip(read) {
        let expected = half_by_definition(half);
        let same = value.to_bits() == expected.to_bits();
        assert!(same || (value.is_nan() && expected.is_nan()), "{half:#06x}: {value} {expected}");
    }
}

/// Longer than the reader's memory, from a place that is not the first, in both types.
#[test]
fn a_long_read_is_the_same_as_many_short_ones() {
    let count = (3 << 18) + 7;
    let shape = format!("({count},)");
    let halves: Vec<u8> =
        (0..count).flat_map(|index| ((index % 31_743) as u16).to_le_bytes()).collect();
    let floats = f32_bytes(&values(count));
    for (descr, bytes) in [("<f2", halves), ("<f4", floats)] {
        let reader = open(file(1, &header(descr, &shape), &bytes)).unwrap();
        let mut long = vec![0.0; count - 5];
        reader.read(5, &mut long).unwrap();
        for (index, part) in long.chunks(1000).enumerate() {
            let mut short = vec![0.0; part.len()];
            reader.read(5 + 1000 * index as u64, &mut short).unwrap();
            assert_eq!(bits(part), bits(&short), "{descr}, part {index}");
        }
        assert!(reader.read(6, &mut long).is_err(), "beyond the end");
    }
}

#[test]
fn the_bundled_data_is_read_as_another_reader_reads_it() {
    let expected: Vec<f32> = npyz::NpyFile::new(bundled::EMBEDDINGS).unwrap().into_vec().unwrap();
    let dataset = Dataset::bundled().unwrap();
    let mut read = Vec::new();
    for split in [&dataset.train].into_iter().chain(dataset.test.as_ref()) {
        let mut values = vec![0.0; usize::try_from(split.embeddings.values()).unwrap()];
        let prompts = 0..split.embeddings.prompts();
        split.embeddings.read_prompts(prompts, &mut values).unwrap();
        read.extend(values);
    }
    assert_eq!(bits(&read), bits(&expected));

    let expected: Vec<f32> = npyz::NpyFile::new(bundled::REWARDS).unwrap().into_vec().unwrap();
    let test = dataset.test.unwrap();
    let (train_rewards, test_rewards) = (dataset.train.rewards.unwrap(), test.rewards.unwrap());
    let read = [train_rewards.values(), test_rewards.values()].concat();
    assert_eq!(bits(&read), bits(&expected));
    let (train, tested) = (dataset.train.embeddings.prompts(), test.embeddings.prompts());
    assert_eq!(tested, (train + tested) / bundled::TEST_SHARE);
    let responses = dataset.train.embeddings.responses().most();
    let second = dataset.train.embeddings.items_of(1);
    assert_eq!(train_rewards.of_items(second), &expected[responses..2 * responses]);
}

fn embeddings(shape: &str, values: &[f32]) -> Result<Embeddings, Error> {
    let bytes = file(1, &header("<f4", shape), &f32_bytes(values));
    Embeddings::from_source(bytes, Path::new(NAME))
}

#[test]
fn items_are_read_in_the_order_asked_for() {
    let values = values(5 * 3 * 4);
    let embeddings = embeddings("(5, 3, 4)", &values).unwrap();
    for items in [&[0, 1, 2, 3][..], &[14, 0, 7, 8, 9, 9, 8], &[], &[13, 14]] {
        let mut read = vec![0.0; items.len() * 4];
        embeddings.read_items(items, &mut read).unwrap();
        for (item, row) in items.iter().zip(read.chunks(4)) {
            let start = usize::try_from(*item).unwrap() * 4;
            assert_eq!(bits(row), bits(&values[start..start + 4]), "item {item} of {items:?}");
        }
    }
    assert!(embeddings.read_items(&[15], &mut [0.0; 4]).is_err(), "beyond the last item");
    assert!(embeddings.read_items(&[u64::MAX, 0], &mut [0.0; 8]).is_err());
    assert!(embeddings.read_items(&[0], &mut [0.0; 5]).is_err(), "memory of another size");
    assert!(embeddings.read_prompts(4..6, &mut [0.0; 24]).is_err(), "beyond the last prompt");
}

#[test]
fn a_window_renumbers_prompts_and_names_places_in_the_file() {
    let mut values = values(5 * 2 * 2);
    values[3 * 4 + 3] = f32::NAN;
    let window = embeddings("(5, 2, 2)", &values).unwrap().restricted_to(2..5).unwrap();
    assert_eq!((window.prompts(), window.items(), window.values()), (3, 6, 12));
    let mut read = vec![0.0; 4];
    window.read_prompts(0..1, &mut read).unwrap();
    assert_eq!(bits(&read), bits(&values[8..12]));
    let error = window.scan_finite(&mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("NaN at [3, 1, 1]"), "{error}");
    assert!(embeddings("(5, 2, 2)", &values).unwrap().restricted_to(4..6).is_none());
}

/// The scan goes by parts; a value at each end of a part is found.
#[test]
fn the_scan_sees_every_value_and_tells_how_far_it_is() {
    let (prompts, dimensions) = (300, 1024);
    let shape = format!("({prompts}, 2, {dimensions})");
    let clean = vec![1.0; prompts * 2 * dimensions];
    let mut told = Vec::new();
    embeddings(&shape, &clean).unwrap().scan_finite(&mut |done| told.push(done)).unwrap();
    assert_eq!(told.last(), Some(&(clean.len() as u64)));
    for index in [0, (1 << 18) - 1, 1 << 18, clean.len() - 1] {
        let mut values = clean.clone();
        values[index] = f32::NEG_INFINITY;
        let error = embeddings(&shape, &values).unwrap().scan_finite(&mut |_| ()).unwrap_err();
        let item = index / dimensions;
        let place = format!("-inf at [{}, {}, {}]", item / 2, item % 2, index % dimensions);
        assert!(error.to_string().contains(&place), "{error}");
    }
}

#[test]
fn rewards_of_both_shapes() {
    let data = embeddings("(2, 3, 1)", &values(6)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewards.npy");
    for shape in ["(2, 3)", "(2, 3, 1)"] {
        fs::write(&path, file(1, &header("<f2", shape), &[0, 60].repeat(6))).unwrap();
        assert_eq!(Rewards::open(&path, &data).unwrap().values(), [1.0; 6], "{shape}");
    }
}

/// The nearest float, to even between two; beyond the largest there is none.
#[test]
fn sixty_four_bits_are_rounded_once() {
    let ulp = f64::from(f32::EPSILON);
    let cases = [
        (1.0 + ulp / 2.0, 1.0),
        (1.0 + ulp * 1.5, 1.0 + 2.0 * f32::EPSILON),
        (1.0 + ulp * 0.500_000_01, 1.0 + f32::EPSILON),
        (-0.0, -0.0),
        (1e-300, 0.0),
        (1e300, f32::INFINITY),
        (f64::NAN, f32::NAN),
    ];
    let data: Vec<u8> = cases.iter().flat_map(|(value, _)| value.to_le_bytes()).collect();
    let reader = open(file(1, &header("<f8", "(7,)"), &data)).unwrap();
    assert_eq!(reader.element(), Element::F64);
    let mut read = [0.0; 7];
    reader.read(0, &mut read).unwrap();
    for (read, (value, rounded)) in read.iter().zip(cases) {
        assert!(read.to_bits() == rounded.to_bits() || value.is_nan() && read.is_nan(), "{value}");
    }
    reader.read(1, &mut read[..2]).unwrap();
    assert_eq!(read[..2], [1.0 + 2.0 * f32::EPSILON, 1.0 + f32::EPSILON]);
}

#[test]
fn defects_by_their_variant() {
    type Check = fn(&ArrayError) -> bool;
    let good = header("<f4", "(2, 3)");
    let cases: [(&str, Vec<u8>, Check); 18] = [
        ("empty", vec![], |error| matches!(error, ArrayError::NotAnArray { .. })),
        ("magic", b"\x93NUMPX\x01\x00".to_vec(), |error| {
            matches!(error, ArrayError::NotAnArray { .. })
        }),
        ("version", file(4, &good, &[0; 24]), |error| {
            matches!(error, ArrayError::DamagedHeader { .. })
        }),
        (
            "cut",
            file(1, &good, &[0; 23]),
            |error| matches!(error, ArrayError::Truncated { expected, found, .. } if expected - found == 1),
        ),
        (
            "longer",
            file(1, &good, &[0; 25]),
            |error| matches!(error, ArrayError::TrailingBytes { expected, found, .. } if found - expected == 1),
        ),
        ("too long", b"\x93NUMPY\x03\x00\x11\x27\x00\x00".to_vec(), |error| {
            matches!(
                error,
                ArrayError::HeaderTooLong { found: 10_001, limit: NPY_HEADER_LIMIT, .. }
            )
        }),
        (
            "long",
            file(1, &header("<i8", "(3,)"), &[0; 24]),
            |error| matches!(error, ArrayError::ElementType { found, .. } if found == "'<i8'"),
        ),
        ("big", file(1, &header(">f2", "(12,)"), &[0; 24]), |error| {
            matches!(error, ArrayError::BigEndian { .. })
        }),
        ("bfloat16", file(1, &header("<V2", "(12,)"), &[0; 24]), |error| {
            matches!(error, ArrayError::Bfloat16 { .. })
        }),
        ("object", file(1, &header("|O", "(3,)"), &[0; 24]), |error| {
            matches!(error, ArrayError::ObjectType { .. })
        }),
        (
            "structure",
            file(1, &header("x", "(3,)").replace("'x'", "[('a', '<f4')]"), &[]),
            |error| matches!(error, ArrayError::ElementType { .. }),
        ),
        ("order", file(1, &good.replace("False", "True"), &[0; 24]), |error| {
            matches!(error, ArrayError::FortranOrder)
        }),
        ("overflow", file(1, &header("<f4", "(4294967296, 4294967296)"), &[]), |error| {
            matches!(error, ArrayError::ShapeOverflow { .. })
        }),
        ("bytes overflow", file(1, &header("<f4", "(4611686018427387904,)"), &[]), |error| {
            matches!(error, ArrayError::ShapeOverflow { .. })
        }),
        ("negative", file(1, &header("<f4", "(-1, 3)"), &[]), |error| {
            matches!(error, ArrayError::DamagedHeader { .. })
        }),
        (
            "key",
            file(1, &good.replace("descr", "type"), &[0; 24]),
            |error| matches!(error, ArrayError::DamagedHeader { problem, .. } if problem.contains("'type'")),
        ),
        (
            "twice",
            file(1, &good.replace("shape", "descr"), &[0; 24]),
            |error| matches!(error, ArrayError::DamagedHeader { problem, .. } if problem.contains("twice")),
        ),
        (
            "no shape",
            file(1, "{'descr': '<f4', 'fortran_order': False}", &[]),
            |error| matches!(error, ArrayError::DamagedHeader { problem, .. } if problem.contains("shape")),
        ),
    ];
    for (name, bytes, expected) in cases {
        let error = open(bytes).err().unwrap_or_else(|| panic!("{name} was accepted"));
        assert!(error.to_string().starts_with(NAME), "{name}: {error}");
        let Error::Array { problem, .. } = error else { panic!("{name}: {error:?}") };
        assert!(expected(&problem), "{name}: {problem:?}");
    }
}

/// A source that fails from a certain byte on, as a broken disk or a file cut under the reader.
struct Failing {
    bytes: Vec<u8>,
    good: u64,
}

impl Source for Failing {
    fn byte_len(&self) -> io::Result<u64> {
        self.bytes.byte_len()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.good.saturating_sub(offset);
        if left == 0 {
            return Err(io::Error::other("bad sector"));
        }
        let len = out.len().min(usize::try_from(left).unwrap());
        self.bytes.read_at(&mut out[..len], offset)
    }
}

#[test]
fn a_source_that_fails_is_an_error_wherever_it_does() {
    let bytes = file(1, &header("<f4", "(2, 2, 2)"), &f32_bytes(&values(8)));
    let total = bytes.len() as u64;
    for good in 0..total {
        let source = Failing { bytes: bytes.clone(), good };
        let read = Embeddings::from_source(source, Path::new(NAME))
            .and_then(|embeddings| embeddings.scan_finite(&mut |_| ()));
        let error = read.unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{good} of {total}: {error:?}");
        assert!(error.to_string().contains("bad sector"), "{error}");
    }
}

#[test]
fn a_file_that_is_written_to_after_it_was_opened_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.npy");
    let bytes = file(1, &header("<f4", "(2, 2, 2)"), &f32_bytes(&values(8)));
    fs::write(&path, &bytes).unwrap();
    for changed in [&bytes[..bytes.len() - 4], &bytes] {
        fs::write(&path, &bytes).unwrap();
        let embeddings = Embeddings::open(&path).unwrap();
        // A new file with the name is another file.
        fs::write(folder.path().join("other.npy"), changed).unwrap();
        fs::rename(&path, folder.path().join("renamed.npy")).unwrap();
        fs::rename(folder.path().join("other.npy"), &path).unwrap();
        assert!(embeddings.read_items(&[3], &mut [0.0; 2]).is_ok());
        // Some systems count time in ticks of a hundredth of a second.
        thread::sleep(Duration::from_millis(30));
        fs::write(folder.path().join("renamed.npy"), changed).unwrap();
        for item in [0, 3] {
            let error = embeddings.read_items(&[item], &mut [0.0; 2]).unwrap_err();
            let Error::Array { problem: ArrayError::Changed, .. } = error else {
                panic!("{error:?}")
            };
        }
        let scanned = embeddings.scan_finite(&mut |_| ()).unwrap_err().to_string();
        assert!(scanned.contains("cut.npy: it was written to while it was in use"), "{scanned}");
    }
}

/// Every thread reads every row, all at once, from one reader of a file and one of bytes in memory.
#[test]
fn many_threads_read_the_same_rows_at_once() {
    const THREADS: usize = 16;
    let values = values(60 * 4 * 8);
    let bytes = file(1, &header("<f4", "(60, 4, 8)"), &f32_bytes(&values));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("embeddings.npy");
    fs::write(&path, &bytes).unwrap();
    let in_memory = Embeddings::from_source(bytes, Path::new(NAME)).unwrap();
    for embeddings in [&Embeddings::open(&path).unwrap(), &in_memory] {
        let together = &Barrier::new(THREADS);
        let values = &values;
        thread::scope(|scope| {
            for first in 0..THREADS as u64 {
                scope.spawn(move || {
                    together.wait();
                    for item in (0..240).map(|place| (place * 7 + first * 15) % 240) {
                        let mut row = [0.0; 8];
                        embeddings.read_items(&[item], &mut row).unwrap();
                        let start = usize::try_from(item).unwrap() * 8;
                        assert_eq!(bits(&row), bits(&values[start..start + 8]), "item {item}");
                    }
                });
            }
        });
    }
}

/// Opens and, if that works, reads everything.
fn exercise(bytes: &[u8]) {
    if let Ok(reader) = open(bytes.to_vec()) {
        let len = usize::try_from(reader.len()).unwrap();
        assert!(len <= bytes.len(), "{len} numbers in {} bytes", bytes.len());
        reader.read(0, &mut vec![0.0; len]).unwrap();
    }
    let source = bytes.to_vec();
    if let Ok(embeddings) = Embeddings::from_source(source, Path::new(NAME)) {
        let _ = embeddings.scan_finite(&mut |_| ());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn changed_bytes_never_panic(
        version in 1_u8..=3,
        changes in prop::collection::vec((0_usize..110, any::<u8>()), 1..6),
    ) {
        let mut bytes = file(version, &header("<f4", "(2, 3, 4)"), &f32_bytes(&values(24)));
        for (place, byte) in changes {
            bytes[place] = byte;
        }
        exercise(&bytes);
    }

    /// Pieces of a header's language in any order.
    #[test]
    fn any_header_of_the_language_never_panics(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "(", ")", "[", "]", ",", ":", "'", "\"", "'descr'", "'shape'", "True",
            "'fortran_order'", "False", "'<f4'", "'<f2'", "'|O'", "1", "99999999999999999999",
            "0", "-1", "L", " ", "\n", "\\", "(2, 3, 4)", "4611686018427387904", "\u{e9}",
            "'descr': '<f4', ", "'fortran_order': False, ", "'shape': (1, 2, 3), ",
        ]), 0..24),
    ) {
        exercise(&file(2, &pieces.concat(), &[0; 24]));
        exercise(&file(1, &format!("{{{}}}", pieces.concat()), &[0; 24]));
    }

    #[test]
    fn any_bytes_after_the_magic_never_panic(tail in prop::collection::vec(any::<u8>(), 0..80)) {
        exercise(&[b"\x93NUMPY\x01\x00", &tail[..]].concat());
        exercise(&tail);
    }

    #[test]
    fn whatever_is_written_is_read(
        (prompts, responses, dimensions) in (1_usize..6, 2_usize..5, 1_usize..7),
        seed in any::<u32>(),
    ) {
        let count = prompts * responses * dimensions;
        let written: Vec<f32> = (0..count)
            .map(|index| f32::from_bits(seed.wrapping_mul(2 * u32::try_from(index).unwrap() + 1)))
            .collect();
        let embeddings =
            embeddings(&format!("({prompts}, {responses}, {dimensions})"), &written).unwrap();
        let mut read = vec![0.0; count];
        let result = embeddings.read_prompts(0..prompts, &mut read);
        prop_assert_eq!(bits(&read), bits(&written));
        prop_assert_eq!(result.is_ok(), written.iter().all(|value| value.is_finite()));
    }
}
