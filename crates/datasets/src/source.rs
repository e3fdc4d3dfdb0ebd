//! One iterator over every layout.

use std::fmt;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use crate::acl_imdb::Folder;
use crate::archive::Archive;
use crate::archive_index::Index;
use crate::csv_rows::CsvRows;
use crate::dialect::{first_line, has_header};
use crate::error::{EMPTY, ReadError, Row};
use crate::input::{Bytes, Input, Taken, is_tar, open_file, prepare, unrecognised};
use crate::line_reader::LineReader;
use crate::lines::{Format, Lines};
use crate::options::{Kind, Labels, OpenOptions};
use crate::review::Location;

/// Reviews at rest, read one after the other.
///
/// Yields each review, or what is wrong with it; after an error with [`ReadError::is_fatal`] comes
/// nothing more. A source that turns out to have had nothing to read ends with a fatal error too.
///
/// The order is the source's own; a folder is read part by part, file names in byte order. Sort by
/// id where the order matters, since the archive of a folder may have another one.
pub struct Source {
    file: Arc<str>,
    kind: Kind,
    rows: Rows,
    taken: Taken,
    total: Option<u64>,
    any: bool,
    ended: bool,
}

type Rows = Box<dyn Iterator<Item = Row> + Send>;

/// How far a source has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read of the file as it is stored, or files read of a folder.
    pub done: u64,
    /// All of them; `None` for standard input.
    pub total: Option<u64>,
}

impl Source {
    /// Opens a file, a folder in the layout of aclImdb, or standard input (`-`).
    ///
    /// # Errors
    /// A path that does not exist or may not be read, a CSV header without the columns, a layout
    /// without the labels that are required, a compression other than gzip. What is found later is
    /// yielded as an item.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self, ReadError> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Self::from_reader("stdin", std::io::stdin(), options);
        }
        let file: Arc<str> = path.to_string_lossy().into();
        let (handle, length) = match path.is_dir() {
            true => return Self::open_folder(path, &file, options),
            false => open_file(path, &file)?,
        };
        Self::from_bytes(&file, Box::new(handle), Some((path, length)), options)
    }

    /// Reads `reader` as if it were a file called `name`.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn from_reader(
        name: &str,
        reader: impl Read + Send + 'static,
        options: &OpenOptions,
    ) -> Result<Self, ReadError> {
        Self::from_bytes(&name.into(), Box::new(reader), None, options)
    }

    /// The layout, given or detected.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How far it has been read; an archive is unpacked a little ahead of what was yielded.
    pub fn progress(&self) -> Progress {
        Progress { done: self.taken.get(), total: self.total }
    }

    fn open_folder(path: &Path, file: &Arc<str>, options: &OpenOptions) -> Result<Self, ReadError> {
        if let Some(kind) = options.kind.filter(|kind| *kind != Kind::AclImdb) {
            let problem = format!(
                "is a folder, and only the format aclimdb is read from a folder, got {kind}"
            );
            return Err(ReadError::source(Location::whole(file), problem));
        }
        let taken = Taken::default();
        let folder = Folder::open(path, file, options.split, options.max_review_bytes, &taken)?;
        let total = Some(folder.remaining() as u64);
        Ok(Self::new(file, Kind::AclImdb, Box::new(folder), taken, total))
    }

    fn from_bytes(
        file: &Arc<str>,
        raw: Bytes,
        stored: Option<(&Path, u64)>,
        options: &OpenOptions,
    ) -> Result<Self, ReadError> {
        let taken = Taken::default();
        let named = options.kind.or_else(|| kind_by_name(file));
        let input = prepare(raw, file, &taken, named.is_none())?;
        let fail = |problem: String| ReadError::source(Location::whole(file), problem);
        let kind = match named {
            Some(kind) => kind,
            None => kind_by_start(&input.start).map_err(fail)?,
        };
        let nul = input.start.iter().take(2).position(|&byte| byte == 0);
        if let Some(at) = nul.filter(|_| kind != Kind::AclImdb) {
            return Err(fail(format!(
                "is no text: byte {at} (counted from 0) is a NUL; UTF-16 without a mark has such"
            )));
        }
        if input.start.is_empty() {
            return Err(fail(EMPTY.to_owned()));
        }
        if kind == Kind::Lines && options.labels == Labels::Required {
            return Err(fail(format!("labels are required, and the format {kind} has none")));
        }
        let index = match stored.filter(|_| kind == Kind::AclImdb) {
            Some((path, _)) => Index::of_file(path, file, options.split)?,
            None => None,
        };
        let rows = open_rows(kind, input, index, file, options)?;
        let total = stored.map(|(_, length)| length);
        Ok(Self::new(file, kind, rows, taken, total))
    }

    fn new(file: &Arc<str>, kind: Kind, rows: Rows, taken: Taken, total: Option<u64>) -> Self {
        Self { file: Arc::clone(file), kind, rows, taken, total, any: false, ended: false }
    }
}

impl Iterator for Source {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.ended {
            return None;
        }
        match self.rows.next() {
            Some(row) => {
                self.any = true;
                self.ended = matches!(&row, Err(error) if error.is_fatal());
                Some(row)
            }
            None => {
                self.ended = true;
                let empty = || Err(ReadError::source(Location::whole(&self.file), EMPTY));
                (!self.any).then(empty)
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("file", &self.file)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

fn open_rows(
    kind: Kind,
    input: Input,
    index: Option<Index>,
    file: &Arc<str>,
    options: &OpenOptions,
) -> Result<Rows, ReadError> {
    let (labels, max) = (options.labels, options.max_review_bytes);
    let format = match kind {
        Kind::Csv => return Ok(Box::new(CsvRows::open(input, file, labels, max)?)),
        Kind::AclImdb => {
            let Input { bytes, gzip, .. } = input;
            let bytes = BufReader::new(bytes);
            return Ok(Box::new(Archive::open(bytes, index, file, gzip, options.split, max)?));
        }
        Kind::JsonLines => Format::Json(labels),
        Kind::Lines => Format::Plain,
    };
    let Input { bytes, gzip, .. } = input;
    let reader = LineReader::new(BufReader::new(bytes), max);
    Ok(Box::new(Lines { file: Arc::clone(file), gzip, max, format, reader }))
}

/// By the end of the name, without `.gz`, which the bytes decide. `.txt` decides nothing: it may
/// hold a table.
fn kind_by_name(file: &str) -> Option<Kind> {
    let name = file.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends(&[".csv", ".tsv"]) {
        Some(Kind::Csv)
    } else if ends(&[".jsonl", ".ndjson", ".json"]) {
        Some(Kind::JsonLines)
    } else if ends(&[".tar", ".tgz"]) {
        Some(Kind::AclImdb)
    } else {
        None
    }
}

/// By the first line: a tar header, JSON, a header with a column we know, or else plain text, if
/// nothing speaks against it.
///
/// # Errors
/// What looks like another layout, which would put labels and ids into the texts.
fn kind_by_start(start: &[u8]) -> Result<Kind, String> {
    if is_tar(start) {
        return Ok(Kind::AclImdb);
    }
    let line = first_line(start);
    let has = |what: &[u8]| line.windows(what.len()).any(|window| window == what);
    let looks = match line {
        [b'{', ..] | b"[" => return Ok(Kind::JsonLines),
        [b'[', ..] if serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() => {
            return Ok(Kind::JsonLines);
        }
        _ if has_header(start) => return Ok(Kind::Csv),
        _ if has(b"\t") => "a table with tabs, but without a header",
        [b'"', ..] if has(b"\",") || has(b"\";") || has(b"\"|") => {
            "a table with quotes, but without a header"
        }
        _ if line.starts_with(b"__label__") => "a file of fastText",
        _ if line.starts_with(b"<?xml") => "XML",
        _ => return Ok(Kind::Lines),
    };
    Err(unrecognised(looks))
}
