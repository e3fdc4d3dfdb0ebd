//! What scoring depends on besides the model.

use clap::ValueEnum;
use verdict_messages::AllowedReplyTopics;

/// When the terms that weighed most are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Explain {
    /// Never
    Never,
    /// In replies, to who waits for one
    Replies,
    /// In replies and in every verdict
    Always,
}

/// What scoring a record depends on besides the model.
#[derive(Debug, Clone)]
pub struct ScoreSettings {
    /// Consumer group, named in dead letters.
    pub group: String,
    /// Topics that replies may go to.
    pub reply_topics: AllowedReplyTopics,
    /// When the terms that weighed most are told.
    pub explain: Explain,
    /// Most terms of an explanation.
    pub explain_terms: usize,
    /// Longest review record in bytes.
    pub max_review_bytes: usize,
}
