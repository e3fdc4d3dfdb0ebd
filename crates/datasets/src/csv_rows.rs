//! Comma-separated values with a header.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use crate::error::{ReadError, RowProblem, SourceProblem};
use crate::input::stream_error;
use crate::json_lines::shortened;
use crate::review::{Labels, Place, Review, parse_label};

const TEXT_COLUMNS: [&str; 2] = ["review", "text"];
const LABEL_COLUMNS: [&str; 2] = ["sentiment", "label"];
const ID_COLUMNS: [&str; 2] = ["id", "review_id"];
const BUFFER: usize = 64 << 10;

/// Iterates over the rows below a header; columns that are not known are not read.
pub(crate) struct CsvRows<R> {
    file: Arc<str>,
    gzip: bool,
    max: usize,
    labels: Labels,
    columns: Columns,
    reader: Reader<Bounded<R>>,
    row: ByteRecord,
}

struct Columns {
    text: usize,
    label: Option<usize>,
    id: Option<usize>,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// A header without the columns, or a source that cannot be read.
    pub(crate) fn open(
        input: R,
        file: &Arc<str>,
        gzip: bool,
        labels: Labels,
        max: usize,
    ) -> Result<Self, ReadError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // Not `CRLF`: that ends a row at the carriage return, and the next one seems to start a line too early.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Bounded {
                inner: input,
                since_row: 0,
                ended: false,
                most: max.saturating_add(BUFFER),
            });
        let mut header = ByteRecord::new();
        if !reader
            .read_byte_record(&mut header)
            .map_err(|error| csv_error(file, 1, gzip, max, error))?
        {
            return Err(ReadError::Source {
                place: Place::whole(file),
                problem: SourceProblem::Empty,
            });
        }
        let columns = Columns::find(&header, labels).map_err(|problem| ReadError::Source {
            place: Place::line(file, 1),
            problem,
        })?;
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

    /// The line on which the row at hand starts: counted back from its end, because the reader's own count of the start
    /// does not see the blank lines that it passed over.
    fn first_line(&self) -> u64 {
        let inside = self.row.as_slice().iter().filter(|&&byte| byte == b'\n');
        let end = u64::from(!self.reader.get_ref().ended);
        let after = self.reader.position().line();
        after.saturating_sub(inside.count() as u64 + end)
    }

    fn read_row(&self, place: &Place) -> Result<Review, RowProblem> {
        let columns = &self.columns;
        let text = self.cell(columns.text)?;
        let label = match columns.label {
            Some(at) => Some(self.cell(at)?).filter(|cell| !cell.trim().is_empty()),
            None => None,
        };
        if text.trim().is_empty() {
            return Err(RowProblem::Blank);
        }
        let label = match label {
            None if self.labels == Labels::Required => return Err(RowProblem::NoLabel),
            None => None,
            Some(cell) => Some(parse_label(cell).ok_or_else(|| RowProblem::Label {
                got: shortened(cell),
            })?),
        };
        let id = match columns.id {
            Some(at) => Some(self.cell(at)?).filter(|id| !id.is_empty()),
            None => None,
        };
        Ok(Review {
            text: text.to_owned(),
            label,
            id: id.map_or_else(|| place.id(), str::to_owned),
            place: place.clone(),
        })
    }

    fn cell(&self, at: usize) -> Result<&str, RowProblem> {
        let bytes = self.row.get(at).ok_or(RowProblem::ShortRow {
            need: at + 1,
            got: self.row.len(),
        })?;
        let last = at + 1 == self.row.len();
        let bytes = bytes.strip_suffix(b"\r").filter(|_| last).unwrap_or(bytes);
        std::str::from_utf8(bytes).map_err(|error| RowProblem::NotUtf8 {
            at: error.valid_up_to(),
        })
    }
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Result<Review, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.reader.get_mut().since_row = 0;
            let start = self.reader.position().line();
            match self.reader.read_byte_record(&mut self.row) {
                // A blank line that ends in CRLF; those that end in LF the reader passes over itself.
                Ok(true) if self.row.as_slice() == b"\r" => {}
                Ok(true) => break,
                Ok(false) => return None,
                Err(error) => {
                    let (file, gzip) = (&self.file, self.gzip);
                    return Some(Err(csv_error(file, start, gzip, self.max, error)));
                }
            }
        }
        let line = self.first_line();
        let place = Place::line(&self.file, line);
        let length = self.row.as_slice().len();
        let read = if length > self.max {
            Err(RowProblem::TooLong {
                max: self.max,
                got: length as u64,
            })
        } else {
            self.read_row(&place)
        };
        Some(read.map_err(|problem| ReadError::Row { place, problem }))
    }
}

impl Columns {
    fn find(header: &ByteRecord, labels: Labels) -> Result<Self, SourceProblem> {
        let names: Vec<String> = header
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let name = String::from_utf8_lossy(name);
                let name = if at == 0 {
                    name.trim_start_matches('\u{feff}')
                } else {
                    &name
                };
                name.trim().to_ascii_lowercase()
            })
            .collect();
        let position = |wanted: [&str; 2]| {
            names
                .iter()
                .position(|name| wanted.contains(&name.as_str()))
        };
        let missing = |need| SourceProblem::Column {
            need,
            got: shortened(&names.join(",")),
        };
        let label = position(LABEL_COLUMNS);
        if label.is_none() && labels == Labels::Required {
            return Err(missing("\"sentiment\" (or \"label\")"));
        }
        let text = position(TEXT_COLUMNS).ok_or_else(|| missing("\"review\" (or \"text\")"))?;
        Ok(Self {
            text,
            label,
            id: position(ID_COLUMNS),
        })
    }
}

/// Every error of the CSV reader ends the source: with `flexible` and byte records only reading itself can fail.
fn csv_error(file: &Arc<str>, line: u64, gzip: bool, max: usize, error: csv::Error) -> ReadError {
    let error = match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    if error.get_ref().is_some_and(|inner| inner.is::<RowLimit>()) {
        return ReadError::Source {
            place: Place::line(file, line),
            problem: SourceProblem::RowTooLong { max },
        };
    }
    stream_error(file, gzip, error)
}

/// Ends a row that is never closed: the CSV reader itself would take the rest of the file as one row.
struct Bounded<R> {
    inner: R,
    since_row: usize,
    /// The end has been seen, which the CSV reader looks for only in a row without a line end.
    ended: bool,
    most: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row > self.most {
            return Err(io::Error::other(RowLimit));
        }
        let n = self.inner.read(buffer)?;
        self.since_row += n;
        self.ended |= n == 0;
        Ok(n)
    }
}

#[derive(Debug)]
struct RowLimit;

impl fmt::Display for RowLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the row is longer than the limit")
    }
}

impl std::error::Error for RowLimit {}
