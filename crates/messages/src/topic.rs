//! The topics: their names, and how each is laid out.

use std::time::Duration;

/// Reviews to score. Kept for ever: this topic *is* the stored review log.
pub const REVIEWS: &str = "reviews";
/// One verdict for each review that could be scored, in the partition of its review.
pub const VERDICTS: &str = "reviews.verdicts";
/// Answers to those who wait for one: a verdict or a problem.
pub const REPLIES: &str = "reviews.replies";
/// Ground truth and feedback, by review id.
pub const LABELS: &str = "reviews.labels";
/// Records that could not be scored: the bytes untouched, the reason in the headers.
pub const DEAD_LETTERS: &str = "dlq.reviews";
/// Reviews that the model is unsure about, when consumers are told to send them there.
pub const UNSURE: &str = "reviews.unsure";
/// Pointers to model versions. The last record of a model's name is what serves.
pub const MODELS: &str = "models";
/// Where consumers probe, as they start, whether the broker keeps transactions.
pub const PROBES: &str = "reviews.probes";

/// What Kafka does with old records of a topic (`cleanup.policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// Drops records older than the retention.
    Delete,
    /// Keeps the last record of each key.
    Compact,
}

impl Cleanup {
    /// The value of `cleanup.policy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Compact => "compact",
        }
    }
}

/// How one topic is to be laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicPlan {
    /// Topic name.
    pub name: &'static str,
    /// Number of partitions, at least 1.
    pub partitions: i32,
    /// What becomes of old records.
    pub cleanup: Cleanup,
    /// How long records are kept; `None` is for ever (`retention.ms=-1`).
    pub retention: Option<Duration>,
}

impl TopicPlan {
    /// The value of `retention.ms`: milliseconds, -1 for ever.
    pub fn retention_ms(&self) -> i64 {
        self.retention.map_or(-1, |kept| i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Partitions of the topics that follow the reviews: a verdict or dead letter goes to the partition
/// of its review, so these must not differ.
pub const REVIEW_PARTITIONS: i32 = 12;

/// One partition for each web instance; instances beyond that share (their correlation ids keep
/// them apart).
pub const REPLY_PARTITIONS: i32 = 32;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Every topic of Verdict, as `producer topics ensure` creates it.
///
/// Verdicts and dead letters can be computed again from the review log, so they expire; reviews and
/// labels cannot.
pub fn catalogue() -> [TopicPlan; 8] {
    let kept =
        |name, partitions, cleanup, retention| TopicPlan { name, partitions, cleanup, retention };
    [
        kept(PROBES, 1, Cleanup::Delete, Some(Duration::from_secs(600))),
        kept(REVIEWS, REVIEW_PARTITIONS, Cleanup::Delete, None),
        kept(VERDICTS, REVIEW_PARTITIONS, Cleanup::Delete, Some(DAY * 7)),
        kept(REPLIES, REPLY_PARTITIONS, Cleanup::Delete, Some(Duration::from_secs(600))),
        kept(LABELS, REVIEW_PARTITIONS, Cleanup::Compact, None),
        kept(DEAD_LETTERS, REVIEW_PARTITIONS, Cleanup::Delete, Some(DAY * 30)),
        kept(UNSURE, REVIEW_PARTITIONS, Cleanup::Delete, Some(DAY * 30)),
        kept(MODELS, 1, Cleanup::Compact, None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_reviews_has_their_partitions() {
        for plan in catalogue() {
            if [REVIEWS, VERDICTS, DEAD_LETTERS, UNSURE].contains(&plan.name) {
                assert_eq!(plan.partitions, REVIEW_PARTITIONS, "{}", plan.name);
            }
        }
    }

    #[test]
    fn the_stored_log_and_the_ground_truth_never_expire() {
        for plan in catalogue() {
            let for_ever = plan.retention_ms() == -1;
            assert_eq!(for_ever, [REVIEWS, LABELS, MODELS].contains(&plan.name), "{}", plan.name);
        }
    }
}
