//! A service's process.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use verdict_kafka::{poll, tail};

use crate::error::DemoError;

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    name: String,
    log: PathBuf,
    ready: String,
    child: Child,
}

impl Service {
    /// Starts `command`, with its output in `logs/NAME.log`; it is ready when the URL `ready`
    /// answers 200. Its input is the lock on the state folder, which it has until it is gone.
    pub(crate) fn start(
        name: &str,
        mut command: Command,
        ready: String,
        logs: &Path,
        owned: &File,
    ) -> Result<Self, DemoError> {
        let log = logs.join(format!("{name}.log"));
        let opening = || DemoError::io(format!("opening {}", log.display()));
        let output = File::create(&log).map_err(opening())?;
        let errors = output.try_clone().map_err(opening())?;
        let owned =
            owned.try_clone().map_err(DemoError::io("passing the lock on the state folder on"))?;
        let child = command
            // Ctrl-C is for the owner, which ends the services in their order.
            .process_group(0)
            .stdin(owned)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(DemoError::io(format!(
                "starting {}",
                command.get_program().to_string_lossy()
            )))?;
        Ok(Self { name: name.to_owned(), log, ready, child })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs still.
    ///
    /// # Errors
    /// [`DemoError::Ended`] when not.
    pub(crate) fn check(&mut self) -> Result<(), DemoError> {
        match self
            .child
            .try_wait()
            .map_err(DemoError::io(format!("looking after {}", self.name)))?
        {
            None => Ok(()),
            Some(status) => Err(DemoError::Ended {
                name: self.name.clone(),
                ended: status.to_string(),
                tail: tail(&self.log),
                log: self.log.clone(),
            }),
        }
    }

    /// Waits until it is ready.
    pub(crate) fn await_ready(
        &mut self,
        within: Duration,
        stop: &AtomicBool,
    ) -> Result<(), DemoError> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(2)))
            .http_status_as_error(false)
            .build()
            .into();
        let mut said = String::new();
        let ready = poll(within, || {
            self.check()?;
            if stop.load(Ordering::Relaxed) {
                return Err(DemoError::Stopped);
            }
            said = match agent.get(&self.ready).call() {
                Ok(answer) if answer.status() == 200 => return Ok(Some(())),
                Ok(mut answer) => answer
                    .body_mut()
                    .read_to_string()
                    .unwrap_or_default()
                    .trim()
                    .replace('\n', ", "),
                Err(error) => error.to_string(),
            };
            Ok(None)
        })?;
        ready.ok_or_else(|| DemoError::NotReady {
            name: self.name.clone(),
            within,
            said,
            tail: tail(&self.log),
            log: self.log.clone(),
        })
    }

    /// Asks it to end (SIGTERM). The child has not been waited for, so its pid cannot be another's by now.
    pub(crate) fn terminate(&mut self) -> Result<(), DemoError> {
        if self.check().is_err() {
            return Ok(());
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let Some(pid) = pid else { return Ok(()) };
        kill_process(pid, Signal::TERM).map_err(|error| DemoError::Io {
            what: format!("sending a signal to {} (pid {})", self.name, self.child.id()),
            error: error.into(),
        })
    }

    /// Waits for its end, and kills it when that does not come.
    pub(crate) fn join(&mut self, within: Duration) -> Result<(), DemoError> {
        let looking = format!("looking after {}", self.name);
        let child = &mut self.child;
        let ended = poll(within, || child.try_wait().map_err(DemoError::io(looking.clone())))?;
        if ended.is_some() {
            return Ok(());
        }
        self.kill()?;
        Err(DemoError::NotEnded { name: self.name.clone(), within })
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<(), DemoError> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(drop)
            .map_err(DemoError::io(format!("killing {}", self.name)))
    }
}
