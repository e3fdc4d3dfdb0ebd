//! A map of bounded size: what came first is forgotten first.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// At most so many entries, each with the turn at which it came. Every call but [`retain`](Self::retain) takes a time that
/// grows with the logarithm of their number.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    most: usize,
    turn: u64,
    entries: HashMap<K, (u64, V)>,
    by_age: BTreeMap<u64, K>,
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    /// Room for `most` entries, at least one.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), turn: 0, entries: HashMap::new(), by_age: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Adds a key that is not there, and gives the entry that was forgotten for it, if one was.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        self.turn += 1;
        if let Some((turn, _)) = self.entries.insert(key, (self.turn, value)) {
            self.by_age.remove(&turn);
        }
        self.by_age.insert(self.turn, key);
        if self.entries.len() <= self.most {
            return None;
        }
        let (_, oldest) = self.by_age.pop_first()?;
        let (_, value) = self.entries.remove(&oldest)?;
        Some((oldest, value))
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (turn, value) = self.entries.remove(key)?;
        self.by_age.remove(&turn);
        Some(value)
    }

    /// Removes all entries for whose key `keeps` is false, and gives them to `gone`.
    pub(super) fn retain(&mut self, keeps: impl Fn(&K) -> bool, mut gone: impl FnMut(&K, &V)) {
        let by_age = &mut self.by_age;
        self.entries.retain(|key, (turn, value)| {
            let is_kept = keeps(key);
            if !is_kept {
                by_age.remove(turn);
                gone(key, value);
            }
            is_kept
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_the_size_stays() {
        let mut map = Bounded::new(3);
        for key in 0..3 {
            assert_eq!(map.insert(key, key * 10), None);
        }
        assert_eq!(map.remove(&1), Some(10));
        assert_eq!(map.insert(3, 30), None);
        assert_eq!(map.insert(4, 40), Some((0, 0)));
        assert_eq!(map.insert(5, 50), Some((2, 20)));
        *map.get_mut(&3).unwrap() += 1;
        assert_eq!((map.get(&3), map.get(&0), map.len()), (Some(&31), None, 3));
        let mut gone = Vec::new();
        map.retain(|key| *key != 4, |key, _| gone.push(*key));
        assert_eq!((gone, map.len()), (vec![4], 2));
        assert_eq!(map.entries.len(), map.by_age.len());
    }
}
