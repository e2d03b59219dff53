//! [`Status`]: where a session stands, which everybody who answers always sees.

use std::fmt;

use super::plan::Lag;
use crate::digest::HexDigest;
use crate::round::metrics::CovariateShare;
use crate::round::steps::CONFIDENT;

/// Where a session stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Answers of all rounds, those too that put a question aside or repeat another.
    pub answered: u64,
    /// The open round, from 1, or the last; 0 before the first.
    pub round: u64,
    /// Questions of its batch.
    pub batch: u64,
    /// Those of them that wait for an answer.
    pub left: u64,
    /// Answers an hour, by the time that the last ones took.
    pub per_hour: Option<f64>,
    /// ρ, how sure the newest model is of its order, where its features tell.
    pub confidence: Option<f64>,
    /// The round whose answers the newest model has learnt from last, and its digest.
    pub model: Option<(u64, HexDigest)>,
    /// What stops the work.
    pub stop: Stop,
    /// What is done in the background, if anything is.
    pub working: Option<&'static str>,
    /// Why the background has stopped, so that no further batch comes.
    pub failed: Option<String>,
    /// Of the answers that prefer a reply, how many prefer the left one.
    pub left_preferred: Share,
    /// Of those on replies of different lengths, how many prefer the longer one.
    pub longer_preferred: Share,
    /// What covariates, such as the length, do in the newest model, where there are any.
    pub covariates: Vec<CovariateShare>,
    /// Agreement of answers with those that the same person gave the other way round.
    pub with_oneself: Agreement,
    /// The same, of different people.
    pub between_people: Agreement,
    /// What a person should know of the choosing and learning so far, the newest last.
    pub notes: Vec<String>,
}

/// What stops the work, beside the end of the pairs and whoever has had enough.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stop {
    /// So many rounds are closed.
    pub rounds: u64,
    /// The model that is to choose a batch is as sure of its order as this ρ.
    pub confidence: Option<f64>,
    /// Whether a batch is open by then, which is answered all the same.
    pub lag: Lag,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
}

/// How far the answers to questions that were asked twice agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Pairs of answers that are alike.
    pub alike: Share,
    /// Cohen's κ: agreement beyond what chance gives, 1 at most; none where chance alone would agree
    /// always, or nothing was asked twice.
    pub kappa: Option<f64>,
}

/// What a status says of one thing, in words that every face shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What of, such as "confidence".
    pub name: &'static str,
    /// What.
    pub text: String,
}

impl Status {
    /// All that a person always sees: what has stopped the work, if anything has, progress, rate,
    /// confidence, what is to stop it, lengths; and where there is something to say, sides and agreement.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |name, text| Line { name, text };
        // What must not be missed comes first: a low screen shows no more than a few lines.
        let mut lines: Vec<Line> =
            self.failed.clone().map(|problem| line("stopped", problem)).into_iter().collect();
        lines.extend([
            line("answered", self.progress()),
            line("confidence", self.confidence()),
            line("ends", self.ends()),
            line("length", self.length()),
        ]);
        if self.left_preferred.whole > 0 {
            let bias = format!("the left reply was better in {}", self.left_preferred);
            lines.push(line("sides", bias));
        }
        for (name, agreement) in
            [("with oneself", self.with_oneself), ("between people", self.between_people)]
        {
            if agreement.alike.whole > 0 {
                lines.push(line(name, agreement.to_string()));
            }
        }
        lines
    }

    /// The same in one line, for where there is room for no more.
    #[must_use]
    pub fn brief(&self) -> String {
        let Self { answered, left, batch, failed, confidence, .. } = self;
        let left = (*batch > 0).then(|| format!("{left} of {batch} left"));
        let confidence = confidence.map(|confidence| format!("ρ {confidence:.2}"));
        let ends = match failed {
            Some(problem) => format!("stopped: {problem}"),
            None => format!("ends {}", self.stop),
        };
        let parts = [Some(format!("{answered} answered")), left, confidence, Some(ends)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn progress(&self) -> String {
        let Self { answered, left, batch, round, .. } = self;
        let rate = self.per_hour.map(|rate| format!(", {rate:.0} an hour")).unwrap_or_default();
        let left = match batch {
            0 => String::new(),
            _ => format!(", {left} of {batch} left in batch {round}"),
        };
        format!("{answered}{left}{rate}")
    }

    /// With what it cannot see.
    fn confidence(&self) -> String {
        let Some((round, _)) = self.model.filter(|(round, _)| *round > 0) else {
            return "nothing is learnt yet: that begins when the first batch is answered"
                .to_owned();
        };
        match self.confidence {
            None => "unknown: the model's features do not tell".to_owned(),
            Some(confidence) => format!(
                "ρ {confidence:.2} after batch {round}: of the best order its features allow, blind to \
                 what they do not tell and to shared mistakes"
            ),
        }
    }

    fn ends(&self) -> String {
        let more = match self.stop {
            Stop { confidence: Some(_), lag: Lag::One, .. } => {
                " and the batch that is open then".to_owned()
            }
            Stop { confidence: Some(_), lag: Lag::None, .. } => String::new(),
            _ => format!("; from ρ {CONFIDENT:.2} on answers change little"),
        };
        format!("{}{more}", self.stop)
    }

    fn length(&self) -> String {
        let mut text = match self.longer_preferred.whole {
            0 => "no answer yet that prefers a longer or a shorter reply".to_owned(),
            _ => format!("the longer reply was better in {}", self.longer_preferred),
        };
        for covariate in &self.covariates {
            text.push_str(&format!("; {covariate}"));
        }
        text
    }
}

/// "after 8 batches, or at ρ 0.80".
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, confidence, .. } = self;
        write!(f, "after {rounds} batches")?;
        match confidence {
            Some(confidence) => write!(f, ", or at ρ {confidence:.2}"),
            None => Ok(()),
        }
    }
}

/// "14 of 20, 70 % (95 %: 48 to 85 %)".
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.part, self.whole)?;
        if let Some([low, high]) = self.interval() {
            let percent = 100.0 * self.part as f64 / self.whole as f64;
            let [low, high] = [low, high].map(|share| 100.0 * share);
            write!(f, ", {percent:.0} % (95 %: {low:.0} to {high:.0} %)")?;
        }
        Ok(())
    }
}

/// "9 of 10, 90 % (95 %: 60 to 98 %) asked twice alike, κ 0.81".
impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} asked twice alike", self.alike)?;
        match self.kappa {
            Some(kappa) => write!(f, ", κ {kappa:.2}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_always_sees_progress_confidence_end_and_length() {
        let names =
            |status: &Status| status.lines().into_iter().map(|line| line.name).collect::<Vec<_>>();
        assert_eq!(names(&Status::default()), ["answered", "confidence", "ends", "length"]);
        let twenty = Share { part: 14, whole: 20 };
        let status = Status {
            answered: 25,
            round: 2,
            batch: 22,
            left: 19,
            per_hour: Some(239.6),
            confidence: Some(0.634),
            model: Some((1, HexDigest(7))),
            stop: Stop { rounds: 8, confidence: Some(0.8), lag: Lag::One },
            left_preferred: twenty,
            longer_preferred: twenty,
            with_oneself: Agreement { alike: Share { part: 9, whole: 10 }, kappa: Some(0.8) },
            ..Status::default()
        };
        let texts: Vec<String> = status.lines().into_iter().map(|line| line.text).collect();
        assert_eq!(
            texts,
            [
                "25, 19 of 22 left in batch 2, 240 an hour",
                "ρ 0.63 after batch 1: of the best order its features allow, blind to what they do \
                 not tell and to shared mistakes",
                "after 8 batches, or at ρ 0.80 and the batch that is open then",
                "the longer reply was better in 14 of 20, 70 % (95 %: 48 to 85 %)",
                "the left reply was better in 14 of 20, 70 % (95 %: 48 to 85 %)",
                "9 of 10, 90 % (95 %: 60 to 98 %) asked twice alike, κ 0.80",
            ]
        );
        let brief = "25 answered · 19 of 22 left · ρ 0.63 · ends after 8 batches, or at ρ 0.80";
        assert_eq!(status.brief(), brief);
        let at_once = Stop { lag: Lag::None, ..status.stop };
        let ends = Status { stop: at_once, ..status.clone() }.ends();
        assert_eq!(ends, "after 8 batches, or at ρ 0.80");
    }

    #[test]
    fn what_has_stopped_the_work_comes_first() {
        let problem = "cannot record the model".to_owned();
        let status = Status { failed: Some(problem.clone()), ..Status::default() };
        assert_eq!(status.lines().first(), Some(&Line { name: "stopped", text: problem }));
        assert_eq!(status.brief(), "0 answered · stopped: cannot record the model");
    }
}
