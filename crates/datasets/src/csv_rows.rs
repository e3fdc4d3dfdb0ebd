//! Tables with a header: separated by commas, tabs, semicolons or bars.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use crate::dialect::{
    Dialect, ID_COLUMNS, LABEL_COLUMNS, Quotes, Requoted, TEXT_COLUMNS, column_name,
};
use crate::error::{ReadError, RowProblem, SourceProblem, shortened};
use crate::input::{Input, Replay, stream_error};
use crate::review::{Labels, Place, Review, parse_label};
use crate::text::text;

const BUFFER: usize = 64 << 10;

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
            // Not `CRLF`: that ends a row at the carriage return, and the next one seems to start a line too early.
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
            return Err(ReadError::Source {
                place: Place::whole(file),
                problem: SourceProblem::Empty,
            });
        }
        let columns = Columns::find(&header, labels)
            .map_err(|problem| ReadError::Source { place: Place::line(file, 1), problem })?;
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

    /// The first and the last line of the row at hand: counted back from its end, because the reader's own count of the
    /// start does not see the blank lines that it passed over.
    fn lines(&self) -> (u64, u64) {
        let inside = self.row.as_slice().iter().filter(|&&byte| byte == b'\n');
        let end = u64::from(!self.reader.get_ref().ended);
        let last = self.reader.position().line().saturating_sub(end);
        (last.saturating_sub(inside.count() as u64), last)
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
            Some(cell) => {
                Some(parse_label(cell).ok_or_else(|| RowProblem::Label { got: shortened(cell) })?)
            }
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
        let bytes =
            self.row.get(at).ok_or(RowProblem::ShortRow { need: at + 1, got: self.row.len() })?;
        let last = at + 1 == self.row.len();
        let bytes = bytes.strip_suffix(b"\r").filter(|_| last).unwrap_or(bytes);
        text(bytes)
    }
}

impl Iterator for CsvRows {
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
        let (first, last) = self.lines();
        let place = Place::line(&self.file, first);
        let length = self.row.as_slice().len();
        let read = if self.reader.get_mut().inner.is_faulty(last) {
            Err(RowProblem::Quote)
        } else if length > self.max {
            Err(RowProblem::TooLong { max: self.max, got: length as u64 })
        } else {
            self.read_row(&place)
        };
        Some(read.map_err(|problem| ReadError::Row { place, problem }))
    }
}

impl Columns {
    fn find(header: &ByteRecord, labels: Labels) -> Result<Self, SourceProblem> {
        let names: Vec<String> = header.iter().map(column_name).collect();
        let position =
            |wanted: [&str; 2]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let missing = |need| SourceProblem::Column { need, got: shortened(&names.join(",")) };
        let label = position(LABEL_COLUMNS);
        if label.is_none() && labels == Labels::Required {
            return Err(missing("\"sentiment\" (or \"label\")"));
        }
        let text = position(TEXT_COLUMNS).ok_or_else(|| missing("\"review\" (or \"text\")"))?;
        Ok(Self { text, label, id: position(ID_COLUMNS) })
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
