//! Waiting for what does not call back: another process's port, lock or end.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::StartError;

/// Asks again and again, with a short pause between, until there is an answer or the time is up.
pub(crate) fn poll<T>(
    within: Duration,
    mut ask: impl FnMut() -> Result<Option<T>, StartError>,
) -> Result<Option<T>, StartError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let started = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if started.elapsed() >= within {
            return Ok(None);
        }
        thread::park_timeout(PAUSE);
    }
}

/// Waits for a child to end; `None` when it is still running after that time.
pub(crate) fn ended(child: &mut Child, within: Duration) -> Result<Option<ExitStatus>, StartError> {
    poll(within, || {
        child
            .try_wait()
            .map_err(StartError::io("waiting for a child process"))
    })
}

/// The last lines of a file, for a message; what cannot be read is said in their place.
pub(crate) fn tail(path: &Path) -> String {
    const BYTES: u64 = 8 << 10;
    const LINES: usize = 20;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_the_last_lines_and_says_when_there_are_none() {
        assert_eq!(last_lines("a\n\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
        assert!(tail(Path::new("/no/such.log")).starts_with("(/no/such.log: "));
    }
}
