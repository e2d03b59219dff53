//! JSON from files, one reader for all of it, whose errors speak of JSON and not of this program's
//! types; and the lines of such files.

use std::{fmt, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::quotable;

/// Why a text is not the object that it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What is wrong, fit to be shown.
    pub what: String,
    /// The line of the text, from 1.
    pub line: usize,
    /// The column of the line, from 1.
    pub column: usize,
    /// Whether the text ends before its object does.
    pub cut_off: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.what, self.line, self.column)
    }
}

/// Reads a text that holds one object. A list of an object's values, which serde would take in its
/// place, is refused.
///
/// # Errors
/// [`Problem`] with its place.
pub(crate) fn object<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if text.get(blank) == Some(&b'[') {
        let breaks = text.iter().take(blank).filter(|byte| **byte == b'\n').count();
        let last = text.iter().take(blank).rposition(|byte| *byte == b'\n');
        let column = blank + 1 - last.map_or(0, |place| place + 1);
        let what = "found an array; expected an object".to_owned();
        return Err(Problem { what, line: 1 + breaks, column, cut_off: false });
    }
    any(text)
}

/// Reads a text that holds one value, of whatever kind.
///
/// # Errors
/// [`Problem`] with its place.
pub(crate) fn any<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(text).map_err(|error| Problem {
        what: explained(&error.to_string()),
        line: error.line(),
        column: error.column(),
        cut_off: error.is_eof(),
    })
}

/// The lines of a JSON Lines file.
pub(crate) fn lines<T: Serialize>(records: &[T]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// A message of serde's in the words of JSON, without its place.
pub(crate) fn explained(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let told = ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|kind| {
        let (before, after) = message.split_once(kind)?;
        let (found, expected) = after.split_once(", expected ")?;
        let found = match found.parse::<u64>() {
            Ok(length) if kind.contains("length") => format!("an array of {length}"),
            _ => found_in_json(found),
        };
        Some(format!("{before}found {found}; expected {}", expected_in_json(expected)))
    });
    quotable(told.as_deref().unwrap_or(message))
}

/// What was found, as a file has it.
fn found_in_json(found: &str) -> String {
    let named = [("map", "an object"), ("sequence", "an array"), ("unit value", "null")];
    if let Some((_, told)) = named.iter().find(|(name, _)| *name == found) {
        return (*told).to_owned();
    }
    for kind in ["integer ", "floating point ", "boolean ", "character ", "string "] {
        if let Some(value) = found.strip_prefix(kind) {
            return value.trim_matches('`').to_owned();
        }
    }
    found.to_owned()
}

/// What was expected, where serde names a type of Rust's.
fn expected_in_json(expected: &str) -> &str {
    match expected.split_once(' ').map_or(expected, |(first, _)| first) {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "struct" => "an object",
        "enum" => "a name",
        _ => match expected {
            "a map" | "map" => "an object",
            "a sequence" | "sequence" => "an array",
            "a boolean" => "true or false",
            "path string" => "a path",
            "a string" | "string" => "text in quotation marks",
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{explained, object};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Record {
        count: u64,
        share: Option<f64>,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        sizes: [usize; 3],
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        name: String,
        on: bool,
    }

    #[test]
    fn errors_speak_of_json() {
        for (text, told) in [
            ("[1, 0.5]", "found an array; expected an object"),
            (" \n [1]", "found an array; expected an object"),
            ("5", "found 5; expected an object"),
            ("\"x\"", "found \"x\"; expected an object"),
            ("{\"count\": -3}", "found -3; expected a whole number that is not negative"),
            ("{\"count\": 0.5}", "found 0.5; expected a whole number that is not negative"),
            ("{\"count\": {}}", "found an object; expected a whole number that is not negative"),
            ("{\"count\": 1, \"share\": [2]}", "found an array; expected a number"),
            ("{\"count\": 1, \"share\": true}", "found true; expected a number"),
            ("{\"count\": 1, \"inner\": 2}", "found 2; expected an object"),
            ("{\"count\": 1, \"inner\": [\"a\"]}", "found an array of 1; expected an object"),
            (
                "{\"count\": 1, \"inner\": {\"name\": null}}",
                "found null; expected text in quotation marks",
            ),
            (
                "{\"count\": 1, \"inner\": {\"name\": \"a\", \"on\": 1}}",
                "found 1; expected true or false",
            ),
            (
                "{\"count\": 1, \"sizes\": [1, 2]}",
                "found an array of 2; expected an array of length 3",
            ),
            ("{\"counts\": 1}", "unknown field \"counts\", expected one of"),
            ("{}", "missing field \"count\""),
        ] {
            let problem = object::<Record>(text.as_bytes()).unwrap_err();
            assert!(problem.what.starts_with(told), "{text}: {problem}");
            for rust in ["struct", "u64", "f64", "tuple", "sequence", "`", "elements"] {
                assert!(!problem.what.contains(rust), "{text}: {problem}");
            }
        }
    }

    #[test]
    fn a_problem_has_its_place() {
        for (text, place) in [
            ("\n  [1]", "(line 2, column 3)"),
            ("[", "(line 1, column 1)"),
            ("{\"count\": 1,\n \"share\": true}", "(line 2, column 14)"),
        ] {
            let problem = object::<Record>(text.as_bytes()).unwrap_err();
            assert!(problem.to_string().ends_with(place), "{problem}");
            assert!(!problem.cut_off);
        }
        assert!(object::<Record>(b"{\"count\": 1").unwrap_err().cut_off);
    }

    #[test]
    fn quotations_are_short_and_harmless() {
        let long = format!("{{\"\\u001b[2J{}\": 1}}", "x".repeat(10_000));
        let problem = object::<Record>(long.as_bytes()).unwrap_err().to_string();
        assert!(problem.len() < 300 && problem.contains("\\u{1b}") && problem.contains('…'));
        let colours =
            explained("invalid type: string \"\u{1b}[31m\", expected u8 at line 1 column 2");
        assert_eq!(colours, "found \"\\u{1b}[31m\"; expected a whole number that is not negative");
    }
}
