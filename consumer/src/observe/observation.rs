//! What was seen of one review, as a value.

use std::sync::Arc;

use verdict_messages::Sentiment;
use verdict_sentiment::Seen;

/// What was seen of one review that got a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Calibrated P(positive) of the serving model, 0 to 1.
    pub probability: f64,
    /// Tokens, and how many of them the serving model knows.
    pub seen: Seen,
    /// The columns of its terms, where the review was sampled.
    pub columns: Option<Arc<[u32]>>,
    /// What the shadow model says, where it was asked.
    pub shadow: Option<ShadowScore>,
}

impl Observation {
    /// What the serving model alone has seen.
    #[must_use]
    pub fn new(probability: f64, seen: Seen) -> Self {
        Self { probability, seen, columns: None, shadow: None }
    }
}

/// What the shadow model says of a review.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ShadowScore {
    /// Its score.
    Scored {
        /// Calibrated P(positive), 0 to 1.
        probability: f64,
        /// Positive exactly if that is at least one half.
        label: Sentiment,
    },
    /// It panicked, or its probability is not a number. The review has its verdict all the same.
    Failed,
}
