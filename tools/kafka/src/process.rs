//! A process with a log: the broker, or a service beside it.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::error::StartError;
use crate::wait::{end, poll, tail};

/// A running process; killed (SIGKILL) when it is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `command` with its output at the end of the file `log`. Its input is the lock on a
    /// folder, which it holds until it is gone.
    ///
    /// # Errors
    /// The log cannot be written, or there is no such program.
    pub fn start(
        name: &str,
        mut command: Command,
        log: PathBuf,
        lock: &File,
    ) -> Result<Self, StartError> {
        let opening = || StartError::at("opening", &log);
        let output = OpenOptions::new().create(true).append(true).open(&log).map_err(opening())?;
        let errors = output.try_clone().map_err(opening())?;
        let lock = lock.try_clone().map_err(StartError::io(format!("locking for {name}")))?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            // Ctrl-C is for the owner, which ends its processes in their order.
            .process_group(0)
            .stdin(lock)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(StartError::io(format!("starting {program}")))?;
        Ok(Self { name: name.to_owned(), log, child })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// It ended by itself, and the text quotes its log.
    pub fn check(&mut self) -> Result<(), StartError> {
        let Some(status) = self.try_wait()? else { return Ok(()) };
        let ended = StartError::Ended {
            name: self.name.clone(),
            ended: status.to_string(),
            log: self.log.clone(),
            tail: tail(&self.log),
        };
        // What ended it may stand before many lines about what ended with it.
        let log = end(&self.log, 1 << 20).unwrap_or_default();
        Err(ended.or_disk_full(&log, self.log.parent().unwrap_or(Path::new("/"))))
    }

    /// Waits until `ask` answers `Ok`; otherwise it says what is missing.
    ///
    /// # Errors
    /// The process ended, or is not ready within that time; and those of `ask`.
    pub fn await_ready<E: From<StartError>>(
        &mut self,
        within: Duration,
        mut ask: impl FnMut() -> Result<Result<(), String>, E>,
    ) -> Result<(), E> {
        let mut last = String::new();
        let ready = poll(within, || {
            self.check()?;
            match ask()? {
                Ok(()) => Ok::<_, E>(Some(())),
                Err(missing) => {
                    last = missing;
                    Ok(None)
                }
            }
        })?;
        ready.ok_or_else(|| {
            let (name, log) = (self.name.clone(), self.log.clone());
            StartError::NotReady { name, within, last, tail: tail(&log), log }.into()
        })
    }

    /// Sends a signal. The child has not been waited for, so its pid cannot be another's by now.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn signal(&self, signal: Signal) -> Result<(), StartError> {
        let sent = kill_process(Pid::from_child(&self.child), signal);
        let what = format!("sending a signal to {} (pid {})", self.name, self.id());
        sent.map_err(|error| StartError::io(what)(error.into()))
    }

    /// Freezes it (SIGSTOP). The signal is sent before it acts: a thread on another processor may
    /// still answer, so this waits until the system reports that all of them stand still.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn stop(&self) -> Result<(), StartError> {
        self.signal(Signal::STOP)?;
        // The status is left (NOWAIT), for whoever asks whether it ended.
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let stopped = waitid(WaitId::Pid(Pid::from_child(&self.child)), options);
        let what = format!("freezing {} (pid {})", self.name, self.id());
        stopped.map(drop).map_err(|error| StartError::io(what)(error.into()))
    }

    /// Asks it to end (SIGTERM), unless it has ended.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn terminate(&mut self) -> Result<(), StartError> {
        if self.try_wait()?.is_some() { Ok(()) } else { self.signal(Signal::TERM) }
    }

    /// Waits for its end, and kills it when that does not come.
    ///
    /// # Errors
    /// It did not end within that time, and was killed.
    pub fn join(&mut self, within: Duration) -> Result<(), StartError> {
        if poll(within, || self.try_wait())?.is_some() {
            return Ok(());
        }
        self.kill()?;
        Err(StartError::NotEnded { name: self.name.clone(), within })
    }

    /// SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn kill(&mut self) -> Result<(), StartError> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(StartError::io(format!("killing {}", self.name)))
    }

    fn try_wait(&mut self) -> Result<Option<std::process::ExitStatus>, StartError> {
        self.child.try_wait().map_err(StartError::io(format!("looking after {}", self.name)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // There is nobody to report to, and one that is gone already is what is wanted.
        self.kill().unwrap_or(());
    }
}
