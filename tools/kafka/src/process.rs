//! The broker's process.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::StartError;
use crate::wait::ended;

/// A running broker.
#[derive(Debug)]
pub(crate) struct Broker {
    child: Child,
}

impl Broker {
    /// Starts `command` with its output in `log`. Its input is the lock on its folder, which it has
    /// until it is gone.
    pub(crate) fn start(mut command: Command, owned: File, log: File) -> Result<Self, StartError> {
        let errors = log.try_clone().map_err(StartError::io("opening Kafka's log"))?;
        let child = command
            .process_group(0)
            .stdin(owned)
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(StartError::io("starting java"))?;
        Ok(Self { child })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, StartError> {
        self.child.try_wait().map_err(StartError::io("looking after Kafka"))
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
