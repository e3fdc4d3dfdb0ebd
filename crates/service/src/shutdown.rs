//! The wish to stop, shared by whoever hears of it and the loop that heeds it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A flag that is raised once. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<AtomicBool>);

impl Shutdown {
    /// Asks the loop to finish its batch and end.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for a thread that was asked to end, `within` at most. One that still waits for a broker, a file system or a server holds
/// nothing that anybody needs: it ends when that answers, or with the process. `what` names it, should it have panicked.
pub fn join_within(thread: JoinHandle<()>, within: Duration, what: &str) {
    let asked = Instant::now();
    while !thread.is_finished() && asked.elapsed() < within {
        std::thread::park_timeout(Duration::from_millis(2));
    }
    if thread.is_finished() && thread.join().is_err() {
        tracing::error!("{what} panicked");
    }
}
