//! `pairpick import` and `pairpick export`: what one program says reaches the other whole, and what
//! cannot be read is refused with its place.

#[path = "../command/mod.rs"]
mod command;
#[path = "../npy/mod.rs"]
mod npy;
#[path = "../refusal/mod.rs"]
mod refusal;
mod refusals;

use std::fs;
use std::path::{Path, PathBuf};

use pairpick::formats::source::{self, Container};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::command::pairpick;
use self::npy::npy;

/// A folder to import to and export from.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// One with a file in it.
    fn with(name: &str, text: &str) -> Self {
        let case = Self::new();
        case.write(name, text);
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs a command that succeeds; gives back what it printed and what it said.
    fn run(&self, arguments: &[&str]) -> (String, String) {
        let output = pairpick(self.folder.path(), arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        (String::from_utf8(output.stdout).unwrap(), stderr)
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        lines(&self.read(name))
    }

    /// What an import has written.
    fn imported(&self, folder: &str) -> [String; 3] {
        ["texts.jsonl", "labels.jsonl", "unanswered.jsonl"]
            .map(|name| self.read(&format!("{folder}/{name}")))
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every format, with all that it can say.
const WHOLE: [(&str, &str); 6] = [
    (
        "trl",
        r#"{"prompt_id":"q1","prompt":"Why is the sky blue?","chosen":"Rayleigh.","rejected":"It is.","chosen_id":"r1","score_chosen":8.5,"chosen_model":"m","rejected_id":"r2","score_rejected":3,"id":"x","annotator":"kim","votes":[3,1,1],"weight":2,"margin":1.25,"note":"sure","seconds":4.5,"source":"forum"}
{"prompt_id":"q2","prompt":[{"content":"Hi","role":"user"}],"chosen":[{"content":"Hello!","role":"assistant"}],"rejected":[{"content":"What?","role":"assistant"}]}
{"prompt_id":"q1","prompt":"Why is the sky blue?","chosen":"It is.","rejected":"Rayleigh.","chosen_id":"r2","score_chosen":3,"rejected_id":"r1","score_rejected":8.5,"rejected_model":"m","annotator":"lee"}
{"prompt_id":"q3","prompt":"Same?","chosen":"the same","rejected":"the same"}
"#,
    ),
    (
        "pairs",
        r#"{"prompt_id":"p","prompt":"One","response_a":"a\n\"text\"","response_b":"b, text","label":"a","id_a":"i","score_a":1.5,"model_a":"m","id_b":"j","score_b":2,"model_b":"n","id":"x","annotator":"kim","votes":[2,1,0],"weight":0.5,"margin":-0.5,"note":"so","seconds":3,"topic":"t"}
{"prompt_id":"p","prompt":"One","response_a":"c","response_b":"a\n\"text\"","label":"tie","id_b":"i","score_b":1.5,"model_b":"m"}
{"prompt_id":"q","prompt":"Two","response_a":"d","response_b":"e","label":"b"}
{"prompt_id":"q","prompt":"Two","response_a":"e","response_b":"f","label":"skip","note":"both bad"}
{"prompt_id":"q","prompt":"Two","response_a":"d","response_b":"f"}
"#,
    ),
    (
        "ranking",
        r#"{"prompt_id":"p","prompt":"One","responses":[{"id":"i","model":"m","response":"u"},{"id":"j","response":"v"},{"response":"w"}],"ranks":[2,1,2],"id":"x","annotator":"kim","topic":"t"}
{"prompt_id":"p","prompt":"One","responses":[{"id":"i","model":"m","response":"u"},{"id":"j","response":"v"},{"response":"w"}],"ranks":[1,2,3],"annotator":"lee"}
{"prompt_id":"q","prompt":"Two","responses":[{"response":"x"},{"response":"y"}],"ranks":[2,1],"margin":-2}
"#,
    ),
    (
        "ratings",
        r#"{"prompt_id":"p","prompt":"One","responses":[{"id":"i","model":"m","response":"u"},{"id":"j","response":"v"},{"response":"w"}],"scores":[4,5,0.5],"id":"x","annotator":"kim","topic":"t"}
{"prompt_id":"p","prompt":"One","responses":[{"id":"i","model":"m","response":"u"},{"id":"j","response":"v"}],"scores":[4,4],"annotator":"lee"}
{"prompt_id":"q","prompt":"Two","responses":[{"response":"x"},{"response":"y"}],"scores":[1,2]}
"#,
    ),
    (
        "argilla",
        r#"{"id":"x1","fields":{"prompt":"One","response_a":"u","response_b":"v"},"metadata":{"id_a":"i","model_b":"n","prompt_id":"p","topic":"t","weight":2},"responses":{"preference":[{"user_id":"kim","value":"a"},{"user_id":"lee","value":"tie"}]},"suggestions":{"preference":{"agent":"m","score":0.5,"value":"b"}},"vectors":{"v":[0.5,0.25]},"status":"completed","_server_id":"88"}
{"id":"x2","fields":{"prompt":"Two","response_a":"x","response_b":"y"},"metadata":{"prompt_id":"q"},"responses":{},"suggestions":{},"vectors":{},"status":"pending"}
"#,
    ),
    (
        "label-studio",
        r#"{"id":7,"data":{"id_a":"i","model_b":"n","prompt":"One","prompt_id":"p","response_a":"u","response_b":"v","source":"web"},"annotations":[{"completed_by":3,"created_at":"2026-01-01","id":101,"lead_time":4.25,"result":[{"from_name":"preference","to_name":"preference","type":"pairwise","value":{"selected":"left"}}],"was_cancelled":false},{"completed_by":5,"id":103,"result":[{"from_name":"tie","to_name":"response_a","type":"choices","value":{"choices":["tie"]}}],"was_cancelled":false},{"completed_by":4,"id":102,"result":[],"was_cancelled":true}]}
{"id":8,"data":{"prompt":"Two","prompt_id":"q","response_a":"x","response_b":"y"},"annotations":[]}
"#,
    ),
];

#[test]
fn every_format_comes_back_as_it_was() {
    for (format, text) in WHOLE {
        let case = Case::with("in.jsonl", text);
        case.run(&["import", "in.jsonl", "--out", "data"]);
        case.run(&["export", "--data", "data", "--format", format, "--out", "out.jsonl"]);
        let (found, expected) = (case.lines("out.jsonl"), lines(text));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{format}");
        }
        assert_eq!(found.len(), expected.len(), "{format}");
        case.run(&["import", "out.jsonl", "--out", "again"]);
        assert_eq!(case.imported("again"), case.imported("data"), "{format}");
    }
}

/// A table has texts where JSON has whole numbers: ids are texts here.
#[test]
fn every_container_holds_every_format() {
    for (format, text) in WHOLE {
        let case = Case::with("in.jsonl", text);
        case.run(&["import", "in.jsonl", "--out", "data"]);
        let containers: &[&str] = match format {
            "label-studio" => &["out.json"],
            _ => &["out.json", "out.csv", "out.tsv", "out.parquet"],
        };
        for out in containers {
            case.run(&["export", "--data", "data", "--format", format, "--out", out]);
            case.run(&["import", out, "--out", "again", "--force"]);
            assert_eq!(case.imported("again"), case.imported("data"), "{format} in {out}");
        }
    }
}

#[test]
fn pairs_say_all_that_other_formats_do() {
    for (format, text) in WHOLE {
        let case = Case::with("in.jsonl", text);
        case.run(&["import", "in.jsonl", "--out", "data"]);
        case.run(&["export", "--data", "data", "--format", "pairs", "--out", "pairs.json"]);
        case.run(&["import", "pairs.json", "--out", "again"]);
        let [texts, labels, unanswered] = case.imported("data");
        let [texts_again, labels_again, unanswered_again] = case.imported("again");
        assert_eq!(labels_again, labels, "{format}");
        assert_eq!(unanswered_again, unanswered, "{format}");
        // A row of pairs has a response's score, and not who gave it.
        if format != "ratings" {
            assert_eq!(texts_again, texts, "{format}");
        }
    }
}

#[test]
fn rows_of_one_prompt_stand_together() {
    let text = r#"{"prompt":"p","chosen":"1","rejected":"2"}
{"prompt":"q","chosen":"3","rejected":"4"}
{"prompt":"p","chosen":"5","rejected":"1"}
"#;
    let case = Case::with("in.jsonl", text);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    let field = |name: &str| -> Vec<Value> {
        case.lines("data/texts.jsonl").iter().map(|line| line[name].clone()).collect()
    };
    assert_eq!(json!(field("prompt_id")), json!([0, 0, 0, 1, 1]));
    assert_eq!(json!(field("response")), json!(["1", "2", "5", "3", "4"]));
    let expected = json!([
        {"a": 0, "b": 1, "label": 1}, {"a": 3, "b": 4, "label": 1}, {"a": 2, "b": 0, "label": 1},
    ]);
    assert_eq!(json!(case.lines("data/labels.jsonl")), expected);
}

/// Where TRL's own `extract_prompt` divides, but for a turn that both begin alike.
#[test]
fn an_implicit_prompt_is_what_both_begin_with() {
    for (chosen, rejected, prompt, response) in [
        (json!("The sky is blue."), json!("The sky is green."), json!("The sky is"), " blue."),
        (json!("yes"), json!("no"), Value::Null, "yes"),
        (
            json!("\n\nHuman: Hi\n\nAssistant: Hello there"),
            json!("\n\nHuman: Hi\n\nAssistant: Hello you"),
            json!("\n\nHuman: Hi\n\nAssistant:"),
            " Hello there",
        ),
        (json!("für"), json!("fün"), json!("fü"), "r"),
    ] {
        let row = json!({"chosen": chosen, "rejected": rejected});
        let case = Case::with("in.jsonl", &row.to_string());
        case.run(&["import", "in.jsonl", "--out", "data"]);
        let first = &case.lines("data/texts.jsonl")[0];
        assert_eq!((&first["prompt"], &first["response"]), (&prompt, &json!(response)));
    }
    let turn = |role: &str, content: &str| json!({"content": content, "role": role});
    let row = json!({
        "chosen": [turn("user", "Q"), turn("assistant", "yes")],
        "rejected": [turn("user", "Q"), turn("assistant", "no")],
    });
    let case = Case::with("in.jsonl", &row.to_string());
    case.run(&["import", "in.jsonl", "--out", "data"]);
    let first = &case.lines("data/texts.jsonl")[0];
    assert_eq!(first["prompt"], json!([turn("user", "Q")]));
    assert_eq!(first["response"], json!([turn("assistant", "yes")]));
}

/// Pairs with these labels, and what becomes of them.
fn mapped(labels: &[Value], options: &[&str]) -> (Vec<Value>, Vec<Value>, String) {
    let row = |(place, label): (usize, &Value)| {
        json!({"prompt": place.to_string(), "response_a": "x", "response_b": "y", "winner": label})
            .to_string()
    };
    let rows: Vec<String> = labels.iter().enumerate().map(row).collect();
    let case = Case::with("in.jsonl", &rows.join("\n"));
    let (_, told) = case.run(&[&["import", "in.jsonl", "--out", "data"], options].concat());
    let labels = case.lines("data/labels.jsonl").iter().map(|line| line["label"].clone()).collect();
    (labels, case.lines("data/unanswered.jsonl"), told)
}

#[test]
fn labels_are_recognised_or_mapped_by_name() {
    let numbers = ["--mapping", "numbers"];
    let index = ["--mapping", "index"];
    let share = ["--mapping", "share"];
    let map = ["--map", "first=a", "--map", "second=b", "--map", "meh=tie"];
    let none: [&str; 0] = [];
    for (labels, options, name, expected) in [
        (json!(["A", "b", "tie"]), &none[..], "letters", json!([1, 0, 0.5])),
        (json!([1, 2, 0]), &none, "numbers", json!([1, 0, 0.5])),
        (json!(["1", "2"]), &none, "numbers", json!([1, 0])),
        (json!([1, -1, 0]), &none, "sign", json!([1, 0, 0.5])),
        (json!([1, 0]), &numbers, "numbers", json!([1, 0.5])),
        (json!([1, 0]), &index, "index", json!([0, 1])),
        (json!([1, 0.0]), &share, "share", json!([1, 0])),
        (json!([1, 0.75, 0]), &none, "share", json!([1, 0.75, 0])),
        (json!(["left", "right", "Tie"]), &none, "sides", json!([1, 0, 0.5])),
        (json!(["model_a", "model_b", "tie"]), &none, "models", json!([1, 0, 0.5])),
        (json!(["response1", "response2"]), &none, "responses", json!([1, 0])),
        (json!(["first", "second", "meh"]), &map, "letters", json!([1, 0, 0.5])),
        (json!(["A", "first", "second"]), &map, "letters", json!([1, 1, 0])),
    ] {
        let (found, _, told) = mapped(labels.as_array().unwrap(), options);
        assert_eq!(json!(found), expected, "{labels}");
        assert!(told.contains(&format!("labels by the mapping {name}: ")), "{labels}: {told}");
    }
}

/// Nothing is learnt from it, and its word is not lost.
#[test]
fn a_pair_of_two_bad_responses_is_passed_over() {
    let labels = [json!("model_a"), json!("tie (bothbad)")];
    let (found, unanswered, told) = mapped(&labels, &[]);
    assert_eq!(found, [json!(1)]);
    let line = json!({"a": 2, "b": 3, "skip": true, "note": "tie (bothbad)"});
    assert_eq!(unanswered, [line]);
    assert!(told.contains("\"tie (bothbad)\" is skip (1)"), "{told}");
    let (found, ..) = mapped(&labels, &["--map", "tie (bothbad)=tie"]);
    assert_eq!(json!(found), json!([1, 0.5]));
}

#[test]
fn winners_may_have_a_column_each() {
    let text = "prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n\
                p,x,y,1,0,0\np,x,z,0,1,0\np,y,z,0,0,1\n";
    let case = Case::with("in.csv", text);
    case.run(&["import", "in.csv", "--out", "data"]);
    let labels = case.lines("data/labels.jsonl");
    let labels: Vec<&Value> = labels.iter().map(|line| &line["label"]).collect();
    assert_eq!(json!(labels), json!([1, 0, 0.5]));
}

#[test]
fn conflicts_are_listed() {
    let text = r#"{"prompt":"p","chosen":"1","rejected":"2"}
{"prompt":"p","chosen":"2","rejected":"1"}
{"prompt":"p","chosen":"1","rejected":"3"}
{"prompt":"p","chosen":"1","rejected":"3"}
"#;
    let case = Case::with("in.jsonl", text);
    let (printed, told) = case.run(&["import", "in.jsonl", "--out", "data", "--json"]);
    assert!(told.contains("2 pairs have several labels, and those of 1 disagree"), "{told}");
    assert!(told.contains("--repeats keep"), "{told}");
    assert!(told.contains("rows 0 and 1 disagree: in.jsonl: line 1, in.jsonl: line 2"), "{told}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["repeated"], 2);
    let conflict = json!({"a": 0, "b": 1, "places": ["in.jsonl: line 1", "in.jsonl: line 2"]});
    assert_eq!(report["conflicts"], json!([conflict]));
}

#[test]
fn other_names_and_forms_are_known() {
    let ultra = r#"{"instruction":"q","completions":[{"response":"u","overall_score":3,"model":"m"},{"response":"v","overall_score":7}]}"#;
    let ordered = r#"{"prompt":"q","responses":["best","good","bad"],"format":"x"}"#;
    let long =
        "prompt,response,score,annotator\np,one,4,kim\np,two,5,kim\np,one,3,lee\np,two,3,lee\n";
    let argilla = r#"[{"external_id":"e","fields":{"prompt":"q","response-1":"u","response-2":"v","response-3":"w"},
      "responses":[{"user_id":"k","status":"submitted","values":{"ranking":{"value":[{"value":"response-1","rank":2},
      {"value":"response-2","rank":1},{"value":"response-3","rank":2}]}}}],"metadata":{}}]"#;
    let ranker = r#"[{"id":8,"data":{"prompt":"R","items":[{"id":"i","body":"u"},{"id":"j","body":"v"},{"id":"k","body":"w"}]},
      "annotations":[{"id":1,"completed_by":{"id":4,"email":"a@b.c"},"result":[{"type":"ranker","value":{"ranker":{"rank":["k","i","j"]}}}]}]}]"#;
    let named = r#"[{"data":{"question":"R","txt-1":"u","txt-2":"v"},"annotations":[{"result":[{"type":"pairwise",
      "to_name":"txt-1,txt-2","value":{"selected":"right"}}]}]}]"#;
    for (name, text, options, labels) in [
        ("u.jsonl", ultra, &[][..], json!([[0, 1, 0]])),
        ("o.jsonl", ordered, &["--format", "ranking"], json!([[0, 1, 1], [0, 2, 1], [1, 2, 1]])),
        ("l.csv", long, &[], json!([[0, 1, 0], [0, 1, 0.5]])),
        ("a.json", argilla, &[], json!([[0, 1, 0], [0, 2, 0.5], [1, 2, 1]])),
        ("r.json", ranker, &[], json!([[0, 1, 1], [0, 2, 0], [1, 2, 0]])),
        ("n.json", named, &[], json!([[0, 1, 0]])),
    ] {
        let case = Case::with(name, text);
        case.run(&[&["import", name, "--out", "data"], options].concat());
        let label = |line: &Value| json!([line["a"], line["b"], line["label"]]);
        let found: Vec<Value> = case.lines("data/labels.jsonl").iter().map(label).collect();
        assert_eq!(json!(found), labels, "{name}");
    }
}

#[test]
fn columns_get_their_names() {
    let text = "\u{feff}task;left;right\n";
    let text =
        format!("{}p,one,two,L\n", text.replace(';', ",").replace("right\n", "right,said\n"));
    let case = Case::with("in.csv", &text);
    let columns = ["prompt=task", "response_a=left", "response_b=right", "label=said"];
    let columns: Vec<&str> = columns.iter().flat_map(|column| ["--column", column]).collect();
    let rest = ["import", "in.csv", "--out", "data", "--map", "L=a"];
    case.run(&[&rest[..], &columns].concat());
    assert_eq!(case.lines("data/labels.jsonl"), [json!({"a": 0, "b": 1, "label": 1})]);
    assert_eq!(case.lines("data/texts.jsonl")[1]["response"], "two");
}

#[test]
fn a_dry_run_writes_nothing() {
    let case = Case::with("in.jsonl", WHOLE[1].1);
    let (printed, told) = case.run(&["import", "in.jsonl", "--out", "data", "--dry-run"]);
    assert!(printed.contains("2 prompts") && told.contains("mapping letters"), "{printed}{told}");
    assert!(!case.path("data").exists());
}

/// An import replaces its own files, and keeps what else is in the folder.
#[test]
fn an_import_replaces_its_own_files() {
    let case = Case::with("in.jsonl", WHOLE[1].1);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    case.write("data/embeddings.npy", "of the texts before");
    case.write("other.jsonl", r#"{"prompt":"p","chosen":"1","rejected":"2"}"#);
    let (_, told) = case.run(&["import", "other.jsonl", "--out", "data", "--force"]);
    assert!(told.contains("data/embeddings.npy was there before these texts"), "{told}");
    assert_eq!(case.lines("data/texts.jsonl").len(), 2);
    assert_eq!(case.read("data/unanswered.jsonl"), "", "of the texts before");
    assert_eq!(case.read("data/embeddings.npy"), "of the texts before");
}

#[test]
fn exports_carry_margins_and_scores() {
    let text = r#"{"prompt":"p","chosen":"1","rejected":"2","id":"x"}
{"prompt":"p","chosen":"3","rejected":"1"}
"#;
    let case = Case::with("in.jsonl", text);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    case.write("scores.jsonl", "{\"reward\":0.5}\n{\"reward\":-1}\n{\"reward\":2.25}\n");
    let scored = ["export", "--data", "data", "--scores", "scores.jsonl", "--margin", "--out", "-"];
    let (printed, _) = case.run(&scored);
    let row = &lines(&printed)[1];
    assert_eq!(row["score_chosen"], 2.25);
    assert_eq!((&row["score_rejected"], &row["margin"]), (&json!(0.5), &json!(1.75)));
    // Without scores from elsewhere they are the texts' own.
    case.run(&[&scored[..5], &["--format", "ratings", "--out", "r.json"]].concat());
    case.run(&["import", "r.json", "--out", "rated"]);
    let (printed, _) = case.run(&["export", "--data", "rated", "--margin", "--out", "-"]);
    assert!(lines(&printed).iter().all(|row| row["margin"].as_f64().unwrap() > 0.0), "{printed}");
}

/// A margin is what others train on, and the strategy's is what the model guessed before the answer.
#[test]
fn what_the_strategy_said_of_a_pair_is_not_exported() {
    let case = Case::new();
    let text =
        |response| format!("{{\"prompt_id\":0,\"prompt\":\"one\",\"response\":\"{response}\"}}\n");
    case.write("texts.jsonl", &(text("a") + &text("b")));
    for (fields, margin) in [
        (r#""margin":0.7,"rank":1,"score":2,"fisher_weight":0.2"#, Value::Null),
        (r#""round":1,"score":0.25"#, Value::Null),
        (r#""margin":0.7"#, json!(0.7)),
    ] {
        case.write("labels.jsonl", &format!("{{\"a\":[0,0],\"b\":[0,1],\"label\":1,{fields}}}\n"));
        let labels = ["export", "--labels", "labels.jsonl", "--texts", "texts.jsonl"];
        let (printed, _) = case.run(&[&labels[..], &["--format", "trl", "--out", "-"]].concat());
        let row = &lines(&printed)[0];
        assert_eq!((&row["chosen"], &row["margin"]), (&json!("a"), &margin), "{row}");
        for name in ["score", "rank", "fisher_weight"] {
            assert!(row.get(name).is_none(), "{row}");
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_counted() {
    let text = r#"{"response_a":"u","response_b":"v","label":0.25}
{"response_a":"u","response_b":"w","label":0.5}
{"response_a":"u","response_b":"x","label":1}
"#;
    let case = Case::with("in.jsonl", text);
    case.run(&["import", "in.jsonl", "--out", "data", "--mapping", "share"]);
    let (printed, told) = case.run(&["export", "--data", "data", "--out", "-"]);
    assert_eq!(lines(&printed)[0]["chosen"], "v");
    assert!(told.contains("1 left out, a tie") && told.contains("1 shortened"), "{told}");
    let (printed, told) =
        case.run(&["export", "--data", "data", "--format", "pairs", "--out", "-"]);
    let labels: Vec<Value> = lines(&printed).iter().map(|row| row["label"].clone()).collect();
    assert_eq!(json!(labels), json!([0.25, 0.5, 1]));
    assert!(!told.contains("left out") && !told.contains("shortened"), "{told}");
}

/// The rows of the texts are those of the embeddings.
#[test]
fn labels_of_an_import_train() {
    for (format, text) in WHOLE.into_iter().filter(|(format, _)| !["trl", "pairs"].contains(format))
    {
        let case = Case::with("in.jsonl", text);
        case.run(&["import", "in.jsonl", "--out", "data"]);
        let rows = case.lines("data/texts.jsonl").len();
        fs::write(case.path("rows.npy"), npy(&[rows, 3], |place| (place * place) as f32)).unwrap();
        let train = ["train", "--train-embeddings", "rows.npy", "--labels", "data/labels.jsonl"];
        case.run(&[&train[..], &["--repeats", "keep", "--out", "m.safetensors"]].concat());
        assert!(case.path("m.safetensors").exists(), "{format}");
    }
}

/// Labels and pairs of another command, by rows or by prompt and response.
#[test]
fn labels_of_a_run_get_their_texts() {
    let case = Case::with("in.jsonl", WHOLE[2].1);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    case.write(
        "run.jsonl",
        "{\"round\":1,\"a\":[0,2],\"b\":[0,0],\"label\":0,\"score\":null}\n{\"a\":3,\"b\":4}\n",
    );
    let pairs = ["export", "--data", "data", "--labels", "run.jsonl", "--format", "label-studio"];
    let (printed, _) = case.run(&[&pairs[..], &["--out", "-"]].concat());
    let tasks = lines(&printed);
    assert_eq!(
        (&tasks[0]["data"]["response_a"], &tasks[0]["data"]["response_b"]),
        (&json!("w"), &json!("u"))
    );
    assert_eq!(tasks[0]["annotations"][0]["result"][0]["value"]["selected"], "right");
    assert_eq!(tasks[1]["annotations"], json!([]));
}

/// Pairs go to people and come back, by the rows that they had.
#[test]
fn answers_to_exported_pairs_keep_their_rows() {
    let case = Case::with("in.jsonl", WHOLE[2].1);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    case.write("batch.jsonl", "{\"a\":4,\"b\":3}\n{\"a\":2,\"b\":0}\n");
    for format in ["label-studio", "argilla", "pairs"] {
        let export = ["export", "--data", "data", "--labels", "batch.jsonl", "--format", format];
        case.run(&[&export[..], &["--out", "asked.json", "--force"]].concat());
        let import = ["import", "asked.json", "--texts", "data/texts.jsonl", "--out", "round"];
        case.run(&[&import[..], &["--force"]].concat());
        assert_eq!(case.read("round/texts.jsonl"), case.read("data/texts.jsonl"), "{format}");
        let pairs = case.lines("round/unanswered.jsonl");
        let pairs: Vec<Value> = pairs.iter().map(|pair| json!([pair["a"], pair["b"]])).collect();
        assert_eq!(json!(pairs), json!([[4, 3], [2, 0]]), "{format}");
    }
    // By its text alone, where that is all that came back.
    case.write("bare.csv", "prompt,response_a,response_b,label\nTwo,y,x,b\n");
    case.run(&["import", "bare.csv", "--texts", "data/texts.jsonl", "--out", "bare"]);
    assert_eq!(case.lines("bare/labels.jsonl"), [json!({"a": 4, "b": 3, "label": 0})]);
}

/// A file that is damaged anywhere is read or refused, and nothing else.
#[test]
fn damaged_parquet_is_refused() {
    let case = Case::with("in.jsonl", WHOLE[0].1);
    case.run(&["import", "in.jsonl", "--out", "data"]);
    case.run(&["export", "--data", "data", "--out", "whole.parquet"]);
    let whole = fs::read(case.path("whole.parquet")).unwrap();
    let damaged = case.path("damaged.parquet");
    let read = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        source::read(&damaged).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(Container::of_name(&damaged), Some(Container::Parquet));
    for end in (4..whole.len()).step_by(7) {
        let told = read(&whole[..end]).unwrap_err();
        assert!(told.contains("damaged.parquet"), "{told}");
    }
    for place in 4..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        let _ = read(&bytes);
    }
}

/// The folder of an import is one of a path that no file has.
#[test]
fn folders_are_made() {
    let case = Case::with("in.jsonl", WHOLE[0].1);
    case.run(&["import", "in.jsonl", "--out", "new/deep/data"]);
    assert!(case.path("new/deep/data/texts.jsonl").is_file());
    assert!(Path::new("new").is_relative());
}
