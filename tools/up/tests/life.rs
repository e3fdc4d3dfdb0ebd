//! The program `up`: what it says, and that nothing it started outlives it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{eventually, root, system};
use rustix::process::{Pid, Signal, kill_process};

/// A running `up`, and the addresses that it told; killed when it is dropped.
struct Up {
    child: Child,
    addresses: Vec<SocketAddr>,
}

impl Up {
    fn start(bootstrap: &str, state: &Path) -> Self {
        let mut child = command(bootstrap, state)
            .arg("--consumers=2")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let banner: Vec<String> = lines
            .by_ref()
            .map(Result::unwrap)
            .take_while(|line| !line.contains("Ctrl-C"))
            .collect();
        let banner = banner.join("\n");
        let addresses: Vec<SocketAddr> = banner
            .split("http://")
            .skip(1)
            .map(|rest| rest.split('/').next().unwrap().parse().unwrap())
            .collect();
        // Two consumers, web, monitor, trainer.
        assert_eq!(addresses.len(), 5, "{banner}");
        for address in &addresses {
            assert!(
                TcpStream::connect(address).is_ok(),
                "{address} does not answer:\n{banner}"
            );
        }
        Self { child, addresses }
    }

    fn nobody_listens(&self) {
        eventually("nobody listens any more", || {
            let open = self
                .addresses
                .iter()
                .find(|address| TcpStream::connect(address).is_ok());
            open.map_or(Ok(()), |address| Err(format!("{address} answers")))
        });
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn command(bootstrap: &str, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_up"));
    command
        .args("--web-port=0 --consumer-port=0 --producer-port=0 --trainer-port=0 --monitor-port=0 --no-prometheus".split(' '))
        .arg(format!("--bootstrap-servers={bootstrap}"))
        .arg("--root")
        .arg(root())
        .arg("--state")
        .arg(state)
        .arg("--bin")
        .arg(system::binaries());
    command
}

#[test]
fn without_kafka_it_says_how_to_start_one() {
    let state = tempfile::tempdir().unwrap();
    let output = command("127.0.0.1:1", state.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("Kafka at 127.0.0.1:1 cannot be used: start one with `make kafka`"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn ctrl_c_ends_every_service_and_a_kill_leaves_none_behind() {
    let Some(kafka) = system::kafka() else { return };
    let state = tempfile::tempdir().unwrap();
    let mut up = Up::start(&kafka.bootstrap(), state.path());
    let pid = Pid::from_raw(i32::try_from(up.child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(up.child.wait().unwrap().code(), Some(0));
    up.nobody_listens();

    let mut up = Up::start(&kafka.bootstrap(), state.path());
    up.child.kill().unwrap();
    up.child.wait().unwrap();
    up.nobody_listens();
}
