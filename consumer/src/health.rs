//! The readiness checks and progress clocks of a consumer.

use std::time::Duration;

use verdict_kafka_io::Source;
use verdict_telemetry::{
    Telemetry,
    health::{Check, Progress},
};

/// The loop is wedged when it does not come round for so long.
const WEDGED: Duration = Duration::from_secs(30);
/// The longest time from batch to batch, with Kafka's confirmations, after which a consumer is
/// still ready for work.
const STUCK: Duration = Duration::from_secs(7);

/// The names of the readiness checks.
pub(crate) const CHECKS: [&str; 5] = ["kafka", "promise", "group", "model", "breaker"];

pub(crate) struct Health {
    pub(crate) kafka: Check,
    // Passes once the broker has shown what it can do.
    pub(crate) promise: Check,
    group: Check,
    pub(crate) model: Check,
    // Fails while reading is paused. Half open it passes: the member takes work again, and there
    // may be none to try it with.
    pub(crate) breaker: Check,
    pub(crate) progress: Progress,
    // Not touched while results wait for their confirmation.
    pub(crate) turn: Progress,
}

impl Health {
    pub(crate) fn of(telemetry: &Telemetry) -> Self {
        let health = telemetry.health();
        let [kafka, promise, group, model, breaker] = CHECKS.map(|name| health.check(name));
        Self {
            kafka,
            promise,
            group,
            model,
            breaker,
            progress: health.progress("loop", WEDGED),
            turn: health.turns("delivery", STUCK),
        }
    }

    pub(crate) fn look(&self, source: &Source) {
        match source.connection().why_down() {
            None => self.kafka.pass(),
            Some(why) => self.kafka.fail(why),
        }
        if source.has_joined() {
            self.group.pass();
        } else {
            self.group.fail("the group has not given this member its partitions yet");
        }
    }
}
