//! What a command says: results on standard output, anything else on standard error.
//!
//! Whoever reads may go at any time. A result whose reader has seen enough (`| head`) is no error, and the command goes on to
//! its own exit code; one that cannot be written for another reason, such as a full disk, is. Nobody has to listen to
//! standard error. The macros of the standard library panic in all of these cases, so no program uses them.

use std::{
    fmt::Display,
    io::{self, Write},
    ops::ControlFlow,
};

/// Writes one line of a result.
///
/// # Errors
/// When standard output cannot take it, unless its reader has gone.
pub fn line(text: impl Display) -> io::Result<()> {
    next_line(text).map(drop)
}

/// Writes one line of a result that may have no end; breaks when its reader has gone.
///
/// # Errors
/// As [`line()`].
pub fn next_line(text: impl Display) -> io::Result<ControlFlow<()>> {
    let mut out = io::stdout().lock();
    finish(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Writes a result through a buffer. When its reader goes meanwhile, `write` has an error from its writer.
///
/// # Errors
/// As [`line()`].
pub fn buffered(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    finish(write(&mut out).and_then(|()| out.flush())).map(drop)
}

fn finish(written: io::Result<()>) -> io::Result<ControlFlow<()>> {
    match written {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("the result cannot be written to standard output: {error}"),
        )),
    }
}

/// Tells whoever listens at standard error one thing, in one piece.
pub fn note(text: impl Display) {
    let line = format!("{text}\n");
    // Where nobody listens there is nobody to tell that either.
    io::stderr().write_all(line.as_bytes()).unwrap_or(());
}
