//! The OpenTelemetry semantic conventions for HTTP servers and messaging.

use super::{Instrument, Kind, REQUEST_SECONDS};

/// `http.server.request.duration`
pub const HTTP_SERVER_REQUEST_DURATION: Instrument = Instrument {
    name: "http.server.request.duration",
    prometheus: "http_server_request_duration_seconds",
    kind: Kind::Histogram(REQUEST_SECONDS),
    unit: "s",
    help: "Duration of HTTP server requests",
    labels: &["http.request.method", "url.scheme", "http.response.status_code", "http.route"],
    services: "web",
};
/// `messaging.client.sent.messages`
pub const MESSAGING_SENT: Instrument = Instrument {
    name: "messaging.client.sent.messages",
    prometheus: "messaging_client_sent_messages_total",
    kind: Kind::Counter,
    unit: "{message}",
    help: "Records given to Kafka; error.type is there when the broker did not confirm",
    labels: &[
        "messaging.system",
        "messaging.operation.name",
        "messaging.destination.name",
        "error.type",
    ],
    services: "consumer, producer, web",
};
/// `messaging.client.consumed.messages`
pub const MESSAGING_CONSUMED: Instrument = Instrument {
    name: "messaging.client.consumed.messages",
    prometheus: "messaging_client_consumed_messages_total",
    kind: Kind::Counter,
    unit: "{message}",
    help: "Records received from Kafka",
    labels: &["messaging.system", "messaging.operation.name", "messaging.destination.name"],
    services: "consumer, web",
};
/// `messaging.process.duration`
pub const MESSAGING_PROCESS_DURATION: Instrument = Instrument {
    name: "messaging.process.duration",
    prometheus: "messaging_process_duration_seconds",
    kind: Kind::Histogram(REQUEST_SECONDS),
    unit: "s",
    help: "From a batch's last poll to its committed positions",
    labels: &["messaging.system", "messaging.operation.name", "messaging.destination.name"],
    services: "consumer",
};

pub(super) const ALL: &[Instrument] =
    &[HTTP_SERVER_REQUEST_DURATION, MESSAGING_SENT, MESSAGING_CONSUMED, MESSAGING_PROCESS_DURATION];
