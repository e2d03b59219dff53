//! Combinations of the options that the command line defines, most of them with values that fit, some
//! with values that do not.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::{Arg, Command};
use pairpick_core::rng::Stream;

use super::data::{self, FITTING, GIVEN, ODD};
use super::{Ended, Program};

/// Options that write files.
const OUTPUTS: [&str; 4] = ["out", "losses", "curve", "record"];

/// Values for options that take a number or a word, beside those that the option names itself.
const VALUES: [&str; 33] = [
    "0",
    "1",
    "2",
    "3",
    "5",
    "8",
    "13",
    "40",
    "1000",
    "65535",
    "65536",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-1",
    "-0",
    "0.5",
    "1e-300",
    "1e-39",
    "1e-6",
    "1e300",
    "inf",
    "nan",
    "",
    " ",
    "all",
    "auto",
    "off",
    "item:1",
    "prompt:2",
    "5,4,3",
    "1,1,1,1,1,1,1,1,1",
    "2,\u{1b}[2J",
];

/// Those of them that most options take.
const COMMON: [&str; 6] = ["0", "1", "2", "3", "0.5", "1e-6"];

/// What fits where the sizes of the work are asked for, so that most uses end soon; the first
/// [`EVERY`] of them in most uses.
const SMALL: [(&str, &[&str]); 12] = [
    ("iterations", &["0", "1", "3", "7"]),
    ("rounds", &["1", "2", "3"]),
    ("batch", &["1", "2", "7", "20"]),
    ("items", &["4", "100", "3000"]),
    ("size", &["device"]),
    ("hidden", &["4,4,4", "5,4,3", "64,64,64"]),
    ("posterior-samples", &["2", "20"]),
    ("configurations", &["2", "50"]),
    ("clusters", &["1", "5"]),
    ("prompts-per-round", &["1", "3", "12"]),
    ("pairs", &["1", "4", "30", "all"]),
    ("threads", &["1", "2", "3"]),
];

/// How many of them set what most of the time goes to.
const EVERY: usize = 5;

/// What the uses came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Uses that were done.
    pub done: u64,
    /// Uses that were refused.
    pub refused: u64,
    /// Uses that took so long that they were interrupted.
    pub interrupted: u64,
}

/// Uses the command in a folder for so long; each fault goes to `report`, with the number of the use,
/// which with the seed makes it again.
///
/// # Panics
/// If the folder cannot be written.
pub fn run(
    program: &Program,
    folder: &Path,
    (seed, first): (u64, u64),
    time: Duration,
    report: &mut dyn FnMut(&str),
) -> Counts {
    let definition = pairpick::cli::command();
    let mut given = data::contents(&folder.join(GIVEN));
    let mut counts = Counts::default();
    let start = Instant::now();
    for number in first.. {
        if start.elapsed() > time {
            break;
        }
        let mut odd = Odd { stream: Stream::new(seed, "options", number) };
        let arguments = odd.arguments(&definition);
        odd.place(folder);
        let ended = program.run(folder, &arguments);
        let mut fault = ended.fault(&arguments);
        let now = data::contents(&folder.join(GIVEN));
        // Manual pages are added to a folder that has others.
        if given.iter().any(|entry| now.binary_search(entry).is_err()) {
            fault = Some("changed what it was given".to_owned());
        }
        given = now;
        if let Some(fault) = fault {
            report(&format!("use {number} of seed {seed}: {fault}: pairpick {arguments:?}"));
        }
        counts.add(&ended);
    }
    counts
}

impl Counts {
    fn add(&mut self, ended: &Ended) {
        if ended.interrupted {
            self.interrupted += 1;
        } else if ended.status.success() {
            self.done += 1;
        } else {
            self.refused += 1;
        }
    }
}

/// What to ask next.
struct Odd {
    stream: Stream,
}

impl Odd {
    /// Whether to do what is done once in so many uses.
    fn once_in(&mut self, uses: u64) -> bool {
        self.stream.below(uses) == 0
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.stream.below(all.len() as u64) as usize]
    }

    /// A subcommand and options of it.
    fn arguments(&mut self, definition: &Command) -> Vec<OsString> {
        let all: Vec<&Command> = definition.get_subcommands().collect();
        // The loop has the most options.
        let command = if self.once_in(2) { all[0] } else { *self.one_of(&all) };
        let mut arguments = vec![OsString::from(command.get_name())];
        let small = !self.once_in(8);
        // Data of its own is a whole, or as it comes.
        let whole = !self.once_in(4);
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let long = argument.get_long();
            let fits = FITTING.iter().any(|(name, _)| Some(*name) == long);
            let wanted = argument.is_required_set()
                || small && SMALL[..EVERY].iter().any(|(small, _)| Some(*small) == long)
                || whole
                    && long.is_some_and(|long| {
                        long.starts_with("train-")
                            || long.starts_with("test-r")
                            || long == "test-embeddings"
                    })
                || self.once_in(if fits { 3 } else { 12 });
            if !wanted || matches!(name, "help" | "version") {
                continue;
            }
            arguments.extend(long.map(|long| OsString::from(format!("--{long}"))));
            if argument.get_action().takes_values() {
                arguments.extend(self.value(argument, small));
            }
        }
        if self.once_in(20) {
            let place = 1 + self.stream.below(arguments.len() as u64) as usize;
            arguments.insert(place, OsString::from(*self.one_of(&VALUES)));
        }
        arguments
    }

    /// A value, or none where an option does without.
    fn value(&mut self, argument: &Arg, small: bool) -> Option<OsString> {
        let long = argument.get_long().unwrap_or_default();
        if argument.get_num_args().is_some_and(|count| count.min_values() == 0) && self.once_in(2) {
            return None;
        }
        if OUTPUTS.contains(&long) || long == "resume" {
            return Some(self.output());
        }
        if let Some((_, file)) = FITTING.iter().find(|(name, _)| *name == long) {
            let odd = self.once_in(6);
            return Some(if odd { self.odd_file() } else { in_given(file) });
        }
        if self.once_in(12) {
            return Some(OsString::from(*self.one_of(&VALUES)));
        }
        if let Some((_, values)) = SMALL.iter().find(|(name, _)| small && *name == long) {
            return Some(OsString::from(*self.one_of(values)));
        }
        let named = argument.get_possible_values();
        if named.is_empty() {
            return Some(OsString::from(*self.one_of(&COMMON)));
        }
        Some(OsString::from(self.one_of(&named).get_name()))
    }

    fn odd_file(&mut self) -> OsString {
        if self.once_in(4) {
            let (_, file) = *self.one_of(&FITTING);
            return in_given(file);
        }
        let name = *self.one_of(&ODD);
        match name {
            "/dev/null" => OsString::from(name),
            "\u{ff}" => OsString::from_vec([GIVEN.as_bytes(), b"/\xff"].concat()),
            name => in_given(name),
        }
    }

    /// Where to write: a new place mostly, one that is taken, or one that cannot be.
    fn output(&mut self) -> OsString {
        let places = [
            "new",
            "new",
            "old",
            "mine",
            "given/folder",
            "given/train.npy",
            "/dev/null",
            "-",
            "",
            "lost/x",
        ];
        OsString::from(*self.one_of(&places))
    }

    /// What lies where outputs go: at times nothing, a folder that no run wrote, or what the uses
    /// before left there.
    fn place(&mut self, folder: &Path) {
        if self.once_in(3) {
            for name in ["new", "old"] {
                let path = folder.join(name);
                let _ =
                    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            }
        }
        let mine = folder.join("mine");
        let _ = fs::create_dir(&mine);
        fs::write(mine.join("settings.json"), "{}").expect("a file");
    }
}

fn in_given(name: &str) -> OsString {
    OsString::from(format!("{GIVEN}/{name}"))
}
