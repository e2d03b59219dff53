//! Results that are one file each: nothing that is there is lost, whatever it is, and what cannot be
//! written is found before the work.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use pairpick::Error;
use pairpick::error::FolderError;
use pairpick::output::file::Places;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::refusal::refused;

const LABELS: &str =
    "{\"a\":[0,0],\"b\":[0,1],\"label\":1}\n{\"a\":[1,0],\"b\":[1,1],\"label\":0}\n";

/// A folder with labels, and the model that they give.
struct Case {
    folder: TempDir,
    model: Vec<u8>,
}

impl Case {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("labels.jsonl"), LABELS).unwrap();
        let case = Self { folder, model: Vec::new() };
        case.does("train", &["--out", "model"]);
        let model = fs::read(case.path("model")).unwrap();
        Self { model, ..case }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments<'a>(command: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
        let fixed: &[&'a str] = match command {
            "train" => &[
                "train",
                "--preset",
                "mlp",
                "--labels",
                "labels.jsonl",
                "--iterations",
                "2",
                "--early-stopping",
                "off",
            ],
            "verify" => &["verify", "--profile", "exact", "--scalar", "f32", "--size", "device"],
            _ => &[command],
        };
        [fixed, arguments].concat()
    }

    fn output(&self, command: &str, arguments: &[&str]) -> Output {
        pairpick(self.folder.path(), &Self::arguments(command, arguments))
    }

    fn does(&self, command: &str, arguments: &[&str]) -> Output {
        let output = self.output(command, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn refuses(&self, command: &str, arguments: &[&str], message: &str) {
        refused(self.folder.path(), &Self::arguments(command, arguments), &[message]);
    }
}

#[test]
fn files_that_are_there_need_force_whatever_writes_them() {
    let case = Case::new();
    fs::create_dir(case.path("pages")).unwrap();
    for name in ["mine", "pages/pairpick-run.1"] {
        fs::write(case.path(name), "mine").unwrap();
    }
    let outputs: [(&str, &[&str], &str); 6] = [
        ("train", &["--out", "mine"], "mine"),
        ("train", &["--out", "new", "--losses", "mine"], "mine"),
        ("train", &["--out", "new", "--curve", "mine"], "mine"),
        ("select", &["--out", "mine"], "mine"),
        ("verify", &["--record", "mine"], "mine"),
        ("man", &["--out", "pages"], "pages/pairpick-run.1"),
    ];
    for (command, arguments, name) in outputs {
        case.refuses(command, arguments, &format!("{name}: the file exists; choose another"));
        case.does(command, &[arguments, &["--force"]].concat());
        assert_ne!(fs::read(case.path(name)).unwrap(), b"mine", "{command} {arguments:?}");
        fs::write(case.path(name), "mine").unwrap();
        let _ = fs::remove_file(case.path("new"));
    }
}

#[test]
fn an_output_is_no_input_and_no_other_output() {
    let case = Case::new();
    fs::hard_link(case.path("model"), case.path("linked")).unwrap();
    let input = "it is one of the inputs";
    for out in ["model", "./model", "linked", "labels.jsonl"] {
        let warm = ["--init", "warm", "--model", "model", "--out", out, "--force"];
        #[cfg(unix)]
        case.refuses("train", &warm, input);
        let fitted = ["--out", out, "--force", "--model", "model"];
        case.refuses("select", &[&fitted[..], &["--labels", "labels.jsonl"]].concat(), input);
    }
    let other = "another output goes there";
    let losses = ["--out", "new", "--losses", "./new"];
    case.refuses("train", &losses, other);
    case.refuses("train", &["--out", "new", "--curve", "new"], other);
    case.refuses("train", &["--out", "-", "--losses", "-"], other);
    let linked = ["--out", "model", "--losses", "linked", "--force"];
    #[cfg(unix)]
    case.refuses("train", &linked, other);
}

#[test]
fn a_dash_is_standard_output_and_the_report_makes_way_for_it() {
    let case = Case::new();
    let output = case.does("train", &["--out", "-"]);
    assert!(output.stdout == case.model);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("stopped after 2 iterations"), "{stderr}");
    let losses = case.does("train", &["--out", "other", "--losses", "-"]).stdout;
    assert!(losses.starts_with(b"{\"iteration\":0,"), "{}", String::from_utf8_lossy(&losses));
    let last = ["--last-layer", "--model", "model", "--out", "-"];
    let fitted =
        pairpick(case.folder.path(), &[&["train", "--labels", "labels.jsonl"], &last[..]].concat());
    assert_eq!(fitted.stdout.len(), case.model.len());
    let pairs = case.does("select", &[]).stdout;
    assert!(case.does("select", &["--out", "-"]).stdout == pairs);
    let recorded = case.does("verify", &["--record", "-"]);
    assert!(recorded.stdout.starts_with(b"trace contract"));
    assert!(recorded.stderr.starts_with(b"this machine: "));
    assert!(case.does("man", &["--out", "-"]).stdout == case.does("man", &[]).stdout);
    for command in ["train", "select"] {
        case.refuses(command, &["--out", "-", "--json"], "--json prints its object there");
    }
    case.refuses("run", &["--out", "-"], "-: cannot be the output folder");
    assert!(!case.path("-").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_the_work() {
    let case = Case::new();
    fs::write(case.path("labels.jsonl"), "not read so soon").unwrap();
    for out in ["no/such", "new/", "labels.jsonl/inside"] {
        case.refuses("train", &["--out", out], &format!("{out}: cannot "));
        case.refuses("train", &["--out", "new", "--curve", out], &format!("{out}: cannot "));
        case.refuses("verify", &["--record", out], &format!("{out}: cannot "));
    }
    #[cfg(target_os = "linux")]
    case.refuses("train", &["--out", "/proc/model"], "/proc/model: cannot write");
}

#[test]
fn what_is_written_while_its_name_is_taken_is_kept() {
    let case = Case::new();
    let file = Places::new(false, &[]).take(&case.path("new")).unwrap();
    fs::write(case.path("new"), "theirs").unwrap();
    let error = file.write(b"ours").unwrap_err();
    let Error::Folder(FolderError::FileKept { kept, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(fs::read(kept).unwrap(), b"ours");
    assert_eq!(fs::read(case.path("new")).unwrap(), b"theirs");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::process::{Command, Stdio};
    use std::thread;

    use super::*;

    fn fifo(case: &Case, name: &str) -> thread::JoinHandle<Vec<u8>> {
        let path = case.path(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        thread::spawn(move || fs::read(path).unwrap())
    }

    #[test]
    fn a_fifo_is_written_through() {
        let case = Case::new();
        let (model, losses) = (fifo(&case, "a"), fifo(&case, "b"));
        case.does("train", &["--out", "a", "--losses", "b"]);
        assert!(model.join().unwrap() == case.model);
        assert!(losses.join().unwrap().starts_with(b"{\"iteration\":0,"));
        for name in ["a", "b"] {
            assert!(fs::symlink_metadata(case.path(name)).unwrap().file_type().is_fifo());
        }
        case.refuses("train", &["--out", "a", "--losses", "./a"], "another output goes there");
    }

    /// By a link, so that a program which replaces it does no harm to whoever runs the tests.
    #[test]
    fn a_device_is_written_through_and_by_any_number_of_outputs() {
        let case = Case::new();
        symlink("/dev/null", case.path("null")).unwrap();
        let to_null = ["--out", "null", "--losses", "null", "--curve", "null", "--json"];
        assert!(case.does("train", &to_null).stdout.starts_with(b"{"));
        case.does("select", &["--out", "null"]);
        case.does("verify", &["--record", "null"]);
        assert!(case.path("null").is_symlink());
        assert!(fs::metadata(case.path("null")).unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let case = Case::new();
        fs::create_dir(case.path("far")).unwrap();
        fs::write(case.path("far/model"), "old").unwrap();
        fs::set_permissions(case.path("far/model"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("far/model", case.path("link")).unwrap();
        case.refuses("train", &["--out", "link"], "link: the file exists");
        case.does("train", &["--out", "link", "--force"]);
        assert!(case.path("link").is_symlink());
        assert!(fs::read(case.path("far/model")).unwrap() == case.model);
        let mode = fs::metadata(case.path("far/model")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "as the old one");
        symlink("nowhere", case.path("broken")).unwrap();
        case.refuses("train", &["--out", "broken", "--force"], "it is a link to nothing");
        let twice = ["--out", "link", "--losses", "far/model", "--force"];
        case.refuses("train", &twice, "another output goes there");
    }

    #[test]
    fn standard_output_by_its_path_is_standard_output() {
        let case = Case::new();
        let file = fs::File::create(case.path("redirected")).unwrap();
        let train = ["train", "--preset", "mlp", "--labels", "labels.jsonl", "--iterations", "2"];
        let status = Command::new(env!("CARGO_BIN_EXE_pairpick"))
            .current_dir(case.folder.path())
            .args(train)
            .args(["--early-stopping", "off", "--out", "/dev/stdout"])
            .stdout(file)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        assert!(fs::read(case.path("redirected")).unwrap() == case.model);
    }

    /// A socket takes no file.
    #[test]
    fn what_is_neither_file_nor_fifo_is_refused() {
        let case = Case::new();
        let _socket = std::os::unix::net::UnixListener::bind(case.path("socket")).unwrap();
        case.refuses("train", &["--out", "socket", "--force"], "neither a file nor a FIFO");
    }
}
