//! [`Candidates`]: the pairs of a listed pool, where not every pair can be asked about, with the
//! answers if they are known already.

use std::io::BufRead;
use std::path::Path;

use super::embeddings::Embeddings;
use super::lines;
use super::pairs::{self, Seen};
use super::preference::Preference;
use crate::error::{DataError, Result};

/// Pairs on offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates {
    /// The numbers of each pair's items, in the file's order, and as they stand there.
    pub pairs: Vec<(u64, u64)>,
    /// The answers, one a pair, where the file has them.
    pub answers: Option<Vec<Preference>>,
}

impl Candidates {
    /// Reads a JSON Lines file of pairs, `{"a": …, "b": …}`, all or none with a `"label"`; `-` is
    /// standard input.
    ///
    /// # Errors
    /// [`Error::Line`](crate::Error::Line) with the line's number, as [`read_labels`](super::labels::read_labels), and
    /// for a pair that stands twice or labels in some lines only; [`DataError::NoCandidates`]; a
    /// missing or unreadable file.
    pub fn open(path: &Path, embeddings: &Embeddings) -> Result<Self> {
        let (mut source, name) = lines::open(path)?;
        Self::from_source(&mut source, &name, embeddings)
    }

    /// The same from any source, called `path` in messages.
    ///
    /// # Errors
    /// As [`Candidates::open`].
    pub fn from_source(
        source: &mut dyn BufRead,
        path: &Path,
        embeddings: &Embeddings,
    ) -> Result<Self> {
        let (mut pairs, mut answers) = (Vec::new(), Vec::new());
        let mut seen = Seen::default();
        let mut first_line = 0;
        pairs::read(source, path, embeddings, &mut |pair| {
            let problem = |problem| Err(lines::problem(path, pair.line, problem));
            if let Some(earlier) = seen.add(&pair) {
                let names = pair.names(embeddings);
                return problem(format!("{names} stands in line {} already", earlier.line));
            }
            if pairs.is_empty() {
                first_line = pair.line;
            } else if pair.label.is_some() == answers.is_empty() {
                let (here, there) = match pair.label {
                    Some(_) => ("a", "none"),
                    None => ("no", "one"),
                };
                return problem(format!(
                    "has {here} label, and line {first_line} has {there}: \
                     all lines have one, or no line"
                ));
            }
            pairs.push((pair.a, pair.b));
            answers.extend(pair.label);
            Ok(())
        })?;
        if pairs.is_empty() {
            return Err(DataError::NoCandidates.at(path));
        }
        let answers = (!answers.is_empty()).then_some(answers);
        Ok(Self { pairs, answers })
    }
}
