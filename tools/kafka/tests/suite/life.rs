//! The life of a real broker. The first run fetches Kafka's jars by Maven.
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use verdict_kafka::{Kafka, Options, StartError, brokers_in_metadata, is_ready};

fn await_condition(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within 60 s");
        thread::yield_now();
    }
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}

fn lives(number: u32) -> bool {
    test_kill_process(pid(number)).is_ok()
}

#[test]
fn a_broker_answers_survives_a_kill_with_its_data_and_leaves_nothing_behind() {
    let mut kafka = Kafka::start(Options::default()).unwrap();
    assert_eq!(brokers_in_metadata(kafka.address()).unwrap(), 1);
    let (address, home, first) = (kafka.bootstrap(), kafka.home().to_owned(), kafka.pid().unwrap());
    let identity = fs::read_to_string(home.join("data/meta.properties")).unwrap();

    kafka.kill9().unwrap();
    assert!(!lives(first));
    assert!(!is_ready(kafka.address()));
    assert!(matches!(kafka.pause(), Err(StartError::NotRunning)));

    kafka.restart().unwrap();
    assert_eq!(kafka.bootstrap(), address);
    assert!(is_ready(kafka.address()));
    assert_eq!(fs::read_to_string(home.join("data/meta.properties")).unwrap(), identity);
    kafka.check().unwrap();

    // Frozen, it takes connections and answers none of them; then it goes on.
    kafka.pause().unwrap();
    assert!(brokers_in_metadata(kafka.address()).is_err());
    kafka.resume().unwrap();
    await_condition("an answer after SIGCONT", || is_ready(kafka.address()));

    let second = kafka.pid().unwrap();
    assert_ne!(first, second);
    drop(kafka);
    assert!(!lives(second));
    assert!(!home.exists());
}

#[test]
fn two_at_once_have_addresses_of_their_own() {
    let other = thread::spawn(|| Kafka::start(Options::default()).unwrap());
    let one = Kafka::start(Options::default()).unwrap();
    let other = other.join().unwrap();
    assert_ne!(one.bootstrap(), other.bootstrap());
    assert!(is_ready(one.address()) && is_ready(other.address()));
}

#[test]
fn a_broker_that_cannot_start_quotes_its_log() {
    let properties = vec![("process.roles".to_owned(), "tinker".to_owned())];
    let error = Kafka::start(Options { properties, ..Options::default() }).unwrap_err();
    assert!(matches!(&error, StartError::Format { .. } | StartError::Ended { .. }), "{error}");
    assert!(error.to_string().contains("tinker"), "{error}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Kafka::start(Options { port: Some(port), ..Options::default() }).unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("port {port} of 127.0.0.1 is taken")),
        "{error}"
    );
}

/// `kafka-local run` on a free port, once it has printed its address.
fn kafka_local(data: &Path) -> (Child, u32) {
    let port =
        (25_000..26_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("kafka-local"))
        .args(["run", "--quick", "--port", &port.to_string(), "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
    assert_eq!(address.trim(), format!("127.0.0.1:{port}"));
    assert!(is_ready(address.trim().parse().unwrap()));
    // The broker is the only child that is a java.
    let children = Command::new("ps")
        .args(["-o", "pid=,comm=", "--ppid", &child.id().to_string()])
        .output()
        .unwrap();
    let children = String::from_utf8(children.stdout).unwrap();
    let java = children.lines().find(|line| line.contains("java")).unwrap();
    (child, java.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
fn the_broker_ends_with_its_owner_and_keeps_a_folder_that_was_given() {
    let data = tempfile::tempdir().unwrap();

    // An owner that is asked to end does so in order.
    let (mut owner, broker) = kafka_local(data.path());
    kill_process(pid(owner.id()), Signal::INT).unwrap();
    assert!(owner.wait().unwrap().success());
    assert!(!lives(broker));
    let log = fs::read_to_string(data.path().join("kafka.log")).unwrap();
    assert!(log.contains("shut down completed"), "{log}");

    // One that is killed cannot; the watchdog does it.
    let (mut owner, broker) = kafka_local(data.path());
    owner.kill().unwrap();
    owner.wait().unwrap();
    await_condition("the watchdog", || !lives(broker));
    assert!(data.path().join("data/meta.properties").exists());
}
