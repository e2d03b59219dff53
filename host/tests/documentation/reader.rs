//! A reader, who does what a page says.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::bring;
use crate::page::{Block, Kind, Mark};

/// What the pages ask of cargo, for a reader who has the program already: `cargo run --release` is the
/// program that this test was built with, and `cargo test` is what runs this test.
const CARGO: &str = r#"#!/bin/sh
case "$*" in
    "run --release -- "*) shift 3; exec pairpick "$@" ;;
    "test --workspace" | "install --path host") ;;
    *) echo "no stand-in for cargo $*" >&2; exit 1 ;;
esac
"#;

/// Someone at a shell.
pub struct Reader {
    work: TempDir,
    at: PathBuf,
    /// What the last script printed.
    printed: Option<String>,
}

/// How a block turned out.
pub enum Outcome {
    /// As the page shows it.
    AsShown,
    /// Not run, for lack of this.
    Skipped(String),
    /// Otherwise, so.
    Differs(String),
}

impl Reader {
    /// One in a folder of their own, with `fixtures` and the files that a reader brings.
    pub fn in_a_folder(root: &Path) -> Self {
        let mut reader = Self::at_the_root(root);
        reader.at = reader.work.path().join("here");
        fs::create_dir(&reader.at).unwrap();
        let copied =
            Command::new("cp").arg("-r").arg(root.join("fixtures")).arg(&reader.at).status();
        assert!(copied.unwrap().success());
        bring::files(&reader.at);
        let stand_in = reader.programs().join("cargo");
        fs::write(&stand_in, CARGO).unwrap();
        fs::set_permissions(&stand_in, Permissions::from_mode(0o755)).unwrap();
        reader
    }

    /// One at the root of the repository, with the cargo that is there.
    pub fn at_the_root(root: &Path) -> Self {
        let work = TempDir::new().unwrap();
        let reader = Self { at: root.to_owned(), work, printed: None };
        fs::create_dir(reader.programs()).unwrap();
        symlink(env!("CARGO_BIN_EXE_pairpick"), reader.programs().join("pairpick")).unwrap();
        reader
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.at
    }

    /// What comes first on their PATH.
    fn programs(&self) -> PathBuf {
        self.work.path().join("bin")
    }

    /// Does what the block says.
    pub fn follow(&mut self, block: &Block) -> Outcome {
        let lacks = block.marks.iter().find_map(|mark| match mark {
            Mark::Needs(thing) if !self.has(thing) => Some(thing),
            _ => None,
        });
        if let Some(thing) = lacks {
            return Outcome::Skipped(thing.clone());
        }
        let how = match &block.kind {
            Kind::Saved(name) => {
                fs::write(self.at.join(name), format!("{}\n", block.text)).unwrap();
                Ok(())
            }
            Kind::Script => self.run(&block.text, &block.text).map(|output| {
                self.printed = Some(text(&output.stdout));
            }),
            Kind::Printed => {
                let printed = self.printed.take().expect("a script before what it prints");
                compared("the script before", &block.text, &printed)
            }
            Kind::Session => self.session(&block.text),
        };
        how.err().map_or(Outcome::AsShown, Outcome::Differs)
    }

    /// Types the commands of a session one by one.
    fn session(&self, text_of_block: &str) -> Result<(), String> {
        let mut lines = text_of_block.lines().peekable();
        while let Some(line) = lines.next() {
            let mut command = line.strip_prefix("$ ").expect("a command first").to_owned();
            while command.ends_with('\\') {
                let more = lines.next().and_then(|line| line.strip_prefix("> "));
                command = format!("{command}\n{}", more.expect("a command that goes on"));
            }
            let mut shown = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                shown.push(line);
            }
            let printed = self.run(&format!("exec 2>&1\n{command}"), &command)?;
            compared(&command, &shown.join("\n"), &text(&printed.stdout))?;
        }
        Ok(())
    }

    /// What a script prints, which messages call `command`, if it succeeds.
    fn run(&self, script: &str, command: &str) -> Result<Output, String> {
        let mut path = OsString::from(self.programs());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(&self.at)
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .expect("bash");
        if output.status.success() {
            return Ok(output);
        }
        let said = text(&output.stdout) + &text(&output.stderr);
        Err(format!("{}\n{command}\n{said}", output.status))
    }

    /// Whether what a block needs is here: numpy, or a folder that a variable names.
    fn has(&self, thing: &str) -> bool {
        match thing {
            "numpy" => self.run("python3 -c 'import numpy'", thing).is_ok(),
            variable => {
                let known = variable.starts_with("PAIRPICK_");
                assert!(known, "neither numpy nor a variable of ours: {variable}");
                std::env::var_os(variable).is_some_and(|folder| Path::new(&folder).is_dir())
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a command printed what the page shows, but for how long it took.
fn compared(command: &str, shown: &str, printed: &str) -> Result<(), String> {
    if without_seconds(shown) == without_seconds(printed) {
        return Ok(());
    }
    Err(format!("{command}\nis shown to print\n{shown}\nand prints\n{printed}"))
}

/// The lines of a text; those of a table whose last column is of seconds without that column.
fn without_seconds(text: &str) -> Vec<&str> {
    let mut timed = false;
    let lines = text.trim_end().lines().map(str::trim_end).map(|line| {
        timed = line.ends_with("seconds") || (timed && !line.is_empty());
        match line.rsplit_once(' ') {
            Some((rest, _)) if timed => rest.trim_end(),
            _ => line,
        }
    });
    lines.collect()
}
