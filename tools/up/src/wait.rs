//! Waiting for what does not call back: another process's port or end.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::UpError;

const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again, with a short pause between, until there is an answer or the time is up.
///
/// # Errors
/// [`UpError::Stopped`] as soon as `stop` is set, and whatever `ask` says.
pub(crate) fn poll<T>(
    within: Duration,
    stop: &AtomicBool,
    mut ask: impl FnMut() -> Result<Option<T>, UpError>,
) -> Result<Option<T>, UpError> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if stop.load(Ordering::Relaxed) {
            return Err(UpError::Stopped);
        }
        if started.elapsed() >= within {
            return Ok(None);
        }
        thread::park_timeout(PAUSE);
    }
}

/// The last lines of a file, for a message; what cannot be read is said in their place.
pub(crate) fn tail(path: &Path) -> String {
    const BYTES: u64 = 8 << 10;
    const LINES: usize = 12;
    let read = || {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    match read() {
        Ok(bytes) => last_lines(&String::from_utf8_lossy(&bytes), LINES),
        Err(error) => format!("({}: {error})", path.display()),
    }
}

/// The last `most` lines of a text that are not blank.
pub(crate) fn last_lines(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(most);
    lines.get(from..).unwrap_or_default().join("\n")
}
