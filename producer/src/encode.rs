//! From a review at rest to the records that carry it: pure.

use std::borrow::Cow;
use std::sync::Arc;

use verdict_datasets::{ReadError, Review as AtRest};
use verdict_kafka_io::Outgoing;
use verdict_messages::cloudevents::{Event, EventType};
use verdict_messages::{Label, MAX_ID_BYTES, MAX_REVIEW_BYTES, Rejection, Review, Sentiment, time};

const EVENT_SOURCE: &str = "/verdict/producer";
/// What labels of a data set say of their origin.
const LABEL_SOURCE: &str = "dataset";

/// Makes the records of one run.
#[derive(Debug, Clone)]
pub struct Encoder {
    /// Topic of the reviews.
    pub reviews: Arc<str>,
    /// Topic of the labels; `None` writes none.
    pub labels: Option<Arc<str>>,
    /// What the reviews say of their origin: the data set's name.
    pub source: String,
    /// Put in front of every id.
    pub prefix: String,
    /// Put in front of an id that only says where in the file the review stood.
    pub place_prefix: String,
}

/// The records of one review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// The review, keyed by its id.
    pub review: Outgoing,
    /// What the data set says about it, keyed by the same id.
    pub label: Option<Outgoing>,
}

/// Why a review has no records.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The consumer would not take it; the place is named.
    #[error(transparent)]
    Unfit(#[from] ReadError),
    /// The JSON writer failed.
    #[error(transparent)]
    Json(#[from] Rejection),
}

impl Encoder {
    /// The records of `at_rest`, said to be made at `unix_ms` (milliseconds since 1970).
    ///
    /// The event's id is the review's: a reader that drops events it has seen drops the review of a second run.
    ///
    /// # Errors
    /// An id or a review that is longer than the consumer takes: it would only become a dead letter.
    pub fn encode(&self, at_rest: &AtRest, unix_ms: i64) -> Result<Records, EncodeError> {
        let place_prefix =
            if at_rest.is_named_by_location() { self.place_prefix.as_str() } else { "" };
        let id = [self.prefix.as_str(), place_prefix, at_rest.id.as_str()].concat();
        let unfit = |problem: String| ReadError::row(at_rest.location.clone(), problem);
        if id.len() > MAX_ID_BYTES {
            let problem = format!("an id must have at most {MAX_ID_BYTES} bytes, got {}", id.len());
            return Err(unfit(problem).into());
        }
        let review = Review {
            id: Some(Cow::Borrowed(&id)),
            text: Cow::Borrowed(&at_rest.text),
            source: Some(Cow::Borrowed(&self.source)),
            ..Review::default()
        };
        let value = review.encode()?;
        if value.len() > MAX_REVIEW_BYTES {
            let got = value.len();
            let problem = format!("a review must have at most {MAX_REVIEW_BYTES} bytes, got {got}");
            return Err(unfit(problem).into());
        }
        let now = time::rfc3339(unix_ms);
        let label = match (&self.labels, at_rest.label) {
            (Some(topic), Some(positive)) => Some(label(topic, &id, positive, &now)?),
            _ => None,
        };
        let headers = event(EventType::ReviewSubmitted, &id, now).headers();
        let review = Outgoing::to(Arc::clone(&self.reviews)).key(id).value(value).headers(headers);
        Ok(Records { review, label })
    }
}

fn label(topic: &Arc<str>, id: &str, positive: bool, now: &str) -> Result<Outgoing, Rejection> {
    let label = Label {
        review_id: Cow::Borrowed(id),
        label: if positive { Sentiment::Positive } else { Sentiment::Negative },
        source: Cow::Borrowed(LABEL_SOURCE),
        labelled_at: Cow::Borrowed(now),
    };
    let headers = event(EventType::ReviewLabelled, id, now.to_owned()).headers();
    Ok(Outgoing::to(Arc::clone(topic)).key(id).value(label.encode()?).headers(headers))
}

fn event(event_type: EventType, id: &str, time: String) -> Event {
    Event {
        id: id.to_owned(),
        source: EVENT_SOURCE.into(),
        event_type,
        time: time.into(),
        content_type: Review::MEDIA_TYPE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verdict_datasets::{OpenOptions, Source};
    use verdict_messages::headers;

    const NOW: i64 = 1_700_000_000_042;

    fn encoder(labels: bool) -> Encoder {
        Encoder {
            reviews: "reviews".into(),
            labels: labels.then(|| "reviews.labels".into()),
            source: "mine.jsonl".into(),
            prefix: String::new(),
            place_prefix: String::new(),
        }
    }

    fn at_rest(json: String) -> AtRest {
        let bytes = std::io::Cursor::new(json.into_bytes());
        Source::from_reader("mine.jsonl", bytes, &OpenOptions::default())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_review_becomes_a_record_that_the_consumer_reads_back() {
        let review = at_rest(r#"{"text":"Fine \"film\"","label":1}"#.into());
        let records = encoder(true).encode(&review, NOW).unwrap();
        let record = records.review;
        assert_eq!(
            (&*record.topic, record.key.as_deref()),
            ("reviews", Some(&b"mine.jsonl:1"[..]))
        );
        let value = record.value.as_deref();
        let decoded = Review::from_record(value, &record.headers, MAX_REVIEW_BYTES).unwrap();
        assert_eq!(decoded.id.as_deref(), Some("mine.jsonl:1"));
        assert_eq!(decoded.text, "Fine \"film\"");
        assert_eq!(decoded.source.as_deref(), Some("mine.jsonl"));
        assert_eq!(record.headers.text(headers::CE_ID), Some("mine.jsonl:1"));
        assert_eq!(record.headers.text(headers::CE_TYPE), Some("dev.verdict.review.submitted.v1"));
        assert_eq!(record.headers.text(headers::CE_TIME), Some("2023-11-14T22:13:20.042Z"));

        let label = records.label.unwrap();
        assert_eq!((&*label.topic, label.key), ("reviews.labels", record.key));
        let decoded = Label::decode(label.value.as_deref().unwrap()).unwrap();
        assert_eq!(
            (&*decoded.review_id, decoded.label, &*decoded.source),
            ("mine.jsonl:1", Sentiment::Positive, "dataset")
        );
        assert_eq!(decoded.labelled_at, "2023-11-14T22:13:20.042Z");
    }

    #[test]
    fn labels_are_written_only_when_asked_for_and_known() {
        let labelled = at_rest(r#"{"text":"Fine","label":0}"#.into());
        let unlabelled = at_rest(r#"{"text":"Fine"}"#.into());
        assert!(encoder(false).encode(&labelled, NOW).unwrap().label.is_none());
        assert!(encoder(true).encode(&unlabelled, NOW).unwrap().label.is_none());
    }

    #[test]
    fn a_place_prefix_is_not_for_ids_of_the_reviews_own() {
        let encoder = Encoder { prefix: "a-".into(), place_prefix: "b-".into(), ..encoder(false) };
        let key = |json: &str| {
            let key = encoder.encode(&at_rest(json.into()), NOW).unwrap().review.key.unwrap();
            String::from_utf8(key).unwrap()
        };
        assert_eq!(key(r#"{"text":"Fine","id":"r1"}"#), "a-r1");
        assert_eq!(key(r#"{"text":"Fine"}"#), "a-b-mine.jsonl:1");
    }

    #[test]
    fn what_the_consumer_would_not_take_is_not_sent() {
        let long = at_rest(format!(r#"{{"text":"{}"}}"#, "x".repeat(MAX_REVIEW_BYTES)));
        let error = encoder(false).encode(&long, NOW).unwrap_err().to_string();
        assert!(
            error.starts_with("mine.jsonl:1: a review must have at most 262144 bytes, got 262197"),
            "{error}"
        );
        let named = at_rest(format!(r#"{{"text":"Fine","id":"{}"}}"#, "i".repeat(512)));
        let prefixed = Encoder { prefix: "p".to_owned(), ..encoder(false) };
        let error = prefixed.encode(&named, NOW).unwrap_err().to_string();
        assert_eq!(error, "mine.jsonl:1: an id must have at most 512 bytes, got 513");
    }
}
