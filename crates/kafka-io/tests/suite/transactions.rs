//! Logs in which not every offset holds a record: markers of transactions, and records of those
//! that were aborted.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crate::common::{LIMITS, commits, poll_until, source};
use verdict_kafka_io::{
    Failure, Followed, Follower, KafkaSettings, Record, Source, committed, snapshot,
};
use verdict_testkit::{
    PATIENCE,
    kafka::{self, Transactions},
};

const ONE: &[(&str, &[u8])] = &[("k", b"v")];
const FOUR: &[(&str, &[u8])] = &[("a", b"v"), ("b", b"v"), ("c", b"v"), ("d", b"v")];

/// Partition 0: record, marker, record, marker, four aborted, marker, record, marker, four aborted,
/// marker. Partition 1: four aborted, marker. Partition 2: nothing.
fn write(settings: &KafkaSettings, name: &str) -> Transactions {
    kafka::create_topics(settings, [(name, 3)]);
    let sender = Transactions::new(settings, name);
    sender.commit(name, 0, ONE);
    sender.commit(name, 0, ONE);
    sender.abort(name, 0, FOUR);
    sender.commit(name, 0, ONE);
    sender.abort(name, 0, FOUR);
    sender.abort(name, 1, FOUR);
    sender
}

fn lags(source: &Source) -> Vec<(i32, u64)> {
    let lags = source.lags();
    lags.map(|lag| (lag.partition, lag.records)).collect()
}

/// Polls these members until it is so, and sees that no record comes.
#[track_caller]
fn poll_while_quiet(sources: &mut [&mut Source], is_so: impl Fn(&[Vec<(i32, u64)>]) -> bool) {
    let (start, mut batch) = (Instant::now(), Vec::new());
    loop {
        let mut found = Vec::new();
        for source in &mut *sources {
            match source.poll_batch(&LIMITS, &mut batch) {
                Ok(_) | Err(Failure::Retry(_)) => assert_eq!(batch, []),
                Err(other) => panic!("{other}"),
            }
            found.push(lags(source));
        }
        if is_so(&found) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{found:?}");
    }
}

fn commit(source: &mut Source, records: &[Record]) {
    source.commit(&commits(records)).unwrap();
}

#[test]
fn the_lag_is_0_when_all_that_can_be_read_is_committed_and_not_before() {
    let Some(settings) = kafka::shared() else { return };
    let name = "transactions.lag";
    let sender = write(&settings, name);
    let mut first = source(&settings, name, name);
    let records = poll_until(&mut first, 3);
    // The partition of aborted records is read over, and what is handed out waits all the same,
    // from its first record on.
    poll_while_quiet(&mut [&mut first], |lags| lags == [[(0, 16), (1, 0), (2, 0)]]);
    commit(&mut first, &records);
    let done = [(0, 0), (1, 0), (2, 0)];
    assert_eq!(lags(&first), done);
    drop(first);

    // After a restart nothing is read: the positions stand before markers, or nowhere.
    let mut second = source(&settings, name, name);
    poll_while_quiet(&mut [&mut second], |lags| lags == [done]);
    // Another member takes partitions over, and gives them back.
    let mut third = source(&settings, name, name);
    poll_while_quiet(&mut [&mut second, &mut third], |lags| {
        let all = lags.concat();
        let shared = lags.iter().all(|lags| !lags.is_empty());
        shared && all.len() == 3 && all.iter().all(|(_, records)| *records == 0)
    });
    drop(third);
    poll_while_quiet(&mut [&mut second], |lags| lags == [done]);

    // While reading is paused, what is known stays so.
    second.set_paused(true);
    sender.commit(name, 1, ONE);
    poll_while_quiet(&mut [&mut second], |lags| lags == [done]);
    second.set_paused(false);
    let records = poll_until(&mut second, 1);
    poll_while_quiet(&mut [&mut second], |lags| lags == [[(0, 0), (1, 2), (2, 0)]]);
    second.rewind().unwrap();
    assert_eq!(lags(&second)[1], (1, 2), "it is to be read again");
    assert_eq!(poll_until(&mut second, 1), records);
    commit(&mut second, &records);
    poll_while_quiet(&mut [&mut second], |lags| lags == [done]);
}

#[test]
fn what_reads_to_the_end_ends_behind_markers_and_counts_records() {
    let Some(settings) = kafka::shared() else { return };
    let name = "transactions.snapshot";
    let _sender = write(&settings, name);
    let mut seen = Vec::new();
    let ranges = snapshot::read(&settings, name, PATIENCE, |record, progress| {
        seen.push((record.offset, progress.read, progress.passed, progress.total));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen.iter().map(|seen| seen.0).collect::<Vec<_>>(), [0, 2, 9]);
    assert_eq!(seen.iter().map(|seen| seen.1).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(seen.iter().all(|(offset, _, passed, total)| {
        *total == 21 && *passed >= u64::try_from(*offset).unwrap() && passed < total
    }));
    let ends: Vec<i64> = ranges.iter().map(|range| range.to).collect();
    assert_eq!(ends, [16, 5, 0]);
    let mut again = 0;
    snapshot::read_again(&settings, name, &ranges, PATIENCE, |_, _| {
        again += 1;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(again, 3);

    let follower = Follower::start(&settings, name).unwrap();
    let (mut told, start) = (0, Instant::now());
    loop {
        match follower.next(Duration::from_millis(100)).unwrap() {
            Some(Followed::CaughtUp) => break,
            Some(Followed::Record(_)) => told += 1,
            _ => assert!(start.elapsed() < PATIENCE),
        }
    }
    assert_eq!(told, 3);

    // A group that has committed its last record is done with what is before that, and no range is
    // longer than the log.
    let mut source = source(&settings, name, name);
    let records = poll_until(&mut source, 3);
    commit(&mut source, &records);
    let ends: Vec<i64> =
        committed(&settings, name, name, PATIENCE).unwrap().iter().map(|range| range.to).collect();
    assert_eq!(ends, [10, 0, 0]);
}
