//! Every defect of an input ends in exit code 2, a message that names the file, the place and the
//! remedy, and a disk as it was. Each case runs the program as a user would.

#[path = "../command/mod.rs"]
mod command;
mod pools;
#[path = "../refusal/mod.rs"]
mod refusal;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use self::refusal::refused;

/// A `.npy` file of version 1.0 around `data`.
fn npy(descr: &str, fortran_order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': {descr}, 'fortran_order': {fortran_order}, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

fn f32_bytes(count: usize) -> Vec<u8> {
    (0..count).flat_map(|index| (index as f32 / 8.0).to_le_bytes()).collect()
}

/// A good file of float32 with this shape.
fn good(shape: &[usize]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let mut count = 1;
    for length in shape {
        count *= length;
    }
    npy("'<f4'", "False", &format!("({})", lengths.join(", ")), &f32_bytes(count))
}

/// A folder with good files of 4 prompts, 3 responses and 5 dimensions, and a place for the result.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        let case = Self { folder: TempDir::new().unwrap() };
        case.write("embeddings.npy", &good(&[4, 3, 5]));
        case.write("rewards.npy", &good(&[4, 3]));
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs on the folder's files, and checks that it fails as it should.
    fn fails(&self, arguments: &[&str], message: &[&str]) {
        let files = ["--train-embeddings", "embeddings.npy", "--train-rewards", "rewards.npy"];
        self.fails_alone(&[&files, arguments].concat(), message);
    }

    fn fails_alone(&self, arguments: &[&str], message: &[&str]) {
        self.command_fails("run", arguments, message);
    }

    /// `run` and `select`, on the folder's embeddings alone.
    fn both_fail(&self, arguments: &[&str], message: &[&str]) {
        let arguments = [&["--train-embeddings", "embeddings.npy"], arguments].concat();
        self.command_fails("run", &arguments, message);
        self.command_fails("select", &arguments, message);
    }

    fn command_fails(&self, command: &str, arguments: &[&str], message: &[&str]) {
        refused(self.folder.path(), &[&[command], arguments].concat(), message);
    }

    fn fails_with_embeddings(&self, bytes: &[u8], message: &[&str]) {
        self.write("embeddings.npy", bytes);
        self.fails(&[], &[message, &["embeddings.npy"]].concat());
    }

    fn fails_with_rewards(&self, bytes: &[u8], message: &[&str]) {
        self.write("rewards.npy", bytes);
        self.fails(&[], &[message, &["rewards.npy"]].concat());
    }
}

#[test]
fn missing_file() {
    let case = Case::new();
    fs::remove_file(case.path("embeddings.npy")).unwrap();
    case.fails(&[], &["embeddings.npy: no such file"]);
}

#[test]
fn a_folder_in_place_of_a_file() {
    let case = Case::new();
    fs::remove_file(case.path("rewards.npy")).unwrap();
    fs::create_dir(case.path("rewards.npy")).unwrap();
    case.fails(&[], &["rewards.npy: a folder, but a file is expected"]);
}

/// Whoever opens one waits for somebody to write to it.
#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file() {
    let case = Case::new();
    fs::remove_file(case.path("rewards.npy")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(case.path("rewards.npy")).status().unwrap();
    assert!(made.success());
    case.fails(&[], &["rewards.npy: a pipe or a device, but a file is expected"]);
}

#[test]
fn embeddings_without_rewards_are_wrong_usage() {
    let case = Case::new();
    case.fails_alone(&["--train-embeddings", "embeddings.npy"], &["--train-rewards"]);
    let test = ["--test-embeddings", "embeddings.npy", "--test-rewards", "rewards.npy"];
    case.fails_alone(&test, &["--train-embeddings"]);
}

#[test]
fn not_npy() {
    for (start, told) in [
        (&b""[..], "it is empty"),
        (b"prompt,response\n", "\"prompt,r\""),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x1f\x8b\x08\x00", "gzip (gunzip unpacks it)"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "an HTML page"),
        (b"<HTML><body>403", "an HTML page"),
        (b"\x80\x04\x95\x10", "a Python pickle"),
        (b"\xef\xbb\xbf1,2,3", "a byte order mark"),
    ] {
        Case::new().fails_with_embeddings(start, &["not a .npy, .npz or safetensors", told]);
        Case::new().fails_with_rewards(start, &["not a .npy, .npz or safetensors", told]);
    }
}

/// A `safetensors` file around a header's text.
fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

#[test]
fn safetensors_that_do_not_serve() {
    let tensor = |name: &str, dtype: &str, shape: &str, bytes: usize| {
        format!(
            "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[0,{bytes}]}}"
        )
    };
    let file =
        |tensor: &str, bytes: usize| safetensors(&format!("{{{tensor}}}"), &f32_bytes(bytes / 4));
    let good = file(&tensor("embeddings", "F32", "[4,3,5]", 240), 240);
    Case::new().fails_with_embeddings(&good[..good.len() - 1], &["truncated"]);
    let whole = file(&tensor("embeddings", "I64", "[2,3,5]", 240), 240);
    Case::new().fails_with_embeddings(&whole, &["\"embeddings\" is of type I64", "F32, F16"]);
    let flat = file(&tensor("embeddings", "F32", "[12,5]", 240), 240);
    Case::new().fails_with_embeddings(&flat, &["shape (12, 5)", "(N prompts, K"]);
    let two = [tensor("a", "F32", "[0]", 0), tensor("b", "F32", "[4,3]", 48)].join(",");
    let message = ["an array named \"rewards\"", "found 2: \"a\", \"b\""];
    Case::new().fails_with_rewards(&file(&two, 48), &message);
    let mut nan = good;
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    Case::new().fails_with_embeddings(&nan, &["NaN at [3, 2, 4]"]);
}

#[test]
fn truncated() {
    let whole = good(&[4, 3, 5]);
    let expected = format!("{} bytes expected", whole.len());
    let found = format!("{} found", whole.len() - 1);
    let cut = &whole[..whole.len() - 1];
    Case::new().fails_with_embeddings(cut, &["truncated", &expected, &found]);
    Case::new().fails_with_embeddings(&whole[..9], &["truncated", "10 bytes", "9 found"]);
    Case::new().fails_with_embeddings(&whole[..40], &["truncated", "40 found"]);
    Case::new().fails_with_rewards(&good(&[4, 3])[..100], &["truncated"]);
}

#[test]
fn bytes_after_the_array() {
    let mut longer = good(&[4, 3, 5]);
    longer.extend([0; 3]);
    Case::new().fails_with_embeddings(&longer, &["3 bytes after the end of the array"]);
}

#[test]
fn wrong_element_type() {
    for (descr, name) in [("'<f16'", "'<f16'"), ("'<i4'", "'<i4'"), ("'|u1'", "'|u1'")] {
        let file = npy(descr, "False", "(4, 3, 5)", &f32_bytes(60));
        let message = ["element type", name, "'<f4'", "astype"];
        Case::new().fails_with_embeddings(&file, &message);
    }
    let structured = npy("[('a', '<f4'), ('b', '<f4', (2,))]", "False", "(4,)", &[]);
    Case::new().fails_with_rewards(&structured, &["element type a structured one"]);
}

#[test]
fn object_type() {
    let file = npy("'|O'", "False", "(4, 3, 5)", b"\x80\x04\x95");
    Case::new().fails_with_embeddings(&file, &["Python objects", "'|O'", "numpy.stack"]);
}

#[test]
fn big_endian() {
    let file = npy("'>f4'", "False", "(4, 3, 5)", &f32_bytes(60));
    Case::new().fails_with_embeddings(&file, &["big-endian", "'>f4'", "astype('<f4')"]);
}

#[test]
fn fortran_order() {
    let file = npy("'<f4'", "True", "(4, 3, 5)", &f32_bytes(60));
    Case::new().fails_with_embeddings(&file, &["Fortran", "ascontiguousarray"]);
}

#[test]
fn wrong_rank() {
    Case::new().fails_with_embeddings(&good(&[4, 15]), &["shape (4, 15)", "(N prompts, K"]);
    Case::new().fails_with_embeddings(&good(&[4, 3, 5, 1]), &["shape (4, 3, 5, 1)"]);
    let flat = npy("'<f4'", "False", "(60,)", &f32_bytes(60));
    Case::new().fails_with_embeddings(&flat, &["shape (60,)"]);
    let flat = npy("'<f4'", "False", "(12,)", &f32_bytes(12));
    Case::new().fails_with_rewards(&flat, &["shape (12,)", "(N, K) or (N, K, 1)"]);
}

#[test]
fn shapes_that_disagree() {
    for rewards in [&[4, 2][..], &[3, 3], &[4, 3, 2], &[12, 1]] {
        let named = format!("({}", rewards[0]);
        let message = ["does not fit", "(4, 3, 5)", "embeddings.npy", &named];
        Case::new().fails_with_rewards(&good(rewards), &message);
    }
    let case = Case::new();
    case.write("test.npy", &good(&[2, 3, 6]));
    case.write("test_rewards.npy", &good(&[2, 3]));
    let test = ["--test-embeddings", "test.npy", "--test-rewards", "test_rewards.npy"];
    case.fails(&test, &["test.npy: embeddings of 6 numbers", "has 5"]);
}

#[test]
fn no_prompts_no_dimensions_and_a_single_response() {
    Case::new().fails_with_embeddings(&good(&[0, 3, 5]), &["0 prompts", "at least 1"]);
    Case::new().fails_with_embeddings(&good(&[4, 3, 0]), &["0 dimensions", "at least 1"]);
    Case::new().fails_with_embeddings(&good(&[4, 1, 5]), &["1 responses a prompt", "at least 2"]);
}

#[test]
fn hostile_headers() {
    let huge = npy("'<f4'", "False", "(18446744073709551615, 3, 5)", &[]);
    Case::new().fails_with_embeddings(&huge, &["larger than any file"]);
    let beyond = npy("'<f4'", "False", "(18446744073709551616, 3, 5)", &[]);
    Case::new().fails_with_embeddings(&beyond, &["header is damaged"]);
    let long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{";
    Case::new().fails_with_embeddings(long, &["header claims 4294967295 bytes"]);
    let deep = npy(&"[".repeat(9_000), "False", "(4, 3, 5)", &[]);
    Case::new().fails_with_embeddings(&deep, &["header is damaged"]);
    let wide = npy("'<f4'", "False", "(1, 2, 65537)", &f32_bytes(2 * 65_537));
    Case::new().fails_with_embeddings(&wide, &["65537 dimensions", "the limit is 65536"]);
}

#[test]
fn nan_and_infinity() {
    let place = "[2, 1, 3]";
    for (value, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut file = good(&[4, 3, 5]);
        let at = file.len() - 4 * (60 - ((2 * 3 + 1) * 5 + 3));
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        Case::new().fails_with_embeddings(&file, &[name, place, "--trust-finite"]);
    }
    let mut file = good(&[4, 3]);
    let end = file.len();
    file[end - 8..end - 4].copy_from_slice(&f32::NAN.to_le_bytes());
    Case::new().fails_with_rewards(&file, &["NaN", "[3, 1]", "golden rewards must be finite"]);
}

/// Beyond the prompts that a digest looks at, only the scan finds it.
#[test]
fn nan_in_the_middle_of_a_larger_file() {
    let case = Case::new();
    let mut file = good(&[1000, 2, 5]);
    let at = file.len() - 4 * (10_000 - ((501 * 2 + 1) * 5 + 4));
    file[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    case.write("embeddings.npy", &file);
    case.write("rewards.npy", &good(&[1000, 2]));
    case.fails(&[], &["embeddings.npy: NaN at [501, 1, 4]", "prompt 501"]);
}

#[test]
fn sizes_that_the_data_cannot_meet() {
    let case = Case::new();
    case.fails(&["--batch", "13"], &["--batch 13: at most 12"]);
    case.fails(&["--prompts-per-round", "5"], &["--prompts-per-round 5: at most 4"]);
    case.fails(&["--batch", "6", "--rounds", "3"], &["--rounds 3: at most 2"]);
    case.fails(&["--best-of", "2"], &["--best-of 2", "--test-embeddings"]);
    case.fails_alone(&["--best-of", "9"], &["--best-of 9: at most 8"]);
}

#[test]
fn settings_out_of_range() {
    let case = Case::new();
    let network = |options: &[&str], message: &[&str]| {
        case.fails(&[&["--preset", "mlp"], options].concat(), message);
    };
    network(&["--hidden", "64,257,64"], &["--hidden 257", "from 1 to 256"]);
    network(&["--hidden", "64,0,64"], &["--hidden 0", "from 1 to 256"]);
    network(&["--hidden", "64,64"], &["expected 3 sizes"]);
    for zero in ["--batch", "--rounds", "--iterations", "--prompts-per-round", "--best-of"] {
        network(&[zero, "0"], &[zero, "at least 1"]);
    }
    network(&["--early-stopping", "0"], &["--early-stopping 0"]);
    for option in ["--lr", "--prior-precision", "--temperature"] {
        for value in ["0", "-1", "nan", "inf"] {
            network(&[option, value], &[option, "above 0"]);
        }
    }
    network(&["--weight-decay", "-0.1"], &["--weight-decay -0.1", "not negative"]);
    for (value, rounded) in [("1e-60", "is 0 in f32"), ("1e60", "is inf in f32")] {
        let f32 = ["--precision", "f32", "--prior-precision", value];
        case.fails(&f32, &["--prior-precision", rounded, "--precision f64"]);
    }
    for (option, value, range) in [
        ("--posterior-samples", "1", "from 2 to 4096"),
        ("--posterior-samples", "4097", "from 2 to 4096"),
        ("--configurations", "65537", "from 2 to 65536"),
        ("--clusters", "0", "from 1 to 4096"),
        ("--radius", "-1", "not negative"),
        ("--radius", "NaN", "not negative"),
    ] {
        case.fails(&[option, value], &[option, value, range]);
    }
    let few = ["--strategy", "batchbald", "--configurations", "99"];
    case.fails(&few, &["--configurations 99", "at least --posterior-samples 100"]);
    case.fails(&["--radius", "1e60"], &["--radius 1000", "that f32 holds"]);
    case.fails(&["--isa", "v5"], &["--isa", "baseline"]);
    case.fails(&["--strategy", "best"], &["pa-dopt", "random"]);
    case.fails(&["--threads", "0"], &["--threads"]);
}

#[test]
fn unwritable_out() {
    let case = Case::new();
    case.write("file", b"not a folder");
    case.fails(&["--out", "file"], &["file: cannot be the output folder: it is a file", "--out"]);
    case.fails(&["--out", "file/inside"], &["file", "cannot create"]);
    case.fails(&["--out", ".."], &["it holds the working folder"]);
}

#[test]
fn out_that_is_not_empty() {
    let case = Case::new();
    fs::create_dir(case.path("out")).unwrap();
    case.write("out/kept.txt", b"mine");
    case.fails(&["--out", "out"], &["out: the folder is not empty", "--force", "--out"]);
}

#[test]
fn force_does_not_replace_a_folder_that_holds_the_inputs() {
    let case = Case::new();
    fs::create_dir(case.path("data")).unwrap();
    case.write("data/embeddings.npy", &good(&[4, 3, 5]));
    case.write("data/rewards.npy", &good(&[4, 3]));
    let files =
        ["--train-embeddings", "data/embeddings.npy", "--train-rewards", "data/rewards.npy"];
    let arguments = [&files[..], &["--out", "data", "--force"]].concat();
    case.fails_alone(&arguments, &["it holds the input data/embeddings.npy"]);
}
