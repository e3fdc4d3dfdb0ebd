//! Consumers as processes, and what is done to them.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use verdict_testkit::{Signal, repository, signal};

/// A consumer that is started again when it ends.
pub struct Member {
    /// Its lasting name; a guest has none.
    name: Option<String>,
    program: PathBuf,
    bootstrap: String,
    log: PathBuf,
    child: Child,
    /// How often it ended by itself, with its status.
    pub ended: Vec<ExitStatus>,
}

impl Member {
    /// Starts `program` with this lasting name, if any; its log goes to `folder`.
    pub fn start(program: &Path, bootstrap: &str, name: Option<&str>, folder: &Path) -> Self {
        let log = folder.join(format!("{}.log", name.unwrap_or("guest")));
        let (name, program, bootstrap) =
            (name.map(str::to_owned), program.to_owned(), bootstrap.to_owned());
        let child = spawn(&program, &bootstrap, name.as_deref(), &log);
        Self { name, program, bootstrap, log, child, ended: Vec::new() }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Starts it again, if it has ended.
    pub fn look_after(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            self.ended.push(status);
            self.child = self.again();
        }
    }

    fn again(&self) -> Child {
        spawn(&self.program, &self.bootstrap, self.name.as_deref(), &self.log)
    }

    /// Kills it (SIGKILL) and starts it again.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = self.again();
    }

    /// Ends it in order (SIGTERM).
    pub fn leave(mut self) {
        signal(self.id(), Signal::TERM);
        self.child.wait().unwrap();
    }

    /// Freezes it (SIGSTOP).
    pub fn freeze(&self) {
        signal(self.id(), Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn wake(&self) {
        signal(self.id(), Signal::CONT);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        self.child.kill().unwrap_or(());
        self.child.wait().map(drop).unwrap_or(());
    }
}

fn spawn(program: &Path, bootstrap: &str, name: Option<&str>, log: &Path) -> Child {
    let log: File = OpenOptions::new().create(true).append(true).open(log).unwrap();
    Command::new(program)
        .args(["--bootstrap-servers", bootstrap, "--no-follow-models"])
        .args(name.map(|name| format!("--instance={name}")))
        .args(["--delivery", "exactly-once", "--listen", "127.0.0.1:0", "--model"])
        .arg(repository().join("models/default"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}
