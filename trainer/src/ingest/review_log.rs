//! The stored review log as a data set: topics of reviews and of labels, joined by the id of the
//! review ([`verdict_messages::review_log`]).

use crate::progress;
use anyhow::Context;
use indicatif::ProgressBar;
use std::ops::ControlFlow;
use std::time::Duration;
use verdict_kafka_io::snapshot::{self, Progress};
use verdict_kafka_io::{Failure, KafkaSettings, Record};
use verdict_messages::OffsetRange;
use verdict_messages::review_log::{Join, LabelEvent, LogCounts, ReviewEvent};

use verdict_learning::corpus::Labelled;

/// How to read the log.
#[derive(Debug, Clone)]
pub struct LogSource {
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// Topic of the reviews.
    pub reviews: String,
    /// Topic of the labels.
    pub labels: String,
    /// How long nothing may arrive.
    pub patience: Duration,
}

/// Labelled reviews of the log, and what was seen on the way.
#[derive(Debug)]
pub struct LogReviews {
    /// The reviews that have a label, in no particular order.
    pub reviews: Vec<Labelled>,
    /// The offsets that were read, of both topics.
    pub ranges: Vec<OffsetRange>,
    /// What was seen.
    pub counts: LogCounts,
}

/// Reads the log as it is now, or the offsets of an earlier reading.
///
/// # Errors
/// Where a topic is missing or cannot be read, or no longer has the offsets asked for.
pub fn read(source: &LogSource, again: Option<&[OffsetRange]>) -> anyhow::Result<LogReviews> {
    let mut join = Join::default();
    let mut ranges = source.read_topic(&source.labels, again, "reading labels", |record| {
        join.label(label_event(&record));
    })?;
    ranges.extend(source.read_topic(&source.reviews, again, "reading reviews", |record| {
        join.review(review_event(&record));
    })?);
    let (reviews, counts) = join.finish();
    let labelled = |(id, text, label)| Labelled { id, text, label };
    let reviews = reviews.into_iter().map(labelled).collect();
    Ok(LogReviews { reviews, ranges, counts })
}

impl LogSource {
    /// How many records of labels, tombstones among them, the log has between the ends `before` and
    /// the ends `now`. Offsets would be too many: those of a transaction's markers and of aborted
    /// records hold no label. Ranges of other topics are passed over.
    ///
    /// # Errors
    /// Those of [`snapshot::read_again`].
    pub fn labels_between(
        &self,
        before: &[OffsetRange],
        now: &[OffsetRange],
    ) -> Result<u64, Failure> {
        let new = new_ranges(&self.labels, before, now);
        let mut records = 0;
        if !new.is_empty() {
            snapshot::read_again(&self.kafka, &self.labels, &new, self.patience, |_, _| {
                records += 1;
                ControlFlow::Continue(())
            })?;
        }
        Ok(records)
    }

    fn read_topic(
        &self,
        topic: &str,
        again: Option<&[OffsetRange]>,
        message: &'static str,
        mut take: impl FnMut(Record),
    ) -> anyhow::Result<Vec<OffsetRange>> {
        let bar: ProgressBar = progress::reviews(message, 0);
        let on_record = |record: Record, progress: Progress| {
            if progress.read % 1024 == 1 {
                bar.set_length(progress.total);
                bar.set_position(progress.passed);
            }
            take(record);
            ControlFlow::Continue(())
        };
        let read: Result<Vec<OffsetRange>, Failure> = match again {
            None => snapshot::read(&self.kafka, topic, self.patience, on_record),
            Some(ranges) => {
                snapshot::read_again(&self.kafka, topic, ranges, self.patience, on_record).map(
                    |()| {
                        let of_topic = ranges.iter().filter(|range| range.topic == topic);
                        of_topic.cloned().collect()
                    },
                )
            }
        };
        bar.finish_and_clear();
        read.with_context(|| format!("reading the review log from {}", self.kafka.bootstrap()))
    }
}

/// What `now` has and `before` had not. A partition that ended elsewhere than in what there is now
/// (its records were deleted, or its topic made anew) is all new.
fn new_ranges(topic: &str, before: &[OffsetRange], now: &[OffsetRange]) -> Vec<OffsetRange> {
    let known_end = |range: &OffsetRange| {
        let same =
            before.iter().find(|known| known.topic == topic && known.partition == range.partition);
        same.map(|known| known.to).filter(|end| (range.from..=range.to).contains(end))
    };
    let new = now
        .iter()
        .map(|range| OffsetRange { from: known_end(range).unwrap_or(range.from), ..range.clone() });
    new.filter(|range| !range.is_empty()).collect()
}

fn label_event(record: &Record) -> Option<LabelEvent> {
    LabelEvent::of(record.key.as_deref(), record.value.as_deref()).ok()
}

fn review_event(record: &Record) -> Option<ReviewEvent> {
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    ReviewEvent::of(key, value, &record.headers, &record.position()).ok()
}

#[cfg(test)]
mod one_reading;

#[cfg(test)]
mod tests {
    use super::*;
    use verdict_messages::Headers;

    #[test]
    fn what_is_new_begins_where_was_looked_last() {
        let range = |topic: &str, partition, from, to| OffsetRange {
            topic: topic.into(),
            partition,
            from,
            to,
        };
        let before = [
            range("labels", 0, 0, 10),
            range("labels", 1, 0, 10),
            range("labels", 2, 0, 10),
            range("labels", 3, 0, 10),
            range("reviews", 4, 0, 10),
        ];
        let now = [
            range("labels", 0, 0, 10),
            range("labels", 1, 0, 12),
            range("labels", 2, 11, 15),
            range("labels", 3, 0, 4),
            range("labels", 4, 0, 3),
        ];
        assert_eq!(
            new_ranges("labels", &before, &now),
            [
                range("labels", 1, 10, 12),
                range("labels", 2, 11, 15),
                range("labels", 3, 0, 4),
                range("labels", 4, 0, 3),
            ],
            "nothing, some, after a deletion, of a topic made anew, of a partition that is new"
        );
    }

    fn record(key: &str, value: Option<String>) -> Record {
        Record {
            topic: "t".into(),
            partition: 0,
            offset: 7,
            key: Some(key.into()),
            value: value.map(String::into_bytes),
            headers: Headers::new(),
            timestamp_ms: None,
        }
    }

    fn label(id: &str, label: &str) -> Record {
        let value = format!(
            r#"{{"review_id":"{id}","label":"{label}","source":"user","labelled_at":"2026-01-02T03:04:05Z"}}"#
        );
        record(id, Some(value))
    }

    fn review(id: &str, text: &str) -> Record {
        record(id, Some(format!(r#"{{"id":"{id}","text":"{text}"}}"#)))
    }

    fn joined(labels: &[Record], reviews: &[Record]) -> (Vec<(String, bool)>, LogCounts) {
        let mut join = Join::default();
        labels.iter().for_each(|record| join.label(label_event(record)));
        reviews.iter().for_each(|record| join.review(review_event(record)));
        let (reviews, counts) = join.finish();
        let named = reviews.into_iter().map(|(_, text, label)| (text, label));
        (named.collect(), counts)
    }

    #[test]
    fn the_last_label_wins_and_the_last_text_too() {
        let (reviews, counts) = joined(
            &[label("a", "positive"), label("a", "negative"), label("b", "positive")],
            &[review("a", "old"), review("a", "new"), review("b", "fine"), review("c", "?")],
        );
        assert_eq!(reviews, [("new".to_owned(), false), ("fine".to_owned(), true)]);
        assert_eq!((counts.relabelled, counts.unlabelled), (1, 1));
    }

    #[test]
    fn tombstones_erase_labels_and_reviews_until_they_come_again() {
        let (reviews, counts) = joined(
            &[
                label("a", "positive"),
                record("a", None),
                label("b", "positive"),
                label("c", "positive"),
                record("c", None),
                label("c", "negative"),
            ],
            &[
                review("a", "unlabelled again"),
                review("b", "erased"),
                record("b", None),
                review("c", "kept"),
            ],
        );
        assert_eq!(reviews, [("kept".to_owned(), false)]);
        assert_eq!(counts.labels_erased, 2);
        assert_eq!(counts.reviews_erased, 1);
        assert_eq!(counts.unlabelled, 1);
        assert_eq!(counts.unknown_review, 1, "the label of the erased review");
    }

    #[test]
    fn what_is_no_label_or_no_review_is_counted_and_passed_over() {
        let (reviews, counts) = joined(
            &[record("a", Some("{".into())), label("nobody", "positive")],
            &[record("b", Some(r#"{"text":""}"#.into())), record("", None)],
        );
        assert!(reviews.is_empty());
        assert_eq!(counts.rejected, 2);
        assert_eq!(counts.unknown_review, 1);
        assert_eq!((counts.label_records, counts.review_records), (2, 2));
    }
}
