//! What an import has found.

use serde::Serialize;

use crate::formats::Read;
use crate::formats::preferences::Conflict;
use crate::formats::record::Verdict;
use crate::named::Named;

/// Conflicts that a note lists.
const LISTED: usize = 10;

/// What an import has found.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// The format of the first file.
    pub format: &'static str,
    /// The mapping of its words; none where it has none.
    pub mapping: Option<&'static str>,
    /// Prompts.
    pub prompts: usize,
    /// Responses, the rows.
    pub responses: usize,
    /// Labels that have a better side.
    pub decided: usize,
    /// Ties.
    pub ties: usize,
    /// Pairs that were passed over.
    pub skipped: usize,
    /// Pairs that wait for an answer.
    pub unanswered: usize,
    /// Pairs with several labels.
    pub repeated: usize,
    /// Those of them whose labels disagree.
    pub conflicts: Vec<ConflictReport>,
    /// Pairs of two rows with the same text, of which no model can tell one.
    pub same_text: usize,
}

/// A pair whose labels disagree.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictReport {
    /// The smaller row.
    pub a: usize,
    /// The larger one.
    pub b: usize,
    /// Where the labels stand.
    pub places: Vec<String>,
}

impl From<Conflict> for ConflictReport {
    fn from(Conflict { a, b, places }: Conflict) -> Self {
        let told = places.iter().map(|p| format!("{}: {} {}", p.path.display(), p.unit, p.number));
        Self { a, b, places: told.collect() }
    }
}

impl ImportReport {
    /// Of what was read.
    #[must_use]
    pub fn of(read: &Read) -> Self {
        let found = &read.preferences;
        let count = |is: fn(&Verdict) -> bool| {
            found.labels.iter().filter(|label| is(&label.verdict)).count()
        };
        let (repeated, conflicts) = found.repeated();
        let text = |row: usize| &found.responses[row].text;
        Self {
            format: read.format.name(),
            mapping: read.words.as_ref().map(|words| words.words.name()),
            prompts: found.prompts.len(),
            responses: found.responses.len(),
            decided: count(|verdict| matches!(verdict, Verdict::Share(share) if *share != 0.5)),
            ties: count(|verdict| *verdict == Verdict::Share(0.5)),
            skipped: count(|verdict| *verdict == Verdict::Skip),
            unanswered: count(|verdict| *verdict == Verdict::None),
            repeated,
            conflicts: conflicts.into_iter().map(ConflictReport::from).collect(),
            same_text: found.labels.iter().filter(|pair| text(pair.a) == text(pair.b)).count(),
        }
    }

    /// What a person should know before the labels are used.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.repeated > 0 {
            let (repeated, conflicts) = (self.repeated, self.conflicts.len());
            notes.push(format!(
                "{repeated} pairs have several labels, and those of {conflicts} disagree; \
                 `repeats` keep counts every one of them"
            ));
        }
        for ConflictReport { a, b, places } in self.conflicts.iter().take(LISTED) {
            notes.push(format!("the labels of rows {a} and {b} disagree: {}", places.join(", ")));
        }
        if self.conflicts.len() > LISTED {
            let more = self.conflicts.len() - LISTED;
            notes.push(format!("{more} more disagree; `json` lists all of them"));
        }
        if self.same_text > 0 {
            let same = self.same_text;
            notes.push(format!("{same} labels are of two responses with the same text"));
        }
        notes
    }

    /// The counts, for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let counted = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let labels = [
            Some(format!("{} labels", self.decided)),
            counted(self.ties, "ties"),
            counted(self.skipped, "skipped pairs"),
            counted(self.unanswered, "pairs without an answer"),
        ];
        let labels: Vec<String> = labels.into_iter().flatten().collect();
        let Self { format, prompts, responses, .. } = self;
        format!("{format}: {prompts} prompts, {responses} responses, {}", labels.join(", "))
    }
}
