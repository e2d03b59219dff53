//! The output folder: complete under its name or not there, and never at the cost of what was.

use std::fs;
use std::path::{Path, PathBuf};

use pairpick::Error;
use pairpick::data::dataset::Dataset;
use pairpick::data::fields::ExtraFields;
use pairpick::data::item::ItemName;
use pairpick::data::labels::{Label, LabelRecord, read_json_lines};
use pairpick::data::preference::Preference;
use pairpick::data::question::Question;
use pairpick::digest::HexDigest;
use pairpick::error::FolderError;
use pairpick::model::{Context, Model};
use pairpick::output::inputs::{Source, TrainingFiles};
use pairpick::output::{LABELS, MANIFEST, METRICS, OutputFolder, SETTINGS};
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round::answer::Answered;
use pairpick::round::journal::{Committed, Journal, RoundRecord};
use pairpick::round::metrics::{ByPrompt, RoundMetrics};
use pairpick::runtime::Runtime;
use pairpick::settings::Settings;
use tempfile::TempDir;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    (folder, out)
}

/// Writes the settings of a run on the bundled data.
fn begin(output: &mut OutputFolder) {
    let embeddings = Dataset::bundled().unwrap().train.embeddings;
    let committed = output.begin(&Settings::default(), &embeddings).unwrap();
    assert_eq!(committed, Committed::default());
}

fn metrics(round: u64) -> RoundMetrics {
    RoundMetrics {
        round,
        labels: 10 * round,
        one_minus_spearman: Some(0.1 + 0.2),
        best_of_n: [(32, None), (8, Some(1.5)), (2, Some(-0.25))].into(),
        pairwise_accuracy: Some(f64::NAN),
        held_out: None,
        confidence: None,
        covariates: Vec::new(),
        prior_precision: 0.3,
        log_det: Some(-1e-300),
        log_det_over_prior: Some(0.75),
        information_per_label: Some(0.125),
        information_share: None,
        certificate: None,
        seconds: 0.5,
        digest: HexDigest(0xabc),
    }
}

#[test]
fn nothing_has_the_name_before_everything_has() {
    let (folder, out) = place();
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    let partial = output.partial_path().to_owned();
    assert_eq!(partial, fs::canonicalize(folder.path()).unwrap().join(".out.partial"));
    begin(&mut output);
    assert_eq!(names(folder.path()), [".out.partial"]);
    let finished = output.finish().unwrap();
    assert_eq!(finished, fs::canonicalize(&out).unwrap());
    assert_eq!(names(folder.path()), ["out"]);
    assert_eq!(names(&out), [MANIFEST, SETTINGS]);
}

#[test]
fn missing_parents_are_made() {
    let (folder, _) = place();
    let out = folder.path().join("a/b/out");
    OutputFolder::create(&out, false, &Source::Bundled).unwrap().finish().unwrap();
    assert_eq!(names(&out), [MANIFEST]);
}

#[test]
fn unfinished_work_stays_and_an_empty_folder_goes() {
    let (folder, out) = place();
    drop(OutputFolder::create(&out, false, &Source::Bundled).unwrap());
    assert_eq!(names(folder.path()), Vec::<String>::new());
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    begin(&mut output);
    output.append_metrics(&metrics(1)).unwrap();
    let partial = output.partial_path().to_owned();
    drop(output);
    assert_eq!(names(&partial), ["inputs.json", MANIFEST, METRICS, SETTINGS]);
    assert!(!out.exists());
}

#[test]
fn an_empty_folder_is_taken_and_a_full_one_is_not() {
    let (folder, out) = place();
    fs::create_dir(&out).unwrap();
    OutputFolder::create(&out, false, &Source::Bundled).unwrap().finish().unwrap();
    fs::write(out.join("mine"), "mine").unwrap();
    let error = OutputFolder::create(&out, false, &Source::Bundled).unwrap_err();
    assert!(matches!(error, Error::Folder(FolderError::OutputExists { .. })), "{error:?}");
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn force_replaces_the_folder_only_when_the_new_one_is_complete() {
    let (folder, out) = place();
    fs::create_dir_all(out.join("old/deep")).unwrap();
    let foreign = OutputFolder::create(&out, true, &Source::Bundled).unwrap_err();
    assert!(
        matches!(foreign, Error::Folder(FolderError::OutputPlace { .. })),
        "no run made it: {foreign:?}"
    );
    fs::remove_dir_all(&out).unwrap();
    let mut earlier = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    begin(&mut earlier);
    earlier.finish().unwrap();
    let mut output = OutputFolder::create(&out, true, &Source::Bundled).unwrap();
    output.append_metrics(&metrics(1)).unwrap();
    assert_eq!(names(&out), [MANIFEST, SETTINGS]);
    output.finish().unwrap();
    assert_eq!(names(&out), [MANIFEST, METRICS]);
    assert_eq!(names(folder.path()), ["out"]);
}

/// What appears under the name during the run is somebody else's.
#[test]
fn a_folder_that_is_filled_meanwhile_is_not_replaced() {
    let (_folder, out) = place();
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    output.append_metrics(&metrics(1)).unwrap();
    let partial = output.partial_path().to_owned();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("theirs"), "").unwrap();
    assert!(matches!(output.finish(), Err(Error::Folder(FolderError::OutputExists { .. }))));
    assert_eq!(names(&out), ["theirs"]);
    assert_eq!(names(&partial), [MANIFEST, METRICS]);
}

#[test]
fn places_that_no_force_may_replace() {
    let (folder, out) = place();
    fs::write(&out, "a file").unwrap();
    let refused = |out: &Path, source: &Source| {
        let error = OutputFolder::create(out, true, source).unwrap_err();
        assert!(matches!(error, Error::Folder(FolderError::OutputPlace { .. })), "{error:?}");
    };
    let train = TrainingFiles {
        embeddings: out.clone(),
        prompt_ids: None,
        rewards: None,
        candidates: None,
        covariates: None,
    };
    refused(folder.path(), &Source::Files { train, test: None, test_labels: None });
    for place in [&out, Path::new("."), Path::new(".."), Path::new("/")] {
        refused(place, &Source::Bundled);
    }
    let inside_a_file =
        OutputFolder::create(&out.join("inside"), true, &Source::Bundled).unwrap_err();
    assert!(matches!(inside_a_file, Error::Io { .. }), "{inside_a_file:?}");
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn a_folder_that_is_being_filled_is_held() {
    let (_folder, out) = place();
    let mut first = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    for force in [false, true] {
        let second = OutputFolder::create(&out, force, &Source::Bundled).unwrap_err();
        assert!(matches!(second, Error::Folder(FolderError::Busy { .. })), "{second:?}");
        let third = OutputFolder::resume(&out, force).unwrap_err();
        assert!(matches!(third, Error::Folder(FolderError::Busy { .. })), "{third:?}");
    }
    begin(&mut first);
    drop(first);
    let again = OutputFolder::create(&out, false, &Source::Bundled).unwrap_err().to_string();
    assert!(again.contains("`resume`") && again.contains("`force`"), "{again}");
    let (resumed, interrupted) = OutputFolder::resume(&out, false).unwrap();
    assert_eq!(interrupted.settings, Settings::default());
    assert_eq!(interrupted.data, Some(Source::Bundled));
    assert_eq!(interrupted.rounds, []);
    drop(resumed);
    let mut last = OutputFolder::create(&out, true, &Source::Bundled).unwrap();
    begin(&mut last);
    last.finish().unwrap();
    assert_eq!(names(&out), [MANIFEST, SETTINGS]);
}

#[test]
fn what_no_run_wrote_is_not_removed() {
    let (folder, out) = place();
    let partial = folder.path().join(".out.partial");
    fs::create_dir(&partial).unwrap();
    fs::write(partial.join("letter.txt"), "dear").unwrap();
    let error = OutputFolder::create(&out, true, &Source::Bundled).unwrap_err();
    assert!(matches!(error, Error::Folder(FolderError::OutputPlace { .. })), "{error:?}");
    assert_eq!(names(&partial), ["letter.txt"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_refused() {
    let (folder, out) = place();
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &out).unwrap();
    let error = OutputFolder::create(&out, true, &Source::Bundled).unwrap_err();
    assert!(matches!(error, Error::Folder(FolderError::OutputPlace { .. })), "{error:?}");
    assert_eq!(names(folder.path()), ["out"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_others_may_read_what_the_mask_allows() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (folder, out) = place();
    let real = folder.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, &out).unwrap();
    let expected = fs::metadata(&real).unwrap().permissions().mode();
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    output.append_metrics(&metrics(1)).unwrap();
    output.finish().unwrap();
    assert_eq!(names(&real), [MANIFEST, METRICS]);
    assert_eq!(names(folder.path()), ["out", "real"]);
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode(), expected);
}

#[test]
fn metrics_are_written_as_documented() {
    let (_folder, out) = place();
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    output.append_metrics(&metrics(1)).unwrap();
    output.append_metrics(&metrics(2)).unwrap();
    let text = fs::read_to_string(output.partial_path().join(METRICS)).unwrap();
    let line = "{\"round\":1,\"labels\":10,\"one_minus_spearman\":0.30000000000000004,\
                \"best_of_n\":{\"2\":-0.25,\"8\":1.5,\"32\":null},\"pairwise_accuracy\":null,\
                \"confidence\":null,\"prior_precision\":0.3,\"log_det\":-1e-300,\"log_det_over_prior\":0.75,\
                \"information_per_label\":0.125,\"information_share\":null,\
                \"certificate\":null,\"seconds\":0.5,\"digest\":\"0x0000000000000abc\"}";
    assert_eq!(text.lines().next(), Some(line));
    let read: Vec<RoundMetrics> = read_json_lines(text.as_bytes(), Path::new(METRICS)).unwrap();
    let expected = [1, 2].map(|round| RoundMetrics { pairwise_accuracy: None, ..metrics(round) });
    assert_eq!(read, expected);
}

#[test]
fn labels_are_written_as_documented_and_read_back() {
    let (_folder, out) = place();
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    let label = |round, preference: Preference, score| LabelRecord {
        round: Some(round),
        a: ItemName::Response([3, 0]),
        b: ItemName::Response([3, 7]),
        answer: preference.into(),
        score,
        fields: ExtraFields::default(),
    };
    let first = [label(1, Preference::First, None), label(1, Preference::Second, Some(0.1))];
    let second = [label(2, Preference::Tie, Some(f64::MAX))];
    output.append_labels(&first).unwrap();
    output.append_labels(&second).unwrap();
    let text = fs::read_to_string(output.partial_path().join(LABELS)).unwrap();
    let expected = "{\"round\":1,\"a\":[3,0],\"b\":[3,7],\"label\":1,\"score\":null}\n\
                    {\"round\":1,\"a\":[3,0],\"b\":[3,7],\"label\":0,\"score\":0.1}\n\
                    {\"round\":2,\"a\":[3,0],\"b\":[3,7],\"label\":0.5,\
                    \"score\":1.7976931348623157e308}\n";
    assert_eq!(text.replace("e+", "e"), expected);
    let read: Vec<LabelRecord> = read_json_lines(text.as_bytes(), Path::new(LABELS)).unwrap();
    assert_eq!(read, [&first[..], &second].concat());
}

#[test]
fn skipped_questions_are_read_again() {
    let (_folder, out) = place();
    let mut output = OutputFolder::create(&out, false, &Source::Bundled).unwrap();
    let embeddings = &Dataset::bundled().unwrap().train.embeddings;
    let (settings, threads) = (&Settings::default(), &Threads::start(&Runtime::default()).unwrap());
    let model =
        &Model::untrained(Context { embeddings, settings, threads, listed: None }, &mut Silent)
            .unwrap();
    let skipped =
        vec![Question::new(1, 0, 1), Question { score: Some(0.5), ..Question::new(1, 2, 5) }];
    let labels = vec![Label::new(Question::new(1, 8, 9), Preference::Tie)];
    let answered = &Answered { labels, skipped };
    output.begin(settings, embeddings).unwrap();
    let round = RoundRecord {
        answered,
        model,
        metrics: &metrics(1),
        by_prompt: &ByPrompt::default(),
        embeddings,
        candidates: None,
    };
    output.commit(round).unwrap();
    let text = fs::read_to_string(output.partial_path().join(LABELS)).unwrap();
    assert!(text.ends_with(
        "{\"round\":1,\"a\":[0,0],\"b\":[0,1],\"skip\":true,\"score\":null}\n\
         {\"round\":1,\"a\":[0,2],\"b\":[0,5],\"skip\":true,\"score\":0.5}\n"
    ));
    drop(output);
    let (mut output, _) = OutputFolder::resume(&out, false).unwrap();
    let committed = output.begin(settings, embeddings).unwrap();
    assert_eq!((&committed.labels, &committed.skipped), (&answered.labels, &answered.skipped));
}

#[test]
fn a_bad_line_is_named() {
    let good = "{\"round\":1,\"a\":[3,0],\"b\":[3,7],\"label\":1.0,\"score\":null}";
    let text = format!("{good}\n\n{}\n", good.replace("1.0", "1.7"));
    let error = read_json_lines::<LabelRecord>(text.as_bytes(), Path::new("l.jsonl")).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("l.jsonl: line 3: label 1.7 is not between 0 and 1"), "{message}");
}
