//! `trainer data fetch` against a server on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use assert_cmd::Command;
use common::http::{Answer, Server, nowhere};
use common::process::hex_sha256 as sha256;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const FILE: &str = "aclImdb_v1.tar.gz";

/// Starts a server of [`file`].
fn server(answer: Answer) -> Server {
    Server::start(FILE, file().to_vec(), answer)
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
    let (target, server) = (Target::new(), server(Answer::Ranges));
    target.assert_fetched(&server);
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn what_is_already_there_is_not_fetched_again() {
    let (target, server) = (Target::new(), server(Answer::Ranges));
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
    let (target, server) = (Target::new(), server(Answer::Ranges));
    fs::write(target.path(), &file()[1..]).unwrap();
    target.assert_fetched(&server);
}

#[test]
fn a_download_goes_on_where_it_was_broken_off() {
    let (target, server) = (Target::new(), server(Answer::Ranges));
    fs::write(target.part(), &file()[..123_456]).unwrap();
    target.assert_fetched(&server);
    assert_eq!(server.ranges(), [Some("bytes=123456-".to_owned())]);
}

#[test]
fn a_part_that_lacks_nothing_is_the_file() {
    let (target, server) = (Target::new(), server(Answer::Ranges));
    fs::write(target.part(), file()).unwrap();
    target.assert_fetched(&server);
}

#[test]
fn a_server_without_ranges_sends_the_file_anew() {
    let (target, server) = (Target::new(), server(Answer::Whole));
    fs::write(target.part(), &file()[..123_456]).unwrap();
    target.assert_fetched(&server);
}

#[test]
fn a_connection_that_breaks_leaves_the_part_to_go_on_with() {
    let target = Target::new();
    let broken = server(Answer::HangUpAfter(100_000));
    let (code, out, errors) = target.fetch(&broken.url(), &sha256(file()));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(errors.contains(&broken.url()), "{errors}");
    assert!(!errors.contains("was removed"), "{errors}");
    let got = fs::read(target.part()).unwrap();
    assert!(!got.is_empty() && got == file()[..got.len()]);
    let server = server(Answer::Ranges);
    target.assert_fetched(&server);
    assert_eq!(server.ranges(), [Some(format!("bytes={}-", got.len()))]);
}

#[test]
fn a_wrong_checksum_is_refused_and_the_download_removed() {
    let (target, server) = (Target::new(), server(Answer::Ranges));
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
    let (target, server) = (Target::new(), server(Answer::Ranges));
    let (code, _, errors) = target.fetch(&server.url(), "c40f");
    assert_eq!(code, Some(2));
    assert!(errors.contains("--sha256 must be 64 hexadecimal digits, got \"c40f\""), "{errors}");
    assert!(server.ranges().is_empty());
}

#[test]
fn without_a_server_one_line_says_what_to_do_instead() {
    let target = Target::new();
    let server = server(Answer::Unavailable);
    for url in [nowhere(FILE), server.url()] {
        let (code, out, errors) = target.fetch(&url, &sha256(file()));
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert_eq!(errors.lines().count(), 1, "{errors}");
        for part in [url.as_str(), "by other means", "--data"] {
            assert!(errors.contains(part), "{part} in {errors}");
        }
        assert_eq!(target.names(), 0);
    }
}
