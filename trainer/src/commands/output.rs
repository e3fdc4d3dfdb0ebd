//! What a command says, with errors as commands have them.

use std::io;
use std::ops::ControlFlow;
use verdict_telemetry::output;
pub(crate) use verdict_telemetry::output::note;

/// Prints one line of a result.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    Ok(output::line(text)?)
}

/// Prints one line of a result that may have no end; breaks when its reader has gone.
pub(crate) fn next_line(text: impl std::fmt::Display) -> anyhow::Result<ControlFlow<()>> {
    Ok(output::next_line(text)?)
}

/// Prints through a buffer.
pub(crate) fn buffered(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    Ok(output::buffered(write)?)
}
