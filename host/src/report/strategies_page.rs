//! The page of a grid: what was run, how the strategies stand, and how far that may be believed.

use super::axis_blocks::AxisBlocks;
use super::brief::brief;
use super::document::{Block, Document, Table};
use super::standing::{MeasureStanding, SetupStanding, Standing, signed, summary};
use super::strategy_figures::{Words, differences, labels_needed, values};
use crate::data::pool_kind::PoolKind;
use crate::data::summary::{DataSummary, SplitSummary};
use crate::error::Result;
use crate::grid::Plan;
use crate::grid::statistics::Estimate;
use crate::settings::{Preset, Settings};

/// What a page is of.
pub struct Page<'a> {
    /// Which runs there are.
    pub plan: &'a Plan,
    /// Their set-ups.
    pub setups: &'a [Settings],
    /// What came of them.
    pub standing: &'a Standing,
    /// What they learnt from.
    pub data: &'a LearntFrom,
}

/// What runs learnt from.
pub struct LearntFrom {
    /// In words.
    pub name: String,
    /// Whether it is the paper's example in two dimensions.
    pub is_example: bool,
}

impl Page<'_> {
    /// The page.
    ///
    /// # Errors
    /// [`crate::Error::Drawing`].
    pub fn document(&self) -> Result<Document> {
        let mut blocks = vec![Block::Text(self.what_was_run())];
        blocks.extend(self.data().map(Block::Text));
        blocks.push(Block::Text(self.how_to_read()));
        blocks.push(self.findings());
        blocks.push(Block::Table(self.records()));
        for (place, (setup, settings)) in self.standing.setups.iter().zip(self.setups).enumerate() {
            if !setup.setup.is_empty() {
                blocks.push(Block::Heading(setup.setup.clone()));
            }
            self.setup(place, setup, settings, &mut blocks)?;
        }
        for (place, axis) in self.standing.axes.iter().enumerate() {
            AxisBlocks { page: self, axis, place }.add(&mut blocks)?;
        }
        blocks.extend(self.setups.first().and_then(|settings| {
            let text = settings.to_json().ok()?;
            Some(Block::Details("Settings of the first run".to_owned(), text))
        }));
        Ok(Document { title: "Strategies beside each other".to_owned(), blocks })
    }

    fn what_was_run(&self) -> String {
        let Plan { strategies, seeds, splits } = self.plan;
        let (count, setups) = (strategies.len(), self.setups.len());
        let runs = count * setups * *seeds as usize;
        let setups = match setups {
            1 => String::new(),
            setups => format!(" in each of {setups} set-ups"),
        };
        let split = match splits {
            true => "test prompts, pools",
            false => "pools",
        };
        let few = match seeds {
            0..10 => {
                " Seeds are few: intervals are wide, and small differences are not to be seen."
            }
            _ => "",
        };
        let recipe = match self.setups.iter().any(|settings| settings.preset == Preset::Paper) {
            true => " The recipe is the paper's.",
            false => "",
        };
        format!(
            "{runs} runs: {count} strategies, {seeds} seeds each{setups}. The strategies of a seed have \
             the same {split}, first weights and errors of annotators, so that what differs between \
             them is the strategy's doing.{few}{recipe} “The paper” is Shen, Sun and Ton, Active Reward \
             Modeling, 2025; a picture that stands for one of its figures shows the same of other data."
        )
    }

    fn data(&self) -> Option<String> {
        let DataSummary { train, test, test_labels, .. } =
            self.setups.first().and_then(|settings| settings.data.as_ref())?;
        let responses = |split: &SplitSummary| match (split.responses.most(), split.prompts) {
            (1, _) => "rows".to_owned(),
            (most, 1) => format!("prompt of up to {most} responses"),
            (most, _) => format!("prompts of up to {most} responses"),
        };
        let mut text = format!(
            "Learnt from {}: {} {}, embeddings of {} numbers.",
            self.data.name,
            train.prompts,
            responses(train),
            train.dimensions
        );
        if let Some(test) = test {
            text.push_str(&format!(" Measured on {} {}", test.prompts, responses(test)));
            text.push_str(if self.plan.splits { ", others for each seed." } else { "." });
        }
        if let Some(labels) = test_labels {
            text.push_str(&format!(" Held out: {} labels.", labels.labels));
        }
        Some(text)
    }

    fn how_to_read(&self) -> String {
        let reference = self.standing.reference.name();
        let measure = self.first_measure().map(MeasureStanding::definition);
        let measure = measure.map_or_else(String::new, |measure| {
            format!("{}: {}. ", measure.column, measure.meaning)
        });
        format!(
            "{measure}Differences are a strategy less {reference}, seed by seed. Intervals are of 95 %: \
             seeds and test prompts drawn anew a thousand times, or seeds alone where nothing is known \
             of single prompts. “Labels needed” is how many a strategy needs to be as good as {reference} \
             at its end: “<” and “>” mean fewer than the first round has, and more than were given. p is \
             of the difference's mean over all rounds, corrected by Holm's method for {} tests, every \
             two strategies of every set-up.",
            self.standing.tests
        )
    }

    fn first_measure(&self) -> Option<&MeasureStanding> {
        self.standing.setups.first().and_then(|setup| setup.measures.first())
    }

    /// In words, what the corrected tests tell.
    fn findings(&self) -> Block {
        let reference = self.standing.reference.name();
        let told = |setup: &SetupStanding, better: Option<bool>| {
            let strategies = setup.measures.first().map(|measure| measure.strategies.as_slice());
            let own = strategies
                .unwrap_or_default()
                .iter()
                .filter(|of| of.better == better && of.strategy != self.standing.reference);
            own.map(|of| of.strategy.name()).collect::<Vec<_>>().join(", ")
        };
        let sentence = |setup: &SetupStanding| {
            let parts: Vec<String> = [
                ("better than", told(setup, Some(true))),
                ("worse than", told(setup, Some(false))),
                ("not told apart from", told(setup, None)),
            ]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(is, names)| format!("{is} {reference}: {names}"))
            .collect();
            let of = if setup.setup.is_empty() { "Found" } else { &setup.setup };
            let alone = setup.alone.iter().map(|alone| {
                format!(
                    " By {} alone 1 − Spearman is {:.3}.",
                    alone.covariate, alone.one_minus_spearman
                )
            });
            format!("{of}: {}.{}", parts.join("; "), alone.collect::<String>())
        };
        Block::Text(self.standing.setups.iter().map(sentence).collect::<Vec<_>>().join(" "))
    }

    fn records(&self) -> Table {
        let column = self.first_measure().map_or("", |measure| measure.definition().column);
        Table {
            caption: format!(
                "Every two strategies beside each other, over all set-ups, by the mean of {column} over \
                 the rounds: how often one is better, not told from the other, or worse (p below .05 \
                 after Holm's correction)"
            ),
            head: ["strategy", "wins", "draws", "losses"].map(str::to_owned).to_vec(),
            rows: self
                .standing
                .records
                .iter()
                .map(|record| {
                    let counts = [record.wins, record.draws, record.losses];
                    let name = std::iter::once(record.strategy.name().to_owned());
                    name.chain(counts.map(|count| count.to_string())).collect()
                })
                .collect(),
        }
    }

    fn setup(
        &self,
        place: usize,
        setup: &SetupStanding,
        settings: &Settings,
        blocks: &mut Vec<Block>,
    ) -> Result<()> {
        blocks.push(Block::Table(brief(setup, self.standing.reference)));
        for measure in &setup.measures {
            let Some(reference) =
                measure.strategies.iter().find(|of| of.strategy == self.standing.reference)
            else {
                continue;
            };
            let words = |kind: &str, title: String, caption: String| Words {
                name: format!("{kind}-{}-{}", measure.measure, place + 1),
                title: match setup.setup.as_str() {
                    "" => title,
                    setup => format!("{title}: {setup}"),
                },
                caption,
            };
            let definition = measure.definition();
            let (head, rows) = summary(measure, self.standing.reference);
            let caption = format!("{}, strategy by strategy", capital(definition.title));
            blocks.push(Block::Table(Table { caption, head, rows }));
            let reference_name = self.standing.reference.name();
            let caption = format!(
                "Blue with dots: the strategy named above the panel; grey with triangles: \
                 {reference_name}. {}: {} (upwards: {}). Bands are 95 % intervals, cut off where they leave the \
                 picture. {}",
                definition.column,
                definition.meaning,
                definition.unit,
                self.curves_stand_for(settings)
            );
            let title = capital(definition.title);
            blocks.push(Block::Figure(values(
                measure,
                reference,
                words("values", title, caption),
            )?));
            let better = if definition.lower_is_better == Some(false) { "Above" } else { "Below" };
            let caption = format!(
                "{better} the line at 0 the strategy is better than {reference_name}. Where the band \
                 holds 0, these runs do not tell. {}",
                self.in_place_of("")
            );
            let title = format!(
                "{} less that of {reference_name} ({} 0: better)",
                capital(definition.column),
                better.to_lowercase()
            );
            let words_of = words("differences", title, caption);
            blocks.push(Block::Figure(differences(measure, reference, words_of)?));
            let caption = format!(
                "Dots: how many labels the strategy needs to be as good as {reference_name} at its end, \
                 by {}, hollow where it is only known to be fewer than the first round has, or more than \
                 were given; lines: 95 % intervals, paired by seed. The grey line is what \
                 {reference_name} was given. {}",
                definition.column,
                self.in_place_of("")
            );
            let title = format!("Labels needed ({})", definition.column);
            let needed = labels_needed(measure, reference, words("needed", title, caption))?;
            blocks.extend(needed.map(Block::Figure));
            blocks.push(Block::Table(by_labels(measure, definition.column)));
        }
        Ok(())
    }

    /// The figures of the paper that a picture of these data stands for.
    pub(super) fn in_place_of(&self, figures: &str) -> String {
        match figures.split_once(' ') {
            None if figures.is_empty() => "The paper has no such figure.".to_owned(),
            None => format!("Stands for the paper's Figure {figures}, on {}.", self.data.name),
            Some(_) => format!("Stands for the paper's Figures {figures}, on {}.", self.data.name),
        }
    }

    /// Those that curves of a set-up stand for.
    fn curves_stand_for(&self, settings: &Settings) -> String {
        self.in_place_of(match settings.asking.pool {
            _ if self.data.is_example => "7",
            PoolKind::InPrompt => "3 and 8",
            PoolKind::CrossPrompt => "5 and 9",
            PoolKind::Listed => "",
        })
    }
}

/// Every strategy after every round, with half the width of the interval.
fn by_labels(measure: &MeasureStanding, column: &str) -> Table {
    let longest = measure.strategies.iter().max_by_key(|of| of.labels.len());
    let labels = longest.map(|of| of.labels.as_slice()).unwrap_or_default();
    let rows = measure.strategies.iter().flat_map(|of| {
        let name = of.strategy.name();
        let row = |name: String, cells: Vec<String>| {
            let missing = labels.len().saturating_sub(cells.len());
            let missing = std::iter::repeat_n("-".to_owned(), missing);
            std::iter::once(name).chain(cells).chain(missing).collect::<Vec<String>>()
        };
        let value = |value: &Estimate| with_half(value, format!("{:.3}", value.mean));
        let difference = |value: &Estimate| with_half(value, signed(value.mean));
        let own = row(name.to_owned(), of.values.iter().map(value).collect());
        let beside = (!of.differences.is_empty()).then(|| {
            row("   its difference".to_owned(), of.differences.iter().map(difference).collect())
        });
        std::iter::once(own).chain(beside)
    });
    let head = labels.iter().map(|labels| format!("{labels} labels"));
    Table {
        caption: format!("{column} by the number of labels, ± half a 95 % interval"),
        head: std::iter::once("strategy".to_owned()).chain(head).collect(),
        rows: rows.collect(),
    }
}

/// A number, and half of its interval.
pub(super) fn with_half(estimate: &Estimate, value: String) -> String {
    match estimate.interval() {
        Some((low, high)) => format!("{value} ± {:.3}", (high - low) / 2.0),
        None => value,
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}
