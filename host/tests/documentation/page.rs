//! A page: its blocks, links and headings.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// A page of the repository.
pub struct Page {
    /// From the root of the repository.
    pub path: PathBuf,
    text: String,
}

/// A fenced block.
pub struct Block {
    /// The line of its fence, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
    /// What stands in it.
    pub text: String,
    /// What the comments above it say.
    pub marks: Vec<Mark>,
}

/// What a reader does with a block.
pub enum Kind {
    /// Runs it as a script.
    Script,
    /// Compares it with what the script before it printed.
    Printed,
    /// Types what stands after each `$ `, and compares what it prints.
    Session,
    /// Saves it under this name.
    Saved(String),
}

/// How a block is not run as others are.
pub enum Mark {
    /// It needs this.
    Needs(String),
    /// It takes minutes.
    ByName,
    /// It is not run at all.
    NotRun,
}

/// Where a link leads.
pub struct Link {
    /// As the page has it.
    pub written: String,
    /// From the root of the repository.
    pub file: PathBuf,
    /// The heading in it, if there is one.
    pub heading: Option<String>,
}

impl Mark {
    /// The mark that a line is, if it is one.
    fn of(line: &str) -> Option<Self> {
        let comment = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
        let (mark, reason) = if let Some(lack) = comment.strip_prefix("needs ") {
            (Self::Needs(lack.to_owned()), lack)
        } else if let Some(reason) = comment.strip_prefix("by name: ") {
            (Self::ByName, reason)
        } else {
            (Self::NotRun, comment.strip_prefix("not run: ")?)
        };
        assert!(!reason.trim().is_empty(), "without a reason: {line}");
        Some(mark)
    }
}

impl Page {
    /// Reads it.
    pub fn open(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(root.join(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_owned(), text }
    }

    /// Its fenced blocks, in order.
    ///
    /// # Panics
    /// At a block of a kind that nobody runs, and at a mark above none.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut marks = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            if let Some(fence) = line.trim_start().strip_prefix("```") {
                let inside: Vec<&str> = lines
                    .by_ref()
                    .map(|(_, line)| line)
                    .take_while(|line| line.trim_start() != "```")
                    .collect();
                let kind = self.kind(fence, at);
                let marks = std::mem::take(&mut marks);
                blocks.push(Block { line: at + 1, kind, text: inside.join("\n"), marks });
            } else if let Some(mark) = Mark::of(line) {
                marks.push(mark);
            } else {
                let place = format!("{}:{}", self.path.display(), at + 1);
                assert!(marks.is_empty() || line.is_empty(), "{place}: a mark above no block");
            }
        }
        blocks
    }

    fn kind(&self, fence: &str, at: usize) -> Kind {
        let place = format!("{}:{}", self.path.display(), at + 1);
        match fence.split_once(' ').unwrap_or((fence, "")) {
            ("sh", "") => Kind::Script,
            ("text", "") => Kind::Printed,
            ("console", "") => Kind::Session,
            ("python", name) if !name.is_empty() => {
                let told =
                    self.text.lines().take(at).any(|line| line.contains(&format!("`{name}`")));
                assert!(told, "{place}: no word before it says that this is to be saved as {name}");
                Kind::Saved(name.to_owned())
            }
            _ => panic!("{place}: nobody runs a block of the kind \"{fence}\""),
        }
    }

    /// Its lines outside blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut inside = false;
        self.text.lines().filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
    }

    /// Its links within the repository. Those into Rust's documentation are rustdoc's to check.
    pub fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        for line in self.prose() {
            let without_code: String = line.split('`').step_by(2).collect();
            for rest in without_code.split("](").skip(1) {
                let written = rest.split(')').next().unwrap_or_default();
                if !written.starts_with("crate::") && !written.starts_with("https://") {
                    links.push(self.link(written));
                }
            }
        }
        links
    }

    fn link(&self, written: &str) -> Link {
        let (file, heading) = match written.split_once('#') {
            Some((file, heading)) => (file, Some(heading.to_owned())),
            None => (written, None),
        };
        let mut path = self.path.clone();
        if !file.is_empty() {
            path.pop();
            for part in Path::new(file).components() {
                match part {
                    Component::ParentDir => assert!(path.pop(), "{written} leaves the repository"),
                    part => path.push(part),
                }
            }
        }
        Link { written: written.to_owned(), file: path, heading }
    }

    /// What links call its headings, as GitHub makes it.
    fn headings(&self) -> Vec<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        let slug = |heading: &str| {
            let kept =
                heading.trim_start_matches('#').trim().chars().filter_map(|letter| match letter {
                    ' ' => Some('-'),
                    letter if letter.is_alphanumeric() || "-_".contains(letter) => Some(letter),
                    _ => None,
                });
            kept.collect::<String>().to_lowercase()
        };
        headings.map(slug).collect()
    }

    /// Whether a link to this heading leads anywhere.
    pub fn has_heading(&self, heading: &str) -> bool {
        self.headings().iter().any(|other| other == heading)
    }

    /// Headings that no link can tell apart.
    pub fn repeated_headings(&self) -> Vec<String> {
        let mut headings = self.headings();
        headings.sort_unstable();
        headings.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0].clone()).collect()
    }
}
