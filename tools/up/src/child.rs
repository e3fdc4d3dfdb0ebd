//! A service's process, and the watchdog that sees to it that none outlives its owner.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::UpError;
use crate::wait::{poll, tail};

/// Reads lines of pids from its input and ends those of the last line when the input ends. The other end of that pipe is
/// closed by the system when the owner is gone, in whatever way.
const WATCHDOG: &str = r#"
pids=
while read -r line; do pids=$line; done
[ -z "$pids" ] || kill $pids 2>/dev/null
"#;

/// A shell that waits for our end.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    pub(crate) fn start() -> Result<Self, UpError> {
        let shell = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            // A group of its own: what ends the owner's group with Ctrl-C must not end this one first.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(UpError::io("starting the watchdog (sh)"))?;
        Ok(Self { shell })
    }

    /// Whom to end from now on.
    pub(crate) fn guard(&mut self, services: &[Service]) -> Result<(), UpError> {
        let pids: Vec<String> = services
            .iter()
            .map(|service| service.child.id().to_string())
            .collect();
        let line = pids.join(" ") + "\n";
        let pipe = self.shell.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe);
        pipe.map_err(io::Error::from)
            .and_then(|pipe| pipe.write_all(line.as_bytes()))
            .map_err(UpError::io("telling the watchdog"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed, and not let go: with the pipe closed it would act. Nothing is left to do if it is gone already.
        self.shell.kill().unwrap_or(());
        self.shell.wait().map(drop).unwrap_or(());
    }
}

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    name: String,
    log: PathBuf,
    ready: String,
    child: Child,
}

impl Service {
    /// Starts `command`, with its output in `logs/NAME.log`; it is ready when the URL `ready` answers 200.
    pub(crate) fn start(
        name: &str,
        mut command: Command,
        ready: String,
        logs: &Path,
    ) -> Result<Self, UpError> {
        let log = logs.join(format!("{name}.log"));
        let opening = || UpError::io(format!("opening {}", log.display()));
        let output = File::create(&log).map_err(opening())?;
        let errors = output.try_clone().map_err(opening())?;
        let child = command
            // Ctrl-C is for the owner, which ends the services in their order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(UpError::io(format!(
                "starting {}",
                command.get_program().to_string_lossy()
            )))?;
        Ok(Self {
            name: name.to_owned(),
            log,
            ready,
            child,
        })
    }

    /// Whether it runs still.
    ///
    /// # Errors
    /// [`UpError::Ended`] when not.
    pub(crate) fn check(&mut self) -> Result<(), UpError> {
        match self
            .child
            .try_wait()
            .map_err(UpError::io(format!("looking after {}", self.name)))?
        {
            None => Ok(()),
            Some(status) => Err(UpError::Ended {
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
    ) -> Result<(), UpError> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(2)))
            .http_status_as_error(false)
            .build()
            .into();
        let mut said = String::new();
        let ready = poll(within, stop, || {
            self.check()?;
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
        ready.ok_or_else(|| UpError::NotReady {
            name: self.name.clone(),
            within,
            said,
            tail: tail(&self.log),
            log: self.log.clone(),
        })
    }

    /// Asks it to end (SIGTERM). The child has not been waited for, so its pid cannot be another's by now.
    pub(crate) fn terminate(&mut self) -> Result<(), UpError> {
        if self.check().is_err() {
            return Ok(());
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let Some(pid) = pid else { return Ok(()) };
        kill_process(pid, Signal::TERM).map_err(|error| UpError::Io {
            what: format!(
                "sending a signal to {} (pid {})",
                self.name,
                self.child.id()
            ),
            error: error.into(),
        })
    }

    /// Waits for its end, and kills it when that does not come.
    pub(crate) fn join(&mut self, within: Duration) -> Result<(), UpError> {
        let looking = format!("looking after {}", self.name);
        let child = &mut self.child;
        let ended = poll(within, &AtomicBool::new(false), || {
            child.try_wait().map_err(UpError::io(looking.clone()))
        })?;
        if ended.is_some() {
            return Ok(());
        }
        self.kill()?;
        Err(UpError::NotEnded {
            name: self.name.clone(),
            within,
        })
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<(), UpError> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(drop)
            .map_err(UpError::io(format!("killing {}", self.name)))
    }
}
