//! Progress on a terminal; nothing in a pipe.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A bar over so many bytes; a spinner where their number is not known.
#[must_use]
pub fn bytes(message: &'static str, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{spinner} {msg} {bytes} {bytes_per_sec}",
    };
    bar(message, total, template)
}

/// A bar over so many reviews.
#[must_use]
pub fn reviews(message: &'static str, total: u64) -> ProgressBar {
    bar(message, Some(total), "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")
}

/// A spinner for a step whose length is not known.
#[must_use]
pub fn step(message: &'static str) -> ProgressBar {
    let spinner = bar(message, None, "{spinner} {msg} {elapsed}");
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// indicatif draws on standard error, and only if that is a terminal.
fn bar(message: &'static str, total: Option<u64>, template: &str) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.with_message(message)
}
