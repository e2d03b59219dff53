//! A run's folder, and what is in one.

use std::fs;
use std::path::Path;

/// The files of a run that is complete.
pub const FILES: [&str; 7] = [
    "curves.png",
    "curves.svg",
    "labels.jsonl",
    "manifest.json",
    "metrics.jsonl",
    "model.safetensors",
    "settings.json",
];

/// The names in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
