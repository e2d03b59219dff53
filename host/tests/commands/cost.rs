//! `pairpick cost`: predictions for machines that are described, this one, and none that there is.

use std::process::{Command, Output};

fn cost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pairpick")).arg("cost").args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let output = cost(&[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

const DESCRIBED: [&str; 4] = ["--gflops", "50", "--bandwidth", "20"];

/// The paper's pools: 500 prompts × 10.
#[test]
fn pools_have_the_pairs_that_the_paper_counts() {
    for (pool, pairs) in [
        (&["--pool", "in-prompt"][..], 22_500),
        (&["--pool", "cross-prompt"], 12_497_500),
        (&["--pairs", "20000"], 20_000),
    ] {
        let report = json(&[&DESCRIBED[..], pool].concat());
        assert_eq!(report["pairs"], pairs);
        let stages = report["stages"].as_array().unwrap();
        let seconds: Vec<f64> =
            stages.iter().map(|stage| stage["seconds"].as_f64().unwrap()).collect();
        assert!(seconds.iter().all(|seconds| *seconds > 0.0), "{report}");
        let selection = seconds[..5].iter().fold(0.0, |sum, seconds| sum + seconds);
        assert_eq!(report["selection_seconds"].as_f64(), Some(selection));
    }
}

#[test]
fn this_machine_is_calibrated_and_a_device_counts_instructions() {
    let small = ["--items", "200", "--hidden", "8,8,8", "--labels", "20", "--precision", "f32"];
    for pool in [&["--pool", "in-prompt"][..], &["--pool", "cross-prompt"], &["--pairs", "90"]] {
        let report = json(&[&small[..], pool].concat());
        for stage in report["stages"].as_array().unwrap() {
            let seconds = stage["seconds"].as_f64().unwrap();
            assert!(seconds > 0.0 && seconds.is_finite(), "{stage}");
            assert_eq!(stage["instructions"], serde_json::Value::Null);
        }
    }
    let device = json(&[&small[..], &["--device", "cortex-m4f", "--mhz", "168"]].concat());
    assert_eq!(device["machine"], "cortex-m4f at 168 MHz");
    for stage in device["stages"].as_array().unwrap() {
        assert!(stage["instructions"].as_f64().unwrap() > 0.0, "{stage}");
    }
}

/// Memory is that of the selection, whichever of its stages takes most; a long prompt is measured by a
/// shorter one.
#[test]
fn every_shape_is_measured() {
    let small = ["--labels", "4", "--dimensions", "16"];
    for shape in [
        &["--items", "20", "--responses", "2", "--hidden", "64,64,16"][..],
        &["--items", "2", "--responses", "2", "--hidden", "1,1,1"],
        &["--items", "4", "--responses", "2", "--hidden", "8,8,256", "--precision", "f32"],
        &["--items", "2", "--pool", "cross-prompt", "--hidden", "8,8,16"],
        &["--items", "2", "--pairs", "1", "--hidden", "8,8,16"],
        &["--items", "40000", "--responses", "20000", "--hidden", "8,8,4"],
    ] {
        let report = json(&[&small[..], shape].concat());
        let seconds = report["selection_seconds"].as_f64().unwrap();
        assert!(seconds > 0.0 && seconds.is_finite(), "{report}");
    }
}

#[test]
fn shapes_and_machines_that_there_are_not_are_refused() {
    for (arguments, expected) in [
        (&["--items", "7"][..], "--items 7: a multiple of --responses 10"),
        (&["--items", "1"], "--items 1: a number from 2 to 4294967295"),
        (&["--responses", "1"], "--responses 1: a number from 2 to 65535"),
        (&["--dimensions", "0"], "--dimensions 0: a number from 1 to 65536"),
        (&["--labels", "0"], "--labels 0"),
        (&["--hidden", "64,64,300"], "--hidden 300: a hidden layer has from 1 to 256 units"),
        (&["--pool", "listed"], "--pool listed: needs --pairs N"),
        (&["--pairs", "0"], "--pairs"),
        (&["--pairs", "many"], "--pairs"),
        (&["--gflops", "0", "--bandwidth", "1"], "--gflops 0: a number above 0"),
        (&["--gflops", "1", "--bandwidth", "-1"], "--bandwidth -1: a number above 0"),
        (&["--gflops", "1", "--bandwidth", "inf"], "--bandwidth inf"),
        (&["--gflops", "1"], "--bandwidth"),
        (&["--device", "cortex-m4f", "--mhz", "nan"], "--mhz NaN"),
        (&["--device", "abacus"], "cortex-m4f"),
        (&["--mhz", "100"], "--device"),
    ] {
        let output = cost(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected) && output.stdout.is_empty(), "{arguments:?}: {stderr}");
    }
}

/// The default recipe: fitted once, then a round.
#[test]
fn kernel_features_have_a_fit_and_a_round() {
    let kernel = ["--features", "kernel", "--items", "200", "--dimensions", "16"];
    let small = ["--landmarks", "12", "--batch", "5", "--labels", "20"];
    for machine in [&[][..], &DESCRIBED, &["--device", "cortex-m4f"]] {
        let report = json(&[&kernel[..], &small, machine].concat());
        let stages = report["stages"].as_array().unwrap();
        let names: Vec<&str> =
            stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
        assert_eq!(names, ["fit_features", "embed", "design", "head"]);
        let seconds: Vec<f64> =
            stages.iter().map(|stage| stage["seconds"].as_f64().unwrap()).collect();
        assert!(seconds.iter().all(|seconds| *seconds >= 0.0), "{report}");
        assert!(seconds[0] > 0.0 && seconds[1] > 0.0, "{report}");
        assert_eq!(report["selection_seconds"].as_f64(), Some(seconds[1] + seconds[2]));
        assert_eq!(report["pairs"], 900);
    }
    let fit = |items: &str| {
        let options = ["--training-items", items, "--dimensions", "2048"];
        json(&[&kernel[..2], &DESCRIBED, &options].concat())
    };
    let (few, many) = (fit("40000"), fit("400000"));
    let operations = |report: &serde_json::Value| report["stages"][0]["flops"].as_f64().unwrap();
    // The metric is that of a tenth of them.
    assert!((1.5..9.0).contains(&(operations(&many) / operations(&few))), "{many}");
    assert_eq!(few["fit_memory"], many["fit_memory"], "block by block");
    let memory = many["fit_memory"].as_f64().unwrap();
    assert!((1e7..1e9).contains(&memory), "{memory}");
}

#[test]
fn what_a_kind_of_features_does_not_read_is_refused() {
    for (options, message) in [
        (&["--landmarks", "9"][..], "--landmarks 9"),
        (&["--features", "input"], "--features input"),
        (&["--features", "kernel", "--pool", "cross-prompt"], "within prompts alone"),
        (&["--features", "kernel", "--landmarks", "513"], "from 1 to 512"),
        (&["--features", "kernel", "--dimensions", "4097"], "from 1 to 4096"),
    ] {
        let output = cost(options);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {stderr}");
        assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
    }
}
