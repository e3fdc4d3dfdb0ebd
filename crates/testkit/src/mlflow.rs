//! A real MLflow server, as `pip` installs it.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::http::free_address;
use crate::tools::python_tools;
use crate::wait::eventually_ok;

/// A server with a store of its own. It ends with its owner, even if that is killed: its shell
/// reads until the owner's end of the pipe is gone.
#[derive(Debug)]
pub struct Mlflow {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Mlflow {
    /// Starts a server on what the folder `store` holds, and waits until it answers. `None` is
    /// [`left_out`](crate::left_out).
    #[track_caller]
    pub fn start(store: &Path) -> Option<Self> {
        let program = python_tools("mlflow")?.join("mlflow");
        let (address, log) = (free_address(), store.join("log"));
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
        eventually_ok("MLflow answers", || {
            let log = |_| std::fs::read_to_string(&log).unwrap_or_default();
            TcpStream::connect(address).map_err(log)
        });
        Some(server)
    }

    /// The server that the tests of this process share. `None` is [`left_out`](crate::left_out).
    #[track_caller]
    pub fn shared() -> Option<SocketAddr> {
        static SHARED: OnceLock<Option<(Mlflow, TempDir)>> = OnceLock::new();
        // Only one test starts it; a start that failed fails the others too, without another try.
        static FAILED: Mutex<()> = Mutex::new(());
        let _turn = FAILED.lock().expect("MLflow could not be started before");
        let shared = SHARED.get_or_init(|| {
            let store = tempfile::tempdir().unwrap();
            Some((Self::start(store.path())?, store))
        });
        shared.as_ref().map(|(server, _)| server.address)
    }
}

impl Drop for Mlflow {
    /// As a power cut would end it.
    fn drop(&mut self) {
        // It may be gone already.
        kill_process_group(Pid::from_child(&self.child), Signal::KILL).unwrap_or(());
        self.child.wait().map(drop).unwrap_or(());
    }
}
