//! A real MLflow server, as `pip` installs it. The trainer's tests of its life cycle run on it too.

use rustix::process::{Pid, Signal, kill_process_group};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Its imports take long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A server with a store of its own. It ends with its owner, even if that is killed: its shell
/// reads until the owner's end of the pipe is gone.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The server program, or a word that it is left out.
    pub(crate) fn program() -> Option<PathBuf> {
        let program = std::env::var("VERDICT_VENV").map(|venv| Path::new(&venv).join("bin/mlflow"));
        if let Some(program) = program.ok().filter(|program| program.exists()) {
            return Some(program);
        }
        assert!(
            std::env::var("CI").is_err(),
            "VERDICT_VENV must name a Python environment with mlflow; `make test` makes one"
        );
        eprintln!("left out: MLflow needs VERDICT_VENV with mlflow; `make test` makes it");
        None
    }

    /// Starts a server on what `store` holds, and waits until it answers.
    pub(crate) fn start(program: &Path, store: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let log = store.join("log");
        let to_log = || {
            let open = std::fs::File::options().create(true).append(true).open(&log);
            Stdio::from(open.unwrap())
        };
        let child = Command::new("sh")
            .args(["-c", "\"$@\" & cat >/dev/null; kill -9 0", "sh"])
            .arg(program)
            .args(["server", "--host", "127.0.0.1", "--workers", "1"])
            .args(["--port", &address.port().to_string()])
            .arg("--backend-store-uri")
            .arg(format!("sqlite:///{}", store.join("mlflow.db").display()))
            .arg("--serve-artifacts")
            .arg("--artifacts-destination")
            .arg(store.join("artifacts"))
            .env_remove("MLFLOW_TRACKING_URI")
            .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            // Servers before 3 keep artifacts at plain addresses too; this one does when told to.
            .env("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", "http")
            .current_dir(store)
            .stdin(Stdio::piped())
            .stdout(to_log())
            .stderr(to_log())
            .process_group(0)
            .spawn()
            .unwrap();
        let server = Self { child, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(
                start.elapsed() < PATIENCE,
                "MLflow does not answer: {}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            std::thread::park_timeout(Duration::from_millis(50));
        }
        server
    }

    /// As a power cut would.
    pub(crate) fn kill9(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let pid = Pid::from_child(&self.child);
        // It may be gone already.
        kill_process_group(pid, Signal::KILL).unwrap_or(());
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// The server that the tests of this process share.
pub(crate) fn shared() -> Option<SocketAddr> {
    static SHARED: OnceLock<Option<(Server, TempDir)>> = OnceLock::new();
    // Only one test starts it; a start that failed fails the others too, without another try.
    static FAILED: Mutex<()> = Mutex::new(());
    let _turn = FAILED.lock().expect("MLflow could not be started before");
    let shared = SHARED.get_or_init(|| {
        let program = Server::program()?;
        let store = tempfile::tempdir().unwrap();
        Some((Server::start(&program, store.path()), store))
    });
    shared.as_ref().map(|(server, _)| server.address)
}
