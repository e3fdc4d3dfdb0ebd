//! The broker's process, and the watchdog that sees to it that it does not outlive its owner.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::StartError;
use crate::wait::ended;

/// Reads pids from its input, an empty line for none, and kills the last one when the input ends. The other end of
/// that pipe is closed by the system when the owner is gone, in whatever way. `$1` is a folder to remove then, if any.
const WATCHDOG: &str = r#"
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
[ -z "$1" ] || rm -rf -- "$1"
"#;

/// A shell that waits for our end.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts it; `temporary` goes when it has to act.
    pub(crate) fn start(temporary: Option<&Path>) -> Result<Self, StartError> {
        let mut command = Command::new("sh");
        command.args(["-c", WATCHDOG, "watchdog"]);
        command.arg(temporary.unwrap_or(Path::new("")));
        let shell = command
            // A group of its own: what ends the owner's group with Ctrl-C or kill must not end this one first.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(StartError::io("starting the watchdog (sh)"))?;
        Ok(Self { shell })
    }

    /// Whom to kill from now on.
    pub(crate) fn guard(&mut self, pid: Option<u32>) -> Result<(), StartError> {
        let line = pid.map_or_else(|| "\n".to_owned(), |pid| format!("{pid}\n"));
        let pipe = self.shell.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe);
        pipe.map_err(io::Error::from)
            .and_then(|pipe| pipe.write_all(line.as_bytes()))
            .map_err(StartError::io("telling the watchdog"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed, and not let go: with the pipe closed it would act. Nothing is left to do if it is gone already.
        self.shell.kill().unwrap_or(());
        self.shell.wait().map(drop).unwrap_or(());
    }
}

/// A running broker.
#[derive(Debug)]
pub(crate) struct Broker {
    child: Child,
}

impl Broker {
    /// Starts `command` with its output in `log`.
    pub(crate) fn start(mut command: Command, log: File) -> Result<Self, StartError> {
        let errors = log
            .try_clone()
            .map_err(StartError::io("opening Kafka's log"))?;
        let started = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn();
        match started {
            Ok(child) => Ok(Self { child }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::NoJava),
            Err(error) => Err(StartError::Io {
                what: "starting java".to_owned(),
                error,
            }),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, StartError> {
        self.child
            .try_wait()
            .map_err(StartError::io("looking after Kafka"))
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<(), StartError> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(drop)
            .map_err(StartError::io("killing Kafka"))
    }

    /// SIGTERM, and waits so long for its end.
    pub(crate) fn terminate(&mut self, within: Duration) -> Result<Option<ExitStatus>, StartError> {
        self.signal(Signal::TERM)?;
        ended(&mut self.child, within)
    }

    /// Sends a signal. The child has not been waited for, so its pid cannot be another's by now.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), StartError> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(StartError::NotRunning)?;
        kill_process(pid, signal).map_err(|error| StartError::Io {
            what: format!("sending a signal to Kafka (pid {})", self.child.id()),
            error: error.into(),
        })
    }
}
