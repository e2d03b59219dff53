use std::cell::Cell;
use std::fs;

use pairpick::device::log::DeviceLog;
use pairpick_core::device::{Answer, RECORD_LEN, Record};
use serde_json::Value;
use tempfile::TempDir;

use super::{by_number, here, object, pack, play, refused, told};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Thirty answers, power failing twice on the way: imported, replayed, and learnt from.
#[test]
fn answers_come_home_as_labels_that_train_reads() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let image = pack(path, &[]);
    let log = play(&here(), &image, 7, 30, &[9, 17], by_number);
    fs::write(path.join("answers.log"), &log).unwrap();
    let whole = play(&here(), &image, 7, 30, &[], by_number);
    fs::write(path.join("whole.log"), &whole).unwrap();

    let info = object(path, &["device", "info", "answers.log", "--json"]);
    assert_eq!(
        (&info["device"], &info["answers"], &info["dropped"]),
        (&7.into(), &30.into(), &2.into())
    );
    assert_eq!(info["rounds"], 8);
    assert_eq!(info["room"], 120);
    let text = told(path, &["device", "info", "answers.log"]);
    assert!(text.contains("30 answers in 8 rounds; 2 records torn"), "{text}");

    let printed = told(path, &["device", "import", "answers.log", "--image", "pool.img"]);
    let import = ["device", "import", "whole.log", "--image", "pool.img", "--out", "labels.jsonl"];
    assert_eq!(told(path, &import), "");
    assert_eq!(fs::read_to_string(path.join("labels.jsonl")).unwrap(), printed);
    let labels = lines(&printed);
    assert_eq!(labels.len(), 30);
    let answers = DeviceLog::read(path, &log).unwrap();
    for (line, answer) in labels.iter().zip(answers.answers()) {
        assert_eq!((&line["round"], &line["annotator"]), (&answer.round.into(), &7.into()));
        match answer.answer.label() {
            Some(label) => assert_eq!(line["label"].as_f64(), Some(label.into())),
            None => assert_eq!(line["skip"], true),
        }
        let both_bad = answer.answer == Answer::BothBad;
        assert_eq!(line.get("both_bad"), both_bad.then_some(&true.into()), "{line}");
    }
    told(path, &["train", "--features", "kernel", "--landmarks", "8", "--labels", "labels.jsonl"]);

    for log in ["answers.log", "whole.log"] {
        for more in [&["--threads", "1"][..], &["--threads", "3", "--isa", "baseline"]] {
            let replay = ["device", "replay", log, "--image", "pool.img", "--json"];
            let replayed = object(path, &[&replay[..], more].concat());
            assert_eq!((&replayed["identical"], &replayed["answers"]), (&true.into(), &30.into()));
            assert_eq!(replayed["rounds"].as_array().unwrap().len(), 8);
        }
    }
    // Nothing proves nothing.
    fs::write(path.join("begun.log"), &whole[..RECORD_LEN]).unwrap();
    let replay = ["device", "replay", "begun.log", "--image", "pool.img"];
    let error = refused(path, &replay, 2);
    assert!(error.contains("begun.log: no batch was selected yet"), "{error}");
}

#[test]
fn logs_of_several_devices_are_put_together_in_one_order() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let image = pack(path, &[]);
    let write = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).unwrap();
    write("one.log", &play(&here(), &image, 1, 12, &[], |_, _| Answer::First));
    write("early.log", &play(&here(), &image, 1, 6, &[], |_, _| Answer::First));
    write(
        "two.log",
        &play(&here(), &image, 2, 8, &[], |a, _| match a % 3 {
            0 => Answer::First,
            1 => Answer::Second,
            _ => Answer::Skip,
        }),
    );
    let import = |logs: &[&str]| {
        let args = [&["device", "import", "--image", "pool.img"][..], logs].concat();
        let labels = told(path, &args);
        let report = object(path, &[&args[..], &["--json"]].concat());
        (labels, report)
    };
    let (labels, report) = import(&["one.log", "two.log", "early.log"]);
    let (other, _) = import(&["early.log", "two.log", "one.log"]);
    assert_eq!(labels, other, "whatever the order");
    assert_eq!(lines(&labels).len(), 20);
    // The first round asks every device the same.
    assert!(report["repeated"].as_u64() >= Some(4), "{report}");
    assert_eq!(report["labels"].as_u64().unwrap() + report["skipped"].as_u64().unwrap(), 20);
    let devices = report["devices"].as_array().unwrap();
    let told: Vec<(u64, u64)> = devices
        .iter()
        .map(|device| (device["device"].as_u64().unwrap(), device["duplicates"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [(1, 0), (1, 6), (2, 0)]);
    for conflict in report["conflicts"].as_array().unwrap() {
        assert_eq!(conflict["answers"][0]["answer"], "first");
        assert_eq!(conflict["answers"][1]["answer"], "second");
    }
    assert_ne!(report["conflicts"].as_array().unwrap().len(), 0);
    let rounds: Vec<u64> = lines(&labels).iter().map(|l| l["round"].as_u64().unwrap()).collect();
    assert!(rounds.is_sorted());
    // Two devices that have one number.
    write("other.log", &play(&here(), &image, 1, 6, &[], |_, _| Answer::Second));
    let args = ["device", "import", "--image", "pool.img", "one.log", "other.log"];
    let error = refused(path, &args, 2);
    assert!(
        error.contains("device 1 has another log, one.log, and they differ from record"),
        "{error}"
    );
    // Places count the records of the file that is named, those that power tore among them: a header, a
    // round, two answers, a torn one, a resumption, an answer, and then another than the other log has.
    let count = Cell::new(0);
    let say = |_, _| {
        count.set(count.get() + 1);
        if count.get() < 4 { Answer::First } else { Answer::Second }
    };
    write("other.log", &play(&here(), &image, 1, 6, &[2], say));
    let error = refused(path, &args, 2);
    let expected = "error: other.log: device 1 has another log, one.log, and they differ from record 7 on: \
                    each device needs a number of its own\n";
    assert_eq!(error, expected);
    // A board that was given another image of the pool.
    let second = pack(path, &["--jitter", "0.5", "--force"]);
    write("other.log", &play(&here(), &second, 1, 6, &[], |_, _| Answer::First));
    let error = refused(path, &args, 2);
    assert!(
        error.contains("they are of two images: import the logs of each with its own"),
        "{error}"
    );
}

#[test]
fn a_selection_that_differs_is_told_and_fails() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let image = pack(path, &[]);
    let log = play(&here(), &image, 1, 10, &[], by_number);
    let places: Vec<usize> = (0..log.len() / RECORD_LEN)
        .filter(|place| {
            let bytes = log[place * RECORD_LEN..][..RECORD_LEN].try_into().unwrap();
            matches!(Record::decode(&bytes, *place as u32), Some(Record::Round(_)))
        })
        .collect();
    let changed = |place: usize, change: &dyn Fn(&mut Record)| {
        let mut bytes = log.clone();
        let place_of = &mut bytes[place * RECORD_LEN..][..RECORD_LEN];
        let mut record = Record::decode(&(&*place_of).try_into().unwrap(), place as u32).unwrap();
        change(&mut record);
        place_of.copy_from_slice(&record.encode(place as u32));
        fs::write(path.join("changed.log"), bytes).unwrap();
        let replay = ["device", "replay", "changed.log", "--image", "pool.img"];
        let error = refused(path, &replay, 1);
        assert_eq!(error, "", "a result is no error");
        String::from_utf8(super::pairpick(path, &replay).stdout).unwrap()
    };
    for (number, place) in places.iter().enumerate() {
        let text = changed(*place, &|record| {
            if let Record::Round(round) = record {
                round.batch ^= 1;
            }
        });
        assert!(text.contains("DIFFERENT: device 1"), "{text}");
        assert_eq!(text.matches(" yes").count(), number, "{text}");
        let text = changed(*place, &|record| {
            if let Record::Round(round) = record {
                round.head ^= 1;
            }
        });
        assert!(text.contains("NO"), "{text}");
    }
    // Another answer: the next selection is another.
    let text = changed(places[0] + 1, &|record| {
        if let Record::Answer(answer) = record {
            answer.answer = match answer.answer {
                Answer::First => Answer::Second,
                _ => Answer::First,
            };
        }
    });
    assert!(text.contains("DIFFERENT"), "{text}");
}
