//! The texts of the reviews that came by the page lately, so that their verdicts can be shown with
//! what decided marked. Kafka has every text; a page for a text that is forgotten here goes
//! without.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{ids::ReviewId, pending::PendingLimits, remembered::Remembered};

/// Texts, shared by all requests.
#[derive(Debug)]
pub(crate) struct Texts(Mutex<Remembered<Arc<str>>>);

impl Texts {
    pub(crate) fn new(limits: PendingLimits) -> Self {
        Self(Mutex::new(Remembered::new(limits.remembered, limits.remembered_bytes)))
    }

    /// Keeps the text of a review.
    pub(crate) fn insert(&self, review_id: &ReviewId, text: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(review_id.clone(), Arc::from(text), text.len());
    }

    /// The text of a review, when it came lately.
    pub(crate) fn find(&self, review_id: &ReviewId) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(review_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_texts_go_when_there_are_too_many_or_too_long_ones() {
        let limits = PendingLimits { pending: 1, remembered: 2, remembered_bytes: 10 };
        let texts = Texts::new(limits);
        let id = |id| ReviewId::new(id);
        let known = || ["a", "b", "c", "d"].map(|name| texts.find(&id(name)).is_some());
        texts.insert(&id("a"), "one");
        texts.insert(&id("b"), "two");
        texts.insert(&id("b"), "2");
        assert_eq!(texts.find(&id("b")).as_deref(), Some("2"));
        texts.insert(&id("c"), "three");
        assert_eq!(known(), [false, true, true, false]);
        texts.insert(&id("d"), "four, long");
        assert_eq!(known(), [false, false, false, true]);
        texts.insert(&id("d"), "eleven long");
        assert_eq!(known(), [false; 4]);
    }
}
