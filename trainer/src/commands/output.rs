//! Results on standard output. A reader that has seen enough (`| head`) is no error.

use std::io::{self, Write};

/// Prints one line of a result.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    finish(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints through a buffer.
pub(crate) fn buffered(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    finish(write(&mut out).and_then(|()| out.flush()))
}

fn finish(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}
