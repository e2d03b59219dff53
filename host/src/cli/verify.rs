//! `pairpick verify`: are these the right bits?

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use pairpick_core::parallel::{Executor, Micro};
use pairpick_core::profile::Profile;
use serde::Serialize;

use super::groups;
use super::output::Output;
use crate::error::{Error, Result};
use crate::named::{Named, choice};
use crate::output::file::{NewFile, Places};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::runtime::{Isa, Runtime};
use crate::verify::{Scalar, ScenarioSize, Trace, first_difference, golden, replay};

const EXAMPLES: &str = "\
Examples:
  Does this machine compute the bits that it should?
    pairpick verify

  The same for the baseline instruction set and seven threads:
    pairpick verify --isa baseline --threads 7

  Which value differs? Record a good machine's values, and compare on the other:
    pairpick verify --record good.txt --values
    pairpick verify --against good.txt

  A trace that a microcontroller printed:
    pairpick verify device.txt

  For a program:
    pairpick verify --size device --json

Exit codes: 0 all bits agree, 1 some differ, 2 bad input, or a processor without the instruction
set asked for.

x87 arithmetic (32-bit x86 without SSE2) rounds differently: no such program can be built.";

/// Replay a fixed run on this machine and compare every bit with the golden traces
///
/// The run is the whole of pairpick's arithmetic over small generated data: training, Fisher
/// information, every strategy, metrics, and what ordinary data does not reach. Each stage is
/// digested, and the first that differs is named.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Compare this trace, recorded elsewhere, instead of replaying
    #[arg(value_name = "TRACE", conflicts_with_all = ["record", "threads", "isa", "values"])]
    trace: Option<PathBuf>,

    /// Compare with this trace instead of the golden ones
    #[arg(long, value_name = "FILE", help_heading = "Comparison")]
    against: Option<PathBuf>,

    /// Write the trace of the replay to this file, - for standard output, and compare nothing
    #[arg(long, value_name = "FILE", conflicts_with = "against", help_heading = "Comparison")]
    record: Option<PathBuf>,

    /// Replace the file if it is there
    #[arg(long, requires = "record", help_heading = "Comparison")]
    force: bool,

    /// Record the values too, not only their digests
    #[arg(long, requires = "record", help_heading = "Comparison")]
    values: bool,

    /// Whose functions weights and activations are computed with; all if not given
    #[arg(long, value_parser = choice::<Profile>(), help_heading = "Replay")]
    profile: Option<Profile>,

    /// Type of the numbers; all if not given
    #[arg(long, value_parser = choice::<Scalar>(), help_heading = "Replay")]
    scalar: Option<Scalar>,

    /// Amount of data; all if not given
    #[arg(long, value_parser = choice::<ScenarioSize>(), help_heading = "Replay")]
    size: Option<ScenarioSize>,

    /// Threads; one for each core if not given. All must give the same bits
    #[arg(long, value_name = "N", help_heading = "Replay")]
    threads: Option<NonZeroUsize>,

    /// Instruction set. All must give the same bits
    #[arg(long, value_parser = choice::<Isa>(), default_value = Isa::Auto.name(),
          help_heading = "Replay")]
    isa: Isa,

    #[command(flatten)]
    print: groups::Print,
}

/// Replays and compares; exit code 1 where a bit differs.
pub(super) fn execute(args: &Args, output: &mut Output) -> Result<ExitCode> {
    let reference = match (&args.against, &args.record) {
        (Some(path), _) => Some((path.display().to_string(), Trace::read(path)?)),
        (None, None) => Some(("the golden trace".to_owned(), golden()?)),
        (None, Some(_)) => None,
    };
    let mut places = Places::new(args.force, &[]);
    let record = args.record.as_ref().map(|path| places.take(path)).transpose()?;
    let (found, place) = match &args.trace {
        Some(path) => (args.chosen(Trace::read(path)?), path.display().to_string()),
        None => args.replay(output)?,
    };
    let printed = record.as_ref().is_some_and(NewFile::is_standard_output);
    if let Some(file) = record {
        file.write(found.to_string().as_bytes())?;
    }
    let Some((name, expected)) = reference else {
        if args.print.json && !printed {
            let trace = args.record.as_ref().map(|path| path.display().to_string());
            output.json(&Recorded { found: place, trace })?;
        } else {
            output.result_beside(printed, &format!("{place}\n"))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let report = Report::new(&found, &expected, place, name);
    for key in &report.left_out {
        output.note(&format!("{key}: not in {}, not compared", report.reference));
    }
    if report.replays.is_empty() {
        let path = args.against.as_ref().or(args.trace.as_ref());
        let problem = format!("nothing that can be compared with {}", report.found);
        return Err(Error::Trace { path: path.cloned().unwrap_or_default(), problem });
    }
    match args.print.json {
        true => output.json(&report)?,
        false => output.result(&output.in_options(&report.text()))?,
    }
    Ok(ExitCode::from(u8::from(!report.agree)))
}

impl Args {
    /// The parts of a trace that `--profile`, `--scalar` and `--size` ask for.
    fn chosen(&self, mut trace: Trace) -> Trace {
        trace.sections.retain(|section| {
            self.profile.is_none_or(|profile| profile.name() == section.key.profile)
                && self.scalar.is_none_or(|scalar| scalar.name() == section.key.scalar)
                && self.size.is_none_or(|size| size.name() == section.key.size)
        });
        trace
    }

    /// What is asked for of all that there is.
    fn replays(&self) -> Vec<(Profile, Scalar, ScenarioSize)> {
        let mut replays = Vec::new();
        for (profile, scalar) in [
            (Profile::Exact, Scalar::F32),
            (Profile::Exact, Scalar::F64),
            (Profile::Micro, Scalar::F32),
        ] {
            for size in ScenarioSize::ALL {
                if self.profile.is_none_or(|chosen| chosen == profile)
                    && self.scalar.is_none_or(|chosen| chosen == scalar)
                    && self.size.is_none_or(|chosen| chosen == *size)
                {
                    replays.push((profile, scalar, *size));
                }
            }
        }
        replays
    }

    /// Replays what is asked for, and says where.
    fn replay(&self, output: &mut Output) -> Result<(Trace, String)> {
        let threads = Threads::start(&Runtime { threads: self.threads, isa: self.isa })?;
        let replays = self.replays();
        if replays.is_empty() {
            return Err(Error::setting("profile", "micro", "micro has f32 alone"));
        }
        // The golden traces have none to compare with.
        let with_values = self.values || self.against.is_some();
        let mut trace = Trace::default();
        output.begin("replaying", replays.len() as u64);
        for (profile, scalar, size) in replays {
            let section = threads.install(|| match profile {
                Profile::Exact => replay(&threads, scalar, size, with_values),
                Profile::Micro => replay(&Micro(&threads), scalar, size, with_values),
            })?;
            trace.sections.push(section);
            output.advance(trace.sections.len() as u64);
        }
        output.end();
        let place = format!(
            "this machine: {} {}, {}, threads {}",
            std::env::consts::ARCH,
            std::env::consts::OS,
            threads.level_name(),
            threads.threads()
        );
        Ok((trace, place))
    }
}

/// What `--record` did: what `--json` prints.
#[derive(Serialize)]
struct Recorded {
    /// The machine that replayed.
    found: String,
    /// The trace's file.
    trace: Option<String>,
}

/// What a comparison came to: what `--json` prints.
#[derive(Serialize)]
struct Report {
    /// The machine that replayed, or the trace's file.
    found: String,
    /// What it is compared with.
    reference: String,
    /// Whether all that was compared has the same bits.
    agree: bool,
    /// What was compared.
    replays: Vec<Compared>,
    /// Replays that the reference does not have.
    left_out: Vec<String>,
}

/// A replay beside the same one of the reference.
#[derive(Serialize)]
struct Compared {
    replay: String,
    stages: usize,
    agrees: bool,
    /// Where they first differ, in words.
    difference: Option<String>,
}

impl Report {
    fn new(found: &Trace, expected: &Trace, place: String, reference: String) -> Self {
        let (mut replays, mut left_out) = (Vec::new(), Vec::new());
        for section in &found.sections {
            let replay = section.key.to_string();
            let Some(other) = expected.section(&section.key) else {
                left_out.push(replay);
                continue;
            };
            let difference =
                first_difference(section, other).map(|difference| difference.to_string());
            let (stages, agrees) = (section.stages.len(), difference.is_none());
            replays.push(Compared { replay, stages, agrees, difference });
        }
        let agree = replays.iter().all(|replay| replay.agrees);
        Self { found: place, reference, agree, replays, left_out }
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.found);
        for Compared { replay, stages, difference, .. } in &self.replays {
            let name = &self.reference;
            let said = match difference {
                None => format!("{replay}: {stages} stages agree with {name}"),
                Some(difference) => {
                    format!("{replay}: differs from {name}, first at\n  {difference}")
                }
            };
            text.push_str(&said);
            text.push('\n');
        }
        text
    }
}
