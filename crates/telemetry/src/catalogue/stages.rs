//! Where the time of a review goes.

use std::time::Duration;

use super::declare::*;
use crate::labels::Stage;

// From a batch of one review, scored in some ten microseconds, to a backlog of a day.
const STAGE_SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 14_400.0, 86_400.0,
];

instruments! { stages;
    /// Parts of a review's way. Of a batch: queue (its oldest record's timestamp to its reading;
    /// timestamps before the year 2000 or more than 5 s ahead do not count), score, deliver (outputs
    /// sent to positions committed), reply (positions committed to its last reply confirmed); of a
    /// question: publish (given to Kafka to confirmed), answer (confirmed to its verdict)
    Histogram<f64> "verdict.stage.duration" as "verdict_stage_duration_seconds"
        in ("s", STAGE_SECONDS), by &[Consumer, Web],
        pub fn record_stage[stage: Stage](took: Duration) { took.as_secs_f64() };
}
