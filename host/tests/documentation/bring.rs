//! The files that the pages let a reader bring, made of the bundled replies.

use std::fs;
use std::path::Path;

/// Prompts of the bundled replies, and those of them that are trained on.
const PROMPTS: usize = 104;
const TRAINING: usize = 78;

/// Responses to each.
const RESPONSES: usize = 8;

/// Numbers of their embeddings.
const DIMENSIONS: usize = 384;

/// An array in its file: float32, little-endian, in C order.
struct Array {
    bytes: Vec<u8>,
    /// Of a prompt.
    len: usize,
    /// Of a prompt, as the header has it.
    shape: &'static str,
}

impl Array {
    fn open(path: &Path, numbers: usize, shape: &'static str) -> Self {
        let mut bytes = fs::read(path).unwrap();
        let data = bytes.len() - 4 * PROMPTS * RESPONSES * numbers;
        Self { bytes: bytes.split_off(data), len: 4 * RESPONSES * numbers, shape }
    }

    /// A range of the prompts as a file of its own.
    fn save(&self, prompts: std::ops::Range<usize>, path: &Path) {
        let count = prompts.len();
        let data = &self.bytes[prompts.start * self.len..prompts.end * self.len];
        write(path, &format!("{count}, {}", self.shape), data);
    }

    /// One response to each prompt.
    fn save_response(&self, response: usize, path: &Path) {
        let len = self.len / RESPONSES;
        let start = response * len;
        let rows: Vec<&[u8]> =
            self.bytes.chunks(self.len).map(|prompt| &prompt[start..start + len]).collect();
        write(path, &format!("{PROMPTS}, {DIMENSIONS}"), &rows.concat());
    }

    /// A row a response, of some of the responses to each prompt.
    fn save_rows(&self, shape: &str, path: &Path) {
        let len = self.len / RESPONSES;
        let prompts = self.bytes.chunks(self.len).enumerate();
        let rows: Vec<&[u8]> =
            prompts.map(|(prompt, bytes)| &bytes[..responses(prompt) * len]).collect();
        let count = rows.concat().len() / len;
        write(path, &format!("{count},{shape}"), &rows.concat());
    }
}

/// How many responses to a prompt are rows.
fn responses(prompt: usize) -> usize {
    RESPONSES - prompt % 4
}

fn write(path: &Path, shape: &str, data: &[u8]) {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    // The data begin at a multiple of 64.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 11;
    header = format!("{header:<padded$}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    fs::write(path, [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()).unwrap();
}

/// Writes them into a folder that has `fixtures`.
pub fn files(folder: &Path) {
    let replies = folder.join("fixtures/replies");
    let embeddings = Array::open(&replies.join("embeddings.npy"), DIMENSIONS, "8, 384");
    let rewards = Array::open(&replies.join("rewards.npy"), 1, "8");
    for (array, name) in [(&embeddings, "embeddings"), (&rewards, "rewards")] {
        array.save(0..TRAINING, &folder.join(format!("train_{name}.npy")));
        array.save(TRAINING..PROMPTS, &folder.join(format!("test_{name}.npy")));
    }
    embeddings.save_response(0, &folder.join("chosen.npy"));
    embeddings.save_response(1, &folder.join("rejected.npy"));
    embeddings.save_rows(" 384", &folder.join("rows.npy"));
    rewards.save_rows("", &folder.join("row_rewards.npy"));
    let record = |prompt: usize| {
        let (topic, stance) = (prompt / 2, prompt % 2);
        format!("{{\"topic\": \"topic {topic}\", \"stance\": {stance}}}\n")
            .repeat(responses(prompt))
    };
    let records: String = (0..PROMPTS).map(record).collect();
    fs::write(folder.join("rows.jsonl"), records).unwrap();
}
