//! What is known of each reply, such as its length, in a device's head.

use std::fs;

use pairpick_core::device::{PoolImage, Section};
use serde_json::Value;
use tempfile::TempDir;

use super::npy::npy;
use super::{by_number, here, object, pack, play, refused, told};

const LENGTHS: [&str; 2] = ["--covariates", "length"];

/// The last of an item's features are its covariates, whose weights have a prior of their own.
#[test]
fn a_device_is_given_lengths_and_comes_home_identical() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let plain = pack(path, &[]);
    for precision in ["f32", "f16"] {
        let more = [&LENGTHS[..], &["--precision", precision, "--force"]].concat();
        let bytes = pack(path, &more);
        let (plain, image) = (PoolImage::open(&plain).unwrap(), PoolImage::open(&bytes).unwrap());
        assert_eq!((plain.order(), image.order()), (8, 9));
        let settings = &image.header().settings;
        assert_eq!((settings.covariates, settings.covariate_precision), (1, 3.0));
        let (mut features, mut lengths) = ([0.0; 9], Vec::new());
        for item in 0..image.items() {
            image.features_of(item, &mut features).unwrap();
            lengths.push((image.item_text(item as u32).chars().count(), features[8]));
        }
        // Texts that were not cut stand in the order of their lengths.
        lengths.retain(|(characters, _)| *characters < 200);
        lengths.sort_by_key(|(characters, _)| *characters);
        assert!(lengths.is_sorted_by(|(_, a), (_, b)| a <= b), "{lengths:?}");
        assert!(lengths.first().unwrap().1 < lengths.last().unwrap().1);

        let log = play(&here(), &bytes, 1, 20, &[6], by_number);
        fs::write(path.join("answers.log"), log).unwrap();
        let replay = ["device", "replay", "answers.log", "--image", "pool.img", "--json"];
        assert_eq!(object(path, &replay)["identical"], true);
    }
    let info = object(path, &["device", "info", "pool.img", "--json"]);
    assert_eq!((&info["features"], &info["covariates"]), (&9.into(), &1.into()));
}

/// A device fits in f32 what `train` fits in f64 and rounds once: the same head, to f32's precision.
#[test]
fn a_device_learns_what_train_learns() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let prior = ["--prior-precision", "2"];
    let bytes = pack(path, &[&LENGTHS[..], &prior].concat());
    let log = play(&here(), &bytes, 1, 32, &[], by_number);
    fs::write(path.join("answers.log"), &log).unwrap();
    let import =
        ["device", "import", "answers.log", "--image", "pool.img", "--out", "labels.jsonl"];
    told(path, &import);
    let train = ["train", "--features", "kernel", "--landmarks", "8", "--labels", "labels.jsonl"];
    told(path, &[&train[..], &LENGTHS, &prior, &["--out", "model.safetensors"]].concat());
    let trained = head(&fs::read(path.join("model.safetensors")).unwrap());
    let learnt = super::head_after(&bytes, log);
    assert_eq!((trained.len(), learnt.len()), (9, 9));
    let largest = trained.iter().map(|weight| weight.abs()).max_by(f32::total_cmp).unwrap();
    for (learnt, trained) in learnt.iter().zip(&trained) {
        assert!((learnt - trained).abs() <= 1e-3 * largest, "{learnt} {trained}");
    }
    // It has learnt something of lengths.
    assert!(trained[8].abs() > 1e-3 * largest, "{trained:?}");
}

/// Averaged weights have the head's λ, designs one of their own, which the covariates' precision is far below.
#[test]
fn averaged_weights_and_a_design_have_lambdas_of_their_own() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let asking = ["--strategy", "greedy-dopt", "--weights", "averaged"];
    let lambdas = ["--prior-precision", "1", "--design-precision", "10"];
    let bytes = pack(path, &[&LENGTHS[..], &asking, &lambdas].concat());
    let log = play(&here(), &bytes, 1, 12, &[], by_number);
    fs::write(path.join("answers.log"), log).unwrap();
    let replay = ["device", "replay", "answers.log", "--image", "pool.img", "--json"];
    assert_eq!(object(path, &replay)["identical"], true);
    // The host's own rounds too.
    let run = ["run", "--landmarks", "8", "--rounds", "2", "--batch", "10", "--beside", "none"];
    told(path, &[&run[..], &LENGTHS, &asking, &lambdas, &["--out", "run"]].concat());
}

/// `head.weight` of a model's file.
fn head(file: &[u8]) -> Vec<f32> {
    let (len, rest) = file.split_first_chunk().unwrap();
    let (header, numbers) = rest.split_at(u64::from_le_bytes(*len) as usize);
    let header: Value = serde_json::from_slice(header).unwrap();
    let offsets = &header["head.weight"]["data_offsets"];
    let at = |end: usize| offsets[end].as_u64().unwrap() as usize;
    let bytes = &numbers[at(0)..at(1)];
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// Labels so far and their model; and what does not fit is refused.
#[test]
fn a_device_goes_on_from_a_model_with_covariates() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let run = ["run", "--landmarks", "8", "--rounds", "1", "--batch", "60", "--beside", "none"];
    told(path, &[&run[..], &LENGTHS, &["--out", "run"]].concat());
    let model = ["--model", "run/model.safetensors", "--labels", "run/labels.jsonl", "--force"];
    let args = [&["device", "pack", "--batch", "5"], &model[..]].concat();
    told(path, &[&args[..], &LENGTHS].concat());
    let bytes = fs::read(path.join("pool.img")).unwrap();
    let image = PoolImage::open(&bytes).unwrap();
    assert_eq!((image.order(), image.header().settings.covariates), (9, 1));
    let stored = image.section(Section::Head).unwrap();
    let bits = |weight: f32| weight.to_le_bytes();
    let own: Vec<u8> = head(&fs::read(path.join("run/model.safetensors")).unwrap())
        .into_iter()
        .flat_map(bits)
        .collect();
    assert_eq!(stored, own);
    let log = play(&here(), &bytes, 1, 15, &[], by_number);
    fs::write(path.join("answers.log"), log).unwrap();
    let replay = ["device", "replay", "answers.log", "--image", "pool.img", "--json"];
    assert_eq!(object(path, &replay)["identical"], true);

    let error = refused(path, &args, 2);
    assert!(error.contains("covariates"), "{error}");
    fs::write(path.join("short.npy"), npy(&[6, 3], |place| place as f32)).unwrap();
    fs::write(path.join("some.npy"), npy(&[6, 4, 5], |place| (place * 37 % 101) as f32)).unwrap();
    let some = ["device", "pack", "--train-embeddings", "some.npy", "--out", "some.img"];
    let error = refused(path, &[&some[..], &["--covariates", "short.npy"]].concat(), 2);
    assert!(error.contains("short.npy"), "{error}");
    let error = refused(path, &[&some[..], &LENGTHS].concat(), 2);
    assert!(error.contains("--texts"), "{error}");
    assert!(!path.join("some.img").exists());
}
