//! The program `demo`: what it says, that its state lasts, and that nothing it started outlives it.
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use verdict_testkit::{Signal, eventually, eventually_ok, is_alive, kafka, signal};

use crate::demo::{Demo, JSON, State, TEXT, command};

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
    eventually_ok("nobody listens any more", || {
        let open = addresses.iter().find(|at| TcpStream::connect(at).is_ok());
        open.map_or(Ok(()), |at| Err(format!("{at} answers")))
    });
}

#[test]
fn ctrl_c_ends_everything_a_kill_leaves_nothing_behind_and_the_state_lasts() {
    let Some(state) = State::new() else { return };
    // A first start that was cut off, as a format that was killed leaves it.
    let partial = state.path().join("kafka/data.partial");
    fs::create_dir_all(partial.join("half")).unwrap();
    let demo = Demo::start(state.path(), &["--consumers=2"]);
    assert!(!partial.exists());
    assert!(state.path().join("kafka/data/meta.properties").exists());
    let mut addresses = demo.addresses();
    // Web, two consumers, monitor, trainer.
    assert_eq!(addresses.len(), 5, "{}", demo.banner);
    addresses.push(demo.bootstrap.clone());
    demo.post("/api/v1/reviews", &[JSON], r#"{"id":"kept","text":"A warm and witty film."}"#);
    let in_use = refused(&mut command(state.path()));
    assert_eq!(in_use.1, Some(2));
    assert!(in_use.0.contains("another demo runs with"), "{in_use:?}");
    assert_eq!(demo.interrupt(), Some(0));
    nobody_listens(&addresses);

    let demo = Demo::start(state.path(), &[]);
    let children = demo.children();
    assert!(children.contains(&demo.child("java")));
    drop(demo);
    // The next one waits for what is left of this one.
    let demo = Demo::start(state.path(), &[]);
    eventually_ok("what it had started is gone", || {
        let left = children.iter().find(|pid| is_alive(**pid));
        left.map_or(Ok(()), |pid| Err(format!("{pid} lives")))
    });
    let records = eventually("the review is there", || {
        let records = kafka::read(&demo.kafka(), "reviews.verdicts");
        let text = |value| String::from_utf8(value).unwrap();
        let verdicts = records.into_iter().filter_map(|record| record.value.map(text));
        let verdicts: Vec<String> = verdicts.collect();
        verdicts.iter().any(|verdict| verdict.contains("\"kept\"")).then_some(verdicts)
    });
    assert_eq!(records.len(), 1, "{records:?}");
}

#[test]
fn when_kafka_or_a_service_ends_it_says_so_with_the_end_of_its_log() {
    let Some(state) = State::new() else { return };
    for (program, says) in [("java", "Kafka ended ("), ("web", "web ended (")] {
        let mut demo = Demo::start(state.path(), &[]);
        let addresses = demo.addresses();
        signal(demo.child(program), Signal::KILL);
        assert_eq!(demo.process.wait().code(), Some(70));
        let said = demo.process.err.text();
        assert!(said.contains(says) && said.contains("the end of"), "{said}");
        nobody_listens(&addresses);
    }
}

#[test]
fn bad_input_is_one_line_that_says_what_to_do() {
    let Some(state) = State::new() else { return };
    let at = state.path();
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
    said(&mut command(at), "go with 10.0.0.1:9092: choose another folder with --state");
    let identity = at.join("kafka/data/meta.properties");
    let ours = fs::read_to_string(&identity).unwrap();
    let (before, after) = ours.split_once("cluster.id=").unwrap();
    let rest = after.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&identity, format!("{before}cluster.id=another\n{rest}")).unwrap();
    said(&mut command(at), "it is of another Kafka cluster (another)");
}

#[test]
fn without_kafka_a_form_is_answered_in_memory_and_the_banner_says_what_that_is() {
    let state = tempfile::tempdir().unwrap();
    let mut command = command(state.path());
    // Nothing is installed in a cache of its own.
    command.arg("--no-prometheus").env("XDG_CACHE_HOME", state.path());
    let demo = Demo::start_as(&mut command, state.path());
    let notice = "THIS IS NOT KAFKA (Apache Kafka is not installed";
    assert!(demo.banner.contains(notice), "{}", demo.banner);
    let line = demo.form(&[TEXT], "A warm and witty film");
    assert!(line.starts_with("positive"), "{line}");
    assert_eq!(demo.interrupt(), Some(0));
}
