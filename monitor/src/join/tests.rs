use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Event {
    Verdict { id: u8, version: u8, probability: f64, offset: i64, written_ms: i64 },
    Label { id: u8, is_positive: Option<bool>, offset: i64 },
}
use Event::{Label, Verdict};

/// All records of an id are in one partition.
fn at(id: u8, offset: i64) -> PartitionOffset {
    PartitionOffset { partition: i32::from(id % 3), offset }
}

/// A rule whose verdicts can change with the probability.
fn is_decided(probability: f64) -> bool {
    (probability - 0.5).abs() >= 0.2
}

fn feed(join: &mut Join, event: &Event) {
    match *event {
        Verdict { id, version, probability, offset, written_ms } => join.verdict(&Scored {
            id: &format!("r{id}"),
            version: &format!("v{version}"),
            probability,
            is_decided: is_decided(probability),
            source: at(id, offset),
            written_ms,
        }),
        Label { id, is_positive, offset } => {
            join.label(&Labelled { id: &format!("r{id}"), is_positive, position: at(id, offset) })
        }
    }
}

fn joined(remember: usize, events: &[Event]) -> Join {
    let mut join = Join::new(remember);
    events.iter().for_each(|event| feed(&mut join, event));
    join
}

/// Everything that is reported.
fn reported(join: &Join) -> (Vec<(String, Tally)>, usize, usize) {
    let versions = join.versions().into_iter();
    let versions = versions.map(|(name, tally)| (name.to_owned(), tally.clone()));
    (versions.collect(), join.waiting_verdicts(), join.waiting_labels())
}

/// The same by its definition: all records at once, nothing by and by.
fn by_definition(events: &[Event]) -> (BTreeMap<String, Tally>, usize, usize) {
    let mut said: BTreeMap<(u8, u8), (i64, f64)> = BTreeMap::new();
    let mut truth: BTreeMap<u8, (i64, Option<bool>)> = BTreeMap::new();
    for event in events {
        match *event {
            Verdict { id, version, probability, offset, .. } => {
                let new = (offset, probability);
                let last = said.entry((version, id)).or_insert(new);
                *last = if new > *last { new } else { *last };
            }
            Label { id, is_positive, offset } => {
                let new = (offset, is_positive);
                let last = truth.entry(id).or_insert(new);
                *last = if offset > last.0 { new } else { *last };
            }
        }
    }
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut waiting = 0;
    for ((version, id), (_, p)) in &said {
        let tally = tallies.entry(format!("v{version}")).or_default();
        tally.said(is_decided(*p));
        match truth.get(id) {
            Some((_, Some(is_positive))) => tally.add(*p, is_decided(*p), *is_positive),
            _ => waiting += 1,
        }
    }
    let labels = truth.iter().filter(|(id, (_, is_positive))| {
        is_positive.is_some() && !said.keys().any(|(_, scored)| scored == *id)
    });
    (tallies, waiting, labels.count())
}

fn events(ids: u8, most: usize) -> impl Strategy<Value = Vec<Event>> {
    let verdict = (0..ids, 0..4_u8, 0.0..=1.0_f64, 0..6_i64, 0..9_i64).prop_map(
        |(id, version, probability, offset, written_ms)| Verdict {
            id,
            version,
            probability,
            offset,
            written_ms,
        },
    );
    let label = (0..ids, prop::option::weighted(0.85, any::<bool>()));
    let label = label.prop_map(|(id, is_positive)| Label { id, is_positive, offset: 0 });
    let event = prop_oneof![3 => verdict, 2 => label];
    prop::collection::vec(event, 0..most).prop_map(|mut events| {
        // No two labels stand at one place.
        for (n, event) in events.iter_mut().enumerate() {
            if let Label { offset, .. } = event {
                *offset = i64::try_from(n).unwrap();
            }
        }
        // Each fifth record comes twice.
        let again: Vec<Event> = events.iter().step_by(5).cloned().collect();
        events.extend(again);
        events
    })
}

proptest! {
    #[test]
    fn any_order_of_the_same_records_tells_the_same(
        (events, shuffled) in events(12, 80).prop_flat_map(|events| {
            (Just(events.clone()), Just(events).prop_shuffle())
        }),
    ) {
        let (one, other) = (joined(1000, &events), joined(1000, &shuffled));
        prop_assert_eq!(reported(&one), reported(&other));
        prop_assert_eq!(one.forgotten(), Forgotten::default());
        let (versions, verdicts, labels) = reported(&one);
        let (expected, waiting_verdicts, waiting_labels) = by_definition(&events);
        prop_assert_eq!(versions.into_iter().collect::<BTreeMap<_, _>>(), expected);
        prop_assert_eq!((verdicts, labels), (waiting_verdicts, waiting_labels));
    }

    #[test]
    fn whatever_is_forgotten_the_bounds_hold_and_the_counts_are_those_of_what_is_there(
        events in events(60, 300),
        remember in 1..12_usize,
    ) {
        let mut join = Join::new(remember);
        for event in &events {
            feed(&mut join, event);
            let sizes = [join.waiting.len(), join.pairs.len(), join.labels.len()];
            prop_assert!(sizes.iter().all(|size| *size <= remember), "{:?}", sizes);
            let labelled: u64 = join.versions().iter().map(|(_, tally)| tally.n()).sum();
            prop_assert_eq!(labelled, join.pairs.len() as u64);
            prop_assert!(join.waiting_labels <= join.labels.len());
        }
        // With the last verdict gone there is nothing left of the sums.
        prop_assert!(join.versions.len() <= MOST_VERSIONS);
        for Version { key, tally, .. } in &mut join.versions {
            for (_, said) in join.waiting.iter().filter(|((_, of), _)| of == key) {
                tally.unsaid(said.is_decided);
            }
            for (_, pair) in join.pairs.iter().filter(|((_, of), _)| of == key) {
                tally.unsaid(pair.said.is_decided);
                pair.said.take(tally, pair.is_positive);
            }
            prop_assert_eq!(&*tally, &Tally::default());
        }
    }
}

fn verdict(id: u8, version: u8, probability: f64, offset: i64) -> Event {
    Verdict { id, version, probability, offset, written_ms: 0 }
}

fn label(id: u8, is_positive: Option<bool>, offset: i64) -> Event {
    Label { id, is_positive, offset }
}

#[test]
fn the_oldest_is_forgotten_and_told() {
    let mut join = Join::new(2);
    for id in 0..3 {
        feed(&mut join, &verdict(id, 1, 0.9, 0));
    }
    assert_eq!((join.waiting_verdicts(), join.forgotten().verdicts), (2, 1));
    feed(&mut join, &label(0, Some(true), 0));
    assert_eq!(join.waiting_labels(), 1, "its verdict was forgotten");
    feed(&mut join, &label(2, Some(true), 0));
    assert_eq!((join.waiting_verdicts(), join.waiting_labels()), (1, 1));
    assert_eq!(join.versions()[0].1.n(), 1);
    feed(&mut join, &label(7, Some(true), 0));
    assert_eq!((join.waiting_labels(), join.forgotten().labels), (1, 1));
}

#[test]
fn the_versions_that_scored_last_are_told() {
    let mut join = Join::new(1000);
    for version in 0..40 {
        let id = version;
        feed(&mut join, &label(id, Some(true), 0));
        let written_ms = i64::from(version);
        feed(&mut join, &Verdict { id, version, probability: 0.9, offset: 0, written_ms });
    }
    // One that comes late is too old.
    feed(&mut join, &verdict(50, 3, 0.9, 0));
    let names: Vec<&str> = join.versions().iter().map(|(name, _)| *name).collect();
    let expected: Vec<String> = (24..40).rev().map(|version| format!("v{version}")).collect();
    assert_eq!(names, expected);
    assert_eq!((join.pairs.len(), join.waiting_verdicts()), (16, 0));
    assert_eq!(join.waiting_labels(), 24, "their versions are gone");
}

#[test]
fn a_version_of_any_length_is_a_short_name() {
    let mut join = Join::new(10);
    let version = "ö".repeat(1000);
    let source = at(0, 0);
    let (probability, is_decided) = (0.5, true);
    join.verdict(&Scored {
        id: "r",
        version: &version,
        probability,
        is_decided,
        source,
        written_ms: 0,
    });
    assert_eq!(join.versions()[0].0, "ö".repeat(64));
}
