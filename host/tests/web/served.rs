//! `pairpick label --web` at work, and what its page sends: HTTP by hand, so that every header is ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The program while it serves; it is ended with the test.
pub struct Served {
    child: Child,
    /// Where, as `127.0.0.1:PORT`.
    pub host: String,
    /// The token of each annotator.
    pub tokens: Vec<String>,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(own, _)| own == name);
        header.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}

impl Served {
    /// Serves a session in a folder to so many annotators.
    pub fn start(folder: &Path, annotators: usize, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pairpick"))
            .current_dir(folder)
            .args(["label", "--web", "--session", "s.db", "--annotators", &annotators.to_string()])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let addresses: Vec<String> = lines.take(annotators).map(|line| line.unwrap()).collect();
        let parts = addresses.iter().map(|address| {
            let (host, token) = address.strip_prefix("http://").unwrap().split_once("/#").unwrap();
            (host.to_owned(), token.to_owned())
        });
        let (hosts, tokens): (Vec<String>, Vec<String>) = parts.unzip();
        Self { child, host: hosts[0].clone(), tokens }
    }

    /// Sends a request with these headers as they stand, and nothing else but how long it is.
    pub fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        };
        Response { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    /// What the page of an annotator, from 0, gets.
    pub fn get(&self, annotator: usize, path: &str) -> Response {
        let token = format!("Bearer {}", self.tokens[annotator]);
        self.send(&format!("GET {path}"), &[("Host", &self.host), ("Authorization", &token)], "")
    }

    /// What it is told of what it posts.
    pub fn post(&self, annotator: usize, path: &str, body: &Value) -> Response {
        let token = format!("Bearer {}", self.tokens[annotator]);
        let origin = format!("http://{}", self.host);
        let headers = [
            ("Host", self.host.as_str()),
            ("Origin", &origin),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/json"),
            ("Authorization", &token),
        ];
        self.send(&format!("POST {path}"), &headers, &body.to_string())
    }

    /// A page of an annotator, of several that are open, asks for something; or it goes.
    pub fn on_page(&self, annotator: usize, page: u32, line: &str) -> Response {
        let (token, page) = (format!("Bearer {}", self.tokens[annotator]), page.to_string());
        let headers = [
            ("Host", self.host.as_str()),
            ("Content-Type", "application/json"),
            ("Authorization", &token),
            ("Pairpick-Page", &page),
        ];
        self.send(line, &headers, "{}")
    }

    /// What an annotator sees once there is a question.
    pub fn question(&self, annotator: usize) -> Value {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let told = self.get(annotator, "/api/news").json();
            if told["next"]["waiting"].is_null() || Instant::now() > until {
                return told["next"]["question"].clone();
            }
        }
    }

    /// Answers a question.
    pub fn answer(&self, annotator: usize, question: &Value, answer: &str) -> Response {
        let body = json!({ "question": question["id"], "answer": answer, "seconds": 1.5 });
        self.post(annotator, "/api/answer", &body)
    }

    /// Interrupts it, and gives the exit code: by a signal that a shell does not ignore for what it has in
    /// the background.
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
