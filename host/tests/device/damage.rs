use std::fs;

use pairpick_core::device::RECORD_LEN;
use tempfile::TempDir;

use super::{by_number, here, pack, play, refused};

#[test]
fn what_is_damaged_cut_off_or_foreign_is_refused_by_every_command() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let image = pack(path, &[]);
    let log = play(&here(), &image, 1, 6, &[], by_number);
    let write = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).unwrap();
    write("answers.log", &log);
    let changed = |bytes: &[u8], place: usize| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 4;
        bytes
    };
    let images = [
        (changed(&image, 700), "bad.img: damaged: the checksum of features is"),
        (changed(&image, 40), "bad.img: damaged: the checksum of header is"),
        (changed(&image, 8), "bad.img: a pool image of format 5: this program reads no later one"),
        (image[..image.len() - 1].to_vec(), "bad.img: truncated: expected"),
        ([&image[..], &[0]].concat(), "bad.img: expected"),
        (Vec::new(), "bad.img: "),
    ];
    for (bytes, expected) in &images {
        write("bad.img", bytes);
        for command in [
            &["device", "info", "bad.img"][..],
            &["device", "import", "answers.log", "--image", "bad.img"],
            &["device", "replay", "answers.log", "--image", "bad.img"],
        ] {
            let error = refused(path, command, 2);
            assert!(error.contains(expected), "{command:?}: {error}, expected {expected}");
        }
    }
    let logs = [
        (
            changed(&log, 3 * RECORD_LEN + 9),
            "bad.log: record 3 is damaged, and there are records behind it",
        ),
        (changed(&log, 0), "bad.log: not an answer log"),
        (vec![0xff; 64], "bad.log: an empty log"),
        (b"no log".to_vec(), "bad.log: not an answer log"),
    ];
    for (bytes, expected) in &logs {
        write("bad.log", bytes);
        for command in [
            &["device", "info", "bad.log"][..],
            &["device", "import", "bad.log", "--image", "pool.img"],
            &["device", "replay", "bad.log", "--image", "pool.img"],
        ] {
            let error = refused(path, command, 2);
            assert!(error.contains(expected), "{command:?}: {error}, expected {expected}");
        }
    }
    // A log of another pool, and one of the same pool packed otherwise.
    let other = play(&here(), &pack(path, &["--jitter", "0.5", "--force"]), 1, 3, &[], by_number);
    write("other.log", &other);
    pack(path, &["--force"]);
    let error = refused(path, &["device", "replay", "other.log", "--image", "pool.img"], 2);
    assert!(error.contains("of another image of the pool"), "{error}");
    pack(path, &["--seed", "5", "--force"]);
    for command in ["import", "replay"] {
        let error = refused(path, &["device", command, "answers.log", "--image", "pool.img"], 2);
        assert!(error.contains("of another "), "{error}");
    }
    let error = refused(path, &["device", "info", "none.log"], 2);
    assert!(error.contains("none.log: no such file"), "{error}");
}
