//! What the frontend tells.

use super::{Instrument, Kind};

/// `verdict.web.replies{outcome}`
pub const WEB_REPLIES: Instrument = Instrument {
    name: "verdict.web.replies",
    prometheus: "verdict_web_replies_total",
    kind: Kind::Counter,
    unit: "{reply}",
    help: "Records of the reply partition: delivered, kept (asked for later), late, mismatched or unreadable",
    labels: &["outcome"],
    services: "web",
};
/// `verdict.web.pending`
pub const WEB_PENDING: Instrument = Instrument {
    name: "verdict.web.pending",
    prometheus: "verdict_web_pending",
    kind: Kind::Gauge,
    unit: "{request}",
    help: "Requests that wait for their verdict",
    labels: &[],
    services: "web",
};
/// `verdict.web.refused{reason}`
pub const WEB_REFUSED: Instrument = Instrument {
    name: "verdict.web.refused",
    prometheus: "verdict_web_refused_total",
    kind: Kind::Counter,
    unit: "{request}",
    help: "Requests and connections turned away to stay within the limits",
    labels: &["reason"],
    services: "web",
};

pub(super) const ALL: &[Instrument] = &[WEB_REPLIES, WEB_PENDING, WEB_REFUSED];
