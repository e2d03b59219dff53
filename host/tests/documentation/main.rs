//! The README and the pages that it leads to, as a stranger reads them: every command block is run in
//! the order of its page and what it prints is compared; every link leads somewhere.
//!
//! Each page has a reader, with a folder that holds `fixtures` and stand-ins for the files that a
//! reader brings, and a PATH on which `pairpick` is the program just built and `cargo` a stand-in
//! ([`reader`]). Blocks are fenced as one of
//!
//! - `sh`: commands, run as one script, which must succeed;
//! - `text`: what the `sh` block before it prints to standard output;
//! - `console`: commands after `$ `, each with what it prints to a terminal;
//! - `python NAME`: a script that the reader saves as NAME.
//!
//! A comment above a block, which a rendered page does not show, says where it is not run so:
//!
//! - `<!-- needs THING -->`: numpy, or an environment variable that names a folder. Without it the block
//!   is skipped, and `PAIRPICK_SKIPS` gets a line;
//! - `<!-- by name: REASON -->`: takes minutes, and runs at the root of the repository in
//!   [`what_takes_minutes_runs_by_name`];
//! - `<!-- not run: REASON -->`.

#![cfg(unix)]

mod bring;
mod page;
mod reader;
#[path = "../skip/mod.rs"]
mod skip;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use page::{Block, Mark, Page};
use reader::{Outcome, Reader};

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace")
}

/// The README and every page that links lead to from there, in that order.
fn pages() -> Vec<Page> {
    let mut pages = vec![Page::open(root(), Path::new("README.md"))];
    let mut next = 0;
    while let Some(page) = pages.get(next) {
        let links: Vec<PathBuf> = page.links().into_iter().map(|link| link.file).collect();
        for file in links {
            let known = pages.iter().any(|page| page.path == file);
            if !known && file.extension().is_some_and(|extension| extension == "md") {
                pages.push(Page::open(root(), &file));
            }
        }
        next += 1;
    }
    pages
}

/// Every page of the repository, by its path from the root.
fn every_page(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            every_page(&path, found);
        } else if name.ends_with(".md") {
            found.insert(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
}

#[test]
fn the_readme_leads_to_every_page() {
    let mut every = BTreeSet::new();
    every_page(root(), &mut every);
    let reached: BTreeSet<PathBuf> = pages().into_iter().map(|page| page.path).collect();
    assert_eq!(reached, every);
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let mut broken = Vec::new();
    for page in &pages {
        for link in page.links() {
            let target = pages.iter().find(|other| other.path == link.file);
            let has_heading = |heading| target.is_some_and(|page| page.has_heading(heading));
            let leads =
                root().join(&link.file).exists() && link.heading.as_deref().is_none_or(has_heading);
            if !leads {
                broken.push(format!("{}: {}", page.path.display(), link.written));
            }
        }
        for heading in page.repeated_headings() {
            broken.push(format!("{}: two headings {heading}", page.path.display()));
        }
    }
    assert!(broken.is_empty(), "these lead nowhere:\n{}", broken.join("\n"));
}

/// The blocks that a reader of this page comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// All that take seconds.
    Ordinary,
    /// Those that take minutes.
    ByName,
}

impl Which {
    fn has(self, block: &Block) -> bool {
        let mut which = Self::Ordinary;
        for mark in &block.marks {
            match mark {
                Mark::NotRun => return false,
                Mark::ByName => which = Self::ByName,
                Mark::Needs(_) => {}
            }
        }
        which == self
    }
}

/// Follows a page from its top to its end; what went otherwise than it says.
fn differences(page: &Page, reader: &mut Reader, which: Which) -> Vec<String> {
    let mut differences = Vec::new();
    for block in page.blocks().iter().filter(|block| which.has(block)) {
        let place = format!("{}:{}", page.path.display(), block.line);
        match reader.follow(block) {
            Outcome::AsShown => eprintln!("{place}: as shown"),
            Outcome::Skipped(lack) => skip::skip(&format!("documentation: {place}"), &lack),
            Outcome::Differs(how) => differences.push(format!("{place}: {how}")),
        }
    }
    differences
}

#[test]
fn every_block_does_what_its_page_says() {
    let pages = pages();
    let read = |page: &Page| {
        let mut reader = Reader::in_a_folder(root());
        let mut differences = differences(page, &mut reader, Which::Ordinary);
        if page.path == Path::new("README.md") {
            let drawn = fs::read(reader.folder().join("pairpick-out/curves.svg")).unwrap();
            let shown = fs::read(root().join("fixtures/pictures/run.svg")).unwrap();
            if drawn != shown {
                differences.push("README.md: its picture is not the one that its run draws".into());
            }
        }
        differences
    };
    let differences: Vec<String> = thread::scope(|scope| {
        let readers: Vec<_> = pages.iter().map(|page| scope.spawn(|| read(page))).collect();
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

/// On the pages whose path holds what `PAIRPICK_BY_NAME` says; `.ci/run documentation` runs them all.
#[test]
fn what_takes_minutes_runs_by_name() {
    let Ok(name) = std::env::var("PAIRPICK_BY_NAME") else { return };
    let mut found = Vec::new();
    for page in pages().iter().filter(|page| page.path.to_string_lossy().contains(&name)) {
        found.extend(differences(page, &mut Reader::at_the_root(root()), Which::ByName));
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
