//! Being asked to end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A request to end, shared between the one who asks and the loop that obeys. Clones are the same request.
///
/// ```
/// use std::time::Duration;
/// use verdict_producer::stop::Stop;
///
/// let stop = Stop::default();
/// assert!(!stop.wait(Duration::ZERO));
/// stop.clone().ask();
/// assert!(stop.wait(Duration::from_secs(60)), "returns at once");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Asks to end.
    pub fn ask(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Waits for so long, or until asked to end; tells whether it was.
    pub fn wait(&self, time: Duration) -> bool {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(asked, time, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
