//! JSON lines: one object a line.

use std::borrow::Cow;
use std::io::BufRead;
use std::sync::Arc;

use serde::Deserialize;

use crate::error::{ReadError, RowProblem};
use crate::input::stream_error;
use crate::line_reader::{Line, LineReader};
use crate::review::{Labels, Place, Review, parse_label};

/// Iterates over JSON objects; blank lines are passed over, members that are not known are not read.
pub(crate) struct JsonLines<R> {
    pub(crate) file: Arc<str>,
    pub(crate) gzip: bool,
    pub(crate) max: usize,
    pub(crate) labels: Labels,
    pub(crate) reader: LineReader<R>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, alias = "review")]
    text: Cow<'a, str>,
    #[serde(default, alias = "sentiment")]
    label: Option<LabelValue>,
    #[serde(default, alias = "review_id")]
    id: Option<String>,
}

/// A label as people write it: a word, a number or a truth value.
#[derive(Deserialize)]
#[serde(untagged)]
enum LabelValue {
    Truth(bool),
    Number(serde_json::Number),
    Word(String),
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
    let line = std::str::from_utf8(bytes).map_err(|error| RowProblem::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let object: Object<'_> = serde_json::from_str(line).map_err(|error| RowProblem::Json {
        detail: error.to_string(),
    })?;
    if object.text.trim().is_empty() {
        return Err(RowProblem::Blank);
    }
    let label = match object.label {
        None if labels == Labels::Required => return Err(RowProblem::NoLabel),
        None => None,
        Some(value) => Some(read_label(value)?),
    };
    Ok(Review {
        text: object.text.into_owned(),
        label,
        id: object
            .id
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| place.id()),
        place: place.clone(),
    })
}

fn read_label(value: LabelValue) -> Result<bool, RowProblem> {
    let word = match value {
        LabelValue::Truth(truth) => return Ok(truth),
        LabelValue::Number(number) => number.to_string(),
        LabelValue::Word(word) => word,
    };
    parse_label(&word).ok_or_else(|| RowProblem::Label {
        got: shortened(&word),
    })
}

/// What stood there, quoted, and short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
