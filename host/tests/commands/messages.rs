//! What the program says: where data comes from, what an option defaults to, which file and which
//! item is at fault; and what it never says, whatever a file has in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::command::pairpick;
use crate::refusal::refused;
use pairpick::model::{MlpTrunk, Model, Trunk};
use tempfile::TempDir;

const FORGOTTEN: &str = "note: no --train-embeddings: the data is what comes with the program\n";

const REPLIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/embeddings.npy");

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A command that succeeds.
fn done(folder: &Path, arguments: &[&str]) -> Output {
    let output = pairpick(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    output
}

/// A folder with two labels on the bundled data, and a model that learnt from them.
fn taught() -> TempDir {
    let folder = TempDir::new().unwrap();
    let labels = "{\"a\":[0,1],\"b\":[0,2],\"label\":1}\n{\"a\":[1,1],\"b\":[1,2],\"label\":0}\n";
    fs::write(folder.path().join("labels.jsonl"), labels).unwrap();
    let quick = ["--preset", "mlp", "--iterations", "2", "--out", "model.safetensors", "--quiet"];
    done(folder.path(), &[&["train", "--labels", "labels.jsonl"][..], &quick].concat());
    folder
}

/// A batch picked pair by pair in f32 from a prior that says next to nothing: its scores lose digits,
/// then all of them.
#[test]
fn digits_that_f32_loses_are_told() {
    let folder = taught();
    let folder = folder.path();
    let small = [
        "--preset",
        "mlp",
        "--hidden",
        "16,16,16",
        "--iterations",
        "2",
        "--out",
        "small",
        "--quiet",
    ];
    done(folder, &[&["train", "--labels", "labels.jsonl"][..], &small].concat());
    let asking = ["select", "--model", "small", "--labels", "labels.jsonl", "--batch", "60"];
    for strategy in ["greedy-dopt", "greedy-v-opt"] {
        let select = |precision: &'static str, prior: &'static str| {
            let design = ["--strategy", strategy, "--precision", precision];
            let arguments = [&asking[..], &design, &["--prior-precision", prior]].concat();
            pairpick(folder, &arguments)
        };
        let told = "rounding may have changed scores by";
        for (precision, prior) in [("f32", "1"), ("f64", "1e-7")] {
            let output = select(precision, prior);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            assert!(!stderr(&output).contains(told), "{precision} {prior}: {}", stderr(&output));
        }
        let noted = stderr(&select("f32", "1e-7"));
        assert!(noted.contains(told) && noted.contains("try --precision f64"), "{noted}");
        let gone = stderr(&select("f32", "1e-9"));
        assert!(gone.contains("singular to working precision"), "{gone}");
    }
}

#[test]
fn a_forgotten_file_of_embeddings_is_noted_and_quiet_is_quiet() {
    let folder = taught();
    let folder = folder.path();
    let training = [
        "train",
        "--preset",
        "mlp",
        "--labels",
        "labels.jsonl",
        "--iterations",
        "1",
        "--out",
        "m",
        "--force",
    ];
    let run = [
        "run",
        "--preset",
        "mlp",
        "--rounds",
        "1",
        "--iterations",
        "1",
        "--beside",
        "none",
        "--force",
    ];
    let evaluation = ["eval", "--model", "model.safetensors"];
    let forgotten_test = FORGOTTEN.replace("train", "test");
    let cases: [(&[&str], &str); 4] = [
        (&["select", "--batch", "2"], FORGOTTEN),
        (&training, FORGOTTEN),
        (&run, FORGOTTEN),
        (&evaluation, &forgotten_test),
    ];
    for (arguments, note) in cases {
        let told = done(folder, arguments);
        assert_eq!(stderr(&told).matches(note).count(), 1, "{arguments:?}: {}", stderr(&told));
        for quiet in ["--quiet", "-q"] {
            let silent = done(folder, &[&[quiet], arguments].concat());
            assert_eq!(stderr(&silent), "", "{arguments:?}");
            assert!(!silent.stdout.is_empty());
        }
    }
    let given = ["select", "--batch", "2", "--train-embeddings", REPLIES];
    assert!(!stderr(&done(folder, &given)).contains("note:"), "nothing was forgotten");
    // Quiet or not, an error is told.
    let error = refused(folder, &["train", "-q", "--labels", "none.jsonl", "--out", "new"], &[]);
    assert_eq!(error, "error: none.jsonl: no such file\n");
    let error = refused(folder, &["select", "--candidates", "labels.jsonl"], &[]);
    assert!(error.contains("--train-embeddings <FILE>"), "{error}");
}

#[test]
fn defaults_that_draw_from_less_are_no_news() {
    let folder = taught();
    let folder = folder.path();
    for arguments in [
        &["select", "--batch", "2", "--train-embeddings", REPLIES, "--strategy", "coreset"][..],
        &[
            "eval",
            "--model",
            "model.safetensors",
            "--test-embeddings",
            REPLIES,
            "--test-rewards",
            &REPLIES.replace("embeddings", "rewards"),
        ],
    ] {
        let output = done(folder, arguments);
        assert!(!stderr(&output).contains("note:"), "{}", stderr(&output));
    }
}

#[test]
fn help_tells_what_options_default_to() {
    let folder = TempDir::new().unwrap();
    let help = |command| stdout(&done(folder.path(), &[command, "--help"]));
    let has = |text: &str, row: &str| {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().any(|line| words(line) == row)
    };
    for (command, rows) in [
        (
            "run",
            &[
                "--batch 125 125 125",
                "--strategy robust-v-opt dopt dopt",
                "--best-of 2,8,32 2,8,32 2,8,32",
            ][..],
        ),
        ("select", &["--batch 125 125 125", "--certificate on on on", "--standardise – on off"]),
        (
            "train",
            &[
                "--iterations 30 30 1000",
                "--early-stopping 10 10 off",
                "--hidden – 64,64,64 64,64,64",
            ],
        ),
    ] {
        let text = help(command);
        for row in rows {
            assert!(has(&text, row), "{row} is not in: {text}");
        }
    }
    assert!(help("select").contains("On the bundled data: --prompts-per-round 78, --batch 20."));
    let text = help("eval").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Without --best-of it is 2,8,32"), "{text}");
    assert!(text.contains("the test part of the data that comes with the program"), "{text}");
    assert!(!text.contains("nothing is evaluated"), "{text}");
    assert!(help("select").contains("null where it has none"));
}

#[test]
fn every_command_tells_its_version() {
    let folder = TempDir::new().unwrap();
    for command in [
        "run",
        "compare",
        "label",
        "device",
        "select",
        "train",
        "eval",
        "score",
        "import",
        "export",
        "verify",
        "cost",
        "man",
        "completions",
    ] {
        let version = stdout(&done(folder.path(), &[command, "--version"]));
        assert_eq!(version, format!("pairpick-{command} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn the_manual_refers_to_pages_that_there_are() {
    let folder = TempDir::new().unwrap();
    let manual = stdout(&done(folder.path(), &["man"]));
    done(folder.path(), &["man", "--out", "pages"]);
    let mut references = 0;
    for line in manual.lines().filter_map(|line| line.strip_suffix("(1)")) {
        let page = line.replace('\\', "");
        assert!(manual.contains(&format!(".TH {page} 1")), "{page} is not in the manual");
        assert!(folder.path().join("pages").join(format!("{page}.1")).exists(), "{page}");
        references += 1;
    }
    // Those of device have pages of their own.
    assert_eq!(references, 14 + 4);
}

/// What is wrong with a command line is told by quoting it. Colours are forced: else a pipe would get
/// no escape sequence anyway.
#[test]
fn no_control_character_of_the_command_line_reaches_a_terminal() {
    for argument in ["--see\u{1b}[2Jd", "--seed=\u{1b}[2J", "\u{1b}[2J", "\u{9b}2J"] {
        let output = Command::new(env!("CARGO_BIN_EXE_pairpick"))
            .args(["run", argument])
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("--help"), "{stderr}");
        assert!(!stderr.contains("\u{1b}[2J") && !stderr.contains('\u{9b}'), "{stderr:?}");
    }
}

/// File names, and whatever files hold.
#[test]
fn no_control_character_reaches_a_terminal() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}";
    let npy = |text: &str| {
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        file.extend(text.as_bytes());
        file
    };
    let long = "x".repeat(9_000);
    let trace = format!("trace contract {evil}{long} profile {evil} scalar f32 size {evil}\n");
    let key = format!("{{'{evil}{long}': 1}}\n");
    let descr =
        format!("{{'descr': '{evil}{long}', 'fortran_order': False, 'shape': (1, 2, 3)}}\n");
    let tensor = format!("{{\"{}\":{{\"dtype\":\"{long}\"}}}}", evil.replace('\u{1b}', "\\u001b"));
    let tensors = [&(tensor.len() as u64).to_le_bytes(), tensor.as_bytes()].concat();
    let label = format!("{{\"{}{long}\": 1}}\n", evil.replace('\u{1b}', "\\u001b"));
    let files: [(&str, Vec<u8>, &[&str]); 7] = [
        ("key", npy(&key), &["select", "--train-embeddings"]),
        ("descr", npy(&descr), &["select", "--train-embeddings"]),
        ("tensor", tensors.clone(), &["select", "--train-embeddings"]),
        ("tensor", tensors, &["eval", "--model"]),
        ("label", label.into_bytes(), &["train", "--labels"]),
        ("trace", trace.clone().into_bytes(), &["verify"]),
        ("header", trace.replace("contract ", "").into_bytes(), &["verify"]),
    ];
    for (name, bytes, arguments) in files {
        let name = format!("{name}{evil}");
        fs::write(folder.join(&name), bytes).unwrap();
        let message = refused(folder, &[arguments, &[&name]].concat(), &[]);
        let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!message.contains(harmful), "{message:?}");
        assert!(message.len() < 700, "{} characters: {message}", message.len());
    }
    // A result names a file too.
    let folder = taught();
    let name = format!("model{evil}");
    fs::rename(folder.path().join("model.safetensors"), folder.path().join(&name)).unwrap();
    for json in [&[][..], &["--json"]] {
        let output = done(folder.path(), &[&["eval", "--model", &name], json].concat());
        assert!(!stdout(&output).contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{output:?}");
    }
    let output = done(folder.path(), &["eval", "--model", &name, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["model"], name);
}

#[test]
fn what_is_wrong_with_a_model_names_its_file() {
    let folder = taught();
    let folder = folder.path();
    let good = fs::read(folder.join("model.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    let text = String::from_utf8(good[8..header].to_vec()).unwrap();
    let with_header = |text: String| {
        [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &good[header..]].concat()
    };
    let mut infinite = good.clone();
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    for (bytes, message) in [
        (good[..good.len() - 1].to_vec(), ""),
        (infinite, "inf at index"),
        (b"nothing of the kind".to_vec(), "it is no safetensors file"),
        (with_header(text.replace("gelu", "gulp")), "unknown activation \"gulp\""),
        (
            with_header(
                text.replace("\\\"format_version\\\":1", "\\\"format_version\\\":\\\"1\\\""),
            ),
            "found \"1\"; expected a whole number",
        ),
        (with_header(text.replace("head.weight", "head.wait")), "no tensor head.weight"),
        (with_header(text.replace("F32", "F33")), "unknown variant"),
        (with_header("{".repeat(20)), ""),
    ] {
        fs::write(folder.join("bad.safetensors"), bytes).unwrap();
        let error = refused(folder, &["eval", "-q", "--model", "bad.safetensors"], &[]);
        assert!(error.starts_with("error: bad.safetensors: "), "{error}");
        assert!(error.contains(message), "{message} is not in: {error}");
        for rust in ["struct", "u32", "Option", "enum", "tuple"] {
            assert!(!error.contains(rust), "{error}");
        }
    }
}

#[test]
fn features_that_overflow_name_the_item() {
    let folder = taught();
    let path = folder.path().join("model.safetensors");
    let model = Model::open(&path).unwrap();
    let Trunk::Mlp(trunk) = model.trunk() else { panic!("it is no network") };
    let large = trunk.parameters().iter().map(|value| value * 1e20).collect();
    let trunk = MlpTrunk::new(*trunk.mlp(), large, trunk.standardisation().cloned()).unwrap();
    let model = Model::new(Trunk::Mlp(trunk), model.head().to_vec()).unwrap();
    fs::write(&path, model.to_bytes(&path).unwrap()).unwrap();
    let labels = ["--labels", "labels.jsonl", "--model", "model.safetensors"];
    for (arguments, item) in [
        (&["eval", "--model", "model.safetensors"][..], "[0, 0] (prompt 0, response 0, from 0)"),
        (&[&["select"], &labels[..]].concat(), "[0, 1] (prompt 0, response 1, from 0)"),
    ] {
        let error = refused(folder.path(), arguments, &[]);
        assert!(error.contains(&format!("the features of the item at {item} overflow")), "{error}");
    }
}

/// Its name is a number of threads to a library that we use, and nothing to us.
#[test]
fn the_environment_starts_no_threads() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pairpick"));
    let small = ["verify", "--profile", "exact", "--scalar", "f32", "--size", "device", "--json"];
    let output = command.args(small).env("RAYON_NUM_THREADS", "100000").output().unwrap();
    let cores = std::thread::available_parallelism().unwrap().get().min(256);
    let text = stdout(&output);
    assert!(text.contains(&format!("threads {cores}\"")), "{text}");
}

#[cfg(unix)]
#[test]
fn endless_inputs_are_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let endless = Path::new("/dev/zero");
    if !endless.exists() {
        return;
    }
    for arguments in [
        &["verify", "/dev/zero"][..],
        &["verify", "--against", "/dev/zero"],
        &["train", "--labels", "/dev/zero"],
        &["select", "--labels", "/dev/zero"],
        &["select", "--train-embeddings", REPLIES, "--candidates", "/dev/zero"],
        &["select", "--train-embeddings", "/dev/zero"],
        &["eval", "--model", "/dev/zero"],
        &["cost", "--items", "65536", "--responses", "65536"],
    ] {
        let error = refused(folder.path(), arguments, &[]);
        assert!(error.contains("error: ") && !error.contains("panicked"), "{error}");
    }
}

/// Paths are bytes; a run to a name that is no text goes on after an interruption.
#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_no_text_are_served() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    use std::time::{Duration, Instant};

    let folder = TempDir::new().unwrap();
    let odd = |text: &str| {
        let mut name = OsString::from(text);
        name.push(OsStr::from_bytes(b"\xff"));
        name
    };
    let rewards = REPLIES.replace("embeddings", "rewards");
    for (from, to) in [(REPLIES, "embeddings"), (&rewards, "rewards")] {
        fs::copy(from, folder.path().join(odd(to))).unwrap();
    }
    let command = |arguments: &[OsString]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pairpick"));
        command.current_dir(folder.path()).args(arguments);
        command
    };
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let mut arguments =
        words(&["run", "--preset", "mlp", "--batch", "5", "--rounds", "40", "--iterations", "1"]);
    for (option, name) in
        [("--train-embeddings", "embeddings"), ("--train-rewards", "rewards"), ("--out", "out")]
    {
        arguments.extend([option.into(), odd(name)]);
    }
    let mut child = command(&arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut partial = OsString::from(".");
    partial.push(odd("out"));
    partial.push(".partial/metrics.jsonl");
    let began = Instant::now();
    while !folder.path().join(&partial).exists() {
        assert!(began.elapsed() < Duration::from_secs(300), "no round has ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let resume = [words(&["run", "--resume"]), vec![odd("out")]].concat();
    let output = command(&resume).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join(odd("out")).join("curves.svg").exists());
}
