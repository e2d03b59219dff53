//! A run that is killed at any instant goes on to the same bytes. Each case kills the program as a
//! power cut or an impatient user would.

mod changed;
mod data;
#[path = "../folder/mod.rs"]
mod folder;
#[path = "../npy/mod.rs"]
mod npy;
mod replaced;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pairpick_core::rng::Stream;
use tempfile::TempDir;

use self::folder::{FILES, names};

/// A few rounds, each long enough to be killed in.
const ROUNDS: [&str; 10] = [
    "--preset",
    "mlp",
    "--rounds",
    "3",
    "--batch",
    "20",
    "--iterations",
    "60",
    "--early-stopping",
    "off",
];

const POLL: Duration = Duration::from_micros(200);

/// A folder, and a command that fills `out` in it.
struct Case {
    folder: TempDir,
    arguments: Vec<&'static str>,
}

impl Case {
    fn new(arguments: &[&'static str]) -> Self {
        let alone: &[&str] =
            if arguments.contains(&"--beside") { &[] } else { &["--beside", "none"] };
        let arguments = [&["run"], &ROUNDS[..], alone, &["--out", "out"], arguments].concat();
        Self { folder: TempDir::new().unwrap(), arguments }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pairpick"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn begin(&self) -> Child {
        self.start(&self.arguments)
    }

    /// The same with these `env` options for signals, even where whoever runs the tests ignores some,
    /// which children inherit; none where there is no such `env`.
    #[cfg(unix)]
    fn begin_with_signals(&self, options: &[&str]) -> Option<Child> {
        let works = Command::new("env").args(options).arg("true").output();
        if !works.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let mut command = Command::new("env");
        command.args(options).arg(env!("CARGO_BIN_EXE_pairpick")).args(&self.arguments);
        command.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        Some(command.spawn().unwrap())
    }

    fn resume(&self) -> Child {
        self.start(&["run", "--resume", "out"])
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn partial(&self) -> PathBuf {
        self.folder.path().join(".out.partial")
    }

    /// Rounds that have ended, whatever else may be in the files.
    fn rounds(&self) -> usize {
        let text = fs::read(self.partial().join("manifest.json")).unwrap_or_default();
        let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        manifest["files"]["metrics.jsonl"].as_array().map_or(0, Vec::len)
    }

    /// Ends the run however far it is: gone on with, begun anew, or complete.
    fn end(&self) {
        let output = self.output(&["run", "--resume", "out"]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        if output.status.success() || stderr.contains("the run is complete") {
            return;
        }
        let nothing = ["before anything was written", "no run to this folder"];
        assert!(nothing.iter().any(|text| stderr.contains(text)), "{stderr}");
        let output = self.output(&self.arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The files, the seconds of the metrics left out; nothing else may be there.
    fn result(&self) -> Vec<String> {
        assert_eq!(names(self.folder.path()), ["out"]);
        let files = names(&self.out());
        let own: Vec<&String> = files.iter().filter(|name| *name != "grid.jsonl").collect();
        assert_eq!(own, FILES);
        let read = |name: &String| {
            let bytes = fs::read(self.out().join(name)).unwrap();
            let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            match name.as_str() {
                "metrics.jsonl" | "grid.jsonl" => without_seconds(&text),
                "manifest.json" => without_metrics(&text),
                _ => text,
            }
        };
        files.iter().map(read).collect()
    }

    fn succeeds(&self, arguments: &[&str]) {
        let output = self.output(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
    }

    /// It fails with this message.
    fn fails(&self, arguments: &[&str], message: &str) {
        let output = self.output(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }

    /// A run that was killed after its first round.
    fn interrupted(&self) {
        self.interrupted_after(1);
    }

    /// A run that was killed after so many rounds; on a busy machine it may take several to catch
    /// one before it ends.
    fn interrupted_after(&self, rounds: usize) {
        for _ in 0..20 {
            let mut child = self.begin();
            let has_model = || self.partial().join("model.safetensors").exists();
            let has_rounds = || self.rounds() >= rounds;
            wait_until(|| self.out().exists() || (has_model() && has_rounds()));
            child.kill().unwrap();
            child.wait().unwrap();
            if !self.out().exists() {
                return;
            }
            fs::remove_dir_all(self.out()).unwrap();
        }
        panic!("twenty runs were too fast to be killed");
    }

    /// Going on fails with this message and removes nothing.
    fn refuses(&self, message: &str) {
        let kept = || -> Vec<String> {
            names(&self.partial()).into_iter().filter(|name| !name.starts_with('.')).collect()
        };
        let before = kept();
        self.fails(&["run", "--resume", "out"], message);
        assert_eq!(kept(), before);
    }

    fn refuses_complete(&self) {
        let output = self.output(&["run", "--resume", "out"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("the run is complete"));
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().matches('\n').count()
}

fn without_seconds(metrics: &str) -> String {
    let line = |line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("seconds").is_some());
        line.to_string()
    };
    metrics.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A manifest without the digest of the seconds.
fn without_metrics(manifest: &str) -> String {
    let mut manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    let files = manifest["files"].as_object_mut().unwrap();
    assert!(files.remove("metrics.jsonl").is_some());
    files.remove("grid.jsonl");
    manifest.to_string()
}

fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never came");
        sleep(POLL);
    }
}

/// Names and lengths of the files in a folder; empty where there is none.
fn state(folder: &Path) -> Vec<(String, u64)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut state: Vec<(String, u64)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name, entry.metadata().ok()?.len()))
        })
        .collect();
    state.sort();
    state
}

/// Kills the program after so many changes of its folder, or of the one that it replaces; whether
/// it lived so long.
fn kill_after(case: &Case, mut child: Child, changes: usize) -> bool {
    let both = || (state(&case.partial()), state(&case.out()));
    let (mut seen, mut last) = (0, both());
    let killed = loop {
        let now = both();
        seen += usize::from(now != last);
        last = now;
        if seen >= changes {
            break true;
        }
        if child.try_wait().unwrap().is_some() {
            break false;
        }
    };
    // It may have ended by itself since.
    let _ = child.kill();
    child.wait().unwrap();
    killed
}

fn killed_after_each_change(arguments: &[&'static str]) {
    let reference = Case::new(arguments);
    assert!(reference.output(&reference.arguments).status.success());
    let expected = reference.result();
    let mut kills = 0;
    for changes in 1.. {
        let case = Case::new(arguments);
        let killed = kill_after(&case, case.begin(), changes);
        kills += usize::from(killed);
        if changes % 2 == 0 {
            // Killed once more while it goes on.
            kill_after(&case, case.resume(), 1 + changes / 2);
        }
        case.end();
        assert!(case.result() == expected, "killed after {changes} changes");
        if !killed {
            break;
        }
    }
    assert!(kills >= 8, "killed only {kills} times");
}

#[test]
fn killed_after_each_change_of_the_folder() {
    killed_after_each_change(&[]);
}

#[test]
fn killed_after_each_change_of_the_folder_while_each_round_starts_from_the_last() {
    killed_after_each_change(&["--init", "warm"]);
}

/// Of the runs to compare with, none that has ended is done again, and none is left out.
#[test]
fn killed_after_each_change_of_the_folder_while_runs_are_compared() {
    killed_after_each_change(&["--beside", "random", "--seeds", "2"]);
}

/// A run among others, killed once so many of them have ended, and their lines.
fn interrupted_among_others(runs: usize) -> (Case, Vec<String>) {
    let case = Case::new(&["--beside", "random", "--seeds", "20"]);
    let mut child = case.begin();
    let ended = || {
        let text = fs::read(case.partial().join("manifest.json")).unwrap_or_default();
        let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        manifest["files"]["grid.jsonl"].as_array().map_or(0, Vec::len)
    };
    wait_until(|| ended() >= runs);
    child.kill().unwrap();
    child.wait().unwrap();
    let (ended, text) = (ended(), fs::read_to_string(case.partial().join("grid.jsonl")).unwrap());
    let lines = text.lines().take(3 * ended).map(str::to_owned).collect();
    (case, lines)
}

/// By the seconds that each took.
#[test]
fn runs_that_have_ended_are_not_done_again() {
    let (case, before) = interrupted_among_others(5);
    assert!(before.len() >= 15 && !case.out().exists(), "{}", before.len());
    case.end();
    let text = fs::read_to_string(case.out().join("grid.jsonl")).unwrap();
    let after: Vec<&str> = text.lines().collect();
    assert!(after.len() == 120 && after[..before.len()] == before[..]);
    let whole = Case::new(&["--beside", "random", "--seeds", "20"]);
    whole.end();
    assert!(case.result() == whole.result());
}

#[test]
fn killed_after_any_delay() {
    let reference = Case::new(&[]);
    let start = Instant::now();
    assert!(reference.output(&reference.arguments).status.success());
    let duration = start.elapsed();
    let expected = reference.result();
    let mut delays = Stream::new(7, "delays", 0);
    for _ in 0..24 {
        let case = Case::new(&[]);
        for mut child in [case.begin(), case.resume()] {
            sleep(duration.mul_f64(delays.uniform()));
            // It may have ended by itself.
            let _ = child.kill();
            child.wait().unwrap();
        }
        case.end();
        assert!(case.result() == expected);
    }
}

#[test]
fn a_second_run_to_the_same_folder_is_refused_and_does_no_harm() {
    let case = Case::new(&[]);
    let mut first = case.begin();
    wait_until(|| case.partial().join("inputs.json").exists());
    for arguments in [&case.arguments[..], &["run", "--out", "out", "--force"]] {
        let second = case.output(arguments);
        let stderr = String::from_utf8(second.stderr).unwrap();
        assert_eq!(second.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("another run is writing there now"), "{stderr}");
    }
    assert!(first.wait().unwrap().success());
    case.result();
}

#[test]
fn an_interrupted_run_is_named_and_can_be_discarded() {
    let case = Case::new(&[]);
    case.interrupted();
    let output = case.output(&case.arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("--resume out") && stderr.contains("--force"), "{stderr}");
    let forced = case.output(&[&case.arguments[..], &["--force"]].concat());
    assert!(forced.status.success(), "{}", String::from_utf8_lossy(&forced.stderr));
    case.result();
    case.refuses_complete();
}

#[test]
fn torn_last_lines_are_dropped() {
    let case = Case::new(&[]);
    case.interrupted();
    let append = |name: &str, text: &str| {
        let path = case.partial().join(name);
        let old = fs::read_to_string(&path).unwrap();
        fs::write(path, old + text).unwrap();
    };
    let rounds = lines(&case.partial().join("metrics.jsonl"));
    append("metrics.jsonl", "{\"round\":");
    let line = format!(
        "{{\"round\":{},\"a\":[0,0],\"b\":[0,1],\"label\":1,\"score\":null}}\n",
        rounds + 1
    );
    append("labels.jsonl", &format!("{line}{}", &line[..20]));
    case.end();
    let reference = Case::new(&[]);
    reference.end();
    assert!(case.result() == reference.result());
}

#[test]
fn options_that_decide_the_result_are_refused_beside_resume() {
    let case = Case::new(&[]);
    let options: [&[&str]; 17] = [
        &["--strategy", "random"],
        &["--rounds", "3"],
        &["--oracle", "bt"],
        &["--hidden", "8,8,8"],
        &["--init", "warm"],
        &["--best-of", "2"],
        &["--preset", "paper"],
        &["--seed", "1"],
        &["--seeds", "3"],
        &["--beside", "random"],
        &["--out", "other"],
        &["--train-embeddings", "e.npy"],
        &["--candidates", "c.jsonl"],
        &["--pool", "cross-prompt"],
        &["--pairs", "9"],
        &["--weights", "averaged"],
        &["--prior-precision", "auto"],
    ];
    for option in options {
        let output = case.output(&[&["run", "--resume", "out"], option].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("cannot be used with") && stderr.contains(option[0]), "{stderr}");
    }
    case.interrupted();
    let allowed = ["--threads", "1", "--isa", "baseline", "--json", "--trust-finite"];
    let output = case.output(&[&["run", "--resume", "out"], &allowed[..]].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["out"], report["rounds"].as_array().unwrap().len()), (&"out".into(), 3));
    case.result();
}

/// Asks for a signal as a terminal does.
#[cfg(unix)]
fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Long rounds, and what stderr says until the first of them has ended.
#[cfg(unix)]
fn ended_a_round(begin: impl FnOnce(&Case) -> Child) -> (Case, Child, BufReader<ChildStderr>) {
    let case = Case::new(&["--hidden", "256,256,256", "--weight-decay", "0.02"]);
    let mut child = begin(&case);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("round 1:") {
        assert_ne!(stderr.read_line(&mut text).unwrap(), 0, "{text}");
    }
    (case, child, stderr)
}

/// An interruption ends a run at once, which says how to go on, wherever stderr leads.
#[cfg(unix)]
fn says_how_to_go_on(case: &Case, mut child: Child, mut stderr: BufReader<ChildStderr>) {
    interrupt(&child);
    let mut text = String::new();
    let start = Instant::now();
    let status = child.wait().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(status.code(), Some(130));
    stderr.read_line(&mut text).unwrap();
    assert!(text.starts_with("interrupted after round "), "{text}");
    assert!(text.ends_with("; go on with: pairpick run --resume out\n"), "{text}");
    assert!(!case.out().exists() && case.partial().join("model.safetensors").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_at_once_and_says_how_to_go_on() {
    let defaults = ["--default-signal=INT,TERM,HUP"];
    let (case, child, stderr) =
        ended_a_round(|case| case.begin_with_signals(&defaults).unwrap_or_else(|| case.begin()));
    says_how_to_go_on(&case, child, stderr);
}

/// `nohup` ignores the signal of a terminal that goes, and that alone.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_under_nohup_says_how_to_go_on() {
    let nohup = ["--default-signal=INT,TERM", "--ignore-signal=HUP"];
    let works = Command::new("env").args(nohup).arg("true").output();
    if !works.is_ok_and(|output| output.status.success()) {
        return;
    }
    let (case, child, stderr) = ended_a_round(|case| case.begin_with_signals(&nohup).unwrap());
    let hang_up = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap();
    assert!(hang_up.success());
    sleep(Duration::from_millis(100));
    says_how_to_go_on(&case, child, stderr);
}

#[test]
fn that_labels_tell_little_is_said_once_by_a_run_and_not_again_when_it_goes_on() {
    const LITTLE: &str = "further labels tell this model little";
    let said = |output: Output| {
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        stderr.matches(LITTLE).count()
    };
    let arguments = "run --preset mlp --rounds 16 --batch 60 --strategy greedy-dopt --prior-precision 1e-6 \
                     --iterations 10 --beside none --out out";
    let case =
        Case { folder: TempDir::new().unwrap(), arguments: arguments.split_whitespace().collect() };
    assert_eq!(said(case.output(&case.arguments)), 1);
    let metrics = fs::read_to_string(case.out().join("metrics.jsonl")).unwrap();
    let share = |line: &str| {
        let metrics: serde_json::Value = serde_json::from_str(line).unwrap();
        metrics["information_share"].as_f64().unwrap_or(1.0)
    };
    let little = metrics.lines().filter(|line| share(line) < 0.1).count();
    let first = metrics.lines().position(|line| share(line) < 0.1).unwrap() + 1;
    assert!(little > 2 && first < 12, "{metrics}");
    fs::remove_dir_all(case.out()).unwrap();
    case.interrupted_after(first);
    assert_eq!(said(case.output(&["run", "--resume", "out"])), 0);
}
