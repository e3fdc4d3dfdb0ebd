//! moto: services of AWS that keep everything in memory.

use std::process::Command;

use crate::http::agent;
use crate::process::Process;
use crate::tools::python_tools;

/// A server of moto with nothing in it.
#[derive(Debug)]
pub struct Moto {
    /// Where it answers, `http://127.0.0.1:PORT`.
    pub endpoint: String,
    _server: Process,
}

impl Moto {
    /// Starts one on a free port. `None` is [`left_out`](crate::left_out).
    #[track_caller]
    pub fn start() -> Option<Self> {
        let program = python_tools("moto_server")?.join("moto_server");
        let server = Process::start(
            Command::new(program)
                .args(["--host", "127.0.0.1", "--port", "0"])
                .env("PYTHONUNBUFFERED", "1"),
        );
        let line = server.err.next_with("Running on http://");
        let endpoint = line.split_once("Running on ").unwrap().1.trim().to_owned();
        Some(Self { endpoint, _server: server })
    }

    /// Stores an object of S3, `BUCKET/KEY`, or makes a bucket.
    #[track_caller]
    pub fn put(&self, path: &str, bytes: &[u8]) {
        agent().put(format!("{}/{path}", self.endpoint)).send(bytes).unwrap();
    }
}
