//! What Prometheus sees is what the catalogue says.

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use verdict_telemetry::{
    AuditFound, CpuPrice, Drift, Estimate, ExpectedAccuracy, LiveBin, LiveVersion, Metrics,
    ModelInfo, Service, Telemetry, catalogue,
    labels::{
        DeadLetter, Destination, DriftFeature, Ending, Method, ModelSwap, Prediction, Promise,
        Rebuild, Refused, ReplyReceived, ReplySent, Route, SendError, ShadowOutcome, Stage,
        TransactionEnd,
    },
};

fn recorded() -> Telemetry {
    recorded_by(Service::Web)
}

fn recorded_by(service: Service) -> Telemetry {
    let telemetry = Telemetry::start(service, CpuPrice::default()).expect("telemetry starts");
    let metrics: &Metrics = telemetry.metrics();
    let reviews = Destination::topic("reviews");
    let ms = Duration::from_millis(2);
    metrics.record_request(Method::Post, Route::Predict, 200, ms, Duration::from_secs(36));
    metrics.record_request(Method::Other, Route::Unmatched, 404, ms, Duration::ZERO);
    metrics.record_predictions(Prediction::Positive, 7);
    metrics.record_sent(&reviews, 3);
    metrics.record_not_sent(&reviews, SendError::Unknown, 1);
    metrics.record_consumed(&reviews, 4);
    metrics.record_batch(&reviews, 4, ms);
    metrics.record_scored(Duration::from_micros(11));
    metrics.record_ended(Ending::Verdict, 5);
    metrics.record_ended(Ending::DeadLetter(DeadLetter::TooLarge), 2);
    metrics.record_unsure(1);
    metrics.record_replies(ReplySent::Expired, 1);
    metrics.set_model(model("7"), Some(0.0625));
    metrics.record_model_swaps(ModelSwap::Taken, 1);
    metrics.record_rebuild(Rebuild::Promoted, Duration::from_secs(12));
    metrics.set_labels_pending(3);
    metrics.set_lag([((Arc::from("reviews"), 0), 12), ((Arc::from("reviews"), 3), 0)]);
    metrics.record_web_reply(ReplyReceived::Delivered);
    metrics.add_web_pending(1);
    metrics.record_web_refused(Refused::PendingFull);
    metrics.record_review(0.93, 120.0);
    metrics.set_drift(Some(Drift {
        reviews: 1000,
        oov_ratio: Some(0.0625),
        psi: vec![(DriftFeature::Tokens, 0.25), (DriftFeature::Oov, 0.5)],
        alarm: Some(true),
        expected: Some(ExpectedAccuracy {
            version: "7".to_owned(),
            accuracy: Estimate { value: 0.875, lower: 0.75, upper: 1.0 },
            floor: 0.5,
        }),
    }));
    metrics.record_shadow(ShadowOutcome::Disagree, 0.25);
    metrics.set_shadow(model("next"));
    record_monitor(metrics);
    metrics.set_promise(Promise::ExactlyOnce);
    metrics.record_transactions(TransactionEnd::Committed, 1);
    metrics.record_epochs(1);
    metrics.record_transaction(ms);
    metrics.record_stage(Stage::Queue, Duration::from_secs(90));
    telemetry.health().check("kafka").pass();
    telemetry.health().check("model").fail("none");
    telemetry
}

fn record_monitor(metrics: &Metrics) {
    metrics.set_breaker_open(true);
    metrics.record_breaker_trips(2);
    metrics.set_live(vec![live("7")]);
    metrics.set_live_unmatched(5, 6);
    metrics.set_audit(AuditFound {
        reviews: 100,
        duplicated: 3,
        at_unix_s: 1_700_000_000,
        ..AuditFound::default()
    });
}

fn live(version: &str) -> LiveVersion {
    let estimate = Estimate { value: 0.5, lower: 0.25, upper: 0.75 };
    LiveVersion {
        version: version.to_owned(),
        labelled: 4,
        coverage: Some(estimate),
        decided_error: Some(estimate),
        accuracy: Some(estimate),
        brier: Some(estimate),
        ece: Some(0.125),
        calibration: vec![LiveBin { bin: 9, predicted: 0.875, observed: 1.0 }],
    }
}

fn model(version: &str) -> ModelInfo {
    ModelInfo { name: "default".to_owned(), version: version.to_owned(), sha256: "ab".repeat(32) }
}

#[test]
fn every_exposed_name_is_in_the_catalogue_and_the_other_way_round() {
    let text = recorded().metrics().exposition().expect("text");
    let exposed: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|name| *name != "target_info")
        .collect();
    let known: BTreeSet<&str> = catalogue::all().map(|i| i.prometheus).collect();
    assert_eq!(exposed, known, "{text}");
}

#[test]
fn the_metrics_of_the_python_system_keep_their_names_and_labels() {
    let text = recorded().metrics().exposition().expect("text");
    for line in [
        "app_request_count_total{endpoint=\"/predict\",method=\"POST\"} 1\n",
        "app_request_latency_seconds_bucket{endpoint=\"/predict\",le=\"0.005\"} 1\n",
        "app_request_latency_seconds_count{endpoint=\"/predict\"} 1\n",
        "model_prediction_count_total{prediction=\"1\"} 7\n",
        // 36 CPU-seconds of a machine with two CPUs at 0.0416 USD an hour.
        "app_cost_per_request_usd{endpoint=\"/predict\"} 0.000208\n",
        "# TYPE app_cost_per_request_usd gauge\n",
        "# TYPE app_total_cost_usd_total counter\n",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    assert!(!text.contains("total_total"), "{text}");
    assert!(!text.contains("seconds_seconds"), "{text}");
}

#[test]
fn our_own_metrics_carry_their_closed_labels() {
    let text = recorded().metrics().exposition().expect("text");
    for line in [
        "verdict_endings_total{ending=\"verdict\"} 5\n",
        "verdict_endings_total{ending=\"dead_letter\",kind=\"too_large\"} 2\n",
        "verdict_score_duration_seconds_bucket{le=\"0.00002\"} 1\n",
        "verdict_consumer_lag{partition=\"0\",topic=\"reviews\"} 12\n",
        "verdict_model_swaps_total{outcome=\"taken\"} 1\n",
        "verdict_web_pending 1\n",
        "verdict_delivery_promise{promise=\"exactly_once\"} 1\n",
        "verdict_transactions_total{outcome=\"committed\"} 1\n",
        "verdict_breaker_open 1\n",
        "verdict_breaker_trips_total 2\n",
        "verdict_live_labelled{version=\"7\"} 4\n",
        "verdict_live_accuracy{bound=\"lower\",version=\"7\"} 0.25\n",
        "verdict_live_coverage{bound=\"upper\",version=\"7\"} 0.75\n",
        "verdict_live_decided_error{bound=\"estimate\",version=\"7\"} 0.5\n",
        "verdict_decision_target_error{version=\"7\"} 0.0625\n",
        "verdict_live_brier{bound=\"estimate\",version=\"7\"} 0.5\n",
        "verdict_live_ece{version=\"7\"} 0.125\n",
        "verdict_live_calibration{bin=\"0.9\",of=\"observed\",version=\"7\"} 1\n",
        "verdict_live_unmatched{what=\"label\"} 6\n",
        "verdict_audit_findings{finding=\"duplicated\"} 3\n",
        "verdict_audit_time_seconds 1700000000\n",
        "verdict_stage_duration_seconds_bucket{stage=\"queue\",le=\"60\"} 0\n",
        "verdict_stage_duration_seconds_bucket{stage=\"queue\",le=\"300\"} 1\n",
        "verdict_ready{check=\"kafka\"} 1\n",
        "verdict_ready{check=\"model\"} 0\n",
        "messaging_client_sent_messages_total{error_type=\"unknown\",messaging_destination_name=\"reviews\",\
         messaging_operation_name=\"send\",messaging_system=\"kafka\"} 1\n",
        "service_name=\"verdict-web\"",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn a_swapped_model_and_a_revoked_partition_lose_their_series() {
    let telemetry = recorded();
    telemetry.metrics().set_model(model("8"), None);
    telemetry.metrics().set_lag([((Arc::from("reviews"), 3), 1)]);
    telemetry.metrics().set_live(vec![live("8")]);
    telemetry.metrics().set_drift(None);
    let text = telemetry.metrics().exposition().expect("text");
    assert!(text.contains("version=\"8\""), "{text}");
    assert!(!text.contains("version=\"7\""), "{text}");
    assert!(!text.contains("verdict_decision_target_error{"), "{text}");
    assert_eq!(text.matches("verdict_consumer_lag{").count(), 1, "{text}");
}

#[test]
fn what_is_watched_has_its_series_and_loses_them_with_it() {
    let telemetry = recorded();
    let text = telemetry.metrics().exposition().expect("text");
    for line in [
        "verdict_score_probability_bucket{le=\"0.95\"} 1\n",
        "verdict_score_probability_bucket{le=\"0.9\"} 0\n",
        "verdict_review_tokens_sum 120\n",
        "verdict_drift_psi{feature=\"tokens\"} 0.25\n",
        "verdict_drift_psi{feature=\"oov\"} 0.5\n",
        "verdict_drift_alarm 1\n",
        "verdict_drift_window 1000\n",
        "verdict_oov_ratio 0.0625\n",
        "verdict_expected_accuracy{bound=\"lower\",version=\"7\"} 0.75\n",
        "verdict_expected_accuracy{bound=\"floor\",version=\"7\"} 0.5\n",
        "verdict_shadow_reviews_total{outcome=\"disagree\"} 1\n",
        "verdict_shadow_difference_count 1\n",
        "version=\"next\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    telemetry.metrics().set_drift(None);
    let text = telemetry.metrics().exposition().expect("text");
    for gone in ["verdict_drift_", "verdict_oov_ratio", "verdict_expected_accuracy"] {
        assert!(!text.contains(gone), "{text}");
    }
}

#[test]
fn a_service_that_stops_says_so() {
    let telemetry = recorded();
    let shutdown = "verdict_ready{check=\"shutdown\"} 0\n";
    let text = || telemetry.metrics().exposition().expect("text");
    assert!(!text().contains(shutdown));
    telemetry.health().stopping();
    assert!(text().contains(shutdown), "{}", text());
}

#[test]
fn total_cost_grows_with_cpu_time_only() {
    let telemetry = Telemetry::start(Service::Web, CpuPrice::default()).expect("telemetry starts");
    let read = || -> f64 {
        let text = telemetry.metrics().exposition().expect("text");
        let line = text
            .lines()
            .find(|line| line.starts_with("app_total_cost_usd_total "))
            .expect("the counter is there");
        line.rsplit(' ').next().expect("value").parse().expect("number")
    };
    let first = read();
    assert!(first > 0.0);
    assert!(read() >= first);
}

/// Prometheus's own checker, on every instrument of every service.
#[test]
fn promtool_finds_nothing_wrong_with_the_exposition() {
    if !verdict_testkit::installed("promtool", "prometheus") {
        return;
    }
    for &service in Service::ALL {
        let text = recorded_by(service).metrics().exposition().expect("text");
        let mut check = Command::new("promtool");
        check.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = check.spawn().expect("promtool starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(text.as_bytes()).expect("promtool reads");
        drop(input);
        let output = child.wait_with_output().expect("promtool ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{service:?}: {said}");
        assert_eq!(said, "", "{service:?}");
    }
}

#[test]
fn the_documentation_is_written_from_the_catalogue() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let stored = std::fs::read_to_string(path).expect("docs/metrics.md");
    assert_eq!(
        stored,
        catalogue::markdown(),
        "run: cargo run -p verdict-telemetry --example metrics_doc > docs/metrics.md"
    );
}

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
