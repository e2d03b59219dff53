//! An earlier run that is replaced: a run that is killed between any two steps of it leaves what the
//! next command goes on with, and nothing is lost that no run wrote.

use std::fs;
use std::path::Path;

use super::{Case, kill_after, names};

/// A folder with an earlier run in it, and one that is complete but for taking its place.
struct Replacing {
    case: Case,
    earlier: Vec<String>,
    later: Vec<String>,
}

impl Replacing {
    fn new() -> Self {
        let case = Case::new(&["--force"]);
        case.succeeds(&["run", "--rounds", "1", "--seed", "9", "--beside", "none", "--out", "out"]);
        let earlier = case.result();
        // Somebody's file keeps the later run from taking the place of the earlier.
        let mut child = case.begin();
        super::wait_until(|| case.partial().join("inputs.json").exists());
        fs::write(case.out().join("letter.txt"), "dear").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2));
        fs::remove_file(case.out().join("letter.txt")).unwrap();
        let alone = Case::new(&[]);
        alone.end();
        Self { case, earlier, later: alone.result() }
    }

    /// The same, after so many more steps; none beyond the last.
    fn after(&self, steps: usize) -> Option<Case> {
        let case = Case::new(&["--force"]);
        for folder in ["out", ".out.partial"] {
            copy(&self.case.folder.path().join(folder), &case.folder.path().join(folder));
        }
        let (out, partial) = (case.out(), case.partial());
        let mut files = names(&out);
        files.sort_by_key(|name| name == "manifest.json");
        for name in files.iter().take(steps) {
            fs::remove_file(out.join(name)).unwrap();
        }
        for step in files.len()..steps {
            match step - files.len() {
                0 => fs::remove_dir(&out).unwrap(),
                1 => unlist(&partial, "inputs.json"),
                2 => fs::remove_file(partial.join("inputs.json")).unwrap(),
                _ => return None,
            }
        }
        Some(case)
    }

    fn states(&self) -> impl Iterator<Item = Case> {
        (0..).map_while(|steps| self.after(steps))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for name in names(from) {
        fs::copy(from.join(&name), to.join(name)).unwrap();
    }
}

fn unlist(folder: &Path, name: &str) {
    let path = folder.join("manifest.json");
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!(manifest["files"].as_object_mut().unwrap().remove(name).is_some());
    fs::write(path, manifest.to_string()).unwrap();
}

#[test]
fn whatever_command_follows_a_kill_while_a_run_is_replaced() {
    let replacing = Replacing::new();
    assert_eq!(replacing.states().count(), super::FILES.len() + 4);
    for case in replacing.states() {
        let plain: Vec<&str> =
            case.arguments.iter().copied().filter(|it| *it != "--force").collect();
        case.fails(&plain, "go on with --resume out, or discard it with --force");
        case.succeeds(&["run", "--resume", "out"]);
        assert!(case.result() == replacing.later);
    }
    for case in replacing.states() {
        let again =
            ["run", "--rounds", "1", "--seed", "9", "--beside", "none", "--out", "out", "--force"];
        case.succeeds(&again);
        assert!(case.result() == replacing.earlier);
    }
}

/// A run that is to take the place of a complete one ends that first, so that one of them is whole
/// at any time.
#[test]
fn force_loses_no_run_that_is_complete() {
    let replacing = Replacing::new();
    for case in replacing.states() {
        let mut child = case.begin();
        let partial = |name| case.partial().join(name).exists();
        super::wait_until(|| partial("inputs.json") && !partial("curves.svg"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(names(&case.out()), super::FILES);
        case.end();
        assert!(case.result() == replacing.later);
    }
}

#[test]
fn killed_after_each_change_while_a_run_is_replaced() {
    let reference = Case::new(&["--force"]);
    reference.succeeds(&reference.arguments);
    let expected = reference.result();
    for changes in 1.. {
        let case = Case::new(&["--force"]);
        copy(&reference.out(), &case.out());
        let killed = kill_after(&case, case.begin(), changes);
        let complete = |folder: &Path| names(folder) == super::FILES;
        let whole = case.out().exists() && complete(&case.out());
        assert!(whole || case.partial().join("curves.svg").exists(), "after {changes} changes");
        case.end();
        assert!(case.result() == expected, "after {changes} changes");
        if !killed {
            assert!(changes > 8, "killed only {changes} times");
            break;
        }
    }
}

/// A folder with a complete run.
fn complete() -> Case {
    let case = Case::new(&["--force"]);
    case.succeeds(&case.arguments);
    case
}

#[test]
fn a_folder_is_replaced_only_if_a_run_wrote_all_that_is_in_it() {
    let case = complete();
    let out = case.out();
    let refused = |message: &str| case.fails(&case.arguments, message);
    fs::write(out.join("letter.txt"), "dear").unwrap();
    refused("out: cannot be the output folder: no run wrote letter.txt, which is in it");
    fs::remove_file(out.join("letter.txt")).unwrap();
    fs::create_dir(out.join("mine")).unwrap();
    refused("no run wrote mine, which is in it");
    fs::remove_dir(out.join("mine")).unwrap();
    for name in ["labels.jsonl", "settings.json", "curves.svg", "curves.png"] {
        let path = out.join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, [&good[..], b"\n"].concat()).unwrap();
        refused(&format!("{name} in it was changed since a run wrote it"));
        fs::write(path, good).unwrap();
    }
    for text in ["{}", "{\"format\":\"pairpick run 1\",\"files\":{},\"more\":1}", ""] {
        let good = fs::read(out.join("manifest.json")).unwrap();
        fs::write(out.join("manifest.json"), text).unwrap();
        refused("no run of this version wrote its manifest.json");
        fs::write(out.join("manifest.json"), good).unwrap();
    }
    let manifest = fs::read(out.join("manifest.json")).unwrap();
    fs::remove_file(out.join("manifest.json")).unwrap();
    refused("it holds no manifest.json, which every run writes; move it away");
    fs::write(out.join("manifest.json"), manifest).unwrap();
    fs::remove_file(out.join("curves.svg")).unwrap();
    case.succeeds(&case.arguments);
}

#[test]
fn siblings_that_no_run_made_are_left_alone() {
    let case = complete();
    let old = case.folder.path().join(".out.old");
    fs::create_dir(&old).unwrap();
    fs::write(old.join("letter.txt"), "dear").unwrap();
    case.succeeds(&case.arguments);
    assert_eq!(names(&old), ["letter.txt"]);
    for (name, text, told) in [
        ("letter.txt", "dear", "no run wrote letter.txt"),
        ("labels.jsonl", "", "it holds no manifest.json, which every run writes"),
        ("manifest.json", "{}", "no run of this version wrote its manifest.json"),
        (".lock", "mine", "no run wrote .lock"),
    ] {
        fs::create_dir(case.partial()).unwrap();
        fs::write(case.partial().join(name), text).unwrap();
        for arguments in [&case.arguments[..], &["run", "--resume", "out"]] {
            case.fails(arguments, &format!(".out.partial: cannot be the output folder: {told}"));
        }
        assert_eq!(fs::read_to_string(case.partial().join(name)).unwrap(), text);
        fs::remove_dir_all(case.partial()).unwrap();
    }
    fs::write(case.partial(), "a file").unwrap();
    case.fails(&case.arguments, ".out.partial: ");
    assert_eq!(fs::read_to_string(case.partial()).unwrap(), "a file");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;

    let case = complete();
    let theirs = case.folder.path().join("theirs");
    copy(&case.out(), &theirs);
    symlink("theirs", case.partial()).unwrap();
    for arguments in [&case.arguments[..], &["run", "--resume", "out"]] {
        case.fails(
            arguments,
            ".out.partial: cannot be the output folder: no run made it: it is a link",
        );
    }
    assert_eq!(names(&theirs), super::FILES);
    fs::remove_file(case.partial()).unwrap();
    for folder in [case.partial(), case.out()] {
        let _ = fs::create_dir(&folder);
        let _ = fs::remove_file(folder.join("labels.jsonl"));
        symlink("../theirs/labels.jsonl", folder.join("labels.jsonl")).unwrap();
        case.fails(&case.arguments, "no run wrote labels.jsonl, which is in it");
        fs::remove_file(folder.join("labels.jsonl")).unwrap();
        let _ = fs::remove_dir(folder);
    }
    let lock = case.partial().join(".lock");
    fs::create_dir(case.partial()).unwrap();
    symlink("../theirs/lock", &lock).unwrap();
    case.fails(&case.arguments, "no run wrote .lock, which is in it");
    assert_eq!(names(&theirs), super::FILES);
}

/// An interrupted run's files are somebody's data as well.
#[test]
fn force_does_not_discard_a_run_that_holds_an_input() {
    let case = Case::new(&[]);
    case.interrupted();
    let labels = case.partial().join("labels.jsonl");
    let embeddings = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/embeddings.npy");
    let data = ["--train-embeddings", embeddings, "--candidates", ".out.partial/labels.jsonl"];
    let arguments = [&["run", "--force", "--out", "out", "--batch", "5"], &data[..]].concat();
    case.fails(&arguments, "it holds the input .out.partial/labels.jsonl");
    assert!(labels.exists());
    case.end();
}

#[test]
fn the_manifest_lists_every_file() {
    let case = complete();
    let text = fs::read_to_string(case.out().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["format"], "pairpick run 1");
    let listed = manifest["files"].as_object().unwrap();
    let others = super::FILES.into_iter().filter(|name| *name != "manifest.json");
    assert!(listed.keys().eq(others), "{text}");
    for (name, parts) in listed {
        let parts = parts.as_array().unwrap();
        let bytes = parts.iter().fold(0, |bytes, part| bytes + part["bytes"].as_u64().unwrap());
        assert_eq!(bytes, fs::metadata(case.out().join(name)).unwrap().len(), "{name}");
        let rounds = usize::from(name.ends_with(".jsonl")) * 2 + 1;
        assert_eq!(parts.len(), rounds, "{name}");
    }
}
