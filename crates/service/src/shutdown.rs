//! The request to end, and the wait for a thread that has it.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A request to end that is made once. Clones are the same request.
///
/// ```
/// use std::time::Duration;
/// use verdict_service::Shutdown;
///
/// let shutdown = Shutdown::default();
/// assert!(!shutdown.wait(Duration::ZERO));
/// shutdown.clone().request();
/// assert!(shutdown.wait(Duration::from_secs(60)), "returns at once");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<(Mutex<bool>, Condvar)>);

impl Shutdown {
    /// Asks the loops that look at it to finish what is in hand and end.
    pub fn request(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether it was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.wait(Duration::ZERO)
    }

    /// Waits for so long, or until it is requested, and returns whether it was.
    pub fn wait(&self, time: Duration) -> bool {
        let requested = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(requested, time, |requested| !*requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Waits for a thread that was asked to end, `within` at most. One that still waits for a broker, a
/// file system or a server holds nothing that anybody needs: it ends when that answers, or with the
/// process. `what` names it in the log if it panicked.
pub fn join_within(thread: JoinHandle<()>, within: Duration, what: &str) {
    let asked = Instant::now();
    while !thread.is_finished() && asked.elapsed() < within {
        std::thread::park_timeout(Duration::from_millis(2));
    }
    if thread.is_finished() && thread.join().is_err() {
        tracing::error!("{what} panicked");
    }
}
