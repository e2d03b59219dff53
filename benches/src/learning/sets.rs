//! [`Set`]: the data, and how a seed splits it into what is asked about and what is tested on.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use pairpick::data::array::ArrayReader;
use pairpick::data::candidates::Candidates;
use pairpick::data::covariates::CovariatesFile;
use pairpick::data::dataset::{Dataset, Split};
use pairpick::data::embeddings::Embeddings;
use pairpick::data::pool_kind::PoolKind;
use pairpick::data::rewards::Rewards;
use pairpick_core::digest::Digest;
use pairpick_core::rng::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Failure;

/// Parts that prompts are dealt into where each is tested on in turn.
const FOLDS: usize = 5;

/// Arguments of a side of a debate: the first ones.
const ARGUMENTS: usize = 25;

/// A set of data, and how it is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Set {
    /// AlpacaEval: its 600 training prompts, tested on its 150 test prompts.
    Alpaca,
    /// The other way round.
    AlpacaBack,
    /// One half of its training prompts, tested on the other.
    AlpacaHalves,
    /// The program's own data: 78 prompts, tested on the other 26.
    Replies,
    /// People's votes on arguments, by folds of two debates.
    Ukp,
    /// Experts' ratings of summaries, by folds of documents.
    Summeval,
    /// A judge's ratings of answers, by folds of prompts.
    ArenaBench,
    /// People's choices between two answers, by folds of pairs.
    HhHarmless,
}

/// Training data and test data of one split.
pub struct Part {
    /// What is asked about, as a run takes it.
    pub dataset: Dataset,
    /// What models are measured on.
    pub test: Split,
    /// Rewards from which the length is taken out, of the training and of the test responses.
    pub controlled: Option<[Rewards; 2]>,
    /// Test pairs that somebody has decided on, the better item first; where there are none, golden
    /// rewards decide.
    pub decided: Option<Vec<[u64; 2]>>,
    /// What each test prompt is of, so that prompts of one debate count as one.
    pub clusters: Vec<u32>,
}

impl Set {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Alpaca,
        Self::AlpacaBack,
        Self::AlpacaHalves,
        Self::Replies,
        Self::Ukp,
        Self::Summeval,
        Self::ArenaBench,
        Self::HhHarmless,
    ];

    /// What it is, in a table.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Alpaca => "AlpacaEval, train → test",
            Self::AlpacaBack => "AlpacaEval, test → train",
            Self::AlpacaHalves => "AlpacaEval, halves of train",
            Self::Replies => "the program's replies",
            Self::Ukp => "UKP, people's votes",
            Self::Summeval => "SummEval",
            Self::ArenaBench => "Arena-Bench",
            Self::HhHarmless => "hh-rlhf, people's choices",
        }
    }

    /// Whether answers are simulated, so that they can be more or less noisy.
    #[must_use]
    pub fn is_simulated(self) -> bool {
        !matches!(self, Self::Ukp | Self::HhHarmless)
    }

    /// Whether there are rewards from which the length is taken out.
    #[must_use]
    pub fn has_controlled(self) -> bool {
        matches!(self, Self::Alpaca | Self::AlpacaBack | Self::AlpacaHalves)
    }

    /// Whether the lengths of responses are known.
    #[must_use]
    pub fn has_lengths(self) -> bool {
        self != Self::HhHarmless
    }

    /// Whether a prompt has two responses, so that there is no order beyond a single pair.
    #[must_use]
    pub fn is_of_pairs(self) -> bool {
        self == Self::HhHarmless
    }

    /// The most seeds that it is split by: of folds each seed is five runs.
    #[must_use]
    pub fn most_seeds(self) -> u64 {
        match self {
            Self::HhHarmless => 3,
            Self::Summeval | Self::ArenaBench => 8,
            _ => 24,
        }
    }

    /// The numbers of labels looked at.
    #[must_use]
    pub fn budgets(self) -> &'static [u64] {
        match self {
            Self::Replies | Self::Ukp => &[8, 16, 32, 64, 128, 256, 512],
            _ => &[8, 16, 32, 64, 125, 250, 500, 1000],
        }
    }

    /// The splits by a seed; with the length of each response as a covariate or without.
    ///
    /// # Errors
    /// What is wrong with its files.
    pub fn parts(self, folder: &Path, seed: u64, lengths: bool) -> Result<Vec<Part>, Failure> {
        match self {
            Self::Alpaca | Self::AlpacaBack => {
                let (train, test) =
                    (alpaca(folder, "train", lengths)?, alpaca(folder, "test", lengths)?);
                let (train, test) =
                    if self == Self::Alpaca { (train, test) } else { (test, train) };
                Ok(vec![Part::of([&train, &test], [&train.every(), &test.every()])?])
            }
            Self::AlpacaHalves => {
                let whole = alpaca(folder, "train", lengths)?;
                let order = shuffled(whole.prompts(), seed);
                let (train, test) = order.split_at(order.len() / 2);
                Ok(vec![Part::of([&whole, &whole], [&ascending(train), &ascending(test)])?])
            }
            Self::Replies => Part::of_replies(seed, lengths).map(|part| vec![part]),
            Self::Ukp => ukp(folder, seed, lengths),
            Self::Summeval => by_folds(&rated(&folder.join("summeval"), lengths)?, seed),
            Self::ArenaBench => by_folds(&rated(&folder.join("arena_bench"), lengths)?, seed),
            Self::HhHarmless => {
                let parts = by_folds(&pairs_of_two(&folder.join("hh_harmless"))?, seed)?;
                // The first of two was chosen.
                let decided = |part: &Part| {
                    let prompts = 0..part.clusters.len() as u64;
                    prompts.map(|prompt| [2 * prompt, 2 * prompt + 1]).collect()
                };
                let part = |part: Part| Part { decided: Some(decided(&part)), ..part };
                Ok(parts.into_iter().map(part).collect())
            }
        }
    }
}

/// Data before it is split.
struct Whole {
    split: Split,
    /// The same with the length taken out of the rewards.
    controlled: Option<Split>,
}

impl Whole {
    fn prompts(&self) -> u64 {
        self.split.embeddings.prompts() as u64
    }

    fn every(&self) -> Vec<u64> {
        (0..self.prompts()).collect()
    }
}

impl Part {
    /// These prompts of these data to ask about, and to test on.
    fn of(whole: [&Whole; 2], prompts: [&[u64]; 2]) -> Result<Self, Failure> {
        let [train, test] = [0, 1].map(|side| whole[side].split.of_prompts(prompts[side]));
        let controlled = |side: usize| -> Result<Option<Rewards>, Failure> {
            let whole = whole[side].controlled.as_ref();
            let part = whole.map(|whole| whole.of_prompts(prompts[side])).transpose()?;
            Ok(part.and_then(|part| part.rewards))
        };
        let controlled = controlled(0)?.zip(controlled(1)?).map(|(train, test)| [train, test]);
        let clusters = prompts[1].iter().map(|prompt| *prompt as u32).collect();
        let dataset = Dataset { train: train?, candidates: None, test: None, test_labels: None };
        Ok(Self { dataset, test: test?, controlled, decided: None, clusters })
    }

    fn of_replies(seed: u64, lengths: bool) -> Result<Self, Failure> {
        let mut dataset = Dataset::bundled_split(seed, lengths)?;
        let test = dataset.test.take().ok_or("no test data")?;
        let golden = test.rewards.as_ref().ok_or("no golden rewards")?;
        let mut clusters = Vec::new();
        for prompt in 0..test.embeddings.prompts() as u64 {
            // A split does not tell which prompts it has; their rewards do.
            let mut digest = Digest::new();
            digest.numbers(golden.of_items(test.embeddings.items_of(prompt)))?;
            clusters.push(digest.value() as u32);
        }
        Ok(Self { dataset, test, controlled: None, decided: None, clusters })
    }
}

/// Numbers below a count in an order that a seed tells.
fn shuffled(count: u64, seed: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..count).collect();
    Stream::new(seed, "split", 0).shuffle(&mut order);
    order
}

fn ascending(prompts: &[u64]) -> Vec<u64> {
    let mut prompts = prompts.to_vec();
    prompts.sort_unstable();
    prompts
}

/// Numbers below a count in folds that a seed deals them into.
fn folds(count: u64, seed: u64) -> Vec<Vec<u64>> {
    let order = shuffled(count, seed);
    let fold = |first: usize| order.iter().skip(first).step_by(FOLDS).copied().collect::<Vec<_>>();
    (0..FOLDS).map(|first| ascending(&fold(first))).collect()
}

fn by_folds(whole: &Whole, seed: u64) -> Result<Vec<Part>, Failure> {
    let part = |test: Vec<u64>| {
        let train = whole.every().into_iter().filter(|prompt| !test.contains(prompt));
        Part::of([whole, whole], [&train.collect::<Vec<_>>(), &test])
    };
    folds(whole.prompts(), seed).into_iter().map(part).collect()
}

/// A part of AlpacaEval.
fn alpaca(folder: &Path, part: &str, lengths: bool) -> Result<Whole, Failure> {
    let file = |name: &str| folder.join("alpaca").join(format!("{part}_{name}.npy"));
    let open = |rewards: &str| {
        let embeddings = with_lengths(&file("embeddings"), lengths.then(|| file("lengths")))?;
        Ok::<Split, Failure>(Split::open(embeddings, Some(&file(rewards)), PoolKind::InPrompt)?)
    };
    let controlled = Some(open("rewards_length_controlled")?);
    Ok(Whole { split: open("rewards")?, controlled })
}

/// Responses with ratings.
fn rated(folder: &Path, lengths: bool) -> Result<Whole, Failure> {
    let lengths = lengths.then(|| folder.join("lengths.npy"));
    let embeddings = with_lengths(&folder.join("embeddings.npy"), lengths)?;
    let rewards = folder.join("rewards.npy");
    let split = Split::open(embeddings, Some(&rewards), PoolKind::InPrompt)?;
    Ok(Whole { split, controlled: None })
}

fn with_lengths(path: &Path, lengths: Option<PathBuf>) -> Result<Embeddings, Failure> {
    let names = ["length".to_owned()];
    let file = lengths.as_deref().map(|path| CovariatesFile::Array { path, names: &names });
    Ok(Embeddings::open(path)?.with_covariates(file)?)
}

/// Pairs as prompts of two responses, of which the first was chosen.
fn pairs_of_two(folder: &Path) -> Result<Whole, Failure> {
    let (shape, chosen) = array(&folder.join("chosen.npy"))?;
    let (_, rejected) = array(&folder.join("rejected.npy"))?;
    let (pairs, dimensions) = (shape[0], shape[1]);
    let both = chosen.chunks(dimensions).zip(rejected.chunks(dimensions));
    let values: Vec<f32> = both.flat_map(|(one, other)| [one, other].concat()).collect();
    let rewards = [1.0, 0.0].repeat(pairs);
    let embeddings =
        Embeddings::from_source(npy(&[pairs, 2, dimensions], &values), &folder.join("pairs"))?;
    let rewards = Rewards::from_source(npy(&[pairs, 2], &rewards), folder, &embeddings)?;
    Ok(Whole { split: Split { embeddings, rewards: Some(rewards) }, controlled: None })
}

/// The debates: sides are prompts, and each pair of a side has votes.
fn ukp(folder: &Path, seed: u64, lengths: bool) -> Result<Vec<Part>, Failure> {
    let folder = folder.join("ukp");
    let starts: Vec<usize> =
        array(&folder.join("starts.npy"))?.1.iter().map(|x| *x as usize).collect();
    let sides = starts.len() - 1;
    let rows: Vec<usize> =
        starts[..sides].iter().flat_map(|start| *start..start + ARGUMENTS).collect();
    let (shape, all) = array(&folder.join("embeddings.npy"))?;
    let dimensions = shape[1];
    let values: Vec<f32> = rows
        .iter()
        .flat_map(|row| &all[row * dimensions..(row + 1) * dimensions])
        .copied()
        .collect();
    let of_rows = |name: &str| -> Result<Vec<f32>, Failure> {
        let all = array(&folder.join(name))?.1;
        Ok(rows.iter().map(|row| all[*row]).collect())
    };
    let embeddings =
        Embeddings::from_source(npy(&[sides, ARGUMENTS, dimensions], &values), &folder)?;
    let rewards = npy(&[sides, ARGUMENTS], &of_rows("rewards.npy")?);
    let rewards = Some(Rewards::from_source(rewards, &folder, &embeddings)?);
    let embeddings = if lengths {
        let line = |tokens: &f32| format!("{{\"tokens\": {tokens}}}\n");
        let text: String = of_rows("lengths.npy")?.iter().map(line).collect();
        embeddings.with_lengths_from_source(text.as_bytes(), &folder.join("lengths.npy"))?
    } else {
        embeddings
    };
    let whole = Whole { split: Split { embeddings, rewards }, controlled: None };
    let topics = topics(&folder.join("rows.jsonl"), &starts)?;
    let debates = topics.iter().max().map_or(0, |last| last + 1);
    let votes = Vote::read(&folder.join("pairs.jsonl"), &starts)?;
    let part = |held_out: Vec<u64>| -> Result<Part, Failure> {
        let is_test = |side: &u64| held_out.contains(&u64::from(topics[*side as usize]));
        let (test, train): (Vec<u64>, Vec<u64>) = whole.every().into_iter().partition(is_test);
        let mut part = Part::of([&whole, &whole], [&train, &test])?;
        let lines: String = votes.iter().filter_map(|vote| vote.line(&train)).collect();
        let embeddings = &part.dataset.train.embeddings;
        let candidates = Candidates::from_source(&mut lines.as_bytes(), &folder, embeddings)?;
        part.dataset.candidates = Some(candidates);
        part.decided = Some(votes.iter().filter_map(|vote| vote.decided(&test)).collect());
        part.clusters = test.iter().map(|side| topics[*side as usize]).collect();
        Ok(part)
    };
    folds(u64::from(debates), seed).into_iter().map(part).collect()
}

/// The debate of each side, numbered as they first come.
fn topics(path: &Path, starts: &[usize]) -> Result<Vec<u32>, Failure> {
    let (lines, mut names) = (json_lines(path)?, Vec::new());
    let topic = |start: &usize| {
        let name = lines[*start]["topic"].to_string();
        let place = names.iter().position(|other| *other == name);
        let place = place.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        place as u32
    };
    Ok(starts[..starts.len() - 1].iter().map(topic).collect())
}

/// The votes on a pair of a side's arguments.
struct Vote {
    side: u64,
    /// Places in the side.
    items: [u64; 2],
    votes: Value,
    label: f64,
}

impl Vote {
    fn read(path: &Path, starts: &[usize]) -> Result<Vec<Self>, Failure> {
        let vote = |line: Value| -> Option<Self> {
            let row = |name: &str| line[name].as_u64();
            let (a, b) = (row("a")?, row("b")?);
            let side = starts.partition_point(|start| *start as u64 <= a) as u64 - 1;
            let items = [a, b].map(|row| row - starts[side as usize] as u64);
            let is_first = items.iter().all(|place| *place < ARGUMENTS as u64);
            let (votes, label) = (line["votes"].clone(), line["label"].as_f64()?);
            is_first.then_some(Self { side, items, votes, label })
        };
        Ok(json_lines(path)?.into_iter().filter_map(vote).collect())
    }

    /// As a candidate of these sides.
    fn line(&self, sides: &[u64]) -> Option<String> {
        let (side, [a, b]) = (sides.iter().position(|side| *side == self.side)?, self.items);
        let votes = &self.votes;
        Some(format!("{{\"a\": [{side}, {a}], \"b\": [{side}, {b}], \"votes\": {votes}}}\n"))
    }

    /// As a pair of items of these sides, the better one first, unless as many prefer the other.
    fn decided(&self, sides: &[u64]) -> Option<[u64; 2]> {
        let side = sides.iter().position(|side| *side == self.side)? as u64;
        let [a, b] = self.items.map(|place| side * ARGUMENTS as u64 + place);
        match self.label {
            label if label > 0.5 => Some([a, b]),
            label if label < 0.5 => Some([b, a]),
            _ => None,
        }
    }
}

fn json_lines(path: &Path) -> Result<Vec<Value>, Failure> {
    let mut text = String::new();
    fs::File::open(path)?.read_to_string(&mut text)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Shape and numbers of an array.
fn array(path: &Path) -> Result<(Vec<usize>, Vec<f32>), Failure> {
    let reader = ArrayReader::open_numbers(path, "array")?;
    let mut values = vec![0.0; reader.len() as usize];
    reader.read(0, &mut values)?;
    Ok((reader.shape().iter().map(|length| *length as usize).collect(), values))
}

/// A `.npy` file of float32.
fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let shape = lengths.join(", ");
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape},), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    file
}
