//! `trainer data fetch` against a server on this machine.

use crate::file_server::{Answer, Server, nowhere};
use crate::folder::{Ran, assert_says, sha256_hex as sha256, trainer};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const FILE: &str = "aclImdb_v1.tar.gz";

fn server(answer: Answer) -> Server {
    Server::start(FILE, file(), answer)
}

/// A file that is long enough to be sent in several pieces.
fn file() -> Vec<u8> {
    (0..=250).cycle().take(300_000).collect()
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

    fn fetch(&self, url: &str, sha256: &str) -> Ran {
        let mut command = trainer();
        for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        let fetch = ["data", "fetch", "--url", url, "--sha256", sha256, "--out"];
        Ran::of(command.args(fetch).arg(self.0.path()).output().unwrap())
    }

    fn assert_fetched(&self, server: &Server) {
        let ran = self.fetch(&server.url(), &sha256(&file()));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        assert_eq!(ran.out, format!("{}\n", self.path().display()));
        assert!(fs::read(self.path()).unwrap() == file());
        assert_eq!(self.names(), 1, "no part is left");
    }
}

#[test]
fn what_is_already_there_is_not_fetched_again() {
    let (target, server) = (Target::new(), server(Answer::Ranges));
    fs::write(target.path(), file()).unwrap();
    for checksum in [sha256(&file()), sha256(&file()).to_uppercase()] {
        let ran = target.fetch(&server.url(), &checksum);
        assert_eq!(ran.code, Some(0));
        assert_says(&ran.out, &["already there"]);
    }
    assert!(server.ranges().is_empty());
}

#[test]
fn a_download_goes_on_where_it_was_broken_off_and_is_complete_in_the_end() {
    let whole = file();
    let n = whole.len();
    for (answer, kept, part, range) in [
        (Answer::Ranges, None, None, None),
        (Answer::Ranges, None, Some(123_456), Some("bytes=123456-")),
        (Answer::Ranges, None, Some(n), Some("bytes=300000-")),
        (Answer::Whole, None, Some(123_456), Some("bytes=123456-")),
        // What is there is damaged.
        (Answer::Ranges, Some(n - 1), None, None),
    ] {
        let (target, server) = (Target::new(), server(answer));
        for (path, length) in [(target.path(), kept), (target.part(), part)] {
            if let Some(length) = length {
                fs::write(path, &whole[..length]).unwrap();
            }
        }
        target.assert_fetched(&server);
        assert_eq!(server.ranges(), [range.map(str::to_owned)]);
    }
}

#[test]
fn a_connection_that_breaks_leaves_the_part_to_go_on_with() {
    let target = Target::new();
    let broken = server(Answer::HangUpAfter(100_000));
    let ran = target.fetch(&broken.url(), &sha256(&file()));
    assert_says(ran.refused(2), &[&broken.url()]);
    assert!(!ran.err.contains("was removed"), "{ran:?}");
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
    let ran = target.fetch(&server.url(), &wanted);
    assert_says(ran.refused(2), &[&wanted, &sha256(&file()), &server.url()]);
    assert_eq!(target.names(), 0);
}

#[test]
fn a_checksum_that_is_none_is_refused_before_anything_is_fetched() {
    let (target, server) = (Target::new(), server(Answer::Ranges));
    let ran = target.fetch(&server.url(), "c40f");
    assert_says(ran.refused(2), &["--sha256 must be 64 hexadecimal digits, got \"c40f\""]);
    assert!(server.ranges().is_empty());
}

#[test]
fn without_a_server_one_line_says_what_to_do_instead() {
    let target = Target::new();
    let server = server(Answer::Unavailable);
    for url in [nowhere(FILE), server.url()] {
        let ran = target.fetch(&url, &sha256(&file()));
        assert_says(ran.refused(2), &[&url, "by other means", "--data"]);
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        assert_eq!(target.names(), 0);
    }
}
