use std::collections::BTreeSet;
use std::fs;

use pairpick_core::device::{ItemName, PoolImage, Precision, Section};
use pairpick_core::parallel::{Micro, Sequential};
use pairpick_core::pool::Distinct;
use pairpick_core::profile::Profile;
use tempfile::TempDir;

use super::npy::npy;
use super::{by_number, here, object, pack, play, refused, told};

#[test]
fn an_image_holds_whole_prompts_with_their_texts() {
    let folder = TempDir::new().unwrap();
    let bytes = pack(folder.path(), &[]);
    let image = PoolImage::open(&bytes).unwrap();
    assert_eq!((image.items(), image.prompts(), image.order()), (48, 6, 8));
    for prompt in 0..6 {
        assert_eq!(image.start(prompt), Some(8 * prompt as u32));
        assert!(image.prompt_text(prompt).ends_with('?'), "{}", image.prompt_text(prompt));
    }
    let texts: Vec<&str> = (0..48).map(|item| image.item_text(item)).collect();
    assert!(texts.iter().all(|text| !text.is_empty() && text.len() <= 256));
    let info = object(folder.path(), &["device", "info", "pool.img", "--json"]);
    for (field, expected) in [
        ("items", "48"),
        ("features", "8"),
        ("strategy", "\"robust-v-opt\""),
        ("precision", "\"f32\""),
        ("pairs", "\"in-prompt\""),
        ("batch", "4"),
        ("first_round", "1"),
    ] {
        assert_eq!(info[field].to_string(), expected, "{field}");
    }
    assert_eq!(info["bytes"], bytes.len());
    let text = told(folder.path(), &["device", "info", "pool.img"]);
    assert!(text.contains("48 items of 6 prompts, in-prompt pairs"), "{text}");
    // The same again, and no other; another seed draws other prompts.
    let again = TempDir::new().unwrap();
    assert_eq!(pack(again.path(), &[]), bytes);
    assert_ne!(pack(again.path(), &["--seed", "1", "--force"]), bytes);
}

#[test]
fn features_in_16_bits_are_the_nearest_ones() {
    let folder = TempDir::new().unwrap();
    let exact = pack(folder.path(), &[]);
    let halved = pack(folder.path(), &["--precision", "f16", "--force"]);
    let (exact, halved) = (PoolImage::open(&exact).unwrap(), PoolImage::open(&halved).unwrap());
    assert_eq!(halved.header().settings.precision, Precision::F16);
    let info = object(folder.path(), &["device", "info", "pool.img", "--json"]);
    assert_eq!(info["widened"], 4 * 48 * 8, "bytes of memory that a device needs for them");
    let lens = [exact, halved].map(|image| image.section(Section::Features).unwrap().len());
    assert_eq!(lens[0], 2 * lens[1]);
    assert_eq!(exact.header().pool, halved.header().pool, "one pool");
    let (mut wide, mut narrow) = ([0.0; 8], [0.0; 8]);
    for item in 0..48 {
        exact.features_of(item, &mut wide).unwrap();
        halved.features_of(item, &mut narrow).unwrap();
        for (wide, narrow) in wide.iter().zip(narrow) {
            assert!((wide - narrow).abs() <= wide.abs() / 2048.0 + 6e-8, "{wide} {narrow}");
        }
    }
}

#[test]
fn texts_are_cut_between_characters() {
    let folder = TempDir::new().unwrap();
    for most in [0, 1, 7, 20] {
        let bytes = pack(folder.path(), &["--text-bytes", &most.to_string(), "--force"]);
        let image = PoolImage::open(&bytes).unwrap();
        assert!((0..48).all(|item| image.item_text(item).len() <= most), "{most}");
    }
}

/// A device goes on from what a host has learnt: it does not ask again, and begins with the head.
#[test]
fn labels_so_far_are_what_a_device_begins_with() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let run = ["run", "--landmarks", "8", "--rounds", "1", "--batch", "60", "--beside", "none"];
    told(path, &[&run[..], &["--out", "run"]].concat());
    let common = ["--model", "run/model.safetensors", "--labels", "run/labels.jsonl"];
    let packed = |strategy: &str| {
        let args = ["device", "pack", "--strategy", strategy, "--batch", "5", "--force"];
        told(path, &[&args[..], &common].concat());
        fs::read(path.join("pool.img")).unwrap()
    };
    for strategy in ["pa-dopt", "robust-v-opt", "entropy", "greedy-dopt"] {
        let bytes = packed(strategy);
        let image = PoolImage::open(&bytes).unwrap();
        let alike = image.section(Section::PastAlike).is_some();
        assert_eq!(alike, strategy == "robust-v-opt");
        assert!(image.asked_len() >= 60 && image.section(Section::Past).is_some());
        assert_eq!(image.header().settings.first_round, 2);
        let log = play(&here(), &bytes, 1, 15, &[], by_number);
        fs::write(path.join("answers.log"), log).unwrap();
        let replayed =
            object(path, &["device", "replay", "answers.log", "--image", "pool.img", "--json"]);
        assert_eq!(replayed["identical"], true);
        assert_eq!(replayed["rounds"][0]["round"], 2);
    }
}

/// The cap grows with the labels to the device's own prompts, and not with those to others.
#[test]
fn a_cap_is_fixed_by_the_labels_to_the_prompts_of_the_image() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let run = ["run", "--landmarks", "8", "--rounds", "1", "--batch", "60", "--beside", "none"];
    told(path, &[&run[..], &["--out", "run"]].concat());
    let labels = fs::read_to_string(path.join("run/labels.jsonl")).unwrap();
    let labels: Vec<serde_json::Value> =
        labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labelled = |prompt: u32| labels.iter().filter(|l| l["a"][0] == prompt).count();
    let mut caps = BTreeSet::new();
    for (seed, items) in [("0", "16"), ("1", "16"), ("2", "16"), ("0", "48"), ("0", "400")] {
        let args = ["device", "pack", "--batch", "5", "--force", "--seed", seed, "--items", items];
        let model = ["--model", "run/model.safetensors", "--labels", "run/labels.jsonl"];
        told(path, &[&args[..], &model].concat());
        let bytes = fs::read(path.join("pool.img")).unwrap();
        let image = PoolImage::open(&bytes).unwrap();
        let prompts =
            (0..image.prompts()).map(|place| match image.name(image.start(place).unwrap()) {
                Some(ItemName::Response { prompt, .. }) => prompt,
                other => panic!("{other:?}"),
            });
        let mut known = 0;
        prompts.for_each(|prompt| known += labelled(prompt));
        let more = u32::from(known >= image.prompts());
        assert_eq!(image.header().settings.distinct, Some(Distinct::Even(more)), "{seed} {items}");
        caps.insert(more);
    }
    assert_eq!(caps.len(), 2, "both are seen");
}

/// Of pairs within prompts those whose replies are the same are left out, and none of two prompts.
#[test]
fn equal_replies_are_not_asked_about() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    // The first two replies are the same, in all of 40 prompts.
    let value = |place: usize| match place / 5 % 4 {
        0 | 1 => (place % 5) as f32,
        _ => place as f32 / 7.0,
    };
    fs::write(path.join("some.npy"), npy(&[40, 4, 5], value)).unwrap();
    let args = ["device", "pack", "--train-embeddings", "some.npy", "--landmarks", "8"];
    told(path, &[&args[..], &["--batch", "4"]].concat());
    let bytes = fs::read(path.join("pool.img")).unwrap();
    let image = PoolImage::open(&bytes).unwrap();
    let asked: Vec<(u32, u32)> = (0..image.asked_len())
        .map(|place| image.asked(place).unwrap())
        .map(|p| (p.a, p.b))
        .collect();
    let expected: Vec<(u32, u32)> = (0..40).map(|prompt| (4 * prompt, 4 * prompt + 1)).collect();
    assert_eq!(asked, expected);
    // Across prompts all of the 80 are.
    let cross = ["--pool", "cross-prompt", "--strategy", "greedy-dopt", "--batch", "4", "--force"];
    told(path, &[&args[..], &cross].concat());
    let bytes = fs::read(path.join("pool.img")).unwrap();
    assert_eq!(PoolImage::open(&bytes).unwrap().asked_len(), 80 * 79 / 2);
}

#[test]
fn every_profile_and_kind_of_pair_comes_home_identical() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for (profile, more) in [
        (Profile::Micro, ["--profile", "micro", "--strategy", "dopt", "--precision", "f32"]),
        (
            Profile::Exact,
            ["--pool", "cross-prompt", "--strategy", "greedy-dopt", "--precision", "f16"],
        ),
        (Profile::Exact, ["--mix", "0.5", "--strategy", "entropy", "--distinct", "off"]),
        (
            Profile::Exact,
            ["--jitter", "0.001", "--strategy", "exchange", "--prior-precision", "0.5"],
        ),
    ] {
        let bytes = pack(path, &[&more[..], &["--force"]].concat());
        let log = match profile {
            Profile::Exact => play(&here(), &bytes, 1, 10, &[3], by_number),
            Profile::Micro => play(&Micro(&Sequential::default()), &bytes, 1, 10, &[3], by_number),
        };
        fs::write(path.join("answers.log"), log).unwrap();
        let text = told(path, &["device", "replay", "answers.log", "--image", "pool.img"]);
        assert!(text.contains("10 answers; identical: 3 selections of device 1"), "{text}");
    }
}

#[test]
fn what_no_device_could_do_is_refused_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for (more, expected) in [
        (&["--items", "7"][..], "--items 7: leaves no pair"),
        (&["--batch", "0"], "--batch 0"),
        (&["--batch", "70000"], "expected 1 to 65535 pairs a batch"),
        (&["--strategy", "bald", "--pool", "cross-prompt"], "all cross-prompt pairs are too many"),
        (&["--strategy", "random", "--misfit", "1"], "does not read"),
        (&["--prior-precision", "0"], "--prior-precision 0"),
        (&["--jitter", "-1"], "expected a jitter that is not negative"),
        (&["--landmarks", "0"], "--landmarks 0"),
        (&["--texts", "none.jsonl"], "--train-embeddings"),
        (&["--labels", "labels.jsonl"], "--model"),
    ] {
        let error = refused(path, &[&["device", "pack"], more].concat(), 2);
        assert!(error.contains(expected), "{more:?}: {error}");
        assert!(!path.join("pool.img").exists(), "{more:?}");
    }
    pack(path, &[]);
    let error = refused(path, &["device", "pack"], 2);
    assert!(error.contains("pool.img"), "{error}");
}
