//! The directory registry with writers that are processes, which can be killed.

use crate::models::{artifact, new};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use verdict_registry::{DirectoryRegistry, Registry, load};

const ROOT: &str = "VERDICT_TEST_REGISTRY_ROOT";
const FIRST: &str = "VERDICT_TEST_REGISTRY_FIRST";

/// What a child does: registers models from a number on, a line for each, until its input ends.
/// Alone it does nothing.
#[test]
fn a_child_registers_what_it_is_told() {
    let (Ok(root), Ok(first)) = (std::env::var(ROOT), std::env::var(FIRST)) else {
        return;
    };
    let registry = DirectoryRegistry::new(root);
    let first: u32 = first.parse().unwrap();
    for number in first..first + 1000 {
        let version = registry.register(new("sentiment", &artifact(number))).unwrap();
        if writeln!(std::io::stderr(), "{}", version.version).is_err() {
            return;
        }
    }
}

fn child(root: &std::path::Path, first: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "two_processes::a_child_registers_what_it_is_told"])
        .arg("--nocapture")
        .env(ROOT, root)
        .env(FIRST, first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_writer_that_is_killed_leaves_whole_versions_and_the_others_go_on() {
    let root = tempfile::tempdir().unwrap();
    let registry = DirectoryRegistry::new(root.path());
    let mut told = BTreeSet::new();
    for round in 0..5 {
        let mut children = [0, 1].map(|i| child(root.path(), (2 * round + i) * 1000));
        for child in &mut children {
            let lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
            for line in lines.take(5) {
                let number: u64 = line.unwrap().parse().unwrap();
                assert!(told.insert(number), "{number} was given twice");
            }
        }
        // In the middle of whatever they do.
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let versions = registry.versions("sentiment").unwrap();
        let numbers: BTreeSet<u64> = versions.iter().map(|version| version.version).collect();
        assert!(told.is_subset(&numbers), "{told:?} {numbers:?}");
        let expected: BTreeSet<u64> = (1..=versions.len() as u64).collect();
        assert_eq!(numbers, expected);
        for version in versions.iter().rev().take(5) {
            assert_eq!(load(&version.uri).unwrap().identity().sha256, version.sha256);
        }
    }
    registry.register(new("sentiment", &artifact(99_999))).unwrap();
    for entry in std::fs::read_dir(root.path().join("sentiment/versions")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.parse::<u64>().is_ok(), "{name} was left behind");
    }
}
