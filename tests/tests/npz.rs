//! Arrays in a zip archive, as `numpy.savez` writes them: read in place, or refused with what helps.

use std::path::Path;

use pairpick::Error;
use pairpick::data::array::ArrayReader;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::rewards::Rewards;
use pairpick_tests::fuzz::{npy, npz, zip};
use rawzip::CompressionMethod;

const NAME: &str = "data.npz";

fn array(shape: &str, values: &[f32]) -> Vec<u8> {
    let mut file = npy("<f4", shape, 0);
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    file
}

fn open(bytes: Vec<u8>) -> Result<ArrayReader, Error> {
    ArrayReader::new(bytes, Path::new(NAME), "embeddings")
}

#[test]
fn the_array_of_the_name_or_the_only_one() {
    let embeddings = array("(2, 3, 1)", &[0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    let rewards = array("(2, 3)", &[9.0; 6]);
    let both = npz(&[
        ("rewards.npy", &rewards),
        ("notes.txt", b"said by hand"),
        ("embeddings.npy", &embeddings),
    ]);
    for file in [both.clone(), npz(&[("arr_0.npy", &embeddings)])] {
        let reader = open(file).unwrap();
        assert_eq!(reader.shape(), [2, 3, 1]);
        let mut read = [0.0; 2];
        reader.read(3, &mut read).unwrap();
        assert_eq!(read, [3.5, 4.5]);
        assert!(reader.read(5, &mut read).is_err(), "there is one more in the archive's bytes");
    }
    let data = Embeddings::from_source(both.clone(), Path::new(NAME)).unwrap();
    let rewards = Rewards::from_source(both, Path::new(NAME), &data).unwrap();
    assert_eq!(rewards.values(), [9.0; 6]);
}

#[test]
fn archives_that_do_not_serve() {
    let one = array("(1, 2, 1)", &[1.0, 2.0]);
    let inner = npz(&[("embeddings.npy", &one)]);
    let mut cut = inner.clone();
    cut.truncate(inner.len() - 30);
    for (told, bytes) in [
        ("compressed; numpy.savez", zip(CompressionMethod::DEFLATE, &[("x.npy", &one)]).unwrap()),
        (
            "an array named \"embeddings\", or a single one, is expected; found 2: \"a\", \"b\"",
            npz(&[("b.npy", &one), ("a.npy", &one)]),
        ),
        ("a zip archive without a .npy member", npz(&[("archive/data.pkl", b"\x80\x02")])),
        ("the .npz archive is damaged", cut),
        ("truncated", npz(&[("x.npy", &one[..one.len() - 1])])),
        ("1 bytes after the end", npz(&[("x.npy", &[&one[..], &[0]].concat())])),
        ("begins with a zip archive", npz(&[("x.npy", &inner)])),
        ("begins with nothing", npz(&[("x.npy", b"")])),
    ] {
        let error = open(bytes).map(drop).unwrap_err().to_string();
        assert!(error.starts_with(NAME) && error.contains(told), "{told}: {error}");
    }
}
