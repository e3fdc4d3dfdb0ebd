//! The program `demo`: what it says, that its state lasts, and that nothing it started outlives it.
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use crate::common::eventually;
use crate::demo::{Demo, command, signal, state, to_pid, until};
use rustix::process::{Signal, test_kill_process};

/// What it says when it cannot start, which is one line after what it begins with, and its exit
/// code.
fn refused(command: &mut Command) -> (String, Option<i32>) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(stdout.is_empty());
    let said = String::from_utf8(stderr).unwrap();
    let mut lines = said.lines().filter(|line| !line.contains("starting Kafka"));
    let line = lines.next().unwrap_or_default().to_owned();
    (line, status.code())
}

fn nobody_listens(addresses: &[String]) {
    eventually("nobody listens any more", || {
        let open = addresses.iter().find(|at| TcpStream::connect(at).is_ok());
        open.map_or(Ok(()), |at| Err(format!("{at} answers")))
    });
}

#[test]
fn ctrl_c_ends_everything_a_kill_leaves_nothing_behind_and_the_state_lasts() {
    let Some(state) = state() else { return };
    let demo = Demo::start_with(state.path(), &["--consumers=2"], &[]);
    let mut addresses = demo.addresses();
    // Web, two consumers, monitor, trainer.
    assert_eq!(addresses.len(), 5, "{}", demo.banner);
    addresses.push(demo.bootstrap.clone());
    let json = "application/json";
    let review = r#"{"id":"kept","text":"A warm and witty film."}"#;
    demo.post("/api/v1/reviews", json, json, review);
    let in_use = refused(&mut command(state.path()));
    assert_eq!(in_use.1, Some(2));
    assert!(in_use.0.contains("another demo runs with"), "{in_use:?}");
    assert_eq!(demo.interrupt(), Some(0));
    nobody_listens(&addresses);

    let demo = Demo::start(state.path());
    let children = demo.children();
    assert!(children.contains(&demo.child("java")));
    demo.kill9();
    // The next one waits for what is left of this one.
    let demo = Demo::start(state.path());
    eventually("what it had started is gone", || {
        let lives = |pid: &&u32| test_kill_process(to_pid(**pid)).is_ok();
        let left = children.iter().find(lives);
        left.map_or(Ok(()), |pid| Err(format!("{pid} lives")))
    });
    let records = until("the review is there", || {
        let mut ids = Vec::new();
        let patience = crate::common::PATIENCE;
        verdict_kafka_io::snapshot::read(
            &demo.kafka(),
            "reviews.verdicts",
            patience,
            |record, _| {
                ids.push(String::from_utf8(record.value.unwrap()).unwrap());
                std::ops::ControlFlow::Continue(())
            },
        )
        .unwrap();
        let is_there = ids.iter().any(|verdict| verdict.contains("\"kept\""));
        is_there.then_some(ids)
    });
    assert_eq!(records.len(), 1, "{records:?}");
}

#[test]
fn when_kafka_or_a_service_ends_it_says_so_with_the_end_of_its_log() {
    let Some(state) = state() else { return };
    for (program, says) in [("java", "Kafka ended ("), ("web", "web ended (")] {
        let mut demo = Demo::start(state.path());
        let addresses = demo.addresses();
        signal(demo.child(program), Signal::KILL);
        assert_eq!(demo.wait(), Some(70));
        let said = demo.said();
        assert!(said.contains(says) && said.contains("the end of"), "{said}");
        nobody_listens(&addresses);
    }
}

#[test]
fn bad_input_is_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let said = |command: &mut Command, says: &str| {
        let (line, code) = refused(command);
        assert_eq!(code, Some(2), "{line}");
        assert!(line.contains(says), "{line:?} must say {says:?}");
    };
    said(
        command(at).arg("--bootstrap-servers=127.0.0.1:1"),
        "Kafka at 127.0.0.1:1 cannot be used (--bootstrap-servers)",
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for flag in ["--kafka-port", "--web-port", "--consumer-port"] {
        said(
            // The last one counts.
            command(at).arg(format!("{flag}={port}")),
            &format!(
                "port {port} of 127.0.0.1 is taken: end what listens there, or choose another with {flag}"
            ),
        );
    }
    fs::write(at.join("kafka.db"), "").unwrap();
    said(&mut command(at), "is of an older version");
    fs::remove_file(at.join("kafka.db")).unwrap();
    fs::write(at.join("adopted"), "10.0.0.1:9092\nmodel\n").unwrap();
    said(
        command(at).arg("--in-memory").arg("--state").arg("/proc/no"),
        "creating /proc/no/logs (choose another folder with --state)",
    );
    if !crate::system::is_kafka_installed() {
        return;
    }
    said(&mut command(at), "go with 10.0.0.1:9092: choose another folder with --state");
    let identity = at.join("kafka/data/meta.properties");
    let ours = fs::read_to_string(&identity).unwrap();
    let (before, after) = ours.split_once("cluster.id=").unwrap();
    let rest = after.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&identity, format!("{before}cluster.id=another\n{rest}")).unwrap();
    said(&mut command(at), "it is of another Kafka cluster (another)");
}

#[test]
fn a_first_start_that_was_cut_off_leaves_nothing_half_there() {
    let Some(state) = state() else { return };
    // As a format that was killed leaves it.
    let partial = state.path().join("kafka/data.partial");
    fs::create_dir_all(partial.join("half")).unwrap();
    let demo = Demo::start(state.path());
    assert!(!partial.exists());
    assert!(state.path().join("kafka/data/meta.properties").exists());
    assert_eq!(demo.interrupt(), Some(0));
}

#[test]
fn without_kafka_a_form_is_answered_in_memory_and_the_banner_says_what_that_is() {
    let state = tempfile::tempdir().unwrap();
    // Nothing is installed in a cache of its own.
    let cache = [("XDG_CACHE_HOME", state.path().to_str().unwrap())];
    let demo = Demo::start_with(state.path(), &[], &cache);
    assert!(
        demo.banner.contains("THIS IS NOT KAFKA (Apache Kafka is not installed"),
        "{}",
        demo.banner
    );
    let form = "application/x-www-form-urlencoded";
    let line = demo.post("/predict", form, "text/plain", "text=A+warm+and+witty+film");
    assert!(line.starts_with("positive"), "{line}");
    assert_eq!(demo.interrupt(), Some(0));
}
