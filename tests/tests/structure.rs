//! The shape of the sources: no circle of imports between a crate's modules, and the map in its
//! documentation names the modules that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates that are held to it.
const CRATES: [&str; 2] = ["core", "host"];

fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

/// Every Rust file of a folder, however deep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The path of a file's module below the crate: `select/mod.rs` is `[select]`, `lib.rs` nothing.
fn module_of(file: &Path, folder: &Path) -> Vec<String> {
    let relative = file.strip_prefix(folder).expect("below the folder").with_extension("");
    let names = relative.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
}

/// A file without its comments, and without what comes after its first test module.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file");
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .fold(String::new(), |code, line| code + line + "\n")
}

/// What follows each place where `path` stands in the code: a name, or those in braces.
fn names_after(code: &str, path: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(path) {
        // `super::a` within `super::super::a` is no path of its own.
        if code[..at].ends_with(|before| is_name(before) || before == ':') {
            continue;
        }
        let rest = &code[at + path.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(rest.chars().take_while(|letter| is_name(*letter)).collect());
            continue;
        };
        let (mut depth, mut open) = (0, String::new());
        for letter in list.chars() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => open.push(' '),
                _ if depth == 0 => open.push(letter),
                _ => {}
            }
        }
        names
            .extend(open.split_whitespace().map(|path| {
                path.chars().take_while(|letter| is_name(*letter)).collect::<String>()
            }));
    }
    names
}

/// For each top-level module the others that it imports from, each with a file that does.
fn imports(folder: &Path) -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let mut graph: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    let modules = modules(folder);
    // What the crate's root hands on, such as `Error`, belongs to the module that has it.
    let root = code(&folder.join("lib.rs"));
    let handed_on: BTreeMap<String, String> = root
        .lines()
        .filter_map(|line| line.strip_prefix("pub use ")?.strip_suffix(';')?.split_once("::"))
        .map(|(module, name)| (name.to_owned(), module.to_owned()))
        .collect();
    for file in files(folder) {
        let module = module_of(&file, folder);
        let Some(own) = module.first() else {
            continue;
        };
        let (code, up) = (code(&file), "super::".repeat(module.len()));
        let named = [names_after(&code, "crate::"), names_after(&code, &up)];
        for name in named.into_iter().flatten() {
            let other = handed_on.get(&name).unwrap_or(&name);
            if other != own && modules.contains(other) {
                graph.entry(own.clone()).or_default().insert(other.clone(), file.clone());
            }
        }
    }
    graph
}

/// A circle that begins and ends at a module, if there is one.
fn circle_from(
    start: &str,
    graph: &BTreeMap<String, BTreeMap<String, PathBuf>>,
) -> Option<Vec<String>> {
    let mut paths = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop() {
        for next in graph.get(path.last()?).into_iter().flat_map(BTreeMap::keys) {
            let longer = [path.as_slice(), std::slice::from_ref(next)].concat();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                paths.push(longer);
            }
        }
    }
    None
}

/// The top-level modules of a crate: its files and folders.
fn modules(folder: &Path) -> BTreeSet<String> {
    files(folder).iter().filter_map(|file| module_of(file, folder).into_iter().next()).collect()
}

#[test]
fn no_modules_import_from_each_other_in_a_circle() {
    for name in CRATES {
        let folder = sources(name);
        let graph = imports(&folder);
        assert!(graph.len() > 10, "{name}: {} modules import anything", graph.len());
        for module in graph.keys() {
            let Some(circle) = circle_from(module, &graph) else {
                continue;
            };
            let steps: Vec<String> = circle
                .windows(2)
                .map(|step| format!("{} in {}", step[1], graph[&step[0]][&step[1]].display()))
                .collect();
            panic!("{name}: {}: {}", circle.join(" → "), steps.join(", "));
        }
    }
}

/// The map is the table in the crate's documentation whose first column names modules.
#[test]
fn the_map_names_every_module_once() {
    for name in CRATES {
        let folder = sources(name);
        let text = fs::read_to_string(folder.join("lib.rs")).expect("the crate's root");
        let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
        let mapped: Vec<String> = rows
            .filter_map(|row| row.split('`').nth(1).filter(|_| row.starts_with(['[', '`'])))
            .map(|name| name.trim_start_matches("mod@").to_owned())
            .collect();
        let distinct: BTreeSet<String> = mapped.iter().cloned().collect();
        assert_eq!(distinct.len(), mapped.len(), "{name}: a module twice in {mapped:?}");
        assert_eq!(distinct, modules(&folder), "{name}: the map, and the sources");
    }
}
