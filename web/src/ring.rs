//! A map that forgets its oldest entries, so that no stream of requests can make it grow.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// At most `capacity` entries that weigh at most `max_weight` together; the oldest go first.
#[derive(Debug)]
pub(crate) struct Ring<K, V> {
    entries: HashMap<K, Slot<V>>,
    // Insertions in order. A key that was removed, or inserted anew, leaves a stale number behind.
    order: VecDeque<(u64, K)>,
    next: u64,
    weight: usize,
    capacity: usize,
    max_weight: usize,
}

#[derive(Debug)]
struct Slot<V> {
    number: u64,
    weight: usize,
    value: V,
}

impl<K: Clone + Eq + Hash, V> Ring<K, V> {
    /// `max_weight` is in whatever unit the weights of [`Ring::insert`] have.
    pub(crate) fn new(capacity: usize, max_weight: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
            weight: 0,
            capacity,
            max_weight,
        }
    }

    /// Adds or replaces; the entry is the youngest then.
    pub(crate) fn insert(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        self.next += 1;
        self.weight += weight;
        self.order.push_back((self.next, key.clone()));
        self.entries.insert(key, Slot { number: self.next, weight, value });
        self.shrink();
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|slot| &slot.value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let slot = self.entries.remove(key)?;
        self.weight -= slot.weight;
        Some(slot.value)
    }

    fn shrink(&mut self) {
        // Stale numbers are dropped too once they are the majority, so `order` stays within twice the entries.
        while self.entries.len() > self.capacity
            || self.weight > self.max_weight
            || self.order.len() > 2 * self.entries.len().max(8)
        {
            let Some((number, key)) = self.order.pop_front() else {
                return;
            };
            let live = self.entries.get(&key).is_some_and(|slot| slot.number == number);
            if !live {
                continue;
            }
            if self.entries.len() > self.capacity || self.weight > self.max_weight {
                self.remove(&key);
            } else {
                // Alive and within the bounds: this entry is the oldest, and stays so.
                self.order.push_front((number, key));
                self.order.retain(|(number, key)| {
                    self.entries.get(key).is_some_and(|slot| slot.number == *number)
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_goes_first() {
        let mut ring = Ring::new(2, 100);
        for key in ["a", "b", "c"] {
            ring.insert(key, key.len(), 1);
        }
        assert_eq!(ring.get(&"a"), None);
        assert_eq!(ring.get(&"b"), Some(&1));
        assert_eq!(ring.get(&"c"), Some(&1));
    }

    #[test]
    fn a_replaced_entry_is_young_again() {
        let mut ring = Ring::new(2, 100);
        ring.insert("a", 1, 1);
        ring.insert("b", 2, 1);
        ring.insert("a", 3, 1);
        ring.insert("c", 4, 1);
        assert_eq!(ring.get(&"a"), Some(&3));
        assert_eq!(ring.get(&"b"), None);
    }

    #[test]
    fn weight_bounds_the_ring_as_well_as_number() {
        let mut ring = Ring::new(100, 10);
        ring.insert("a", (), 6);
        ring.insert("b", (), 6);
        assert!(ring.get(&"a").is_none());
        ring.insert("too heavy", (), 11);
        assert!(ring.get(&"too heavy").is_none());
        assert_eq!(ring.weight, 0);
    }

    #[test]
    fn its_memory_stays_bounded_when_entries_come_and_go() {
        let mut ring = Ring::new(1000, 1000);
        ring.insert(usize::MAX, (), 1);
        for key in 0..10_000_usize {
            ring.insert(key, (), 0);
            ring.remove(&key);
        }
        assert!(ring.order.len() <= 17, "{}", ring.order.len());
        assert!(ring.get(&usize::MAX).is_some());
    }
}
