//! What cannot be imported or exported ends in exit code 2, a message that names the file, the place
//! and the remedy, and a disk as it was.

use std::fs;

use super::{Case, WHOLE, refusal};

impl Case {
    fn fails(&self, arguments: &[&str], message: &[&str]) {
        refusal::refused(self.folder.path(), arguments, message);
    }
}

/// An import of one file fails so.
fn refused(name: &str, text: impl AsRef<[u8]>, options: &[&str], message: &[&str]) {
    let case = Case::new();
    fs::write(case.path(name), text).unwrap();
    let import = ["import", name, "--out", "data"];
    case.fails(&[&import, options].concat(), &[&[name], message].concat());
}

#[test]
fn files_that_hold_no_rows_are_named_as_what_they_are() {
    for (name, bytes, message) in [
        ("a.csv", &b"\x1f\x8b\x08"[..], "gunzip"),
        ("a.jsonl", b"\x28\xb5\x2f\xfd", "unzstd"),
        ("a.jsonl", b"BZh9", "bunzip2"),
        ("a.csv", b"PK\x03\x04", "a zip archive"),
        ("a.csv", b"\xff\xfea\0", "UTF-16"),
        ("a.jsonl", b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        ("a.json", b"<!DOCTYPE html>", "an HTML page"),
        ("a.parquet", b"PAR2", "PAR1"),
        ("a.parquet", b"PAR1", "Parquet"),
        ("a.txt", b"hello", "JSON Lines, JSON, CSV (.csv)"),
        ("a.jsonl", b"", "empty"),
        ("a.json", b"[]", "no row"),
        ("a.csv", b"prompt,chosen,rejected\n", "no row"),
    ] {
        refused(name, bytes, &[], &[message]);
    }
    let case = Case::new();
    fs::create_dir(case.path("folder")).unwrap();
    case.fails(&["import", "folder", "--out", "data"], &["folder: found a folder; expected"]);
    case.fails(&["import", "none.jsonl", "--out", "data"], &["none.jsonl: no such file"]);
}

#[test]
fn rows_that_cannot_be_read_are_named() {
    let good = "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n";
    for (name, text, message) in [
        ("a.jsonl", format!("{good}{{\"prompt\":\"p\",\"chosen\":"), "line 2: cut off"),
        ("a.jsonl", format!("{good}[1]\n"), "line 2: found an array; expected an object"),
        ("a.jsonl", format!("{good}{{\"a\":1,\"a\":2}}\n"), "line 2: field \"a\" stands twice"),
        ("a.json", format!("[{good}"), "cut off"),
        ("a.json", format!("[{good},5]"), "record 2: found 5; expected an object"),
        ("a.csv", "chosen,rejected\na,b\nc\n".to_owned(), "line 3: found 1 cells; expected 2"),
        ("a.csv", "chosen,chosen\na,b\n".to_owned(), "line 1: the column \"chosen\" stands twice"),
    ] {
        refused(name, text, &[], &[message]);
    }
    refused("a.csv", b"chosen,rejected\na,\xff\n", &[], &["line 2: not UTF-8"]);
}

#[test]
fn rows_that_say_something_else_are_named() {
    for (text, message) in [
        (r#"{"text":"x","other":1}"#, &["line 1", "text, other", "--column", "--format"][..]),
        (r#"{"prompt":"p","chosen":5,"rejected":"b"}"#, &["chosen: found 5; expected text"]),
        (r#"{"prompt":"p","chosen":{"x":1},"rejected":"b"}"#, &["chosen: found an object"]),
        (r#"{"chosen":"a","rejected":[{"role":"u","content":"x"}]}"#, &["two texts or two lists"]),
        (
            r#"{"prompt":"p","chosen":"a","rejected":"b","margin":"big"}"#,
            &["margin: found \"big\""],
        ),
        (r#"{"prompt":"p","chosen":"a","rejected":"b","votes":3}"#, &["votes: found 3"]),
        (r#"{"prompt":"p","chosen":"a","rejected":"b","id":1.5}"#, &["id: found 1.5"]),
        (r#"{"prompt":"p","responses":["a"],"ranks":[1]}"#, &["found 1; expected at least two"]),
        (r#"{"prompt":"p","responses":["a","b"],"ranks":[1]}"#, &["ranks: found 1; expected 2"]),
        (r#"{"prompt":"p","responses":["a","b"],"scores":[1,"x"]}"#, &["scores: found \"x\""]),
        (r#"{"prompt":"p","responses":[{"x":1},{"x":2}],"ranks":[1,2]}"#, &["fields x", "content"]),
        (r#"{"fields":{"prompt":"p","response1":"a"},"responses":{}}"#, &["\"response_b\""]),
        (
            r#"{"fields":{"response1":"a","response2":"b"},"responses":{"q":[],"r":[]}}"#,
            &["several questions, q, r", "--column label="],
        ),
        (r#"{"data":{"text1":"a"},"annotations":[]}"#, &["\"response_b\""]),
        (r#"{"data":{"items":[{"id":1,"body":"a"}]}}"#, &["items: expected at least two"]),
        (r#"{"response_a":"a","response_b":"b","label":[1]}"#, &["label: found an array"]),
    ] {
        refused("a.jsonl", text, &[], message);
    }
    let trl = r#"{"prompt":"p","chosen":"a"}"#;
    refused("a.jsonl", trl, &["--format", "trl"], &["no \"rejected\"", "--column rejected=NAME"]);
    refused("a.jsonl", trl, &["--column", "rejected=x"], &["no field \"x\"", "prompt, chosen"]);
}

#[test]
fn an_id_names_one_thing() {
    let prompts = r#"{"prompt_id":"p","prompt":"one","chosen":"a","rejected":"b"}
{"prompt_id":"p","prompt":"two","chosen":"a","rejected":"b"}"#;
    refused("a.jsonl", prompts, &[], &["line 2", "prompt_id \"p\" has another prompt in line 1"]);
    let responses = r#"{"prompt":"one","chosen":"a","rejected":"b","chosen_id":"x"}
{"prompt":"one","chosen":"c","rejected":"b","chosen_id":"x"}"#;
    refused("a.jsonl", responses, &[], &["line 2", "\"x\"", "another text in line 1"]);
}

#[test]
fn labels_without_one_meaning_are_named() {
    let row =
        |label: &str| format!("{{\"response_a\":\"a\",\"response_b\":\"b\",\"label\":{label}}}\n");
    let ambiguous = row("1") + &row("0");
    let message = ["line 1", "0, 1", "index", "share", "numbers", "--mapping says which"];
    refused("a.jsonl", &ambiguous, &[], &message);
    let unknown = row("\"A\"") + &row("\"meh\"");
    refused("a.jsonl", &unknown, &[], &["line 2", "\"meh\"", "--map \"meh=MEANING\""]);
    let index = ["--mapping", "index"];
    refused("a.jsonl", row("2"), &index, &["label \"2\"", "mapping index", "--map"]);
    Case::with("a.jsonl", &unknown).fails(
        &["import", "a.jsonl", "--out", "d", "--map", "meh=maybe"],
        &["--map", "WORD=MEANING", "a, b, tie and skip"],
    );
}

#[test]
fn an_import_loses_nothing_that_is_there() {
    let case = Case::with("in.jsonl", WHOLE[0].1);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    let import = ["import", "in.jsonl", "--out"];
    case.fails(&[&import[..], &["data"]].concat(), &["data/texts.jsonl", "exists", "--force"]);
    case.fails(&[&import[..], &["-"]].concat(), &["standard output is no folder", "--out"]);
    case.fails(&[&import[..], &["in.jsonl"]].concat(), &["in.jsonl", "it is a file", "--out"]);
    let own = ["import", "data/texts.jsonl", "--out", "data", "--force", "--format", "trl"];
    case.fails(&own, &["data/texts.jsonl", "one of the inputs"]);
}

/// A folder with an import in it.
fn imported() -> Case {
    let case = Case::with("in.jsonl", WHOLE[0].1);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    case
}

#[test]
fn responses_are_among_the_texts() {
    let case = imported();
    for (prompt, message) in [("New?", "its prompt is none of"), ("Same?", "one of its responses")]
    {
        let row = format!("{{\"prompt\":\"{prompt}\",\"chosen\":\"new\",\"rejected\":\"newer\"}}");
        case.write("more.jsonl", &row);
        let import = ["import", "more.jsonl", "--texts", "data/texts.jsonl", "--out", "d"];
        case.fails(&import, &["more.jsonl: line 1", message, "--texts"]);
    }
    let own = ["import", "in.jsonl", "--texts", "data/texts.jsonl", "--out", "data", "--force"];
    case.fails(&own, &["data/texts.jsonl", "one of the inputs"]);
}

#[test]
fn exports_are_checked() {
    let case = imported();
    let export = ["export", "--data", "data", "--out"];
    case.fails(&[&export[..], &["x.txt"]].concat(), &["--out x.txt", ".jsonl, .json, .csv"]);
    case.fails(&[&export[..], &["data/texts.jsonl"]].concat(), &["one of the inputs"]);
    case.write("there.csv", "x");
    case.fails(&[&export[..], &["there.csv"]].concat(), &["there.csv", "--force"]);
    let no_score = ["export", "--data", "data", "--margin", "--out", "x.csv"];
    case.fails(&no_score, &["--margin", "--scores"]);
    case.write("scores.jsonl", "{\"score\":1}\n");
    let few = ["export", "--data", "data", "--scores", "scores.jsonl", "--out", "x.csv"];
    case.fails(&few, &["scores.jsonl", "found 1 scores; expected 6"]);
    case.fails(&["export", "--texts", "-", "--labels", "-", "--out", "x.csv"], &["--texts"]);
    case.fails(&["export", "--out", "x.csv"], &["--data"]);
    case.fails(&["export", "--data", "none", "--out", "x.csv"], &["none/texts.jsonl", "no such"]);
}

#[test]
fn labels_and_texts_are_checked() {
    let case = imported();
    for (line, message) in [
        ("{\"a\":0}", "missing field \"b\""),
        ("{\"a\":0,\"b\":0,\"label\":1}", "a and b are the same item, 0"),
        ("{\"a\":0,\"b\":6,\"label\":1}", "b: no item 6 among the texts, 6 rows of 3 prompts"),
        ("{\"a\":[0,2],\"b\":0,\"label\":1}", "a: no item [0,2]"),
        ("{\"a\":-1,\"b\":0}", "a: found -1; expected a row, or [prompt, response]"),
        ("{\"a\":0,\"b\":1,\"label\":2}", "label: found 2; expected 1 if a is better"),
        ("{\"a\":0,\"b\":1,\"label\":1,\"skip\":true}", "skip: found true"),
    ] {
        case.write("labels.jsonl", &format!("{line}\n"));
        let export = ["export", "--data", "data", "--labels", "labels.jsonl", "--out", "x.csv"];
        case.fails(&export, &["labels.jsonl", "line 1", message]);
    }
    for (text, message) in [
        ("{\"prompt\":\"p\",\"response\":\"r\"}", "line 1: missing field \"prompt_id\""),
        ("{\"prompt_id\":1,\"text\":\"r\"}", "line 1: no \"response\""),
        (
            "{\"prompt_id\":1,\"response\":\"r\"}\n{\"prompt_id\":2,\"response\":\"r\"}\n\
             {\"prompt_id\":1,\"response\":\"s\"}",
            "line 3: prompt_id 1: the rows of a prompt stand one after the other",
        ),
    ] {
        case.write("texts.jsonl", text);
        let export = ["export", "--data", "data", "--texts", "texts.jsonl", "--out", "x.csv"];
        case.fails(&export, &["texts.jsonl", message]);
    }
}
