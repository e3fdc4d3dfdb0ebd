//! Plain text, one review a line.

use std::io::BufRead;
use std::sync::Arc;

use crate::error::{ReadError, RowProblem};
use crate::input::stream_error;
use crate::line_reader::{Line, LineReader};
use crate::review::{Place, Review};
use crate::text::text;

/// Iterates over plain lines; blank ones are passed over, since they separate reviews more often than they are one.
pub(crate) struct Lines<R> {
    pub(crate) file: Arc<str>,
    pub(crate) gzip: bool,
    pub(crate) max: usize,
    pub(crate) reader: LineReader<R>,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Review, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (number, line) = match self.reader.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(stream_error(&self.file, self.gzip, error))),
            };
            let place = Place::line(&self.file, number);
            let problem = match line {
                Line::TooLong { got } => RowProblem::TooLong { max: self.max, got },
                Line::Whole(bytes) => match text(bytes) {
                    Ok(text) if text.trim().is_empty() => continue,
                    Ok(text) => {
                        return Some(Ok(Review {
                            text: text.to_owned(),
                            label: None,
                            id: place.id(),
                            place,
                        }));
                    }
                    Err(problem) => problem,
                },
            };
            return Some(Err(ReadError::Row { place, problem }));
        }
    }
}
