//! Taking a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing here panics while it holds a lock, and each value is whole at any time: a poisoned lock
/// is still good.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
