//! The life of a real broker. The first run fetches Kafka's jars by Maven.
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use verdict_kafka::{Kafka, Options, StartError, is_ready};
use verdict_testkit::{Process, Signal, eventually, free_address, is_alive, run};

#[test]
fn a_broker_answers_survives_a_kill_with_its_data_and_leaves_nothing_behind() {
    let mut kafka = Kafka::start(Options::default()).unwrap();
    assert!(is_ready(kafka.address()));
    let (address, home, first) = (kafka.bootstrap(), kafka.home().to_owned(), kafka.pid().unwrap());
    let identity = fs::read_to_string(home.join("data/meta.properties")).unwrap();

    kafka.kill9().unwrap();
    assert!(!is_alive(first));
    assert!(!is_ready(kafka.address()));
    assert!(matches!(kafka.pause(), Err(StartError::NotRunning)));

    kafka.restart().unwrap();
    assert_eq!(kafka.bootstrap(), address);
    assert!(is_ready(kafka.address()));
    assert_eq!(fs::read_to_string(home.join("data/meta.properties")).unwrap(), identity);
    kafka.check().unwrap();

    // Frozen, it takes connections and answers none of them; then it goes on.
    kafka.pause().unwrap();
    assert!(!is_ready(kafka.address()));
    kafka.resume().unwrap();
    eventually("an answer after SIGCONT", || is_ready(kafka.address()).then_some(()));

    let second = kafka.pid().unwrap();
    assert_ne!(first, second);
    drop(kafka);
    assert!(!is_alive(second));
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

/// `kafka-local run` on a free port, once it has printed its address, and the id of its broker.
fn kafka_local(data: &Path) -> (Process, u32) {
    let address = free_address();
    let owner = Process::start(
        Command::new(env!("CARGO_BIN_EXE_kafka-local"))
            .args(["run", "--quick", "--port", &address.port().to_string(), "--data"])
            .arg(data),
    );
    assert_eq!(owner.out.next_with(""), address.to_string());
    assert!(is_ready(address));
    let broker = run(Command::new("pgrep").args(["-P", &owner.id().to_string(), "-x", "java"]));
    (owner, broker.trim().parse().unwrap())
}

#[test]
fn the_broker_ends_with_its_owner_and_keeps_a_folder_that_was_given() {
    let data = tempfile::tempdir().unwrap();

    // An owner that is asked to end does so in order.
    let (mut owner, broker) = kafka_local(data.path());
    assert!(owner.end(Signal::INT).success());
    assert!(!is_alive(broker));
    let log = fs::read_to_string(data.path().join("kafka.log")).unwrap();
    assert!(log.contains("shut down completed"), "{log}");

    // One that is killed cannot; the watchdog does it.
    let (owner, broker) = kafka_local(data.path());
    drop(owner);
    eventually("the watchdog has ended the broker", || (!is_alive(broker)).then_some(()));
    assert!(data.path().join("data/meta.properties").exists());
}
