//! Sees to it that no process outlives its owner.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::StartError;

/// Reads lines of pids from its input. When the input ends, it ends all but the first of the last
/// line, and then the first, which is `-` for none: each in order and then, 5 s later, not. The
/// other end of that pipe is closed by the system when the owner is gone, in whatever way. `$1` is
/// a folder to remove then, if any.
const WATCHDOG: &str = r#"
last=- first=
while read -r pid pids; do last=$pid first=$pids; done
end() {
  steps=50
  kill "$@" 2>/dev/null
  for pid; do
    while [ $steps -gt 0 ] && kill -0 "$pid" 2>/dev/null; do steps=$((steps - 1)); sleep 0.1; done
  done
  kill -9 "$@" 2>/dev/null
}
[ -z "$first" ] || end $first
[ "$last" = - ] || end "$last"
[ -z "$1" ] || rm -rf -- "$1"
"#;

/// A shell that waits for our end.
#[derive(Debug)]
pub struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts it; `temporary` goes when it has to act.
    ///
    /// # Errors
    /// There is no shell.
    pub fn start(temporary: Option<&Path>) -> Result<Self, StartError> {
        let shell = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(temporary.unwrap_or(Path::new("")))
            // A group of its own: what ends the owner's group with Ctrl-C or kill must not end this
            // one first.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(StartError::io("starting the watchdog (sh)"))?;
        Ok(Self { shell })
    }

    /// Whom to end from now on: `first` all at once, and `last` when they are gone.
    ///
    /// # Errors
    /// The shell is gone.
    pub fn guard(&mut self, last: Option<u32>, first: &[u32]) -> Result<(), StartError> {
        let mut line = last.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        for pid in first {
            line.push_str(&format!(" {pid}"));
        }
        line.push('\n');
        let pipe = self.shell.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe);
        pipe.map_err(io::Error::from)
            .and_then(|pipe| pipe.write_all(line.as_bytes()))
            .map_err(StartError::io("writing to the watchdog"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed, and not let go: with the pipe closed it would act. Nothing is left to do if it is
        // gone already.
        self.shell.kill().unwrap_or(());
        self.shell.wait().map(drop).unwrap_or(());
    }
}
