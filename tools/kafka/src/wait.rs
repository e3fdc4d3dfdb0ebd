//! Waiting for what does not call back: another process's port, lock or end.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Asks again and again, with a short pause between, until there is an answer or the time is up.
///
/// # Errors
/// Whatever `ask` says.
pub(crate) fn poll<T, E>(
    within: Duration,
    mut ask: impl FnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
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

/// The last lines of a file, for a message; what cannot be read is said in their place.
pub(crate) fn tail(path: &Path) -> String {
    const LINES: usize = 12;
    end(path, 16 << 10).map_or_else(
        |error| format!("({}: {error})", path.display()),
        |text| last_lines(&text, LINES),
    )
}

/// The last `bytes` of a file as text.
pub(crate) fn end(path: &Path, bytes: u64) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut read = Vec::new();
    file.take(bytes).read_to_end(&mut read)?;
    Ok(String::from_utf8_lossy(&read).into_owned())
}

/// The last `most` lines of a text that are neither blank nor frames of a Java stack.
pub fn last_lines(text: &str, most: usize) -> String {
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("\tat ")).collect();
    let from = lines.len().saturating_sub(most);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_the_last_lines_and_says_when_there_are_none() {
        assert_eq!(last_lines("a\n\nb\n\tat Java.frame\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
        assert!(tail(Path::new("/no/such.log")).starts_with("(/no/such.log: "));
    }
}
