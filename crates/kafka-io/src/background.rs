//! A thread that is asked to end when its owner is dropped, and waited for, but not for longer than
//! its patience: what ends later ends by itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use crate::{Cause, Failure};

/// Whether a thread is to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(crate) struct Background {
    name: &'static str,
    stop: Stop,
    patience: Duration,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    pub(crate) fn start(
        name: &'static str,
        patience: Duration,
        run: impl FnOnce(Stop) + Send + 'static,
    ) -> Result<Self, Failure> {
        let stop = Stop::default();
        let stopped = stop.clone();
        let failed = |error: std::io::Error| {
            Failure::fatal(format!("starting thread {name}"), error.to_string(), Cause::Other)
        };
        let thread =
            Builder::new().name(name.to_owned()).spawn(move || run(stopped)).map_err(failed)?;
        Ok(Self { name, stop, patience, thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else {
            return;
        };
        let asked = Instant::now();
        while !thread.is_finished() && asked.elapsed() < self.patience {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("thread {} panicked", self.name);
        }
    }
}
