//! What the frontend does with replies, and what it turns away.

use super::declare::*;
use crate::labels::{Refused, ReplyReceived};

instruments! { web;
    /// Records of the reply partition: delivered, kept (asked for later), late, mismatched or
    /// unreadable
    Counter<u64> "verdict.web.replies" as "verdict_web_replies_total" in "{reply}", by &[Web],
        pub fn record_web_reply[outcome: ReplyReceived]() { 1 };

    /// Requests that wait for their verdict
    UpDownCounter<i64> "verdict.web.pending" as "verdict_web_pending" in "{request}", by &[Web],
        pub fn add_web_pending[](change: i64) { change };

    /// Requests and connections turned away to stay within the limits
    Counter<u64> "verdict.web.refused" as "verdict_web_refused_total" in "{request}", by &[Web],
        pub fn record_web_refused[reason: Refused]() { 1 };

    /// Panics of a handler: a defect, answered 500
    Counter<u64> "verdict.web.panics" as "verdict_web_panics_total" in "{panic}", by &[Web],
        pub fn record_web_panic[]() { 1 };
}
