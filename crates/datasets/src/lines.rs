//! One review a line: JSON objects, or plain text.

use std::borrow::Cow;
use std::io::BufRead;
use std::sync::Arc;

use verdict_messages as messages;

use crate::error::{NO_LABEL, ReadError, Row, text, too_long, utf8};
use crate::input::stream_error;
use crate::line_reader::{Line, LineReader};
use crate::options::Labels;
use crate::review::{Location, Review};

/// What a line holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    /// A JSON object; members that are not known are not read.
    Json(Labels),
    /// The text of a review.
    Plain,
}

/// Iterates over lines; blank ones are passed over, since they separate reviews more often than
/// they are one.
pub(crate) struct Lines<R> {
    pub(crate) file: Arc<str>,
    pub(crate) gzip: bool,
    pub(crate) max: usize,
    pub(crate) format: Format,
    pub(crate) reader: LineReader<R>,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let (number, line) = match self.reader.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(stream_error(&self.file, self.gzip, error))),
            };
            let location = Location::line(&self.file, number);
            let read = match line {
                Line::TooLong { got } => Err(too_long(self.max, got)),
                Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
                Line::Whole(bytes) => match self.format {
                    Format::Json(labels) => object(bytes, labels, &location),
                    Format::Plain => match text(bytes) {
                        Ok(text) if text.trim().is_empty() => continue,
                        Ok(text) => Ok(Review::new(text, None, None, location.clone())),
                        Err(problem) => Err(problem),
                    },
                },
            };
            return Some(read.map_err(|problem| ReadError::row(location, problem)));
        }
    }
}

fn object(bytes: &[u8], labels: Labels, location: &Location) -> Result<Review, String> {
    utf8(bytes)?;
    let (review, label) =
        messages::Review::from_line(bytes).map_err(|rejection| rejection.detail)?;
    if label.is_none() && labels == Labels::Required {
        return Err(NO_LABEL.to_owned());
    }
    let label = label.map(|label| label == messages::Sentiment::Positive);
    let id = review.id.map(Cow::into_owned);
    Ok(Review::new(review.text, label, id, location.clone()))
}
