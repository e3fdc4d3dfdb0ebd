//! The texts of the reviews that came by the page lately, so that their verdicts can be shown with
//! what decided marked. Kafka has every text; a page for a text that is forgotten here goes
//! without.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LinkedHashMap;

use crate::{ids::ReviewId, pending::PendingLimits};

/// Texts within a number and a size; the oldest go first.
#[derive(Debug)]
pub(crate) struct Texts {
    limits: PendingLimits,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    by_review: LinkedHashMap<ReviewId, Arc<str>>,
}

impl Texts {
    pub(crate) fn new(limits: PendingLimits) -> Self {
        Self { limits, kept: Mutex::default() }
    }

    /// Keeps the text of a review.
    pub(crate) fn insert(&self, review_id: &ReviewId, text: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += text.len();
        if let Some(replaced) = kept.by_review.insert(review_id.clone(), Arc::from(text)) {
            kept.bytes -= replaced.len();
        }
        while kept.by_review.len() > self.limits.remembered
            || kept.bytes > self.limits.remembered_bytes
        {
            let Some((_, oldest)) = kept.by_review.pop_front() else { return };
            kept.bytes -= oldest.len();
        }
    }

    /// The text of a review, when it came lately.
    pub(crate) fn find(&self, review_id: &ReviewId) -> Option<Arc<str>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_review.get(review_id).cloned()
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
