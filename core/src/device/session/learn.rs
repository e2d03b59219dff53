//! What answers teach: β, and the Fisher information that designs start from.

use super::Session;
use crate::error::Error;
use crate::fisher::{Weighting, add_pairs};
use crate::head::{Belief, EarlierLabels, newton, rewards};
use crate::linalg::Packed;
use crate::parallel::{Executor, split_at};

impl<S> Session<'_, S> {
    /// Fits β to all answers.
    pub(super) fn learn<E: Executor>(&mut self, executor: &E) -> Result<(), Error> {
        match self.earlier.head {
            Some(earlier) => {
                for (weight, earlier) in self.head.iter_mut().zip(earlier) {
                    *weight = *earlier;
                }
            }
            None => self.head.fill(0.0),
        }
        let learnt = self.answers.learnt();
        if learnt.is_empty() {
            return Ok(());
        }
        let settings = &self.image.header().settings;
        let prior = settings.prior();
        let earlier = self.earlier.head.zip(self.earlier.past);
        let earlier = earlier.map(|(head, fisher)| EarlierLabels { head, fisher });
        let (belief, features) = (Belief { prior, earlier }, self.pool.features());
        newton::fit(executor, features, learnt, belief, self.head, self.work.numbers)?;
        Ok(())
    }

    /// Sums up what the answers tell at this β, or at weights of ¼ where designs weigh pairs alike.
    pub(super) fn sum_past<E: Executor>(&mut self, executor: &E) -> Result<(), Error> {
        let settings = &self.image.header().settings;
        let alike = settings.weighs_alike();
        let earlier = if alike { self.earlier.alike } else { self.earlier.past };
        let mut past = Packed::new(self.image.order(), &mut *self.past)?;
        past.clear();
        if let Some(earlier) = earlier {
            past.add(&earlier)?;
        }
        let (learnt, features) = (self.answers.learnt(), self.pool.features());
        let (values, workspace) = split_at(self.work.numbers, features.len());
        if !learnt.is_empty() {
            match alike {
                true => values.fill(0.0),
                false => rewards(executor, features, self.head, values, workspace)?,
            }
            let weighting = Weighting::Bernoulli;
            add_pairs(executor, features, learnt, values, weighting, &mut past, workspace)?;
        }
        Ok(())
    }
}
