//! `pairpick verify` as a person uses it: what agrees, what differs and how that is told, and what
//! cannot be compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder with the trace of a replay of the smallest kind, values and all.
struct Recorded {
    folder: TempDir,
    text: String,
}

impl Recorded {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let record = ["--record", "good.txt", "--values"];
        let (code, stdout, stderr) = verify(folder.path(), &[&SMALL[..], &record].concat());
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(stdout.starts_with("this machine: "), "{stdout}");
        let text = fs::read_to_string(folder.path().join("good.txt")).unwrap();
        Self { folder, text }
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("other.txt");
        fs::write(&path, text).unwrap();
        path
    }

    /// What `verify other.txt --against good.txt` says of a changed trace.
    fn compare(&self, changed: &str) -> (i32, String, String) {
        self.write(changed);
        verify(self.folder.path(), &["other.txt", "--against", "good.txt"])
    }
}

const SMALL: [&str; 6] = ["--profile", "exact", "--scalar", "f32", "--size", "device"];

fn verify(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pairpick"));
    let output = command.current_dir(folder).arg("verify").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The trace without its values.
fn digests(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("  ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn this_machine_agrees_with_the_golden_traces() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["--threads", "1", "--isa", "baseline"][..], &["--threads", "7"]] {
        let (code, stdout, stderr) = verify(folder.path(), arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        let agree = stdout.lines().filter(|line| line.contains(" stages agree with ")).count();
        assert_eq!((agree, stdout.lines().count()), (6, 7), "{stdout}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn a_recorded_trace_agrees_wherever_it_comes_from() {
    let recorded = Recorded::new();
    let (code, stdout, stderr) = verify(recorded.folder.path(), &["good.txt"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    // As a serial line gives it: with the emulator's own words before, and carriage returns.
    let noisy = format!("booting\n{}", digests(&recorded.text)).replace('\n', "\r\n");
    assert_eq!(recorded.compare(&noisy).0, 0);
    let against = [&SMALL[..], &["--against", "good.txt"]].concat();
    assert_eq!(verify(recorded.folder.path(), &against).0, 0);
}

#[test]
fn a_program_reads_the_comparison_as_json() {
    let recorded = Recorded::new();
    let read = |text: &str| {
        recorded.write(text);
        let arguments = ["other.txt", "--against", "good.txt", "--json"];
        let (code, stdout, _) = verify(recorded.folder.path(), &arguments);
        (code, serde_json::from_str::<serde_json::Value>(&stdout).unwrap())
    };
    let (code, report) = read(&recorded.text);
    assert_eq!((code, &report["agree"]), (0, &true.into()));
    assert_eq!(report["reference"], "good.txt");
    assert_eq!(report["replays"][0]["replay"], "exact f32 device");
    assert_eq!(report["replays"][0]["difference"], serde_json::Value::Null);
    let (code, report) = read(&recorded.text.replacen(" 3f800000", " 3f800001", 1));
    assert_eq!((code, &report["agree"]), (1, &false.into()));
    let difference = report["replays"][0]["difference"].as_str().unwrap();
    assert!(difference.contains("1 ulp apart"), "{difference}");
}

#[test]
fn a_value_that_differs_is_named_to_the_ulp() {
    let recorded = Recorded::new();
    let stage = recorded.text.find("\nsqrt 0 0 0 f32 77 ").unwrap();
    // The third value is √1.
    let place = stage + recorded.text[stage..].find(" 3f800000").unwrap();
    let mut changed = recorded.text.clone();
    changed.replace_range(place..place + 9, " 3f800001");
    let (code, stdout, _) = recorded.compare(&changed);
    assert_eq!(code, 1);
    for told in [
        "exact f32 device: differs from good.txt, first at",
        "stage sqrt, before the rounds, index 0, element 2 of 77",
        "found    1.0000001e0 (0x3f800001)",
        "expected 1e0 (0x3f800000)",
        "1 ulp apart",
    ] {
        assert!(stdout.contains(told), "{told:?} is not in {stdout:?}");
    }
}

#[test]
fn without_values_the_stage_is_named() {
    let recorded = Recorded::new();
    let line = recorded.text.lines().find(|line| line.starts_with("trained 16 2 0 ")).unwrap();
    let changed = format!("{}0123456789abcdef", &line[..line.len() - 16]);
    let (code, stdout, _) = recorded.compare(&digests(&recorded.text.replace(line, &changed)));
    assert_eq!(code, 1);
    assert!(stdout.contains("stage trained, order 16, round 2, index 0, some of "), "{stdout}");
    assert!(stdout.contains("--values"), "{stdout}");
}

#[test]
fn a_trace_that_ends_early_or_skips_a_stage_differs() {
    let recorded = Recorded::new();
    let text = digests(&recorded.text);
    let lines: Vec<&str> = text.lines().collect();
    let (code, stdout, _) = recorded.compare(&lines[..40].join("\n"));
    assert_eq!((code, stdout.contains("found the end, expected stage ")), (1, true), "{stdout}");
    let skipped: Vec<&str> =
        lines.iter().copied().filter(|line| !line.starts_with("ties ")).collect();
    let (code, stdout, _) = recorded.compare(&skipped.join("\n"));
    assert_eq!((code, stdout.contains("expected stage ties")), (1, true), "{stdout}");
}

#[test]
fn what_cannot_be_compared_is_bad_input() {
    let recorded = Recorded::new();
    let good = &recorded.text;
    let cases: [(String, &str); 7] = [
        (String::new(), "no line begins with \"trace contract\""),
        (good.replacen("contract 3", "contract 77", 1), "a trace of contract 77"),
        (good.replacen("trace contract", "trace contrast", 1), "no header of a trace"),
        (good.replacen("\nties ", "\nties 1 ", 1), "line "),
        (good.replacen(" 3f800000", " 3f80000", 1), "is not a value of 32 bits"),
        (good.replacen(" 3f800000", "", 1), "values, but says "),
        (good.replacen("size device", "size moon", 1), "nothing that can be compared"),
    ];
    for (text, told) in cases {
        let (code, stdout, stderr) = recorded.compare(&text);
        assert_eq!((code, stdout.as_str()), (2, ""), "{told}: {stderr}");
        assert!(stderr.contains(told) && stderr.contains("other.txt"), "{told:?}: {stderr}");
    }
    let folder = recorded.folder.path();
    assert_eq!(verify(folder, &["missing.txt"]).0, 2);
    assert_eq!(verify(folder, &["--record", "no/such/folder.txt", SMALL[2], SMALL[3]]).0, 2);
    let (code, _, stderr) = verify(folder, &["--profile", "micro", "--scalar", "f64"]);
    assert_eq!((code, stderr.contains("--profile")), (2, true), "{stderr}");
    assert_eq!(verify(folder, &["--values"]).0, 2, "values of what?");
    assert_eq!(verify(folder, &["good.txt", "--threads", "2"]).0, 2, "nothing is replayed");
}

#[test]
fn an_instruction_set_that_is_not_there_is_no_agreement() {
    let folder = TempDir::new().unwrap();
    let lacking = !cfg!(target_arch = "x86_64");
    let (code, stdout, stderr) = verify(folder.path(), &[&SMALL[..], &["--isa", "v4"]].concat());
    // The processor may have it; then it agrees.
    if lacking || code != 0 {
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains("--isa v4"), "{stderr}");
    } else {
        assert!(stdout.contains("Avx512"), "{stdout}");
    }
}
