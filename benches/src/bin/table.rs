//! What pairpick costs, beside what the machine could do and what others cost, in one table.
//! `benches/table` builds everything and calls it.

use std::path::PathBuf;

use clap::Parser;
use pairpick::named::Named as _;
use pairpick::settings::Preset;
use pairpick_benches::contest::{Outcome, Plan, peak_apart, share_apart};
use pairpick_benches::learning::Failure;
use pairpick_benches::learnt::Learnt;
use pairpick_benches::peak::{self, Peak};
use pairpick_benches::rows::table;
use pairpick_benches::work::{Kind, threads};
use pairpick_benches::{all_pairs, scaling, strategies};
use pairpick_core::select::Strategy;
use serde_json::json;

/// Measure pairpick and its peers in one run, and print one table
#[derive(Debug, Parser)]
struct Args {
    /// The Python of the peers' environment
    #[arg(long, default_value = "python3")]
    python: PathBuf,

    /// The folder of the peers
    #[arg(long, default_value = "benches/peers")]
    peers: PathBuf,

    /// Measurements of each
    #[arg(long, default_value_t = 15)]
    turns: usize,

    /// Let PyTorch take part
    #[arg(long)]
    torch: bool,

    /// Leave the others out, and what is compared with them
    #[arg(long)]
    alone: bool,

    /// The folder of the data, of which features are learnt from AlpacaEval; without it, from the
    /// program's replies
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Draw the pictures into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Measure one strategy in this process
    #[arg(long, num_args = 3, value_names = ["STRATEGY", "POOL", "PRECISION"], hide = true)]
    one: Vec<String>,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if let [strategy, kind, scalar] = &args.one[..] {
        return one(strategy, kind, scalar);
    }
    eprintln!("peaks");
    let peaks = peak::all();
    let learn = |preset: Preset| {
        eprintln!("features of the preset {}", preset.name());
        Learnt::by(preset, args.data.as_deref(), &threads(1))
    };
    let trained = learn(Preset::Mlp)?;
    let mut outcome = Outcome::default();
    if !args.alone {
        let paper = learn(Preset::Paper)?;
        let (python, peers) = (args.python.clone(), args.peers.clone());
        let plan = Plan { python, peers, turns: args.turns, torch: args.torch };
        for threads in [1, 2] {
            plan.compare(threads, &peaks, &mut outcome)?;
        }
        plan.compare_learnt("trained", &trained, 20.0, &mut outcome)?;
        plan.compare_learnt("trained by the preset paper", &paper, 8.0, &mut outcome)?;
    }
    outcome.rows.extend(all_pairs::rows(&trained)?);
    let (rows, notes) = strategies::rows();
    outcome.rows.extend(rows);
    outcome.notes.extend(notes);
    if let Some(folder) = &args.out {
        scaling::draw_all(folder, &trained, peak_apart(&peaks, "f32"))?;
    }
    if args.json {
        let Outcome { rows, notes } = outcome;
        println!("{}", json!({"peaks": peaks, "rows": rows, "notes": notes}));
    } else {
        print(&peaks, &outcome);
    }
    Ok(())
}

/// What a process of its own does for [`strategies`].
fn one(strategy: &str, kind: &str, scalar: &str) -> Result<(), Failure> {
    let strategy = Strategy::from_name(strategy).ok_or("no such strategy")?;
    let kind = Kind::ALL.into_iter().find(|other| other.name() == kind).ok_or("no such pool")?;
    let found = match scalar {
        "f32" => strategies::measure::<f32>(strategy, kind),
        _ => strategies::measure::<f64>(strategy, kind),
    };
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}

fn print(peaks: &[Peak], outcome: &Outcome) {
    println!("Peaks of one core, GF/s:");
    for peak in peaks {
        let Peak { level, scalar, apart, fused } = peak;
        let fused = fused.map_or_else(String::new, |fused| format!(", fused {fused:.1}"));
        println!("  {level:<8} {scalar}  multiply and add {apart:.1}{fused}");
    }
    for scalar in ["f32", "f64"] {
        let share = share_apart(peaks, scalar);
        if share < 1.0 {
            println!(
                "Others fuse multiply and add, and this machine's peak without it is {share:.2} of \
                 that with it: bars against others in {scalar} are so much lower."
            );
        }
    }
    println!("\nMedians of milliseconds, quartiles in brackets:\n\n{}\n", table(&outcome.rows));
    for note in &outcome.notes {
        println!("- {note}");
    }
}
