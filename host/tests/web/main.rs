//! The page of `pairpick label --web`, by what its server says: who is let in, that no answer is
//! recorded twice, and that texts come as they are. The page itself is tested in a browser, by
//! `tests/browser`.

#![cfg(all(unix, feature = "web"))]

#[path = "../command/mod.rs"]
mod command;
mod served;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::command::pairpick;
use self::served::{Response, Served};

/// How many answers a session has, by what every face says of it.
fn answered(told: &Value) -> u64 {
    let lines = told["status"]["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line[0] == "answered").unwrap();
    line[1].as_str().unwrap().split([',', ' ']).next().unwrap().parse().unwrap()
}

fn refused(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{response:?}");
    assert!(response.json()["error"].is_string(), "{response:?}");
}

#[test]
fn only_a_printed_address_is_let_in() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &[]);
    let host = served.host.as_str();
    let ask = |headers: &[(&str, &str)]| served.send("GET /api/question", headers, "");
    let right = format!("Bearer {}", served.tokens[0]);
    let nearly = format!("Bearer {}", served.tokens[0].replace(['0', '1', '2', '3'], "f"));
    assert_eq!(served.tokens[0].len(), 32);

    refused(&ask(&[("Host", host)]), 403);
    for wrong in ["", "Bearer ", "Bearer 0", &nearly, &served.tokens[0], &right.to_lowercase()] {
        refused(&ask(&[("Host", host), ("Authorization", wrong)]), 403);
    }
    assert_eq!(ask(&[("Host", host), ("Authorization", &right)]).status, 200);

    // A name that somebody lets point here, even with the token.
    for elsewhere in ["evil.example", "127.0.0.1.evil.example:80", "192.0.2.1:80", ""] {
        refused(&ask(&[("Host", elsewhere), ("Authorization", &right)]), 403);
        refused(&served.send("GET /", &[("Host", elsewhere)], ""), 403);
    }
}

#[test]
fn other_pages_cannot_answer() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &[]);
    let question = served.question(0);
    let body = json!({ "question": question["id"], "answer": "first", "seconds": 1 }).to_string();
    let (host, origin) = (served.host.as_str(), format!("http://{}", served.host));
    let right = format!("Bearer {}", served.tokens[0]);
    let post = |added: &[(&str, &str)], body: &str| {
        let own = [("Host", host), ("Authorization", right.as_str())];
        served.send("POST /api/answer", &[&own, added].concat(), body)
    };
    let kind = ("Content-Type", "application/json");
    for elsewhere in ["http://evil.example", "null", "http://127.0.0.1:1", "https://evil.example"] {
        refused(&post(&[kind, ("Origin", elsewhere)], &body), 403);
    }
    for site in ["cross-site", "same-site"] {
        refused(&post(&[kind, ("Sec-Fetch-Site", site)], &body), 403);
    }
    // What a form can send without asking.
    for form in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        refused(&post(&[("Content-Type", form), ("Origin", &origin)], &body), 415);
    }
    refused(&post(&[], &body), 415);
    // The question a browser asks before it lets another page send what is ours.
    let preflight = served.send(
        "OPTIONS /api/answer",
        &[("Host", host), ("Origin", "http://evil.example")],
        "",
    );
    assert!(preflight.status >= 400, "{preflight:?}");
    assert!(!preflight.headers.iter().any(|(name, _)| name.starts_with("access-control")));

    for (wrong, status) in [
        ("{}", 422),
        ("{", 400),
        (&*body.replace("first", "third"), 422),
        (&*body.replace("\"seconds\"", "\"hours\""), 422),
        (&*body.replace("\"seconds\":1", "\"seconds\":1,\"more\":1"), 422),
        (&*body.replace("\"seconds\":1", "\"seconds\":1e999"), 400),
        (&*body.replace("first", &"first ".repeat(20_000)), 413),
    ] {
        refused(&post(&[kind, ("Origin", &origin)], wrong), status);
    }
    let told = served.get(0, "/api/question").json();
    assert_eq!(told["next"]["question"], question);
    assert_eq!(answered(&told), 0);
    let told = post(&[kind, ("Origin", &origin)], &body).json();
    assert_eq!(answered(&told), 1);
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_is_in_line() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &[]);
    let get = |path: &str| served.send(&format!("GET {path}"), &[("Host", &served.host)], "");
    let page = get("/");
    for path in ["/", "/page.css", "/page.js", "/icon.svg", "/api/question", "/no-such-file"] {
        let response = get(path);
        let policy = response.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(response.header(name), value, "{path}");
        }
        assert!(!response.body.contains(&served.tokens[0]), "{path}");
        let namespace = "http://www.w3.org/2000/svg";
        let addresses = response.body.replace(namespace, "").matches("://").count();
        assert_eq!(addresses, 0, "{path}");
    }
    for text in ["<style", " style=", "onclick", "onload", "javascript:"] {
        assert!(!page.body.contains(text), "{text}");
    }
    assert_eq!(page.body.matches("<script").count(), 1);
    assert_eq!(get("/no-such-file").status, 404);
}

#[test]
fn an_answer_is_recorded_once() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &[]);
    let question = served.question(0);
    // As two tabs do, and a finger that is too quick.
    let told: Vec<Value> = thread::scope(|scope| {
        let tabs: Vec<_> = ["first", "second", "first", "tie"]
            .map(|answer| scope.spawn(|| served.answer(0, &question, answer).json()))
            .into();
        tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
    });
    let is_recorded = |told: &&Value| told["news"].as_str().unwrap().starts_with("Recorded: ");
    assert_eq!(told.iter().filter(is_recorded).count(), 1, "{told:?}");
    assert_eq!(answered(&served.get(0, "/api/question").json()), 1);
    // Every tab has moved on to the same question.
    let next = served.question(0);
    assert_ne!(next["id"], question["id"]);
    assert!(told.iter().all(|told| told["next"]["question"] == next), "{told:?}");

    let late = served.answer(0, &question, "second").json();
    assert!(late["news"].as_str().unwrap().contains("answered already"), "{late}");
    assert_eq!((answered(&late), &late["next"]["question"]), (1, &next));
    let odd = served.answer(0, &json!({ "id": 1_000_000_000 }), "second").json();
    assert!(odd["news"].as_str().unwrap().contains("not open"), "{odd}");
    assert_eq!((answered(&odd), &odd["next"]["question"]), (1, &next));

    let undone = served.post(0, "/api/undo", &json!({})).json();
    assert_eq!((answered(&undone), &undone["next"]["question"]), (0, &question));
    let nothing = served.post(0, "/api/undo", &json!({})).json();
    assert!(nothing["news"].as_str().unwrap().starts_with("Nothing"), "{nothing}");
}

#[test]
fn annotators_get_different_questions_of_one_batch() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 3, &["--batch", "4"]);
    let asked: Vec<Value> = (0..3).map(|annotator| served.question(annotator)).collect();
    let ids =
        |asked: &[Value]| asked.iter().map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>();
    let mut distinct = ids(&asked);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|one| one["title"].as_str().unwrap().starts_with("Round 1, ")));
    // Each keeps theirs, whatever the others do, and in a second tab too.
    served.answer(0, &asked[0], "first");
    assert_eq!([served.question(1), served.question(2)], [asked[1].clone(), asked[2].clone()]);
    let last = served.question(0);
    assert!(!ids(&asked).contains(&last["id"].as_u64().unwrap()));
    // Whoever is done waits for the others, and for nobody who has left.
    let waits = served.answer(0, &last, "tie").json();
    assert!(waits["next"]["waiting"].as_str().unwrap().starts_with("Others"), "{waits}");
    assert_eq!(served.post(1, "/api/leave", &json!({})).status, 204);
    assert_eq!(served.question(0), asked[1]);
}

/// What somebody has on the screen goes to others once the last page with it is closed, and not when
/// another one is, or when the page is loaded anew.
#[test]
fn a_question_is_left_with_its_last_page() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 2, &["--batch", "2"]);
    let own = served.question(0);
    let other = served.question(1);
    for page in [1, 2] {
        let told = served.on_page(1, page, "GET /api/question").json();
        assert_eq!(told["next"]["question"], other);
    }
    served.answer(0, &own, "first");
    let waits = |long: f64| {
        let until = Instant::now() + Duration::from_secs_f64(long);
        while Instant::now() < until {
            let told = served.get(0, "/api/news").json();
            assert!(told["next"]["waiting"].is_string(), "{told}");
        }
    };
    // One of two tabs, the first requests of which had no page's name.
    assert_eq!(served.post(1, "/api/leave", &json!({})).status, 204);
    assert_eq!(served.on_page(1, 1, "POST /api/leave").status, 204);
    waits(2.5);
    // Loaded anew: the old page goes, the new one comes.
    assert_eq!(served.on_page(1, 2, "POST /api/leave").status, 204);
    waits(0.5);
    served.on_page(1, 3, "GET /api/question");
    waits(2.5);
    assert_eq!(served.on_page(1, 3, "POST /api/leave").status, 204);
    assert_eq!(served.question(0), other);
}

/// An answer that is on the disk is told as recorded, though no further batch can come.
#[test]
fn what_is_recorded_is_told_so_after_the_background_has_failed() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &["--batch", "2"]);
    let first = served.question(0);
    let file = Connection::open(folder.path().join("s.db")).unwrap();
    let refuse = |table: &str| {
        let refusal = "BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
        file.execute_batch(&format!("CREATE TRIGGER no BEFORE INSERT ON {table} {refusal}"))
            .unwrap();
    };
    refuse("answers");
    let response = served.answer(0, &first, "first");
    refused(&response, 503);
    assert!(response.body.contains("Nothing was recorded"), "{response:?}");
    file.execute_batch("DROP TRIGGER no").unwrap();

    // The second batch is chosen while the first is answered; then to learn from that fails.
    refuse("models");
    for _ in 0..3 {
        served.answer(0, &served.question(0), "first");
    }
    let last = served.question(0);
    let until = Instant::now() + Duration::from_secs(60);
    let stopped = |told: &Value| told["status"]["lines"][0][0] == "stopped";
    while !stopped(&served.get(0, "/api/news").json()) {
        assert!(Instant::now() < until, "the model is recorded");
    }
    let response = served.answer(0, &last, "tie");
    assert_eq!(response.status, 200, "{response:?}");
    let told = response.json();
    assert_eq!(told["news"], "Recorded: a tie.");
    for told in [told, served.get(0, "/api/question").json()] {
        assert_eq!(answered(&told), 4);
        let why = told["next"]["stopped"].as_str().unwrap();
        assert!(why.contains("on purpose") && !why.contains("othing was recorded"), "{why}");
        assert!(stopped(&told) && told["status"]["brief"].as_str().unwrap().contains("stopped: "));
    }
}

#[test]
fn what_ends_a_session_can_be_said_and_withdrawn() {
    let folder = TempDir::new().unwrap();
    let ends = |arguments: &[&str]| {
        let served = Served::start(folder.path(), 1, arguments);
        let told = served.get(0, "/api/question").json();
        assert_eq!(served.interrupt(), Some(0));
        let lines = told["status"]["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line[0] == "ends").unwrap();
        line[1].as_str().unwrap().to_owned()
    };
    let until = "after 8 batches, or at ρ 0.80 and the batch that is open then";
    assert_eq!(ends(&["--rounds", "8", "--until", "0.8"]), until);
    assert_eq!(ends(&[]), until, "as it was said before");
    assert!(ends(&["--until", "off"]).starts_with("after 8 batches; "), "withdrawn");
    assert!(ends(&[]).starts_with("after 8 batches; "), "for good");
    for wrong in ["of", "1.5"] {
        let output =
            pairpick(folder.path(), &["label", "--web", "--session", "s.db", "--until", wrong]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && stderr.contains("--until"), "{stderr}");
    }
}

/// Embeddings of two prompts with two responses each, and these texts.
fn data(folder: &Path, texts: [&str; 3]) {
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 3), }";
    npy.extend(format!("{header:<117}\n").bytes());
    let values = [0.1_f32, 0.2, 0.9, 0.7, -0.4, 0.3, -0.2, 0.8, 0.5, 0.6, -0.9, -0.1];
    npy.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(folder.join("e.npy"), npy).unwrap();
    let [prompt, one, other] = texts;
    let line = json!({ "prompt": prompt, "responses": [one, other] });
    fs::write(folder.join("t.jsonl"), format!("{line}\n{line}\n")).unwrap();
}

#[test]
fn hostile_texts_come_as_they_are() {
    let folder = TempDir::new().unwrap();
    let texts = [
        "</main><script>alert(1)</script>&lt;",
        "\u{202e}turned\u{202c} \u{1b}[2J \u{0}\r\n\"quoted\" \\ \u{2028}",
        "<img src=x onerror=alert(1)> 漢 عربي 👩‍👩‍👧 {\"a\": 1}",
    ];
    data(folder.path(), texts);
    let own = ["--train-embeddings", "e.npy", "--texts", "t.jsonl", "--batch", "1"];
    let served = Served::start(folder.path(), 1, &own);
    let question = served.question(0);
    assert_eq!(question["prompt"], texts[0]);
    let mut replies = [question["first"].as_str().unwrap(), question["second"].as_str().unwrap()];
    replies.sort_unstable_by_key(|reply| texts.iter().position(|text| text == reply));
    assert_eq!(replies, texts[1..]);
    // As JSON, which no browser takes for a page.
    assert_eq!(served.get(0, "/api/question").header("content-type"), "application/json");
}

#[test]
fn an_interruption_ends_the_server_and_keeps_every_answer() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &[]);
    let question = served.question(0);
    served.answer(0, &question, "first");
    let next = served.question(0);
    let old = served.tokens[0].clone();
    assert_eq!(served.interrupt(), Some(0));

    let served = Served::start(folder.path(), 1, &[]);
    assert_ne!(served.tokens[0], old, "an address is good for one start");
    assert_eq!(served.question(0), next);
    assert_eq!(answered(&served.get(0, "/api/question").json()), 1);
}

/// The page says how long an answer took, but no longer than the server saw, and never less than nothing.
#[test]
fn no_answer_takes_longer_than_its_question_was_shown() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), 1, &[]);
    for seconds in [1e9, -3.0, 0.001] {
        let question = served.question(0);
        let body =
            json!({ "question": question["id"], "answer": "tie", "seconds": seconds, "note": " " });
        assert_eq!(served.post(0, "/api/answer", &body).status, 200);
    }
    assert_eq!(served.interrupt(), Some(0));
    let export = ["label", "--session", "s.db", "--export", "labels.jsonl"];
    let output = pairpick(folder.path(), &export);
    assert!(output.status.success(), "{output:?}");
    let labels = fs::read_to_string(folder.path().join("labels.jsonl")).unwrap();
    let labels: Vec<Value> =
        labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seconds: Vec<f64> = labels.iter().map(|label| label["seconds"].as_f64().unwrap()).collect();
    assert!(seconds[0] > 0.0 && seconds[0] < 600.0, "{seconds:?}");
    assert_eq!(seconds[1..], [0.0, 0.001]);
    assert!(labels.iter().all(|label| label.get("note").is_none()), "{labels:?}");
}

#[test]
fn other_machines_reach_it_only_if_that_is_said() {
    let folder = TempDir::new().unwrap();
    let label = |arguments: &[&str]| {
        let output =
            pairpick(folder.path(), &[&["label", "--session", "s.db"], arguments].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let (code, stderr) = label(&["--web", "--listen", address]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("--listen") && stderr.contains("--beyond-loopback"), "{stderr}");
    }
    let (code, stderr) = label(&["--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(2), "{stderr}");
    let (code, stderr) = label(&["--web", "--listen", "192.0.2.1:0", "--beyond-loopback"]);
    assert_eq!(code, Some(2), "this machine has no such address: {stderr}");
    assert!(
        stderr.contains("nothing is encrypted") && stderr.contains("cannot listen"),
        "{stderr}"
    );
    assert!(!folder.path().join("s.db").exists(), "refused before a session is begun");

    // No browser elsewhere can open an address that stands for all.
    let mut child = Command::new(env!("CARGO_BIN_EXE_pairpick"))
        .current_dir(folder.path())
        .args(["label", "--web", "--listen", "0.0.0.0:0", "--beyond-loopback"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find(|line| line.contains("in its place"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.unwrap().contains("0.0.0.0 stands for every address"));
}
