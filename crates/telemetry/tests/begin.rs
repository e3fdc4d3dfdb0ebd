//! Counters of what can happen are there before it happens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use verdict_telemetry::{CpuPrice, Service, Telemetry};

#[test]
fn what_can_be_counted_is_there_before_it_happens() {
    for (service, lines) in [
        (
            Service::Consumer,
            &[
                "model_prediction_count_total{prediction=\"0\"} 0\n",
                "verdict_endings_total{ending=\"verdict\"} 0\n",
                "verdict_endings_total{ending=\"dead_letter\",kind=\"bad_reply_topic\"} 0\n",
                "verdict_replies_total{outcome=\"failed\"} 0\n",
                "verdict_model_swaps_total{outcome=\"checksum\"} 0\n",
                "verdict_shadow_reviews_total{outcome=\"disagree\"} 0\n",
            ][..],
        ),
        (Service::Trainer, &["verdict_trainer_rebuilds_total{outcome=\"failed\"} 0\n"]),
        (
            Service::Web,
            &[
                "verdict_web_replies_total{outcome=\"late\"} 0\n",
                "verdict_web_refused_total{reason=\"rate_limit\"} 0\n",
                "verdict_web_pending 0\n",
            ],
        ),
    ] {
        let telemetry = Telemetry::start(service, CpuPrice::default()).expect("telemetry starts");
        let text = telemetry.metrics().exposition().expect("text");
        for line in lines {
            assert!(text.contains(line), "{line}\nis not in\n{text}");
        }
    }
}
