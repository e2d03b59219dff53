//! What strategies by others pick, learnt from and measured as what ours pick is.
//!
//! Those that read no labels pick a batch for each number of labels, as ours do. Those that read them
//! are asked in rounds, of 64 pairs at most, and learn from all answers after each.

use pairpick::data::question::Question;
use pairpick::model::{Learnt, Model};
use pairpick::parallel::Threads;
use pairpick::settings::Settings;
use pairpick_core::rng::Stream;
use pairpick_core::select::Strategy;

use super::Failure;
use super::cells::{Cell, Points, learnt, picked, plain, test_features};
use super::measure::Golden;
use super::sets::Part;
use crate::rivals::Rival;
use crate::rivals::belief::Belief;
use crate::rivals::pool::{Pair, Pool};

/// Pairs of a round at most.
const ROUND: usize = 64;

/// λ before the first label, as that of our design.
const FIRST_PRECISION: f64 = 3.0;

/// The pairs that ours choose among, too.
struct Offer {
    pool: Pool,
    /// The pool's pairs as questions.
    questions: Vec<Question>,
}

impl Offer {
    /// The pool of the first round: what random pairs are drawn from, all of them.
    fn of(
        part: &Part,
        settings: &Settings,
        threads: &Threads,
        model: &Model,
    ) -> Result<Self, Failure> {
        let mut settings = settings.clone();
        settings.asking.strategy = Strategy::Random;
        settings.asking.batch = usize::MAX;
        let mut questions = picked(part, &settings, threads, model)?;
        questions.sort_by_key(|question| (question.a, question.b));
        let embeddings = &part.dataset.train.embeddings;
        let mut items: Vec<u64> =
            questions.iter().flat_map(|question| [question.a, question.b]).collect();
        items.sort_unstable();
        items.dedup();
        let features = model.trunk().features_of(embeddings, &items, threads)?;
        let columns = features.columns()?;
        let place = |item: u64| items.partition_point(|other| *other < item);
        let pair = |question: &Question| Pair {
            a: place(question.a),
            b: place(question.b),
            prompt: embeddings.prompt_of(question.a) as usize,
        };
        let pairs = questions.iter().map(pair).collect();
        let pool = Pool::new(columns.as_slice().to_vec(), columns.rows(), pairs);
        Ok(Self { pool, questions })
    }

    fn questions(&self, pairs: &[usize]) -> Vec<Question> {
        pairs.iter().map(|pair| self.questions[*pair]).collect()
    }
}

impl Cell {
    /// Adds what each strategy by others comes to.
    pub(super) fn by_rivals(
        &self,
        part: &Part,
        threads: &Threads,
        points: &mut Points,
    ) -> Result<(), Failure> {
        let mut settings = self.settings(part);
        settings.asking.strategy = Strategy::RobustVOpt;
        let untrained = self.untrained(part, &settings, threads)?;
        let features = test_features(&untrained, part, threads)?;
        let offer = Offer::of(part, &settings, threads, &untrained)?;
        let pool = &offer.pool;
        let prior = Belief::of(pool, &vec![0.0; pool.rows], FIRST_PRECISION, &[])?;
        for rival in Rival::ALL {
            let mut rng = Stream::new(self.seed, rival.name(), 1);
            let (mut asked, mut belief) = (Vec::new(), prior.clone());
            for labels in self.budgets() {
                let wanted = (labels as usize).min(pool.pairs.len());
                if !rival.reads_labels() {
                    asked = rival.pick(pool, &mut belief, &[], wanted, &mut rng)?;
                }
                let mut model = None;
                while model.is_none() || asked.len() < wanted {
                    let count = ROUND.min(wanted - asked.len());
                    if count > 0 {
                        asked.extend(rival.pick(pool, &mut belief, &asked, count, &mut rng)?);
                    }
                    let questions = offer.questions(&asked);
                    let (own, fit) = learnt(part, &settings, threads, (&untrained, &questions))?;
                    if let (true, Learnt::Head(fit)) = (rival.reads_labels(), fit) {
                        belief = Belief::of(pool, own.head(), fit.prior_precision, &asked)?;
                    }
                    model = Some(own);
                }
                if let Some(model) = model {
                    let tally = plain(points, rival.name(), labels);
                    tally.add(part, Golden::Raw, (&model, &features), threads)?;
                }
            }
        }
        Ok(())
    }
}
