//! Files for the uses: those that fit each other, and odd ones.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::{Program, words};
use crate::fuzz::npy;

/// The folder of the files, beside the uses' own.
pub const GIVEN: &str = "given";

/// Files that fit: embeddings of 12 prompts of 4 responses in 6 dimensions, and so on.
pub const FITTING: [(&str, &str); 8] = [
    ("train-embeddings", "train.npy"),
    ("train-rewards", "train_rewards.npy"),
    ("test-embeddings", "test.npy"),
    ("test-rewards", "test_rewards.npy"),
    ("candidates", "candidates.jsonl"),
    ("labels", "labels.jsonl"),
    ("test-labels", "test_labels.jsonl"),
    ("model", "model.safetensors"),
];

/// Files that fit nothing well.
pub const ODD: [&str; 16] = [
    "flat.npy",
    "one.npy",
    "none.npy",
    "wide.npy",
    "nan.npy",
    "constant.npy",
    "huge.npy",
    "torn.npy",
    "empty",
    "text",
    "folder",
    "link",
    "lost",
    "/dev/null",
    "line\nbreak\u{1b}[2J.npy",
    "\u{ff}",
];

/// Makes the model.
const TRAIN: &str = "train --train-embeddings train.npy --labels labels.jsonl --hidden 5,4,3 \
                     --iterations 5 --out model.safetensors";

/// Writes all of them, the model by the command itself.
///
/// # Panics
/// If the folder cannot be written, or the command cannot train.
pub fn write(program: &Program, folder: &Path) {
    let given = folder.join(GIVEN);
    fs::create_dir_all(given.join("folder")).expect("a folder");
    let put = |name: &str, bytes: &[u8]| fs::write(given.join(name), bytes).expect("a file");
    for (name, shape) in [
        ("train.npy", &[12, 4, 6][..]),
        ("test.npy", &[5, 4, 6]),
        ("train_rewards.npy", &[12, 4]),
        ("test_rewards.npy", &[5, 4]),
        ("flat.npy", &[48, 6]),
        ("one.npy", &[1, 1, 6]),
        ("none.npy", &[0, 4, 6]),
        ("wide.npy", &[2, 70, 6]),
        ("line\nbreak\u{1b}[2J.npy", &[12, 4, 6]),
    ] {
        put(name, &npy_file(shape, |place| (place * 37 % 101) as f32 * 0.02 - 1.0));
    }
    put("nan.npy", &npy_file(&[12, 4, 6], |place| if place == 77 { f32::NAN } else { 0.5 }));
    put("constant.npy", &npy_file(&[12, 4, 6], |_| 0.25));
    put("huge.npy", &npy_file(&[12, 4, 6], |place| if place % 7 == 0 { 3e38 } else { 1e-39 }));
    let whole = npy_file(&[12, 4, 6], |place| place as f32);
    put("torn.npy", &whole[..whole.len() - 5]);
    put("empty", b"");
    put("text", "not an array \u{1b}]0;title\u{7}\n".as_bytes());
    let odd = OsString::from_vec(b"\xff".to_vec());
    fs::write(given.join(odd), npy_file(&[12, 4, 6], |place| place as f32 * 0.01)).expect("a file");
    std::os::unix::fs::symlink("train.npy", given.join("link")).expect("a link");
    let pairs = |prompts: u32, label: bool| -> String {
        (0..prompts)
            .flat_map(|prompt| [(prompt, 0, 1), (prompt, 2, 3), (prompt, 3, 0)])
            .map(|(prompt, a, b)| {
                let label =
                    if label { format!(",\"label\":{}", (prompt + a) % 2) } else { String::new() };
                format!("{{\"a\":[{prompt},{a}],\"b\":[{prompt},{b}]{label}}}\n")
            })
            .collect()
    };
    put("candidates.jsonl", pairs(12, true).as_bytes());
    put("labels.jsonl", pairs(9, true).as_bytes());
    put("test_labels.jsonl", pairs(5, true).as_bytes());
    let trained = program.run(&given, &words(TRAIN));
    assert!(trained.status.success(), "{}", trained.stderr);
}

/// Names and contents of all files in a folder and those in it.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn contents(folder: &Path) -> Vec<(OsString, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            all.push((path.clone().into_os_string(), Vec::new()));
            all.extend(contents(&path));
        } else if kind.is_symlink() {
            let target = fs::read_link(&path).expect("a link").into_os_string().into_vec();
            all.push((path.into_os_string(), target));
        } else {
            let bytes = fs::read(&path).expect("a file");
            all.push((path.into_os_string(), bytes));
        }
    }
    all.sort();
    all
}

/// Single-precision numbers of a shape in a `.npy` file.
fn npy_file(shape: &[usize], number: impl Fn(usize) -> f32) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let mut file = npy("<f4", &format!("({})", lengths.join(", ")), 0);
    let mut count = 1;
    for len in shape {
        count *= len;
    }
    file.extend((0..count).flat_map(|place| number(place).to_le_bytes()));
    file
}
