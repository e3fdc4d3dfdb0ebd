//! Tables with a header: separated by commas, tabs, semicolons or bars.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use verdict_messages::Sentiment;

use crate::dialect::{
    Dialect, ID_COLUMNS, LABEL_COLUMNS, Quotes, Requoted, TEXT_COLUMNS, column_name,
};
use crate::error::{BLANK, EMPTY, NO_LABEL, ReadError, Row, shortened, text, too_long};
use crate::input::{Input, Replay, stream_error};
use crate::options::Labels;
use crate::review::{Location, Review};

const BUFFER: usize = 64 << 10;
/// Marks a row beyond the limit; reading a file never returns this kind itself.
const ROW_TOO_LONG: io::ErrorKind = io::ErrorKind::FileTooLarge;
const QUOTE: &str =
    "a quote stands within a quoted cell, neither doubled nor escaped as in the rest of the table";

/// Iterates over the rows below a header; columns that are not known are not read.
pub(crate) struct CsvRows {
    file: Arc<str>,
    gzip: bool,
    max: usize,
    labels: Labels,
    columns: Columns,
    reader: Reader<Bounded>,
    row: ByteRecord,
}

struct Columns {
    text: usize,
    label: Option<usize>,
    id: Option<usize>,
}

impl CsvRows {
    /// Reads the header.
    ///
    /// # Errors
    /// A header without the columns, or a source that cannot be read.
    pub(crate) fn open(
        input: Input,
        file: &Arc<str>,
        labels: Labels,
        max: usize,
    ) -> Result<Self, ReadError> {
        let gzip = input.gzip;
        let dialect = Dialect::of(&input.start);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.separator)
            .quoting(dialect.quotes != Quotes::None)
            // Not `CRLF`: that ends a row at the carriage return, and the next one seems to start a
            // line too early.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Bounded {
                inner: Requoted::new(BufReader::with_capacity(BUFFER, input.bytes), dialect),
                since_row: 0,
                ended: false,
                most: max.saturating_add(BUFFER),
            });
        let mut header = ByteRecord::new();
        if !reader
            .read_byte_record(&mut header)
            .map_err(|error| csv_error(file, 1, gzip, max, error))?
        {
            return Err(ReadError::source(Location::whole(file), EMPTY));
        }
        let columns = Columns::find(&header, labels)
            .map_err(|problem| ReadError::source(Location::line(file, 1), problem))?;
        Ok(Self {
            file: Arc::clone(file),
            gzip,
            max,
            labels,
            columns,
            reader,
            row: ByteRecord::new(),
        })
    }

    /// The first and the last line of the present row. Counted back from its end, because the
    /// reader's start of a row ignores the blank lines before it.
    fn lines(&self) -> (u64, u64) {
        let inside = self.row.as_slice().iter().filter(|&&byte| byte == b'\n');
        let end = u64::from(!self.reader.get_ref().ended);
        let last = self.reader.position().line().saturating_sub(end);
        (last.saturating_sub(inside.count() as u64), last)
    }

    fn read_row(&self, location: &Location) -> Result<Review, String> {
        let columns = &self.columns;
        let text = self.cell(columns.text)?;
        let label = match columns.label {
            Some(at) => Some(self.cell(at)?).filter(|cell| !cell.trim().is_empty()),
            None => None,
        };
        if text.trim().is_empty() {
            return Err(BLANK.to_owned());
        }
        let label = match label {
            None if self.labels == Labels::Required => return Err(NO_LABEL.to_owned()),
            None => None,
            Some(cell) => Some(Sentiment::from_label(cell).ok_or_else(|| {
                format!("the label must be {}, got {}", Sentiment::LABELS, shortened(cell))
            })?),
        };
        let id = match columns.id {
            Some(at) => Some(self.cell(at)?).filter(|id| !id.is_empty()),
            None => None,
        };
        let label = label.map(|label| label == Sentiment::Positive);
        Ok(Review::new(text, label, id.map(str::to_owned), location.clone()))
    }

    fn cell(&self, at: usize) -> Result<&str, String> {
        let (need, got) = (at + 1, self.row.len());
        let bytes = self
            .row
            .get(at)
            .ok_or_else(|| format!("the row must have at least {need} columns, got {got}"))?;
        let last = at + 1 == self.row.len();
        let bytes = bytes.strip_suffix(b"\r").filter(|_| last).unwrap_or(bytes);
        text(bytes)
    }
}

impl Iterator for CsvRows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            self.reader.get_mut().since_row = 0;
            let start = self.reader.position().line();
            match self.reader.read_byte_record(&mut self.row) {
                // A blank line that ends in CRLF; those that end in LF the reader passes over
                // itself.
                Ok(true) if self.row.as_slice() == b"\r" => {}
                Ok(true) => break,
                Ok(false) => return None,
                Err(error) => {
                    let (file, gzip) = (&self.file, self.gzip);
                    return Some(Err(csv_error(file, start, gzip, self.max, error)));
                }
            }
        }
        let (first, last) = self.lines();
        let location = Location::line(&self.file, first);
        let length = self.row.as_slice().len();
        let read = if self.reader.get_mut().inner.is_faulty(last) {
            Err(QUOTE.to_owned())
        } else if length > self.max {
            Err(too_long(self.max, length as u64))
        } else {
            self.read_row(&location)
        };
        Some(read.map_err(|problem| ReadError::row(location, problem)))
    }
}

impl Columns {
    fn find(header: &ByteRecord, labels: Labels) -> Result<Self, String> {
        let names: Vec<String> = header.iter().map(column_name).collect();
        let position =
            |wanted: [&str; 2]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let got = shortened(&names.join(","));
        let missing = |need| format!("the header must have a column {need}, got {got}");
        let label = position(LABEL_COLUMNS);
        if label.is_none() && labels == Labels::Required {
            return Err(missing("\"sentiment\" (or \"label\")"));
        }
        let text = position(TEXT_COLUMNS).ok_or_else(|| missing("\"review\" (or \"text\")"))?;
        Ok(Self { text, label, id: position(ID_COLUMNS) })
    }
}

/// Every error of the CSV reader ends the source: with `flexible` and byte records only reading
/// itself can fail.
fn csv_error(file: &Arc<str>, line: u64, gzip: bool, max: usize, error: csv::Error) -> ReadError {
    let error = match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    if error.kind() == ROW_TOO_LONG {
        return ReadError::source(
            Location::line(file, line),
            format!(
                "a row must have at most {max} bytes, and the one that starts here has more: is a quote not closed?"
            ),
        );
    }
    stream_error(file, gzip, error)
}

/// Ends a row that is never closed: the CSV reader itself would take the rest of the file as one
/// row.
struct Bounded {
    inner: Requoted<BufReader<Replay>>,
    since_row: usize,
    /// The end has been seen, which the CSV reader looks for only in a row without a line end.
    ended: bool,
    most: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row > self.most {
            return Err(ROW_TOO_LONG.into());
        }
        let n = self.inner.read(buffer)?;
        self.since_row += n;
        self.ended |= n == 0;
        Ok(n)
    }
}
