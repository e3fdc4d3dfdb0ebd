//! The wire contract of Verdict: topics, positions, headers and messages, as values.
//!
//! Every byte that one part of Verdict sends to another is described here and nowhere else. The
//! crate is pure: it opens no socket, reads no clock and knows no Kafka client, so that each rule
//! can be tested as a function.
//!
//! One review on its way through the types:
//!
//! 1. [`Review::from_record`] turns a record's value and headers into a [`Review`] or a
//!    [`Rejection`].
//! 2. A [`Review`] becomes a [`Verdict`]; a [`Rejection`] becomes a dead letter
//!    ([`dead_letter::headers`]).
//! 3. A record that asks for an answer carries a [`ReplyAddress`]; [`ReplyAddress::reply_headers`]
//!    addresses the answer.
//!
//! ```
//! use verdict_messages::{Headers, MAX_REVIEW_BYTES, Review};
//!
//! let value = br#"{"id":"r1","text":"A fine film."}"#;
//! let review = Review::from_record(Some(value), &Headers::new(), MAX_REVIEW_BYTES)?;
//! assert_eq!(review.text, "A fine film.");
//! # Ok::<(), verdict_messages::Rejection>(())
//! ```

pub mod asyncapi;
pub mod cloudevents;
pub mod dead_letter;
pub mod headers;
mod highlight;
pub mod json;
mod label;
mod model_pointer;
mod position;
mod problem;
mod rejection;
pub mod reply;
mod review;
pub mod review_log;
pub mod schemas;
mod sentiment;
pub mod time;
pub mod topic;
mod verdict;

pub use headers::{HeaderName, HeaderValue, Headers};
pub use highlight::{Span, highlight};
pub use label::Label;
pub use model_pointer::{ModelPointer, OffsetRange, TrainedFrom, version_number};
pub use position::{NextOffset, Position};
pub use problem::{Accepted, Problem};
pub use rejection::{ErrorKind, Rejection};
pub use reply::{AllowedReplyTopics, ReplyAddress};
pub use review::{MAX_ID_BYTES, MAX_REVIEW_BYTES, Review};
pub use sentiment::{Decision, Sentiment};
pub use verdict::{ModelRef, TermContribution, UnsureReview, Verdict};
