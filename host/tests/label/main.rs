//! `pairpick label` in a terminal of 80 × 24: keys go in, a screen comes out, and the terminal is as it
//! was before, however the program ends.

#![cfg(all(unix, feature = "label"))]

#[path = "../session/person.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod person;
mod picture;
mod terminal;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use pairpick::session::Plan;
use pairpick::settings::Settings;

use self::person::{Person, Place, learnt, question};
use self::terminal::Terminal;

/// The picture in the pages.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/pictures/label.svg");

fn label(place: &Place) -> Terminal {
    Terminal::start(place.path().parent().unwrap(), &["label", "--session", "s.db"])
}

#[test]
fn keys_answer_take_back_note_and_quit() {
    let place = Place::new();
    let mut terminal = label(&place);
    terminal.until("question 1 of 20, batch 1");
    for (key, message, place) in [
        ("1", "Recorded: the first is better", 2),
        ("2", "Recorded: the second is better", 3),
        ("0", "Recorded: a tie", 4),
        ("s", "Recorded: skipped", 5),
        ("b", "Recorded: both are bad", 6),
        ("\u{1b}[D", "Recorded: the first is better", 7),
        ("\u{1b}[C", "Recorded: the second is better", 8),
        ("u", "Taken back", 7),
        ("u", "Taken back", 6),
    ] {
        terminal.answer(key);
        terminal.until(message);
        terminal.until(&format!("question {place} of 20, batch 1"));
    }
    terminal.press("nso it\u{7f}s\r");
    terminal.until("note: so is");
    terminal.answer("1");
    terminal.until("question 7 of 20, batch 1");
    terminal.until("answered: 6, 14 of 20 left in batch 1");
    terminal.press("q");
    let (code, rest) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(rest.contains("answered: 6") && rest.contains("all answers are in s.db"), "{rest}");

    // The next sitting begins where this one ended.
    let mut terminal = label(&place);
    terminal.until("question 7 of 20, batch 1");
    terminal.press("\u{3}");
    assert_eq!(terminal.end().0, Some(0));
    let export = Command::new(env!("CARGO_BIN_EXE_pairpick"))
        .current_dir(place.path().parent().unwrap())
        .args(["--quiet", "label", "--session", "s.db", "--export", "-"])
        .output()
        .unwrap();
    let lines = String::from_utf8(export.stdout).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[2].contains("\"label\":0.5") && lines[3].contains("\"skip\":true"), "{lines:?}");
    assert!(lines[4].contains("\"both_bad\":true") && lines[5].contains("so is"), "{lines:?}");
}

#[test]
fn a_signal_gives_the_terminal_back_and_says_where_the_answers_are() {
    let place = Place::new();
    // One that this process ignores, as a shell has it in the background, the command ignores.
    let heeded = [(15, "TERM"), (2, "INT"), (1, "HUP")].into_iter();
    let heeded = heeded.filter(|(id, signal)| *signal == "HUP" || !ignores(*id));
    for (asked, (_, signal)) in (1..).zip(heeded) {
        let mut terminal = label(&place);
        terminal.until(&format!("question {asked} of 20"));
        terminal.answer("1");
        terminal.until(&format!("question {} of 20", asked + 1));
        assert!(!terminal.is_cooked(), "keys come a line at a time");
        terminal.signal(signal);
        let (code, rest) = terminal.end();
        assert_eq!(code, Some(130), "{signal}");
        assert!(rest.contains("interrupted; every answer is in s.db"), "{signal}: {rest}");
    }
}

/// Without a terminal nobody answers.
#[test]
fn a_terminal_that_goes_ends_the_session_whatever_the_caller_ignores() {
    for start in [Terminal::start, Terminal::start_ignoring_hangup] {
        let place = Place::new();
        let mut terminal = start(place.path().parent().unwrap(), &["label", "--session", "s.db"]);
        terminal.until("question 1 of 20");
        terminal.answer("1");
        terminal.until("question 2 of 20");
        // Otherwise than by a signal where nothing can be drawn any more.
        assert!(terminal.hang_up().is_some(), "it goes on");
        let mut terminal = label(&place);
        terminal.until("question 2 of 20");
        terminal.press("q");
        assert_eq!(terminal.end().0, Some(0));
    }
}

/// Whether this process ignores a signal, where the system tells.
fn ignores(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// What is typed ahead, pasted or held down is not what somebody says of questions that nobody has seen.
#[test]
fn questions_that_nobody_has_seen_are_not_answered() {
    let place = Place::new();
    let mut terminal = label(&place);
    terminal.until("question 1 of 20");
    terminal.answer("111");
    terminal.until("question 2 of 20");
    terminal.until("That key came too soon");
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(30));
        terminal.press("2");
    }
    // Nor what is held with Ctrl or Alt, however long that waits.
    for key in ["\u{13}", "\u{1b}1", "\u{1b}b"] {
        terminal.answer(key);
    }
    terminal.settle();
    terminal.until("answered: 1, 19 of 20 left in batch 1");
    terminal.answer("2");
    terminal.until("question 3 of 20");
    terminal.press("q");
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn without_a_terminal_there_is_nobody_to_ask() {
    let place = Place::new();
    let output = Command::new(env!("CARGO_BIN_EXE_pairpick"))
        .current_dir(place.path().parent().unwrap())
        .arg("label")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no terminal"), "{said}");
    assert!(!Path::new(&place.file("pairpick-session.db")).exists());
}

/// The screen is that of the pages' picture; `PAIRPICK_PICTURES=make` draws that anew.
#[test]
fn the_screen_is_that_of_the_picture() {
    let (place, person) = (Place::new(), Person::new());
    let settings = Settings::default().sized_for_bundled();
    let plan = Plan { swap_check: 0.1, ..Plan::new(settings) };
    let desk = place.open(&plan);
    for _ in 0..30 {
        let shown = question(&desk, 1).unwrap();
        person.reply(&desk, 1, &shown);
    }
    learnt(&desk, 1);
    drop(desk);
    let folder = place.path().parent().unwrap().to_owned();
    let mut terminal = Terminal::start(&folder, &["--quiet", "label", "--session", "s.db"]);
    terminal.until("question 9 of 22, batch 2");
    terminal.settle();
    let picture = picture::svg(terminal.screen());
    terminal.press("q");
    assert_eq!(terminal.end().0, Some(0));
    if env::var("PAIRPICK_PICTURES").is_ok_and(|wish| wish == "make") {
        fs::write(PICTURE, &picture).unwrap();
    }
    let kept = fs::read_to_string(PICTURE).unwrap_or_default();
    assert!(kept == picture, "the screen is no longer that of {PICTURE}:\n{picture}");
}
