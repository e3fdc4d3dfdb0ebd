//! `trainer data fetch` against a server on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use assert_cmd::Command;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tempfile::TempDir;

const FILE: &str = "aclImdb_v1.tar.gz";

/// How the server answers.
#[derive(Clone, Copy)]
enum Answer {
    /// As asked: 206 for a range, 416 for one past the end.
    Ranges,
    /// 200 with the whole file, whatever was asked.
    Whole,
    /// Says how long the file is, sends so many bytes and hangs up.
    HangUpAfter(usize),
    /// 503.
    Unavailable,
}

/// An HTTP server of one file; keeps the range that each request asked for.
struct Server {
    address: SocketAddr,
    ranges: Arc<Mutex<Vec<Option<String>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(file: &'static [u8], answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(range) = respond(&stream.unwrap(), file, answer) else {
                    return;
                };
                seen.lock().unwrap().push(range);
            }
        });
        Self {
            address,
            ranges,
            thread: Some(thread),
        }
    }

    fn url(&self) -> String {
        format!("http://{}/{FILE}", self.address)
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.ranges.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A connection without a request is the end.
        drop(TcpStream::connect(self.address));
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// Answers one request and gives its range; `None` where there was no request.
fn respond(mut stream: &TcpStream, file: &[u8], answer: Answer) -> Option<Option<String>> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.unwrap();
    assert_eq!(request, format!("GET /{FILE} HTTP/1.1"));
    let headers: Vec<String> = lines
        .map(Result::unwrap)
        .take_while(|line| !line.is_empty())
        .collect();
    let range = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("range").then(|| value.to_owned())
    });
    let n = file.len();
    let start = match (&range, answer) {
        (Some(range), Answer::Ranges) => {
            let start = range.strip_prefix("bytes=").unwrap();
            start.strip_suffix('-').unwrap().parse().unwrap()
        }
        _ => 0,
    };
    let (status, body, length) = match answer {
        Answer::Unavailable => ("503 Service Unavailable", &file[..0], 0),
        Answer::HangUpAfter(sent) => ("200 OK", &file[..sent], n),
        _ if start >= n => ("416 Range Not Satisfiable", &file[..0], 0),
        _ if start > 0 => ("206 Partial Content", &file[start..], n - start),
        _ => ("200 OK", file, n),
    };
    let range_header = if start > 0 && start < n {
        format!("content-range: bytes {start}-{}/{n}\r\n", n - 1)
    } else {
        String::new()
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{range_header}connection: close\r\n\r\n"
    )
    .unwrap();
    stream.write_all(body).unwrap();
    Some(range)
}

/// A file that is long enough to be sent in several pieces.
fn file() -> &'static [u8] {
    static BYTES: [u8; 300_000] = {
        let mut bytes = [0; 300_000];
        let mut i = 0;
        while i < bytes.len() {
            bytes[i] = (i % 251).to_le_bytes()[0];
            i += 1;
        }
        bytes
    };
    &BYTES
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Target(TempDir);

impl Target {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(FILE)
    }

    fn part(&self) -> PathBuf {
        self.0.path().join(format!("{FILE}.part"))
    }

    fn names(&self) -> usize {
        fs::read_dir(self.0.path()).unwrap().count()
    }

    /// Exit code, standard output and standard error.
    fn fetch(&self, url: &str, sha256: &str) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .env_remove("all_proxy")
            .env_remove("ALL_PROXY")
            .args(["data", "fetch", "--url", url, "--sha256", sha256, "--out"])
            .arg(self.0.path())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn assert_fetched(&self, server: &Server) {
        let (code, out, errors) = self.fetch(&server.url(), &sha256(file()));
        assert_eq!((code, errors.as_str()), (Some(0), ""));
        assert_eq!(out, format!("{}\n", self.path().display()));
        assert!(fs::read(self.path()).unwrap() == file());
        assert_eq!(self.names(), 1, "no part is left");
    }
}

#[test]
fn a_download_is_complete_when_its_checksum_is_right() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    target.assert_fetched(&server);
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn what_is_already_there_is_not_fetched_again() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    fs::write(target.path(), file()).unwrap();
    for checksum in [sha256(file()), sha256(file()).to_uppercase()] {
        let (code, out, _) = target.fetch(&server.url(), &checksum);
        assert_eq!(code, Some(0));
        assert!(out.contains("already there"), "{out}");
    }
    assert!(server.ranges().is_empty());
}

#[test]
fn what_is_there_but_damaged_is_fetched_anew() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    fs::write(target.path(), &file()[1..]).unwrap();
    target.assert_fetched(&server);
}

#[test]
fn a_download_goes_on_where_it_was_broken_off() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    fs::write(target.part(), &file()[..123_456]).unwrap();
    target.assert_fetched(&server);
    assert_eq!(server.ranges(), [Some("bytes=123456-".to_owned())]);
}

#[test]
fn a_part_that_lacks_nothing_is_the_file() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    fs::write(target.part(), file()).unwrap();
    target.assert_fetched(&server);
}

#[test]
fn a_server_without_ranges_sends_the_file_anew() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Whole));
    fs::write(target.part(), &file()[..123_456]).unwrap();
    target.assert_fetched(&server);
}

#[test]
fn a_connection_that_breaks_leaves_the_part_to_go_on_with() {
    let target = Target::new();
    let broken = Server::start(file(), Answer::HangUpAfter(100_000));
    let (code, out, errors) = target.fetch(&broken.url(), &sha256(file()));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(errors.contains(&broken.url()), "{errors}");
    assert!(!errors.contains("was removed"), "{errors}");
    let got = fs::read(target.part()).unwrap();
    assert!(!got.is_empty() && got == file()[..got.len()]);
    let server = Server::start(file(), Answer::Ranges);
    target.assert_fetched(&server);
    assert_eq!(server.ranges(), [Some(format!("bytes={}-", got.len()))]);
}

#[test]
fn a_wrong_checksum_is_refused_and_the_download_removed() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    let wanted = sha256(b"another file");
    let (code, out, errors) = target.fetch(&server.url(), &wanted);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    for part in [&wanted, &sha256(file()), &server.url()] {
        assert!(errors.contains(part), "{part} in {errors}");
    }
    assert_eq!(target.names(), 0);
}

#[test]
fn a_checksum_that_is_none_is_refused_before_anything_is_fetched() {
    let (target, server) = (Target::new(), Server::start(file(), Answer::Ranges));
    let (code, _, errors) = target.fetch(&server.url(), "c40f");
    assert_eq!(code, Some(2));
    assert!(
        errors.contains("--sha256 must be 64 hexadecimal digits, got \"c40f\""),
        "{errors}"
    );
    assert!(server.ranges().is_empty());
}

#[test]
fn without_a_server_one_line_says_what_to_do_instead() {
    let target = Target::new();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    let url = format!("http://{address}/{FILE}");
    let server = Server::start(file(), Answer::Unavailable);
    for url in [url, server.url()] {
        let (code, out, errors) = target.fetch(&url, &sha256(file()));
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert_eq!(errors.lines().count(), 1, "{errors}");
        for part in [url.as_str(), "by other means", "--data"] {
            assert!(errors.contains(part), "{part} in {errors}");
        }
        assert_eq!(target.names(), 0);
    }
}
