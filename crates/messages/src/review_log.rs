//! The review log as labelled reviews: topics of reviews and of labels, joined by the id of the
//! review.
//!
//! Labels are taken first and reviews after: a label is written after its review, so each label that
//! is seen has its review in what is read next, unless there is none. Of two labels the last
//! counts; a label's tombstone takes it back, and the tombstone of a review's key erases the
//! review. All records of one id have one key and so one partition, in which "last" is well
//! defined.

use crate::{Headers, Label, MAX_REVIEW_BYTES, Position, Rejection, Review, Sentiment};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was seen in the log: numbers of ids unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCounts {
    /// Records of reviews, tombstones among them.
    pub review_records: u64,
    /// Records of labels, tombstones among them.
    pub label_records: u64,
    /// Records that are no review or no label as the contract has them.
    pub rejected: u64,
    /// Reviews without a label: they are not trained on.
    pub unlabelled: u64,
    /// Labels whose review is not in the log.
    pub unknown_review: u64,
    /// Reviews that were labelled both ways over time: the last label counts.
    pub relabelled: u64,
    /// Labels that were taken back.
    pub labels_erased: u64,
    /// Reviews that were erased.
    pub reviews_erased: u64,
}

impl LogCounts {
    /// Adds what was seen of other ids.
    pub fn add(&mut self, other: &Self) {
        self.review_records += other.review_records;
        self.label_records += other.label_records;
        self.rejected += other.rejected;
        self.unlabelled += other.unlabelled;
        self.unknown_review += other.unknown_review;
        self.relabelled += other.relabelled;
        self.labels_erased += other.labels_erased;
        self.reviews_erased += other.reviews_erased;
    }
}

/// What a record of the topic of labels says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEvent {
    /// Of which review.
    pub id: String,
    /// Whether it is positive; `None` takes a label back.
    pub positive: Option<bool>,
}

impl LabelEvent {
    /// The event of a record.
    ///
    /// # Errors
    /// What is no label.
    pub fn of(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Self, Rejection> {
        let Some(value) = value else {
            return Ok(Self { id: id_of(key), positive: None });
        };
        let label = Label::decode(value)?;
        let positive = Some(label.label == Sentiment::Positive);
        Ok(Self { id: label.review_id.into_owned(), positive })
    }
}

/// What a record of the topic of reviews says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewEvent {
    /// Of which review.
    pub id: String,
    /// Its text; `None` erases it.
    pub text: Option<String>,
}

impl ReviewEvent {
    /// The event of a record.
    ///
    /// # Errors
    /// What is no review.
    pub fn of(
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &Headers,
        position: &Position,
    ) -> Result<Self, Rejection> {
        if value.is_none() {
            return Ok(Self { id: id_of(key), text: None });
        }
        let review = Review::from_record(value, headers, MAX_REVIEW_BYTES)?;
        let id = review.id_or(position).into_owned();
        Ok(Self { id, text: Some(review.text.into_owned()) })
    }
}

/// The id that a tombstone is of; a key that is none erases nothing, and no id is empty.
fn id_of(key: Option<&[u8]>) -> String {
    let text = key.and_then(|key| std::str::from_utf8(key).ok());
    text.unwrap_or_default().to_owned()
}

/// Labels and reviews by id. Texts are kept of labelled reviews only: a log is mostly unlabelled.
#[derive(Debug, Default)]
pub struct Join {
    labels: BTreeMap<Box<str>, Said>,
    texts: BTreeMap<Box<str>, String>,
    unlabelled: BTreeSet<Box<str>>,
    counts: LogCounts,
}

/// What labels said of one review.
#[derive(Debug, Clone, Copy)]
struct Said {
    last: Option<bool>,
    both_ways: bool,
}

impl Join {
    /// Takes the next record of the topic of labels; `None` is one that is no label.
    pub fn label(&mut self, event: Option<LabelEvent>) {
        self.counts.label_records += 1;
        let Some(LabelEvent { id, positive }) = event else {
            self.counts.rejected += 1;
            return;
        };
        let Some(positive) = positive else {
            if self.labels.get_mut(&*id).is_some_and(|said| said.last.take().is_some()) {
                self.counts.labels_erased += 1;
            }
            return;
        };
        match self.labels.get_mut(&*id) {
            Some(said) => {
                said.both_ways |= said.last.is_some_and(|before| before != positive);
                said.last = Some(positive);
            }
            None => {
                let said = Said { last: Some(positive), both_ways: false };
                self.labels.insert(id.into(), said);
            }
        }
    }

    /// Takes the next record of the topic of reviews; `None` is one that is no review.
    pub fn review(&mut self, event: Option<ReviewEvent>) {
        self.counts.review_records += 1;
        let Some(ReviewEvent { id, text }) = event else {
            self.counts.rejected += 1;
            return;
        };
        let Some(text) = text else {
            let erased = self.texts.remove(&*id).is_some() | self.unlabelled.remove(&*id);
            self.counts.reviews_erased += u64::from(erased);
            return;
        };
        if self.labels.get(&*id).is_some_and(|said| said.last.is_some()) {
            self.texts.insert(id.into(), text);
        } else {
            self.unlabelled.insert(id.into());
        }
    }

    /// Id, text and whether it is positive of each labelled review, ascending by id, and what was
    /// seen.
    #[must_use]
    pub fn finish(mut self) -> (Vec<(String, String, bool)>, LogCounts) {
        self.counts.unlabelled = self.unlabelled.len() as u64;
        let mut reviews = Vec::with_capacity(self.texts.len());
        for (id, said) in self.labels {
            let Some(label) = said.last else { continue };
            match self.texts.remove(&id) {
                Some(text) => {
                    self.counts.relabelled += u64::from(said.both_ways);
                    reviews.push((id.into(), text, label));
                }
                None => self.counts.unknown_review += 1,
            }
        }
        (reviews, self.counts)
    }
}
