//! [`Trace`]: what a replay told, in the text form that the core gives it on every platform.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use pairpick_core::scenario::{CONTRACT, Entry, Kind};

use crate::data::lines::{self, Line, Lines};
use crate::error::{Error, Result, quotable};

/// Values that a line holds, at most.
const VALUES_A_LINE: usize = 8;

/// What one replay was: profile, scalar and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The arithmetic.
    pub profile: String,
    /// The type of the numbers.
    pub scalar: String,
    /// The amount of data.
    pub size: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.profile, self.scalar, self.size)
    }
}

/// A stage of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What was computed.
    pub name: String,
    /// The order of the features; 0 for what has none.
    pub order: usize,
    /// The round; 0 before the rounds.
    pub round: usize,
    /// Which one of the stage's repetitions in this round.
    pub index: usize,
    /// What its values are.
    pub kind: Kind,
    /// How many values it has.
    pub count: usize,
    /// Their digest.
    pub digest: u64,
    /// Their bits, where the trace has them.
    pub values: Option<Vec<u64>>,
}

impl Stage {
    /// What the core told, with its values or without.
    #[must_use]
    pub fn of(entry: &Entry<'_>, with_values: bool) -> Self {
        Self {
            name: entry.stage.to_owned(),
            order: entry.order,
            round: entry.round,
            index: entry.index,
            kind: entry.values.kind(),
            count: entry.values.len(),
            digest: entry.digest,
            values: with_values.then(|| entry.values.iter().collect()),
        }
    }

    /// Where in the replay it stands.
    #[must_use]
    pub fn place(&self) -> String {
        let Self { name, order, round, index, .. } = self;
        match (order, round) {
            (0, 0) => format!("stage {name}, before the rounds, index {index}"),
            _ => format!("stage {name}, order {order}, round {round}, index {index}"),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let stage = Self {
            name: words.next().filter(|name| !name.is_empty()).map(quotable)?,
            order: words.next()?.parse().ok()?,
            round: words.next()?.parse().ok()?,
            index: words.next()?.parse().ok()?,
            kind: kind(words.next()?)?,
            count: words.next()?.parse().ok()?,
            digest: hexadecimal(words.next()?, 64)?,
            values: None,
        };
        words.next().is_none().then_some(stage)
    }
}

fn kind(name: &str) -> Option<Kind> {
    [Kind::F32, Kind::F64, Kind::Integer].into_iter().find(|kind| kind.name() == name)
}

fn hexadecimal(text: &str, bits: u32) -> Option<u64> {
    let right = text.len() == bits as usize / 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// All stages of one replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which replay.
    pub key: Key,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// Any number of replays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// One after the other.
    pub sections: Vec<Section>,
}

impl Trace {
    /// Reads a trace from a file. Lines before its first header, as an emulator may print, are not
    /// looked at.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Io`], and as [`Trace::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        Self::from_lines(&mut BufReader::new(file), path)
    }

    /// Understands a trace; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Trace`] for a text without a trace or of another contract; [`Error::Line`] for a
    /// line that is none of a trace's.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        Self::from_lines(&mut text.as_bytes(), path)
    }

    fn from_lines(source: &mut dyn BufRead, path: &Path) -> Result<Self> {
        let (mut trace, mut lines) = (Self::default(), Lines::new(source, path));
        while let Some(Line { number, text, .. }) = lines.next()? {
            let wrong = |problem: String| lines::problem(path, number, problem);
            let line = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text));
            if line.starts_with("trace ") {
                let key = header(path, &line).map_err(|problem| {
                    let header = quotable(&line);
                    problem
                        .unwrap_or_else(|| wrong(format!("\"{header}\" is no header of a trace")))
                })?;
                trace.sections.push(Section { key, stages: Vec::new() });
            } else if let Some(section) = trace.sections.last_mut() {
                section.take(&line).map_err(wrong)?;
            }
        }
        for section in &trace.sections {
            section.check_values(path)?;
        }
        if trace.sections.is_empty() {
            let problem = "no line begins with \"trace contract\"".to_owned();
            return Err(Error::Trace { path: path.into(), problem });
        }
        Ok(trace)
    }

    /// The replay of this key.
    #[must_use]
    pub fn section(&self, key: &Key) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == *key)
    }
}

/// What a header says, or why it cannot be used: `None` where it is none.
fn header(path: &Path, line: &str) -> Result<Key, Option<Error>> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["trace", "contract", contract, "profile", profile, "scalar", scalar, "size", size] =
        *words.as_slice()
    else {
        return Err(None);
    };
    if contract != CONTRACT.to_string() {
        let problem = format!(
            "a trace of contract {}, but this program computes contract {CONTRACT}: \
             compare traces of one version",
            quotable(contract)
        );
        return Err(Some(Error::Trace { path: path.into(), problem }));
    }
    let [profile, scalar, size] = [profile, scalar, size].map(quotable);
    Ok(Key { profile, scalar, size })
}

impl Section {
    /// Takes in a line: a stage, or values of the stage before.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let Some(values) = line.strip_prefix("  ") else {
            let stage = Stage::parse(line).ok_or_else(|| {
                let found = quotable(line);
                format!("\"{found}\"; expected \"stage order round index kind count digest\"")
            })?;
            self.stages.push(stage);
            return Ok(());
        };
        let stage = self.stages.last_mut().ok_or("values before the first stage")?;
        let bits = stage.kind.bits();
        for (place, value) in values.split(' ').enumerate() {
            if place == VALUES_A_LINE {
                return Err(format!("more than {VALUES_A_LINE} values"));
            }
            let value = hexadecimal(value, bits)
                .ok_or_else(|| format!("\"{}\" is not a value of {bits} bits", quotable(value)))?;
            stage.values.get_or_insert_default().push(value);
        }
        Ok(())
    }

    /// Fails where a stage has more or fewer values than it says.
    fn check_values(&self, path: &Path) -> Result<()> {
        let wrong = |stage: &&Stage| {
            stage.values.as_ref().is_some_and(|values| values.len() != stage.count)
        };
        match self.stages.iter().find(wrong) {
            None => Ok(()),
            Some(stage) => {
                let found = stage.values.as_ref().map_or(0, Vec::len);
                let (place, expected) = (stage.place(), stage.count);
                let problem = format!("{place} has {found} values, but says {expected}");
                Err(Error::Trace { path: path.into(), problem })
            }
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Section { key: Key { profile, scalar, size }, stages } in &self.sections {
            writeln!(f, "trace contract {CONTRACT} profile {profile} scalar {scalar} size {size}")?;
            for stage in stages {
                writeln!(f, "{stage}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, order, round, index, kind, count, digest, values } = self;
        write!(f, "{name} {order} {round} {index} {} {count} {digest:016x}", kind.name())?;
        let digits = kind.bits() as usize / 4;
        for line in values.as_deref().unwrap_or_default().chunks(VALUES_A_LINE) {
            f.write_str("\n ")?;
            for value in line {
                write!(f, " {value:0digits$x}")?;
            }
        }
        Ok(())
    }
}
