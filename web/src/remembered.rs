//! What is remembered of reviews: within a number and a size, the oldest goes first. Reading does
//! not renew it.

use hashlink::LinkedHashMap;

use crate::ids::ReviewId;

/// One value for each of the reviews that came lately.
#[derive(Debug)]
pub(crate) struct Remembered<V> {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    by_review: LinkedHashMap<ReviewId, (V, usize)>,
}

impl<V: Clone> Remembered<V> {
    /// Room for `most` values, of `most_bytes` in all.
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, bytes: 0, by_review: LinkedHashMap::new() }
    }

    /// Remembers a value of `size` bytes.
    pub(crate) fn insert(&mut self, review_id: ReviewId, value: V, size: usize) {
        self.bytes += size;
        if let Some((_, replaced)) = self.by_review.insert(review_id, (value, size)) {
            self.bytes -= replaced;
        }
        while self.by_review.len() > self.most || self.bytes > self.most_bytes {
            let Some((_, (_, oldest))) = self.by_review.pop_front() else { return };
            self.bytes -= oldest;
        }
    }

    /// The value of a review that came lately.
    pub(crate) fn get(&self, review_id: &ReviewId) -> Option<V> {
        self.by_review.get(review_id).map(|(value, _)| value.clone())
    }
}
