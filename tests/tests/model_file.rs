//! `model.safetensors`: the same model is the same bytes, PyTorch finds what it expects, and no
//! bytes whatever make the reader panic.

use std::fs;
use std::path::Path;

use pairpick::Error;
use pairpick::data::dataset::Dataset;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::model::{MlpTrunk, Model, Standardisation, Trunk};
use pairpick::output::inputs::Source;
use pairpick::output::{MODEL, OutputFolder};
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::runtime::Runtime;
use pairpick::settings::{Preset, Settings, Typed};
use pairpick_core::digest::Digest;
use pairpick_core::trunk::{Activation, Mlp};
use pairpick_tests::model::rewards_of;
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};

const NAME: &str = "model.safetensors";

/// Values that differ from place to place.
fn values(count: usize, start: f32) -> Vec<f32> {
    (0..count).map(|index| start + index as f32 * 0.125).collect()
}

/// Parts of a small network: the parameters of its hidden layers, and its head.
fn parts() -> (Mlp, Vec<f32>, Vec<f32>) {
    let mlp = Mlp::new(5, [4, 3, 2], Activation::Relu).unwrap();
    let mut parameters = values(mlp.head(), 0.1);
    parameters[24] = -0.0;
    (mlp, parameters, values(2, 1e-40))
}

fn model(standardised: bool) -> Model {
    let (mlp, parameters, head) = parts();
    let standardisation =
        standardised.then(|| Standardisation { mean: values(5, 3.0), scale: values(5, 0.5) });
    let trunk = MlpTrunk::new(mlp, parameters, standardisation).unwrap();
    Model::new(Trunk::Mlp(trunk), head).unwrap()
}

fn written(model: &Model) -> Vec<u8> {
    model.to_bytes(Path::new(NAME)).unwrap()
}

fn read(bytes: &[u8]) -> Result<Model, Error> {
    Model::from_bytes(bytes, Path::new(NAME))
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    for standardised in [false, true] {
        let model = model(standardised);
        fs::write(&path, written(&model)).unwrap();
        assert_eq!(Model::open(&path).unwrap(), model);
    }
    assert!(matches!(Model::open(&folder.path().join("no")), Err(Error::MissingFile { .. })));
}

#[test]
fn the_same_model_is_the_same_bytes() {
    let bytes = written(&model(true));
    for _ in 0..20 {
        assert_eq!(written(&model(true)), bytes);
    }
    let header = String::from_utf8_lossy(&bytes[8..]);
    let metadata = "{\"__metadata__\":{\"pairpick\":\
                    \"{\\\"format_version\\\":1,\\\"activation\\\":\\\"relu\\\"}\"},";
    assert!(header.starts_with(metadata), "{header}");
}

#[test]
fn tensors_have_the_names_and_the_orientation_of_pytorch() {
    let model = model(true);
    let bytes = written(&model);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let expected: [(&str, &[usize]); 9] = [
        ("layers.0.weight", &[4, 5]),
        ("layers.0.bias", &[4]),
        ("layers.1.weight", &[3, 4]),
        ("layers.1.bias", &[3]),
        ("layers.2.weight", &[2, 3]),
        ("layers.2.bias", &[2]),
        ("head.weight", &[1, 2]),
        ("input.mean", &[5]),
        ("input.scale", &[5]),
    ];
    assert_eq!(file.len(), expected.len());
    for (name, shape) in expected {
        let tensor = file.tensor(name).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, shape), "{name}");
    }
    // Row 2, column 1 of the first weight, in little-endian bytes; the core has it by columns.
    let at = 4 * (2 * 5 + 1);
    let weight = file.tensor("layers.0.weight").unwrap().data();
    let Trunk::Mlp(trunk) = model.trunk() else { panic!("it is no network") };
    assert_eq!(weight[at..at + 4], trunk.parameters()[4 + 2].to_le_bytes());
}

/// A run records the digest of its model's bits: the file has them all, in an order that gives the
/// same network, and writing what was read gives the same predictions.
#[test]
fn a_model_comes_back_with_the_bits_that_its_run_predicted_with() {
    let dataset = Dataset::bundled().unwrap();
    let mut settings = Settings::of_preset(Preset::Mlp);
    (settings.asking.rounds, settings.asking.batch) = (1, 30);
    settings.fit_to(dataset.summary().unwrap(), &Typed::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut out =
        OutputFolder::create(&folder.path().join("out"), false, &Source::Bundled).unwrap();
    let threads = Threads::start(&Runtime::default()).unwrap();
    let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
    let summary =
        round::run(&dataset, &settings, &threads, &mut oracle, &mut out, &mut Silent).unwrap();
    let model = Model::open(&out.partial_path().join(MODEL)).unwrap();

    let Trunk::Mlp(trunk) = model.trunk() else { panic!("it is no network") };
    let Standardisation { mean, scale } = trunk.standardisation().unwrap();
    let mut digest = Digest::new();
    for values in [trunk.parameters(), model.head(), mean, scale] {
        digest.numbers(values).unwrap();
    }
    assert_eq!(digest.value(), summary.rounds[0].digest.0);

    let mut rows = vec![0.0; 80 * trunk.mlp().inputs()];
    let items: Vec<u64> = (0..80).collect();
    dataset.train.embeddings.read_items(&items, &mut rows).unwrap();
    let predictions = |model| rewards_of(model, &rows).into_iter().map(f64::to_bits);
    let again = read(&written(&model)).unwrap();
    assert!(predictions(&model).eq(predictions(&again)));
    assert!(predictions(&model).any(|bits| Some(bits) != predictions(&model).next()));
}

#[test]
fn parts_that_do_not_fit_make_no_model() {
    let (mlp, parameters, head) = parts();
    let short = parameters[1..].to_vec();
    let refused = |trunk: Result<MlpTrunk, Error>, message| {
        let error = trunk.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    refused(MlpTrunk::new(mlp, short, None), "parameters");
    let standardisation = Standardisation { mean: values(5, 3.0), scale: values(4, 0.5) };
    refused(MlpTrunk::new(mlp, parameters.clone(), Some(standardisation)), "input.scale");
    let trunk = Trunk::Mlp(MlpTrunk::new(mlp, parameters, None).unwrap());
    let error = Model::new(trunk, head[1..].to_vec()).unwrap_err().to_string();
    assert!(error.contains("head"), "{error}");
}

#[test]
fn the_metadata_may_name_the_kind_of_trunk() {
    let (plain, named) = ("\\\"activation\\\"", "\\\"trunk\\\":\\\"mlp\\\",\\\"activation\\\"");
    assert_eq!(read(&lengthened(plain, named)).unwrap(), model(true));
    let other = named.replace("mlp", "moe");
    let error = read(&lengthened(plain, &other)).unwrap_err().to_string();
    assert!(error.contains("its trunk is of an unknown kind, \"moe\""), "{error}");
}

/// Replaces text in the header by a longer one, and corrects the header's length.
fn lengthened(from: &str, to: &str) -> Vec<u8> {
    let mut bytes = written(&model(true));
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes.splice(at..at + from.len(), to.bytes());
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let longer = length + (to.len() - from.len()) as u64;
    bytes[..8].copy_from_slice(&longer.to_le_bytes());
    bytes
}

/// Replaces text in the header by text of the same length.
fn patched(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = written(&model(true));
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

#[test]
fn foreign_files_are_refused_with_the_reason() {
    let mut nan = written(&model(false));
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let cases = [
        (b"not a model".to_vec(), "not a model of pairpick"),
        (patched("\"pairpick\"", "\"pairpack\""), "no key \"pairpick\""),
        (patched("version\\\":1", "version\\\":9"), "format version 9, not 1"),
        (patched("relu", "tanh"), "unknown activation \"tanh\""),
        (patched("layers.2.bias", "layers.2.bios"), "no tensor layers.2.bias"),
        (patched("\"shape\":[4,5]", "\"shape\":[5,4]"), "layers.0.bias is F32 [4], not F32 [5]"),
        (patched("input.mean", "input.main"), "9 tensors, not 7"),
        (patched("input.scale", "input.scala"), "no tensor input.scale"),
        (nan, "NaN"),
    ];
    for (bytes, message) in cases {
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.starts_with(NAME) && error.contains(message), "{message:?}: {error}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = written(&model(true));
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec(any::<(u16, u8)>(), 1..5)) {
        let mut bytes = written(&model(true));
        let len = bytes.len();
        for (place, byte) in changes {
            bytes[usize::from(place) % len] = byte;
        }
        if let Ok(model) = read(&bytes) {
            prop_assert_eq!(read(&written(&model)).unwrap(), model);
        }
    }
}
