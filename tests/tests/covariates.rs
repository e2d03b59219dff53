//! Covariates: numbers known of each response, from arrays of every form and from the lengths of
//! texts, in the order of the items; and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pairpick::data::covariates::CovariatesFile;
use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::pool_kind::PoolKind;
use pairpick::data::prompt_ids::PromptIdsFile;
use pairpick::data::summary::DataSummary;
use pairpick::error::Result;
use pairpick::output::inputs::{Covariates as Input, Files, Inputs, Source, TrainingFiles};
use pairpick_tests::fuzz::{npy, npz};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tempfile::TempDir;

fn array(descr: &str, shape: &str, bytes: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut file = npy(descr, shape, 0);
    file.extend(bytes);
    file
}

fn floats(shape: &str, values: &[f32]) -> Vec<u8> {
    array("<f4", shape, values.iter().flat_map(|value| value.to_le_bytes()))
}

/// Embeddings of two prompts of three responses, or of six rows, in a folder of their own.
struct Case(TempDir);

impl Case {
    fn new() -> Self {
        let case = Self(TempDir::new().expect("a folder"));
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        case.write("embeddings.npy", &floats("(2, 3, 2)", &values));
        case.write("rows.npy", &floats("(6, 2)", &values));
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn read(&self, embeddings: &str, name: &str, names: &[&str]) -> Result<Embeddings> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let file = CovariatesFile::Array { path: &self.path(name), names: &names };
        Embeddings::open(&self.path(embeddings))?.with_covariates(Some(file))
    }

    fn lengths(&self, embeddings: &str, texts: &str) -> Result<Embeddings> {
        let path = self.write("texts.jsonl", texts.as_bytes());
        let file = Some(CovariatesFile::Lengths(&path));
        Embeddings::open(&self.path(embeddings))?.with_covariates(file)
    }
}

fn values(embeddings: &Embeddings) -> Vec<f32> {
    embeddings.covariates().expect("covariates").values().to_vec()
}

fn names(embeddings: &Embeddings) -> Vec<String> {
    embeddings.covariates().expect("covariates").names().to_vec()
}

fn refused(result: Result<Embeddings>, parts: &[&str]) {
    let error = result.err().expect("an error").to_string();
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

const SIX: [f32; 6] = [3.0, 1.0, 4.0, 1.5, 9.0, 2.0];

#[test]
fn shapes_are_those_of_the_embeddings_with_or_without_an_axis_of_covariates() {
    let case = Case::new();
    let twelve: Vec<f32> = SIX.iter().flat_map(|value| [*value, -value]).collect();
    for (embeddings, one, axis, two) in [
        ("embeddings.npy", "(2, 3)", "(2, 3, 1)", "(2, 3, 2)"),
        ("rows.npy", "(6,)", "(6, 1)", "(6, 2)"),
    ] {
        for shape in [one, axis] {
            case.write("train_words.npy", &floats(shape, &SIX));
            let read = case.read(embeddings, "train_words.npy", &[]).expect("one");
            assert_eq!((names(&read), values(&read)), (vec!["words".to_owned()], SIX.to_vec()));
            let named = case.read(embeddings, "train_words.npy", &["size"]).expect("one");
            assert_eq!(names(&named), ["size"]);
        }
        case.write("two.npy", &floats(two, &twelve));
        let read = case.read(embeddings, "two.npy", &["up", "down"]).expect("two");
        assert_eq!(
            (names(&read), values(&read)),
            (vec!["up".into(), "down".into()], twelve.clone())
        );
        assert_eq!(read.covariates().expect("two").of_item(2), [4.0, -4.0]);
        assert!(read.covariates().expect("two").of_item(6).is_empty());
        for names in [&[][..], &["up"], &["up", "up"], &["up", " "], &["up", "down", "left"]] {
            let expected = ["`covariate_names`", "each of the 2 covariates of", "two.npy"];
            refused(case.read(embeddings, "two.npy", names), &expected);
        }
    }
    assert!(Embeddings::open(&case.path("rows.npy")).expect("rows").covariates().is_none());
}

/// As `{train,test}_lengths.npy` of int32 are.
#[test]
fn integers_of_every_size_are_read_and_only_as_covariates() {
    let case = Case::new();
    let numbers = [0_i64, 1, 7, 100, 127, 64];
    for (kind, bytes) in ["<i", "<u"].into_iter().flat_map(|kind| [1, 2, 4, 8].map(|n| (kind, n))) {
        let descr = if bytes == 1 { format!("|{}1", &kind[1..]) } else { format!("{kind}{bytes}") };
        let data = numbers.iter().flat_map(|number| number.to_le_bytes()[..bytes].to_vec());
        case.write("lengths.npy", &array(&descr, "(2, 3)", data));
        let read = case.read("embeddings.npy", "lengths.npy", &[]).expect("integers");
        assert_eq!(values(&read), numbers.map(|number| number as f32), "{descr}");
        refused(Embeddings::open(&case.path("lengths.npy")), &["element type", "'<f4'"]);
    }
    let signed = [-1_i16, -32_768, 32_767, 0, 2, -2];
    let data = signed.iter().flat_map(|number| number.to_le_bytes());
    case.write("signed.npy", &array("<i2", "(6,)", data));
    let read = case.read("rows.npy", "signed.npy", &[]).expect("signed");
    assert_eq!(values(&read), signed.map(f32::from));
    // The nearest of f32, to even between two.
    let data = [16_777_217_u32, u32::MAX, 16_777_219, 0, 1, 2].into_iter();
    case.write("large.npy", &array("<u4", "(6,)", data.flat_map(u32::to_le_bytes)));
    let read = case.read("rows.npy", "large.npy", &[]).expect("large");
    assert_eq!(values(&read)[..3], [16_777_216.0, 4_294_967_296.0, 16_777_220.0]);
    for descr in [">i4", "|b1", "<c8", "<i3"] {
        case.write("bad.npy", &npy(descr, "(6,)", 48));
        refused(case.read("rows.npy", "bad.npy", &[]), &["element type", "bad.npy"]);
    }
}

#[test]
fn a_file_of_several_arrays_names_them() {
    let case = Case::new();
    let bytes = floats("(6,)", &SIX);
    case.write("one.npz", &npz(&[("tokens.npy", &bytes)]));
    assert_eq!(names(&case.read("rows.npy", "one.npz", &[]).expect("one")), ["tokens"]);
    case.write("two.npz", &npz(&[("rewards.npy", &bytes), ("covariates.npy", &bytes)]));
    assert_eq!(names(&case.read("rows.npy", "two.npz", &[]).expect("the one named")), ["two"]);
    let data: Vec<u8> = SIX.iter().flat_map(|value| (*value as u16).to_le_bytes()).collect();
    let view = TensorView::new(Dtype::U16, vec![6], &data).expect("a tensor");
    let tensors = BTreeMap::from([("characters", view)]);
    let file = safetensors::serialize(tensors, None).expect("a file");
    case.write("length.safetensors", &file);
    let read = case.read("rows.npy", "length.safetensors", &[]).expect("integers");
    assert_eq!(names(&read), ["characters"]);
    assert_eq!(values(&read), SIX.map(|value| value as u16).map(f32::from));
    refused(Embeddings::open(&case.path("length.safetensors")), &["characters", "U16"]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let case = Case::new();
    for (embeddings, shape) in
        [("embeddings.npy", "(6,)"), ("embeddings.npy", "(3, 2)"), ("rows.npy", "(2, 3)")]
    {
        case.write("other.npy", &floats(shape, &SIX));
        let expected = [shape, "does not fit", embeddings, "(N, K) or (N, K, C)"];
        refused(case.read(embeddings, "other.npy", &[]), &expected);
    }
    for (value, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut numbers = SIX;
        numbers[4] = value;
        case.write("train_words.npy", &floats("(2, 3)", &numbers));
        let expected = [word, "[1, 1] (prompt 1, response 1, from 0)", "\"words\"", "finite"];
        refused(case.read("embeddings.npy", "train_words.npy", &[]), &expected);
    }
    case.write("none.npy", &floats("(6, 0)", &[]));
    refused(case.read("rows.npy", "none.npy", &[]), &["0 covariates", "from 1 to 64"]);
    case.write("many.npy", &floats("(6, 65)", &[0.0; 390]));
    refused(case.read("rows.npy", "many.npy", &[]), &["65 covariates", "from 1 to 64"]);
    refused(case.read("rows.npy", "missing.npy", &[]), &["missing.npy"]);
}

/// Rows whose prompts ids tell keep their numbers, wherever the prompts' rows stand.
#[test]
fn the_order_is_that_of_the_items() {
    let case = Case::new();
    let ids = case.write("ids.txt", b"a\nb\na\nb\na\nb\n");
    case.write("words.npy", &floats("(6,)", &SIX));
    let ids = PromptIdsFile { path: &ids, fields: &[] };
    let embeddings = Embeddings::open_with(&case.path("rows.npy"), Some(ids)).expect("ids");
    let file = CovariatesFile::Array { path: &case.path("words.npy"), names: &[] };
    let embeddings = embeddings.with_covariates(Some(file)).expect("words");
    assert_eq!(values(&embeddings), [3.0, 4.0, 9.0, 1.0, 1.5, 2.0]);
    let part = case.read("embeddings.npy", "words.npy", &[]);
    refused(part, &["does not fit"]);
    case.write("words.npy", &floats("(2, 3)", &SIX));
    let whole = case.read("embeddings.npy", "words.npy", &[]).expect("words");
    assert_eq!(values(&whole.restricted_to(1..2).expect("a prompt")), [1.5, 9.0, 2.0]);
}

#[test]
fn lengths_are_characters_or_the_tokens_that_a_file_says() {
    let case = Case::new();
    let texts = ["", "ä", "two words", "日本語", "a\\nb", "x"];
    let expected = [0.0, 1.0, 9.0, 3.0, 3.0, 1.0];
    let line = |text: &&str| format!("{{\"text\": \"{text}\", \"id\": 7}}\n");
    let a_response_a_line: String = texts.iter().map(line).collect();
    let as_import_writes = a_response_a_line.replace("\"text\"", "\"prompt_id\": 1, \"response\"");
    let list = |texts: &[&str]| {
        let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
        format!("{{\"prompt\": \"p\", \"responses\": [{}]}}\n", quoted.join(","))
    };
    let a_prompt_a_line = list(&texts[..3]) + "\n" + &list(&texts[3..]);
    let objects = a_prompt_a_line.replace("\"ä\"", "{\"text\": \"ä\", \"reward\": 1}");
    let messages = a_prompt_a_line
        .replace("\"two words\"", "[{\"role\": \"assistant\", \"content\": \"two words\"}]");
    for texts in [&a_response_a_line, &as_import_writes, &a_prompt_a_line, &objects, &messages] {
        for embeddings in ["embeddings.npy", "rows.npy"] {
            let read = case.lengths(embeddings, texts).expect("lengths");
            assert_eq!((names(&read), values(&read)), (vec!["length".into()], expected.to_vec()));
        }
    }
    let tokens = "{\"tokens\": 12, \"text\": \"x\"}\n{\"tokens\": 0}\n{\"tokens\": 3}\n".repeat(2);
    let read = case.lengths("rows.npy", &tokens).expect("tokens");
    assert_eq!(values(&read), [12.0, 0.0, 3.0, 12.0, 0.0, 3.0]);
}

#[test]
fn texts_that_tell_no_length_are_refused_with_their_line() {
    let case = Case::new();
    let good = "{\"text\": \"x\"}\n";
    for (line, problem) in [
        ("{\"prompt\": \"x\"}", "no response in it: no \"text\", \"response\", \"tokens\""),
        ("{\"text\": 7}", "expected a text or a list of messages"),
        ("{\"text\": [{\"role\": \"user\"}]}", "a message without a text"),
        ("{\"text\": [\"x\"]}", "a message without a text"),
        ("{\"responses\": 3}", "\"responses\" must be a list"),
        ("{\"responses\": [\"x\", \"y\"]}", "2 responses; expected 3, as each prompt has"),
        ("{\"tokens\": 4}", "\"tokens\", which the responses before it have not"),
        ("{\"tokens\": -4}", "must be a whole number, not negative"),
        ("{\"tokens\": 1.5}", "must be a whole number, not negative"),
        ("\"x\"", "expected an object"),
        ("{\"text\": \"x\"", "line 2"),
    ] {
        let texts = format!("{good}{line}\n");
        refused(case.lengths("embeddings.npy", &texts), &[problem, "texts.jsonl", "line 2"]);
    }
    let mixed = "{\"tokens\": 4}\n{\"text\": \"x\"}\n";
    refused(case.lengths("rows.npy", mixed), &["line 2", "no \"tokens\", which"]);
    for count in [0, 5, 7] {
        let expected = [&format!("texts of {count} responses"), "shape (6, 2)", "one a response"];
        refused(case.lengths("rows.npy", &good.repeat(count)), &expected.map(|part| part));
    }
    let folder = CovariatesFile::Lengths(case.0.path());
    let embeddings = Embeddings::open(&case.path("rows.npy")).expect("rows");
    refused(embeddings.with_covariates(Some(folder)), &["texts are JSON Lines"]);
}

#[test]
fn the_bundled_replies_know_their_lengths() {
    let dataset = Dataset::bundled_with_lengths().expect("bundled");
    let test = dataset.test.as_ref().expect("a test part");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/replies");
    let texts = fixtures.join("texts.jsonl");
    let whole = Embeddings::open(&fixtures.join("embeddings.npy")).expect("replies");
    let whole = whole.with_covariates(Some(CovariatesFile::Lengths(&texts))).expect("lengths");
    let parts = [values(&dataset.train.embeddings), values(&test.embeddings)].concat();
    assert_eq!(parts, values(&whole));
    // "That sounds unpleasant. I'd leave it to others to advise."
    assert_eq!(parts[0], 57.0);
    let summary = dataset.summary().expect("a summary");
    assert_eq!(summary.train.covariates.as_ref().expect("lengths").names, ["length"]);
    assert!(Dataset::bundled().expect("bundled").train.embeddings.covariates().is_none());
    // Another split of the same prompts has the same lengths, each with its reply.
    let other = Dataset::bundled_split(1, true).expect("another split");
    let (train, test) = (&other.train.embeddings, &other.test.as_ref().expect("a part").embeddings);
    let mut all = [values(train), values(test)].concat();
    assert_ne!(all, parts);
    let mut sorted = parts.clone();
    all.sort_by(f32::total_cmp);
    sorted.sort_by(f32::total_cmp);
    assert_eq!(all, sorted);
    let mut row = vec![0.0; train.dimensions()];
    let mut first = row.clone();
    train.read_range(0..1, &mut first).expect("the first reply");
    let same = (0..whole.items()).find(|item| {
        whole.read_range(*item..*item + 1, &mut row).expect("a reply");
        row == first
    });
    let same = same.expect("the reply is there") as usize;
    assert_eq!(values(train)[0], parts[same]);
    let without = Dataset::bundled_split(1, false).expect("another split");
    assert!(without.train.embeddings.covariates().is_none());
    let inputs = Inputs { data: Source::BundledWithLengths, force: false, grid: None };
    let text = serde_json::to_string(&inputs).expect("JSON");
    assert_eq!(serde_json::from_str::<Inputs>(&text).expect("the same"), inputs);
    let opened = Source::BundledWithLengths.open(PoolKind::InPrompt).expect("bundled");
    assert_eq!(opened.summary().expect("a summary"), summary);
}

/// A run is gone on with by the same covariates alone.
#[test]
fn a_change_of_covariates_is_noticed() {
    let case = Case::new();
    case.write("rewards.npy", &floats("(2, 3)", &SIX));
    case.write("train_words.npy", &floats("(2, 3)", &SIX));
    case.write("test_words.npy", &floats("(2, 3)", &SIX));
    let of = |covariates: Option<&str>| {
        let array = |name: &str| Input::Array { path: case.path(name), names: Vec::new() };
        let test = covariates.map(|name| array(&format!("test_{name}")));
        let covariates = covariates.map(|name| array(&format!("train_{name}")));
        let (embeddings, rewards) = (case.path("embeddings.npy"), Some(case.path("rewards.npy")));
        let train = TrainingFiles {
            embeddings: embeddings.clone(),
            prompt_ids: None,
            rewards: rewards.clone(),
            candidates: None,
            covariates,
        };
        let test = Some(Files { embeddings, prompt_ids: None, rewards, covariates: test });
        Source::Files { train, test, test_labels: None }
    };
    let summary = |source: &Source| -> DataSummary {
        source.open(PoolKind::InPrompt).expect("data").summary().expect("a summary")
    };
    let source = of(Some("words.npy"));
    assert_eq!(source.paths().len(), 6);
    let inputs = Inputs { data: source.clone(), force: false, grid: None };
    let text = serde_json::to_string(&inputs).expect("JSON");
    assert_eq!(serde_json::from_str::<Inputs>(&text).expect("the same"), inputs);
    let began = summary(&source);
    let text = serde_json::to_string(&began).expect("JSON");
    assert_eq!(serde_json::from_str::<DataSummary>(&text).expect("the same"), began);
    source.check_unchanged(Some(&began), &summary(&source)).expect("unchanged");
    let changed = |name: &str, what: &str| {
        let error =
            source.check_unchanged(Some(&began), &summary(&source)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(what), "{error}");
    };
    let mut other = SIX;
    other[5] += 1.0;
    case.write("test_words.npy", &floats("(2, 3)", &other));
    changed("test_words.npy", "test covariates");
    case.write("train_words.npy", &floats("(2, 3)", &other));
    changed("train_words.npy", "training covariates");
    let without = summary(&of(None));
    assert!(source.check_unchanged(Some(&began), &without).is_err());
}

#[test]
fn test_data_has_the_covariates_of_the_training_data() {
    let case = Case::new();
    case.write("words.npy", &floats("(2, 3)", &SIX));
    let read = |covariates: Option<&str>| -> Result<Embeddings> {
        let path = case.path("words.npy");
        let names: Vec<String> = covariates.into_iter().map(str::to_owned).collect();
        let file = CovariatesFile::Array { path: &path, names: &names };
        let embeddings = Embeddings::open(&case.path("embeddings.npy"))?;
        embeddings.with_covariates(covariates.map(|_| file))
    };
    let tested = |train: Option<&str>, test: Option<&str>| -> Result<Dataset> {
        Dataset::open(read(train)?, None, None, PoolKind::InPrompt)?.with_test(read(test)?, None)
    };
    tested(Some("words"), Some("words")).map(|_| ()).expect("the same");
    tested(None, None).map(|_| ()).expect("none");
    for (train, test, message) in [
        (Some("words"), None, "are none, but"),
        (None, Some("words"), "are words, but"),
        (Some("words"), Some("size"), "are size, but"),
    ] {
        let error = tested(train, test).err().expect("an error").to_string();
        assert!(error.contains(message) && error.contains("`test_covariates`"), "{error}");
    }
}
