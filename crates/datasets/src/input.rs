//! Bytes of a source: opened, counted for progress, and unpacked if the first bytes say gzip.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::ReadError;
use crate::gzip::Gzip;
use crate::review::Location;

/// Enough to see a tar header's magic, and more than any header of a table in use.
const PEEK: usize = 8 << 10;
/// Bytes read at a time while looking: some rows of a table, to see how it is quoted.
const LOOK: usize = 64 << 10;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Marks of encodings that are named and refused; of two that begin alike the longer first.
const ENCODINGS: [(&[u8], &str); 4] = [
    (b"\xff\xfe\0\0", "UTF-32LE"),
    (b"\0\0\xfe\xff", "UTF-32BE"),
    (b"\xff\xfe", "UTF-16LE"),
    (b"\xfe\xff", "UTF-16BE"),
];

/// Formats that are recognised only to say that they are not read.
const FOREIGN: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "zip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
];

/// The same, for formats that are not compressed text.
const BINARY: [(&[u8], &str); 5] = [
    (b"PAR1", "Parquet"),
    (b"Obj\x01", "Avro"),
    (b"ARROW1", "Arrow"),
    (b"SQLite", "a database of SQLite"),
    (b"\xd0\xcf\x11\xe0", "a workbook of Excel"),
];

pub(crate) type Bytes = Box<dyn Read + Send>;

/// What was looked at, and then the rest.
pub(crate) type Replay = Chain<Cursor<Vec<u8>>, Bytes>;

/// A stream with its first bytes known, without a mark before it.
pub(crate) struct Input {
    /// The start of the stream; `bytes` yields it again.
    pub(crate) start: Vec<u8>,
    pub(crate) bytes: Replay,
    pub(crate) gzip: bool,
}

/// Bytes taken from the source so far, shared with whoever shows progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Opens a file and returns its length.
pub(crate) fn open_file(path: &Path, file: &Arc<str>) -> Result<(File, u64), ReadError> {
    let fail = |error| ReadError::io(Location::whole(file), error);
    let handle = File::open(path).map_err(fail)?;
    let length = handle.metadata().map_err(fail)?.len();
    Ok((handle, length))
}

/// Unpacks `raw` if it is gzip and looks at the start of what comes out.
///
/// `sniff` waits for the first line or more. Without it a few bytes are enough, so that typed lines
/// are returned one by one.
pub(crate) fn prepare(
    raw: Bytes,
    file: &Arc<str>,
    taken: &Taken,
    sniff: bool,
) -> Result<Input, ReadError> {
    let counted: Bytes = Box::new(Counted { inner: raw, taken: taken.clone() });
    let (magic, counted) = peek(counted, |seen| seen.len() >= 6)
        .map_err(|e| ReadError::io(Location::whole(file), e))?;
    let fail = |problem| ReadError::source(Location::whole(file), problem);
    let named = |known: &[(&[u8], &'static str)], bytes: &[u8]| {
        let found = known.iter().find(|(prefix, _)| bytes.starts_with(prefix));
        found.map(|(_, name)| *name)
    };
    if let Some(name) = named(&FOREIGN, &magic) {
        return Err(fail(format!(
            "is compressed with {name}, and only gzip is read: unpack it first"
        )));
    }
    if let Some(looks) = named(&BINARY, &magic) {
        return Err(fail(unrecognised(looks)));
    }
    let gzip = magic.starts_with(&[0x1f, 0x8b]);
    let plain: Bytes = if gzip { Box::new(Gzip::new(counted)) } else { Box::new(counted) };
    let enough = |seen: &[u8]| {
        if sniff {
            seen.contains(&b'\n') || seen.len() >= PEEK
        } else {
            seen.len() >= 3 && seen != UTF8_MARK
        }
    };
    let (start, bytes) = peek(plain, enough).map_err(|error| stream_error(file, gzip, error))?;
    if let Some(name) = named(&ENCODINGS, &start) {
        return Err(fail(format!(
            "is {name}, by the mark it begins with, and only UTF-8 is read: e.g. iconv -f {name} -t UTF-8"
        )));
    }
    let Some(text) = start.strip_prefix(UTF8_MARK) else {
        return Ok(Input { start, bytes, gzip });
    };
    let (mut looked_at, rest) = bytes.into_inner();
    looked_at.set_position(UTF8_MARK.len() as u64);
    Ok(Input { start: text.to_vec(), bytes: looked_at.chain(rest), gzip })
}

/// What a failed read means, which depends on whether gzip is between us and the file.
pub(crate) fn stream_error(file: &Arc<str>, gzip: bool, error: io::Error) -> ReadError {
    let location = Location::whole(file);
    match gzip {
        true => {
            ReadError::source(location, format!("the gzip stream is broken or cut short: {error}"))
        }
        false => ReadError::io(location, error),
    }
}

/// For a layout that is not known, and is not taken for plain lines either.
pub(crate) fn unrecognised(looks: &str) -> String {
    format!(
        "looks like {looks}, and not like one review a line: name the columns in a header with \"review\" (or \
         \"text\"); for lines all the same there is producer publish --format lines"
    )
}

/// Reads until `enough` or the end, and puts what was read back in front.
fn peek(mut bytes: Bytes, enough: impl Fn(&[u8]) -> bool) -> io::Result<(Vec<u8>, Replay)> {
    let mut seen = Vec::new();
    let mut buffer = vec![0_u8; LOOK];
    while !enough(&seen) {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => seen.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((seen.clone(), Cursor::new(seen).chain(bytes)))
}

/// Whether this is the start of a tar archive: POSIX and GNU both write `ustar` at offset 257.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

struct Counted {
    inner: Bytes,
    taken: Taken,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.taken.add(n as u64);
        Ok(n)
    }
}
