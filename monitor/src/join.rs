//! Verdicts and labels joined by the id of the review, in bounded memory. Pure: no clock, no Kafka.
//!
//! What counts does not depend on the order in which events come, as long as nothing had to be
//! forgotten:
//!
//! - A review counts once for each model version that scored it. Of several verdicts of one version
//!   on one id, the one whose review stands last in the log counts; so an outcome that was written
//!   twice counts once.
//! - Of several labels of one id the last in the log counts. Its tombstone takes it back.
//! - All records of one id have one key and so one partition, in which "last" is the greatest
//!   offset.

use std::hash::{DefaultHasher, Hash, Hasher};

use hashlink::LinkedHashMap;

use crate::tally::Tally;

/// The most versions that are reported: those that scored last.
pub const MOST_VERSIONS: usize = 16;
/// A version's name is cut here, in characters: it becomes a label of a metric.
const VERSION_CHARACTERS: usize = 64;

/// Where a record stands in its topic; the greater one is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionOffset {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

/// A verdict, as far as it is needed here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored<'a> {
    /// Id of the review.
    pub id: &'a str,
    /// The model version that scored it.
    pub version: &'a str,
    /// P(positive), from 0 to 1.
    pub probability: f64,
    /// Whether it is decided: not unsure.
    pub is_decided: bool,
    /// Where the review stands.
    pub source: PartitionOffset,
    /// When the verdict was written, in milliseconds since 1970.
    pub written_ms: i64,
}

/// A label, as far as it is needed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labelled<'a> {
    /// Id of the review.
    pub id: &'a str,
    /// Whether it is positive; `None` takes the label back.
    pub is_positive: Option<bool>,
    /// Where the label stands.
    pub position: PartitionOffset,
}

/// A hash of an id. Two of a billion reviews share one with a probability of 10⁻²¹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Id(u64, u64);

impl Id {
    fn of(id: &str) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(salt);
            hasher.write(id.as_bytes());
            hasher.finish()
        };
        Self(half(0), half(1))
    }
}

/// A review as one version scored it.
type Key = (Id, u32);

/// What a version said of a review. Of two, the greater one counts: the one whose review is later.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Said {
    // Flat: with a `PartitionOffset` in it each would take eight bytes more.
    partition: i32,
    offset: i64,
    probability: f64,
    is_decided: bool,
}

impl Said {
    fn add(self, tally: &mut Tally, is_positive: bool) {
        tally.add(self.probability, self.is_decided, is_positive);
    }

    fn take(self, tally: &mut Tally, is_positive: bool) {
        tally.take(self.probability, self.is_decided, is_positive);
    }
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    said: Said,
    is_positive: bool,
    labelled: PartitionOffset,
}

#[derive(Debug, Clone, Copy)]
struct Truth {
    position: PartitionOffset,
    is_positive: Option<bool>,
    // Versions whose verdict on the review it is paired with.
    pairs: usize,
}

impl Truth {
    fn waits(&self) -> bool {
        self.is_positive.is_some() && self.pairs == 0
    }
}

#[derive(Debug)]
struct Version {
    key: u32,
    name: String,
    newest_ms: i64,
    tally: Tally,
}

/// What was forgotten to stay within bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Verdicts that had waited for a label.
    pub verdicts: u64,
    /// Labels.
    pub labels: u64,
    /// Verdicts that had their label: they count no longer.
    pub labelled: u64,
}

/// The join. Memory is bounded by three times the number of records that it is to remember:
/// verdicts that wait, verdicts that have their label, and labels; the oldest of each kind are
/// forgotten first.
#[derive(Debug)]
pub struct Join {
    remember: usize,
    waiting: LinkedHashMap<Key, Said>,
    pairs: LinkedHashMap<Key, Pair>,
    labels: LinkedHashMap<Id, Truth>,
    waiting_labels: usize,
    versions: Vec<Version>,
    next_version: u32,
    forgotten: Forgotten,
}

impl Join {
    /// A join that remembers `remember` of each kind, at least one.
    #[must_use]
    pub fn new(remember: usize) -> Self {
        Self {
            remember: remember.max(1),
            waiting: LinkedHashMap::new(),
            pairs: LinkedHashMap::new(),
            labels: LinkedHashMap::new(),
            waiting_labels: 0,
            versions: Vec::new(),
            next_version: 0,
            forgotten: Forgotten::default(),
        }
    }

    /// Takes a verdict in.
    pub fn verdict(&mut self, scored: &Scored<'_>) {
        let Some(version) = self.version(scored.version, scored.written_ms) else {
            return;
        };
        let key = (Id::of(scored.id), version);
        let PartitionOffset { partition, offset } = scored.source;
        let Scored { probability, is_decided, .. } = *scored;
        let said = Said { partition, offset, probability, is_decided };
        if let Some(pair) = self.pairs.get_mut(&key) {
            let (before, is_positive) = (pair.said, pair.is_positive);
            if said > before {
                pair.said = said;
                self.count(key, |tally| {
                    before.take(tally, is_positive);
                    said.add(tally, is_positive);
                });
                self.instead(key, before, said);
            }
            return;
        }
        if let Some(waiting) = self.waiting.get_mut(&key) {
            let before = *waiting;
            if said > before {
                *waiting = said;
                self.instead(key, before, said);
            }
            return;
        }
        self.count(key, |tally| tally.said(is_decided));
        match self.labels.get(&key.0).copied() {
            Some(Truth { is_positive: Some(is_positive), position, .. }) => {
                self.pair(key, said, is_positive, position)
            }
            _ => self.wait(key, said),
        }
    }

    /// What a version says now of a review stands for what it said before.
    fn instead(&mut self, key: Key, before: Said, now: Said) {
        self.count(key, |tally| {
            tally.unsaid(before.is_decided);
            tally.said(now.is_decided);
        });
    }

    /// Takes a label in.
    pub fn label(&mut self, labelled: &Labelled<'_>) {
        let id = Id::of(labelled.id);
        let Labelled { is_positive, position, .. } = *labelled;
        match self.labels.get(&id) {
            Some(truth) if position <= truth.position => return,
            Some(_) => self.edit(id, |truth| {
                (truth.position, truth.is_positive) = (position, is_positive);
            }),
            None => self.remember(id, is_positive, position),
        }
        let versions: Vec<u32> = self.versions.iter().map(|version| version.key).collect();
        for version in versions {
            self.settle((id, version), is_positive, position);
        }
    }

    /// Brings what a version said in line with the label that counts now.
    fn settle(&mut self, key: Key, is_positive: Option<bool>, position: PartitionOffset) {
        let Some(pair) = self.pairs.get(&key).copied() else {
            if let Some(is_positive) = is_positive
                && let Some(said) = self.waiting.remove(&key)
            {
                self.pair(key, said, is_positive, position);
            }
            return;
        };
        // Its label may be remembered here only, and be later than one that comes again.
        if position <= pair.labelled {
            return;
        }
        match is_positive {
            Some(is_positive) => {
                self.count(key, |tally| {
                    pair.said.take(tally, pair.is_positive);
                    pair.said.add(tally, is_positive);
                });
                if let Some(pair) = self.pairs.get_mut(&key) {
                    (pair.is_positive, pair.labelled) = (is_positive, position);
                }
            }
            None => {
                self.pairs.remove(&key);
                self.unpair(key, pair);
                self.wait(key, pair.said);
            }
        }
    }

    /// Verdicts that wait for a label.
    #[must_use]
    pub fn waiting_verdicts(&self) -> usize {
        self.waiting.len()
    }

    /// Labels that wait for a verdict.
    #[must_use]
    pub fn waiting_labels(&self) -> usize {
        self.waiting_labels
    }

    /// What was forgotten.
    #[must_use]
    pub fn forgotten(&self) -> Forgotten {
        self.forgotten
    }

    /// The versions and how right they were, those that scored last first.
    #[must_use]
    pub fn versions(&self) -> Vec<(&str, &Tally)> {
        let mut versions: Vec<&Version> = self.versions.iter().collect();
        versions.sort_by(|a, b| (b.newest_ms, &b.name).cmp(&(a.newest_ms, &a.name)));
        versions.into_iter().map(|version| (version.name.as_str(), &version.tally)).collect()
    }

    fn pair(&mut self, key: Key, said: Said, is_positive: bool, labelled: PartitionOffset) {
        let pair = Pair { said, is_positive, labelled };
        self.count(key, |tally| said.add(tally, is_positive));
        self.edit(key.0, |truth| truth.pairs += 1);
        if let Some((oldest, pair)) = insert(&mut self.pairs, self.remember, key, pair) {
            self.forgotten.labelled += 1;
            self.unpair(oldest, pair);
            self.count(oldest, |tally| tally.unsaid(pair.said.is_decided));
        }
    }

    /// A pair that is one no longer stops counting.
    fn unpair(&mut self, key: Key, pair: Pair) {
        self.count(key, |tally| pair.said.take(tally, pair.is_positive));
        self.edit(key.0, |truth| truth.pairs = truth.pairs.saturating_sub(1));
    }

    fn wait(&mut self, key: Key, said: Said) {
        if let Some((oldest, said)) = insert(&mut self.waiting, self.remember, key, said) {
            self.forgotten.verdicts += 1;
            self.count(oldest, |tally| tally.unsaid(said.is_decided));
        }
    }

    fn remember(&mut self, id: Id, is_positive: Option<bool>, position: PartitionOffset) {
        // A pair may outlive its label.
        let versions = self.versions.iter();
        let pairs = versions.filter(|version| self.pairs.get(&(id, version.key)).is_some()).count();
        let truth = Truth { position, is_positive, pairs };
        self.waiting_labels += usize::from(truth.waits());
        if let Some((_, oldest)) = insert(&mut self.labels, self.remember, id, truth) {
            self.forgotten.labels += 1;
            self.waiting_labels -= usize::from(oldest.waits());
        }
    }

    /// Changes a label, if it is remembered, and keeps the number of those that wait.
    fn edit(&mut self, id: Id, change: impl FnOnce(&mut Truth)) {
        if let Some(truth) = self.labels.get_mut(&id) {
            let waited = usize::from(truth.waits());
            change(truth);
            self.waiting_labels = self.waiting_labels - waited + usize::from(truth.waits());
        }
    }

    fn count(&mut self, key: Key, change: impl FnOnce(&mut Tally)) {
        let mut versions = self.versions.iter_mut();
        if let Some(version) = versions.find(|version| version.key == key.1) {
            change(&mut version.tally);
        }
    }

    /// The number of a version; none if there are as many newer ones as are reported.
    fn version(&mut self, name: &str, written_ms: i64) -> Option<u32> {
        let end = name.char_indices().nth(VERSION_CHARACTERS).map_or(name.len(), |(end, _)| end);
        let name = name.get(..end).unwrap_or(name);
        let mut known = self.versions.iter_mut();
        if let Some(version) = known.find(|version| version.name == name) {
            version.newest_ms = version.newest_ms.max(written_ms);
            return Some(version.key);
        }
        if self.versions.len() >= MOST_VERSIONS {
            let age = |version: &Version| (version.newest_ms, version.name.clone());
            let oldest = self.versions.iter().min_by_key(|version| age(version))?;
            if age(oldest) >= (written_ms, name.to_owned()) {
                return None;
            }
            self.drop_version(oldest.key);
        }
        let key = self.next_version;
        self.next_version += 1;
        self.versions.push(Version {
            key,
            name: name.to_owned(),
            newest_ms: written_ms,
            tally: Tally::default(),
        });
        Some(key)
    }

    fn drop_version(&mut self, dropped: u32) {
        self.versions.retain(|version| version.key != dropped);
        self.waiting.retain(|(_, version), _| *version != dropped);
        let mut ids = Vec::new();
        self.pairs.retain(|(id, version), _| {
            if *version == dropped {
                ids.push(*id);
            }
            *version != dropped
        });
        for id in ids {
            self.edit(id, |truth| truth.pairs = truth.pairs.saturating_sub(1));
        }
    }
}

/// Adds a key that is not there, and returns the oldest entry if there are now more than `most`.
fn insert<K: Hash + Eq, V>(
    map: &mut LinkedHashMap<K, V>,
    most: usize,
    key: K,
    value: V,
) -> Option<(K, V)> {
    map.insert(key, value);
    if map.len() > most { map.pop_front() } else { None }
}

#[cfg(test)]
mod tests;
