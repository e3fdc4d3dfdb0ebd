//! Scoring a batch, on as many threads as it is worth, and what there is to commit for it.

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use verdict_kafka_io::{Commit, Record};
use verdict_sentiment::Scratch;

use crate::{
    observe::plan::Plan,
    score::{Ending, Scorer},
};

/// Bytes of reviews that are worth a thread: about a millisecond of scoring, against some 50 µs to
/// start one.
const BYTES_A_THREAD: usize = 64 * 1024;

/// Scores batches; keeps the working memory of each thread from one batch to the next.
#[derive(Debug)]
pub struct Pool {
    scratches: Vec<Scratch>,
}

impl Pool {
    /// A pool of at most `threads` threads, the caller's among them.
    #[must_use]
    pub fn new(threads: NonZeroUsize) -> Self {
        Self { scratches: std::iter::repeat_with(Scratch::default).take(threads.get()).collect() }
    }

    /// The ending of each record, in the order of the records, observed as `plan` says.
    pub fn score(
        &mut self,
        scorer: &Scorer<'_>,
        plan: Plan<'_>,
        records: &[Record],
    ) -> Vec<Ending> {
        let bytes: usize = records.iter().map(Record::size).sum();
        let threads = (bytes / BYTES_A_THREAD).clamp(1, self.scratches.len().max(1));
        let share = records.len().div_ceil(threads).max(1);
        let mut shares = self.scratches.iter_mut().zip(records.chunks(share));
        let Some((own_scratch, own_share)) = shares.next() else {
            return Vec::new();
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = shares
                .map(|(scratch, share)| {
                    (share, scope.spawn(move || score_share(scorer, plan, scratch, share)))
                })
                .collect();
            let mut endings = score_share(scorer, plan, own_scratch, own_share);
            endings.reserve(records.len().saturating_sub(endings.len()));
            for (share, thread) in others {
                endings.extend(thread.join().unwrap_or_else(|_| broken(scorer, share)));
            }
            endings
        })
    }
}

fn score_share(
    scorer: &Scorer<'_>,
    plan: Plan<'_>,
    scratch: &mut Scratch,
    share: &[Record],
) -> Vec<Ending> {
    let score = |record: &Record| {
        // Scoring is total. Should it panic all the same, that one record is set aside: a crash
        // would only read it again, and again.
        let scored = catch_unwind(AssertUnwindSafe(|| {
            let started = Instant::now();
            let mut ending = scorer.score_record(scratch, record);
            ending.took = started.elapsed();
            plan.observe(scorer, scratch, record, &mut ending);
            ending
        }));
        scored.unwrap_or_else(|_| {
            *scratch = Scratch::default();
            scorer.internal(record, "scoring panicked")
        })
    };
    share.iter().map(score).collect()
}

fn broken(scorer: &Scorer<'_>, share: &[Record]) -> Vec<Ending> {
    share.iter().map(|record| scorer.internal(record, "a scoring thread panicked")).collect()
}

/// Where each partition of the batch goes on once the batch is done: after its last record.
#[must_use]
pub fn commits(records: &[Record]) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    for record in records {
        let next = record.position().next();
        // A batch has few partitions, and the records of one come in runs: the last is most often
        // the one.
        let known = commits
            .iter_mut()
            .rev()
            .find(|c| c.partition == record.partition && c.topic == record.topic);
        match known {
            Some(commit) => commit.next = commit.next.max(next),
            None => commits.push(Commit {
                topic: record.topic.clone(),
                partition: record.partition,
                next,
            }),
        }
    }
    commits
}
