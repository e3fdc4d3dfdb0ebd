//! Tools of others that tests need: those of requirements-dev.txt, in a Python environment that `make test` makes.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The folder of the environment's programs; `None`, after one line that says so, where there is none or it lacks `tool`.
/// CI leaves nothing out.
#[allow(
    clippy::disallowed_methods,
    reason = "where the tools are, and CI, are told by the environment"
)]
pub fn tools(tool: &str, what: &str) -> Option<PathBuf> {
    let bin = std::env::var("VERDICT_VENV").map(|venv| PathBuf::from(venv).join("bin"));
    if let Ok(bin) = bin
        && bin.join(tool).is_file()
    {
        return Some(bin);
    }
    let why = format!("{what} needs {tool} in the environment VERDICT_VENV; `make test` makes it");
    assert!(std::env::var("CI").is_err(), "{why}");
    eprintln!("left out: {why}");
    None
}

/// A server that speaks S3, moto's, with nothing in it.
pub struct S3 {
    process: Child,
    endpoint: String,
}

impl S3 {
    pub const KEY_ID: &str = "test-key-id";
    pub const SECRET: &str = "test-secret";

    /// Starts it on a free port.
    pub fn start(bin: &std::path::Path) -> Self {
        let mut process = Command::new(bin.join("moto_server"))
            .args(["--host", "127.0.0.1", "--port", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let endpoint = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "moto_server: {said}");
            if let Some((_, url)) = line.split_once("Running on http://") {
                break format!("http://{}", url.trim());
            }
            said.write_str(&line).unwrap();
        };
        // Read to its end, so that the server never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log.by_ref(), &mut std::io::sink()));
        Self { process, endpoint }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub fn make_bucket(&self, bucket: &str) {
        self.put(bucket, b"");
    }

    /// Stores an object, `BUCKET/KEY`.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let url = format!("{}/{path}", self.endpoint);
        let agent = ureq::Agent::config_builder().proxy(None).build();
        ureq::Agent::from(agent).put(&url).send(bytes).unwrap();
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // Also where a test has failed; this process and no other.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}
