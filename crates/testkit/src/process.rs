//! Child processes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::closed_pipes::nobody;
use crate::wait::eventually_ok;

/// A running child process; killed (SIGKILL) when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Standard output.
    pub out: Lines,
    /// Standard error.
    pub err: Lines,
}

impl Process {
    /// Starts a program without input. Both of its outputs are read all the time, so that it never
    /// waits for a reader.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        Self::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Starts a program without input whose outputs nobody reads: both are closed pipes.
    #[track_caller]
    pub fn start_unread(command: &mut Command) -> Self {
        Self::spawn(command.stdout(nobody()).stderr(nobody()))
    }

    #[track_caller]
    fn spawn(command: &mut Command) -> Self {
        let spawned = command.stdin(Stdio::null()).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = child.stdout.take().map_or_else(Lines::default, Lines::of);
        let err = child.stderr.take().map_or_else(Lines::default, Lines::of);
        Self { child, out, err }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It still runs after [`PATIENCE`](crate::PATIENCE).
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let err = self.err.clone();
        eventually_ok("the process ends", || self.ended().ok_or_else(|| err.text()))
    }

    /// Sends a signal and waits for the end, as [`wait`](Self::wait) does.
    #[track_caller]
    pub fn end(&mut self, with: Signal) -> ExitStatus {
        signal(self.id(), with);
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        self.child.kill().unwrap_or(());
        self.child.wait().map(drop).unwrap_or(());
    }
}

/// The lines of an output, as they come.
#[derive(Debug, Default, Clone)]
pub struct Lines {
    /// What was read, and how much of that [`next_with`](Self::next_with) has passed.
    read: Arc<Mutex<(Vec<String>, usize)>>,
    reader: Option<Arc<JoinHandle<()>>>,
}

impl Lines {
    fn of(output: impl Read + Send + 'static) -> Self {
        let read = Arc::<Mutex<(Vec<String>, usize)>>::default();
        let shared = Arc::clone(&read);
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                shared.lock().unwrap().0.push(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self { read, reader: Some(Arc::new(reader)) }
    }

    /// The next line that contains `part`, from where the last call ended.
    ///
    /// # Panics
    /// The output ends without it, or it does not come within [`PATIENCE`](crate::PATIENCE).
    #[track_caller]
    pub fn next_with(&self, part: &str) -> String {
        eventually_ok(&format!("a line with {part:?}"), || {
            // Asked before the lines are looked at: what comes last is not missed.
            let is_over = self.reader.as_ref().is_none_or(|reader| reader.is_finished());
            let found = {
                let (lines, passed) = &mut *self.read.lock().unwrap();
                let found = lines[*passed..].iter().position(|line| line.contains(part));
                *passed = found.map_or(lines.len(), |at| *passed + at + 1);
                found.map(|_| lines[*passed - 1].clone())
            };
            assert!(found.is_some() || !is_over, "no line with {part:?}: {}", self.text());
            found.ok_or_else(|| self.text())
        })
    }

    /// Everything that has come so far.
    pub fn text(&self) -> String {
        self.read.lock().unwrap().0.join("\n")
    }
}

/// Runs a command to its end without input, and returns its standard output.
///
/// # Panics
/// It does not exit with 0; the text has its standard error.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Sends a signal to the process with this id.
#[track_caller]
pub fn signal(id: u32, signal: Signal) {
    kill_process(pid(id), signal).unwrap();
}

/// Whether there is a process with this id.
pub fn is_alive(id: u32) -> bool {
    test_kill_process(pid(id)).is_ok()
}

fn pid(id: u32) -> Pid {
    i32::try_from(id).ok().and_then(Pid::from_raw).unwrap()
}
