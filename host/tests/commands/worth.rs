//! What a batch is worth, in the metrics of a run and in the report of `select`; pairs drawn in
//! proportion to their scores, and batches of which a part is random.

use std::f64::consts::LN_2;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;

/// What a command with `--json` prints.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = pairpick(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const RUN: [&str; 13] = [
    "run",
    "--json",
    "--force",
    "--beside",
    "none",
    "--rounds",
    "3",
    "--iterations",
    "5",
    "--strategy",
    "pa-dopt",
    "--preset",
    "mlp",
];

/// The rounds of a run without the fields that are not of its labels and model.
fn rounds(folder: &Path, options: &[&str]) -> Vec<Value> {
    let mut report = json(folder, &[&RUN, options].concat());
    let rounds = report["rounds"].as_array_mut().unwrap();
    rounds.iter_mut().for_each(|round| round["seconds"] = Value::Null);
    rounds.clone()
}

#[test]
fn a_run_tells_what_its_batches_are_worth_and_a_certificate_changes_nothing_else() {
    let folder = TempDir::new().unwrap();
    let plain = rounds(folder.path(), &[]);
    let certified = rounds(folder.path(), &["--certificate", "--threads", "1"]);
    assert_eq!(certified, rounds(folder.path(), &["--certificate", "on", "--threads", "3"]));
    let mut most = 0.0_f64;
    for (plain, certified) in plain.iter().zip(&certified) {
        let told = plain["information_per_label"].as_f64().unwrap();
        assert!(0.0 < told && told <= LN_2);
        let share = plain["information_share"].as_f64();
        assert_eq!(share, (most > 0.0).then(|| told / most));
        most = if most < told { told } else { most };
        assert!(plain["certificate"].is_null());
        let certificate = &certified["certificate"];
        let field = |name: &str| certificate[name].as_f64().unwrap();
        for (own, random) in
            [("gain_share", "random_gain_share"), ("d_efficiency", "random_d_efficiency")]
        {
            let (own, random) = (field(own), field(random));
            assert!(0.0 < random && random <= own && own <= 1.0, "{certificate}");
        }
        let mut certified = certified.clone();
        certified["certificate"] = Value::Null;
        assert_eq!(*plain, certified);
    }
    // The first round is random: it is its own yardstick.
    let first = &certified[0]["certificate"];
    assert_eq!(first["gain_share"], first["random_gain_share"]);
    assert!(certified[2]["certificate"]["gain_share"] != first["gain_share"]);
    // What select tells of a round is what the run told.
    let selected =
        json(folder.path(), &["select", "--json", "--preset", "mlp", "--strategy", "pa-dopt"]);
    assert_eq!(selected["certificate"], *first);
    assert_eq!(selected["information_per_label"], certified[0]["information_per_label"]);
    // Half of what log|P| grows by, while that is little.
    let half = selected["gain"].as_f64().unwrap() / 40.0;
    let told = selected["information_per_label"].as_f64().unwrap();
    assert!((told / half - 1.0).abs() < 0.05, "{told}, not {half}");
}

/// With λ = 1e-6, log|P| grows by more than eight nats a label.
#[test]
fn no_label_is_expected_to_tell_more_than_an_answer_can() {
    let folder = TempDir::new().unwrap();
    let paper = ["select", "--json", "--preset", "paper", "--batch", "40"];
    let report = json(folder.path(), &paper);
    let told = report["information_per_label"].as_f64().unwrap();
    assert!(LN_2 < report["gain"].as_f64().unwrap() / 80.0, "{}", report["gain"]);
    assert!(0.1 < told && told <= LN_2, "{told}");
}

#[test]
fn of_a_batch_of_one_pair_it_is_certain_that_it_is_the_best() {
    let folder = TempDir::new().unwrap();
    let fixed = [
        "select",
        "--json",
        "--preset",
        "mlp",
        "--first-round",
        "model",
        "--strategy",
        "greedy-dopt",
    ];
    for prior_precision in ["1e-6", "1", "1e12"] {
        let options = ["--batch", "1", "--prior-precision", prior_precision];
        let report = json(folder.path(), &[&fixed[..], &options].concat());
        let share = report["certificate"]["gain_share"].as_f64().unwrap();
        assert!(0.999_999 < share && share <= 1.0, "λ {prior_precision}: {share}");
    }
}

#[test]
fn where_no_digit_is_left_there_is_a_note_and_no_figure() {
    let folder = TempDir::new().unwrap();
    let fixed = ["select", "--first-round", "model", "--batch", "20", "--precision"];
    for (precision, prior_precision) in [("f64", "1e-30"), ("f32", "1e-20")] {
        let options = [&fixed[..], &[precision, "--prior-precision", prior_precision]].concat();
        let output = pairpick(folder.path(), &options);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert!(stderr.contains("round 1: what the batch tells is not known: "), "{stderr}");
        assert!(stderr.contains("what a label tells is unknown"), "{stderr}");
        let report = json(folder.path(), &[&options[..], &["--json"]].concat());
        assert!(report["information_per_label"].is_null() && report["certificate"].is_null());
    }
}

/// λ alone moves log|P| by H ln λ, and what the labels add to it by far less.
#[test]
fn a_table_shows_what_the_labels_add_to_the_prior() {
    let folder = TempDir::new().unwrap();
    for prior_precision in ["1e-6", "1e6"] {
        let rounds = rounds(folder.path(), &["--prior-precision", prior_precision]);
        for round in &rounds {
            let field = |name: &str| round[name].as_f64().unwrap();
            let prior = 64.0 * pairpick_core::arith::ln(prior_precision.parse::<f64>().unwrap());
            let over_prior = field("log_det_over_prior");
            assert!((field("log_det") - prior - over_prior).abs() < 1e-9, "{round}");
            assert!(0.0 < over_prior, "{round}");
        }
        let shown = format!("{:.2}", rounds[2]["log_det_over_prior"].as_f64().unwrap());
        let output = pairpick(
            folder.path(),
            &[&RUN[..1], &RUN[2..], &["--prior-precision", prior_precision]].concat(),
        );
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(table.contains("log|P|-H ln λ") && table.contains(&shown), "{table}");
    }
}

#[test]
fn select_tells_its_certificate_unless_told_not_to() {
    let folder = TempDir::new().unwrap();
    let summary = |options: &[&str]| {
        let output = pairpick(folder.path(), &[&["select", "--batch", "9"], options].concat());
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let with = summary(&[]);
    assert!(with.contains("% of the possible gain (at random") && with.contains("nats a label"));
    let without = summary(&["--certificate", "off"]);
    assert!(!without.contains("possible gain") && without.contains("nats a label"), "{without}");
}

/// Pairs and scores of `select` on the untrained model.
fn selected(folder: &Path, options: &[&str]) -> Vec<(Value, Value, Value)> {
    selected_by(folder, &[&["--preset", "mlp"], options].concat())
}

fn selected_by(folder: &Path, options: &[&str]) -> Vec<(Value, Value, Value)> {
    let fixed = ["select", "--json", "--first-round", "model", "--certificate", "off"];
    let report = json(folder, &[&fixed, options].concat());
    let pairs = report["pairs"].as_array().unwrap();
    pairs.iter().map(|pair| (pair["a"].clone(), pair["b"].clone(), pair["score"].clone())).collect()
}

#[test]
fn a_share_of_the_batch_is_random_and_has_no_scores() {
    let folder = TempDir::new().unwrap();
    for (share, random) in [("0", 0), ("0.05", 0), ("0.29", 2), ("0.3", 3), ("1", 10)] {
        let mixed = selected(folder.path(), &["--batch", "10", "--mix", share]);
        assert_eq!(mixed.len(), 10);
        let without = mixed.iter().filter(|(_, _, score)| score.is_null()).count();
        assert_eq!(without, random, "--mix {share}");
        let best = selected(folder.path(), &["--batch", "10"]);
        assert_eq!(mixed[..10 - random], best[..10 - random], "--mix {share}");
    }
    let hundred = selected(folder.path(), &["--batch", "100", "--mix", "0.29"]);
    assert_eq!(hundred.iter().filter(|(_, _, score)| score.is_null()).count(), 29);
}

/// What `robust-v-opt` takes by itself is taken back by what is typed.
#[test]
fn robust_v_opt_is_greedy_v_opt_without_what_is_its_own() {
    let folder = TempDir::new().unwrap();
    // Fixed features that both design on, V being the round's.
    let fixed = ["--features", "input", "--prior-precision", "1"];
    let by = |strategy, options: &[&str]| {
        let own: &[&str] = match strategy {
            "robust-v-opt" => &["--design-features", "input"],
            _ => &[],
        };
        let batch = ["--strategy", strategy, "--batch", "20"];
        selected_by(folder.path(), &[&fixed[..], &batch, own, options].concat())
    };
    let greedys = [
        ["--misfit", "0"],
        ["--distinct", "off"],
        ["--weights", "plug-in"],
        ["--design-precision", "1"],
    ];
    let greedy = by("greedy-v-opt", &[]);
    assert_eq!(by("robust-v-opt", greedys.as_flattened()), greedy);
    // Before any label a head has no opinion, and every weight is ¼.
    for left in [0, 1, 3] {
        let mut typed = greedys.to_vec();
        typed.remove(left);
        assert_ne!(by("robust-v-opt", typed.as_flattened()), greedy, "{:?}", greedys[left]);
    }
    let owns = [
        ["--misfit", "10"],
        ["--distinct", "prompt:1"],
        ["--weights", "constant"],
        ["--design-precision", "3"],
    ];
    assert_eq!(by("robust-v-opt", &[]), by("greedy-v-opt", owns.as_flattened()));
    let mixed = by("robust-v-opt", &["--distinct", "off", "--mix", "0.5"]);
    assert_eq!(mixed.iter().filter(|(_, _, score)| score.is_null()).count(), 10);
}

/// Where draws no longer tell pairs apart, `batchbald` goes on at random.
#[test]
fn the_random_rest_of_batchbald_has_no_scores() {
    let folder = TempDir::new().unwrap();
    let options = ["--strategy", "batchbald", "--batch", "40", "--prior-precision", "0.001"];
    let fixed = ["select", "--json", "--preset", "mlp", "--first-round", "model"];
    let report = json(folder.path(), &[&fixed[..], &options[..]].concat());
    let from = report["information"]["random_from"].as_u64().expect("few draws");
    let pairs = report["pairs"].as_array().unwrap();
    for (rank, pair) in (1..).zip(pairs) {
        assert_eq!(pair["score"].is_null(), from <= rank, "rank {rank}, random from {from}");
    }
    let share = report["information"]["share"].as_array().unwrap();
    assert_eq!(share.len(), pairs.len());
}

/// The yardstick keeps the caps that the batch keeps.
#[test]
fn the_certificate_of_a_capped_batch_has_a_capped_random_one_beside_it() {
    let folder = TempDir::new().unwrap();
    let share = |options: &[&str]| {
        let fixed =
            ["select", "--json", "--preset", "mlp", "--first-round", "model", "--batch", "20"];
        let report = json(folder.path(), &[&fixed[..], options].concat());
        report["certificate"]["random_gain_share"].as_f64().unwrap()
    };
    let capped = share(&["--distinct", "prompt:1"]);
    assert_ne!(capped, share(&[]));
    // The strategy's own cap as well as a typed one.
    let own = share(&["--strategy", "robust-v-opt"]);
    assert_eq!(own, share(&["--strategy", "robust-v-opt", "--distinct", "prompt:1"]));
    assert_ne!(own, share(&["--strategy", "robust-v-opt", "--distinct", "off"]));
}

#[test]
fn drawn_pairs_have_scores_and_depend_on_the_seed_alone() {
    let folder = TempDir::new().unwrap();
    let drawn = |options: &[&str]| selected(folder.path(), &[&["--sample"], options].concat());
    let one = drawn(&["--threads", "1"]);
    assert_eq!(one, drawn(&["--threads", "3", "--isa", "baseline"]));
    assert_ne!(one, drawn(&["--seed", "1"]));
    assert_ne!(one, selected(folder.path(), &[]));
    assert!(one.iter().all(|(_, _, score)| score.as_f64().unwrap() > 0.0));
    assert_ne!(
        drawn(&["--pool", "cross-prompt"]),
        selected(folder.path(), &["--pool", "cross-prompt"])
    );
}

#[test]
fn what_cannot_be_drawn_or_mixed_is_an_error_that_names_the_option() {
    let folder = TempDir::new().unwrap();
    for (options, message) in [
        (&["--mix", "1.5"][..], "--mix 1.5: must be a finite number from 0 to 1"),
        (&["--mix", "-0.1"], "--mix -0.1: must be a finite number from 0 to 1"),
        (&["--mix", "NaN"], "--mix NaN: must be a finite number from 0 to 1"),
        (&["--mix", "some"], "--mix"),
        (&["--sample", "--strategy", "entropy"], "--strategy entropy: does not read --sample"),
        (
            &["--distinct", "item:1", "--strategy", "bald"],
            "--strategy bald: does not read --distinct; these do: random, entropy",
        ),
        (&["--misfit", "2"], "--strategy dopt: does not read --misfit; these do: greedy-a-opt"),
        (&["--no-past"], "--strategy dopt: does not read --no-past; these do: a-opt"),
        (
            &["--weights", "averaged", "--strategy", "design"],
            "--strategy design: does not read --weights averaged; these do: dopt",
        ),
        (
            &["--weights", "constant", "--strategy", "bald"],
            "--strategy bald: does not read --weights constant; these do: dopt",
        ),
        (
            &["--design-precision", "3", "--strategy", "dopt"],
            "--strategy dopt: does not read --design-precision; these do: a-opt, v-opt, greedy-dopt",
        ),
        (&["--mix", "0.5", "--strategy", "robust-v-opt"], "with --distinct even (of robust-v-opt"),
        (&["--sample", "perhaps"], "expected on or off"),
        (&["--certificate", "7"], "expected on or off"),
    ] {
        for command in ["run", "select"] {
            let output =
                pairpick(folder.path(), &[&[command, "--preset", "mlp"], options].concat());
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{command} {options:?}");
            assert!(stderr.contains(message), "{command} {options:?}: {stderr}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
