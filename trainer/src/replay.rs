//! The last stored reviews under two models: what would change.

use crate::ingest::review_log::LogSource;
use anyhow::{Context, bail};
use serde::Serialize;
use std::{collections::BTreeMap, ops::ControlFlow};
use verdict_kafka_io::{Failure, snapshot};
use verdict_learning::gate::changed;
use verdict_learning::scoring::probabilities;
use verdict_messages::{MAX_REVIEW_BYTES, OffsetRange, Review};
use verdict_sentiment::Model;

/// A stored review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// Two models on the same reviews: what would change if the second served.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The model that serves.
    pub champion: Side,
    /// The model that might.
    pub candidate: Side,
    /// Reviews that both scored.
    pub n_reviews: usize,
    /// Reviews whose label would change.
    pub n_flips: usize,
    /// Of these, those that would become positive.
    pub n_to_positive: usize,
    /// Mean distance of the two probabilities.
    pub mean_absolute_change: f64,
    /// The first flips, the largest change first.
    pub flips: Vec<Flip>,
}

/// One of the two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Fraction of the reviews that it calls positive.
    pub positive: f64,
}

/// A review whose label would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flip {
    /// Its id.
    pub id: String,
    /// P(positive) now.
    pub champion: f64,
    /// P(positive) then.
    pub candidate: f64,
    /// Its text, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The last `n` records of the topic of reviews, as evenly from its partitions as they hold them;
/// those that are no review are passed over.
///
/// # Errors
/// Where the topic cannot be read, or has no review.
pub fn last_reviews(log: &LogSource, n: u64) -> anyhow::Result<Vec<Stored>> {
    let reading = || format!("reading the review log from {}", log.kafka.bootstrap());
    let whole = snapshot::ends(&log.kafka, &log.reviews, log.patience).with_context(reading)?;
    let all: u64 = whole.iter().map(OffsetRange::len).sum();
    let mut offsets = n;
    // Not every offset holds a record: a transaction's markers, what it aborted, what was compacted
    // away. Then further back.
    let records = loop {
        let ranges = tail(whole.clone(), offsets, OffsetRange::len, |range, left| {
            range.from = range.to - i64::try_from(left).unwrap_or(i64::MAX);
        });
        let records = records_in(log, &ranges).with_context(reading)?;
        if offsets >= all || records.iter().map(number).sum::<u64>() >= n {
            break records;
        }
        offsets = offsets.saturating_mul(2);
    };
    let last = tail(records, n, number, |records, left| {
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        records.drain(..records.len().saturating_sub(left));
    });
    let reviews: Vec<Stored> = last.into_iter().flatten().flatten().collect();
    if reviews.is_empty() {
        bail!("topic {} has no review", log.reviews);
    }
    Ok(reviews)
}

/// The records of a partition; none where one is no review.
type Records = Vec<Option<Stored>>;

fn number(records: &Records) -> u64 {
    records.len() as u64
}

fn records_in(log: &LogSource, ranges: &[OffsetRange]) -> Result<Vec<Records>, Failure> {
    let mut records: BTreeMap<i32, Records> = BTreeMap::new();
    snapshot::read_again(&log.kafka, &log.reviews, ranges, log.patience, |record, _| {
        let value = record.value.as_deref();
        let review = Review::from_record(value, &record.headers, MAX_REVIEW_BYTES).ok();
        let stored = review.map(|review| Stored {
            id: review.id_or(&record.position()).into_owned(),
            text: review.text.into_owned(),
        });
        records.entry(record.partition).or_default().push(stored);
        ControlFlow::Continue(())
    })?;
    Ok(records.into_values().collect())
}

/// The ends of `parts`, `n` in all where there are as many, cut by `keep`. What one part lacks the
/// others give.
fn tail<T>(
    mut parts: Vec<T>,
    n: u64,
    length: impl Fn(&T) -> u64,
    keep: impl Fn(&mut T, u64),
) -> Vec<T> {
    parts.sort_by_key(&length);
    let (mut left, mut others) = (n, parts.len() as u64);
    for part in &mut parts {
        let share = left.div_ceil(others.max(1)).min(length(part));
        keep(part, share);
        left -= share;
        others -= 1;
    }
    parts
}

/// Scores every review with both models.
#[must_use]
pub fn compare(
    champion: &Model,
    candidate: &Model,
    reviews: Vec<Stored>,
    most: usize,
    texts: bool,
) -> Comparison {
    let (ids, texts_of): (Vec<String>, Vec<String>) =
        reviews.into_iter().map(|review| (review.id, review.text)).unzip();
    let (now, then) = (probabilities(champion, &texts_of), probabilities(candidate, &texts_of));
    let changed = changed(&ids, &now, &then);
    let flips = changed.iter().take(most).map(|&i| Flip {
        id: ids[i].clone(),
        champion: now[i],
        candidate: then[i],
        text: texts.then(|| texts_of[i].clone()),
    });
    let n = ids.len().max(1) as f64;
    let absolute = now.iter().zip(&then).map(|(now, then)| (now - then).abs());
    let side = |model: &Model, probabilities: &[f64]| {
        let identity = model.identity();
        let positive = probabilities.iter().filter(|&&p| p >= 0.5).count();
        Side {
            name: identity.name.clone(),
            version: identity.version.clone(),
            sha256: identity.sha256.clone(),
            positive: positive as f64 / n,
        }
    };
    Comparison {
        champion: side(champion, &now),
        candidate: side(candidate, &then),
        n_reviews: ids.len(),
        n_flips: changed.len(),
        n_to_positive: changed.iter().filter(|&&i| then[i] >= 0.5).count(),
        mean_absolute_change: absolute.sum::<f64>() / n,
        flips: flips.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_takes_from_all_partitions_and_no_more_than_they_have() {
        let range =
            |partition, from, to| OffsetRange { topic: "reviews".into(), partition, from, to };
        let whole = vec![range(0, 0, 100), range(1, 5, 5), range(2, 10, 13), range(3, 0, 50)];
        let tail = |whole: Vec<OffsetRange>, n| {
            tail(whole, n, OffsetRange::len, |range, left| {
                range.from = range.to - i64::try_from(left).unwrap();
            })
        };
        for (n, expected) in [(0, 0), (10, 10), (153, 153), (1000, 153)] {
            let tail = tail(whole.clone(), n);
            let got: u64 = tail.iter().map(OffsetRange::len).sum();
            assert_eq!(got, expected, "{n}: {tail:?}");
            for range in &tail {
                let before =
                    whole.iter().find(|before| before.partition == range.partition).unwrap();
                assert!(range.from >= before.from && range.to == before.to);
            }
        }
        let even = tail(vec![range(0, 0, 100), range(1, 0, 100)], 10);
        assert!(even.iter().all(|range| range.len() == 5), "{even:?}");
    }
}
