//! JSON lines: one object a line.

use std::borrow::Cow;
use std::io::BufRead;
use std::sync::Arc;

use verdict_messages as messages;

use crate::error::{ReadError, RowProblem};
use crate::input::stream_error;
use crate::line_reader::{Line, LineReader};
use crate::review::{Labels, Place, Review};

/// Iterates over JSON objects; blank lines are passed over, members that are not known are not read.
pub(crate) struct JsonLines<R> {
    pub(crate) file: Arc<str>,
    pub(crate) gzip: bool,
    pub(crate) max: usize,
    pub(crate) labels: Labels,
    pub(crate) reader: LineReader<R>,
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<Review, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (number, line) = match self.reader.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(stream_error(&self.file, self.gzip, error))),
            };
            let place = Place::line(&self.file, number);
            let read = match line {
                Line::TooLong { got } => Err(RowProblem::TooLong { max: self.max, got }),
                Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
                Line::Whole(bytes) => read_object(bytes, self.labels, &place),
            };
            return Some(read.map_err(|problem| ReadError::Row { place, problem }));
        }
    }
}

fn read_object(bytes: &[u8], labels: Labels, place: &Place) -> Result<Review, RowProblem> {
    std::str::from_utf8(bytes).map_err(|error| RowProblem::NotUtf8 { at: error.valid_up_to() })?;
    let (review, label) = messages::Review::from_line(bytes)
        .map_err(|rejection| RowProblem::Json { detail: rejection.detail })?;
    if label.is_none() && labels == Labels::Required {
        return Err(RowProblem::NoLabel);
    }
    Ok(Review {
        text: review.text.into_owned(),
        label: label.map(|label| label == messages::Sentiment::Positive),
        id: review.id.map_or_else(|| place.id(), Cow::into_owned),
        place: place.clone(),
    })
}
