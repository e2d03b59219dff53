//! No bytes whatever make a reader panic, or take memory out of proportion. One test, since the
//! memory of the whole process is counted.

use std::io::{self, BufReader, Read};
use std::path::Path;

use pairpick::Error;
use pairpick::data::array::{ArrayReader, SAFETENSORS_HEADER_LIMIT};
use pairpick::data::embeddings::Embeddings;
use pairpick::data::labels::{Repeats, read_labels_from};
use pairpick::error::ArrayError;
use pairpick::model::Model;
use pairpick_tests::fuzz::{MEMORY_LIMIT, Reader, around, npy};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Inputs of all readers together.
const INPUTS: u64 = 20_000;

#[test]
fn mutated_files_and_hostile_headers() {
    for reader in Reader::ALL {
        for file in reader.valid() {
            assert!(reader.accepts(&file), "{reader:?} refuses a valid file");
        }
        let share = INPUTS / Reader::ALL.len() as u64;
        let counts = reader.run(7, 0..share, &MEMORY);
        // The mutations reach both sides of the border.
        let least = share / 100;
        assert!(counts.accepted > least && counts.refused > least, "{reader:?}: {counts:?}");
    }
    headers_at_the_limit();
    a_line_without_an_end();
}

/// The texts that cost a parser most, as long as they may be and longer.
fn headers_at_the_limit() {
    let limit = usize::try_from(SAFETENSORS_HEADER_LIMIT).unwrap();
    let opening = "{\"embeddings\":{\"dtype\":\"F32\",\"data_offsets\":[0,0],\"shape\":[";
    for unit in ["0,", "1,", "[", "{\"\":", "\"\","] {
        for len in [limit, limit + 1] {
            let text = format!("{opening}{}", unit.repeat(limit));
            let file = around(&text[..len], &[]);
            let peak = peak(|| {
                assert!(Model::from_bytes(&file, Path::new("m")).is_err());
                let source = file.clone();
                let refused = ArrayReader::new(source, Path::new("e"), "embeddings").err().unwrap();
                let too_long = matches!(
                    refused,
                    Error::Array { problem: ArrayError::HeaderTooLong { .. }, .. }
                );
                assert_eq!(too_long, len > limit, "{refused}");
            });
            assert!(peak <= MEMORY_LIMIT, "{unit} repeated: {peak} bytes");
        }
    }
    let names: Vec<String> = (0..limit / 60)
        .map(|name| {
            format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")
        })
        .collect();
    let file = around(&format!("{{{}}}", names.join(",")), &[]);
    let peak = peak(|| {
        let source = file.clone();
        let refused = ArrayReader::new(source, Path::new("e"), "embeddings").err().unwrap();
        let message = refused.to_string();
        assert!(message.len() < 300 && message.contains("\"embeddings\""), "{message}");
    });
    assert!(peak <= MEMORY_LIMIT, "many names: {peak} bytes");
}

fn a_line_without_an_end() {
    let source = npy("<f4", "(3, 2, 4)", 96);
    let embeddings = Embeddings::from_source(source, Path::new("e.npy")).unwrap();
    for byte in [b' ', b'[', b'1'] {
        let peak = peak(|| {
            let mut endless = BufReader::new(io::repeat(byte).take(1 << 40));
            let path = Path::new("labels.jsonl");
            let read = read_labels_from(&mut endless, path, &embeddings, Repeats::Refuse);
            let message = read.unwrap_err().to_string();
            assert!(message.contains("line 1: longer than 65536 bytes"), "{message}");
        });
        assert!(peak < 1 << 20, "{peak} bytes");
    }
}

fn peak(work: impl FnOnce()) -> usize {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}
