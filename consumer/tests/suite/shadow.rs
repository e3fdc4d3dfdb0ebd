//! What is watched while reviews flow, against a real Apache Kafka: metrics, the page, a swap, and
//! a shadow model that nobody hears.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tempfile::TempDir;
use verdict_consumer::observe::{Observer, Shadow};
use verdict_kafka_io::Outgoing;
use verdict_messages::{ReplyAddress, Verdict, reply::Dialect, topic};
use verdict_sentiment::{Model, Scratch};
use verdict_service::{Pages, serve_pages};
use verdict_testkit::{
    eventually, get,
    kafka::{self, publish},
};

use crate::common::{
    artifact, artifact_of, beside_consumer, default_model, metric,
    pointers::{Announcer, NAME, saved},
    read_until, settings, telemetry,
};

/// Reviews of which the small model, which knows two words only, takes half for the other side.
/// Each asks for a reply.
fn reviews(n: usize) -> Vec<Outgoing> {
    let texts = [
        "A great waste of time, boring and badly acted.",
        "A great film, wonderful and moving.",
        "An awful villain in an excellent, beautiful, touching film.",
        "An awful film, dull and boring.",
    ];
    let reply_to = |n: usize| ReplyAddress {
        topic: topic::REPLIES.to_owned(),
        partition: Some(0),
        correlation_id: n.to_be_bytes().to_vec(),
        dialect: Dialect::Spring,
        deadline_unix_ms: None,
    };
    let review = |n: usize| {
        Outgoing::to(topic::REVIEWS)
            .key(format!("r{n}"))
            .value(texts[n % texts.len()])
            .headers(reply_to(n).request_headers())
    };
    (0..n).map(review).collect()
}

#[test]
fn what_is_watched_is_shown_and_begins_anew_with_a_model_and_the_shadow_is_never_heard() {
    let Some((_broker, kafka)) = kafka::own_with_topics(2) else { return };
    let bootstrap = format!("--bootstrap-servers={}", kafka.bootstrap());
    let settings = settings(&[&bootstrap, "--drift-window=200", "--max-batch-records=50"]);
    let telemetry = telemetry();
    let pages = Pages::default();
    let address = ([127, 0, 0, 1], 0).into();
    let server = serve_pages(address, telemetry.clone(), pages.clone()).unwrap();
    let other = Arc::new(Model::from_bytes(&artifact()).unwrap());
    let page = || get(&format!("http://{}/model", server.address())).unwrap().json();
    let models = Arc::new(ArcSwap::from_pointee(default_model()));
    let shadow = Shadow::new(Arc::clone(&other), 1.0);
    let observer = Observer::new(&settings.observe, Some(shadow), &telemetry, &pages);
    let metric = |begin: &str| metric(&telemetry, begin);
    let work = || {
        publish(&kafka, reviews(400));
        let verdicts = read_until(&kafka, &[topic::VERDICTS], |records| records.len() >= 400);
        // The last thing that is counted of a review.
        eventually("every batch is watched", || {
            (metric("verdict_shadow_difference_count ") == Some(400.0)).then_some(())
        });
        eventually("the window is full", || {
            (metric("verdict_drift_window ") == Some(200.0)).then_some(())
        });
        // Four sentences again and again are not what reviews of films look like.
        assert_eq!(metric("verdict_drift_alarm "), Some(1.0));
        for feature in ["probability", "tokens", "oov"] {
            let psi = metric(&format!("verdict_drift_psi{{feature=\"{feature}\"}}"));
            assert!(psi.is_some_and(|psi| psi > 0.2), "{feature}: {psi:?}");
        }
        assert_eq!(metric("verdict_score_probability_count "), Some(400.0));
        assert_eq!(metric("verdict_review_tokens_count "), Some(400.0));
        // Every other review: "a great waste" and "an awful villain".
        assert_eq!(metric("verdict_shadow_reviews_total{outcome=\"agree\"}"), Some(200.0));
        assert_eq!(metric("verdict_shadow_reviews_total{outcome=\"disagree\"}"), Some(200.0));

        let shown = page();
        let serving = default_model();
        assert_eq!(shown["model"]["sha256"], serving.identity().sha256, "{shown}");
        assert_eq!(shown["model"]["trained_on"], 25_000, "{shown}");
        assert_eq!(shown["card"]["data"]["n_reviews"], 25_000, "{shown}");
        assert_eq!(shown["window"]["reviews"], 200, "{shown}");
        assert_eq!(shown["drift"]["alarm"], true, "{shown}");
        assert_eq!(shown["terms"].as_array().unwrap().len(), 10, "{shown}");
        assert_eq!(shown["shadow"]["sha256"], other.identity().sha256, "{shown}");
        assert_eq!(shown["shadow"]["disagree"], 200, "{shown}");
        assert_eq!(shown["shadow"]["failed"], 0, "{shown}");
        let examples = shown["shadow"]["examples"].as_array().unwrap();
        assert_eq!(examples.len(), 20, "{shown}");
        for example in examples {
            let of = |model: &str| example[model]["probability"].as_f64().unwrap();
            assert_ne!(of("serving") >= 0.5, of("shadow") >= 0.5, "{example}");
            // It can be found: the verdict of that position is the serving model's.
            let id = example["id"].as_str().unwrap();
            let verdict = verdicts
                .iter()
                .map(|record| Verdict::decode(record.value.as_deref().unwrap()).unwrap())
                .find(|verdict| verdict.id == id)
                .unwrap();
            let source = serde_json::to_value(&verdict.source).unwrap();
            assert_eq!(example["source"], source, "{example}");
            assert!((verdict.probability - of("serving")).abs() < 1e-12, "{example}");
        }
        // The model's own terms may be shown ("waste of time" is one), and they have three words at
        // most.
        for text in ["great waste of time", "wonderful and moving"] {
            assert!(!shown.to_string().contains(text), "{shown}");
        }

        // Nobody hears the shadow: one verdict and one reply of each review, all the serving
        // model's.
        let replies = read_until(&kafka, &[topic::REPLIES], |records| records.len() >= 400);
        assert_eq!((verdicts.len(), replies.len()), (400, 400));
        let mut scratch = Scratch::default();
        for record in verdicts.iter().chain(&replies) {
            let verdict = Verdict::decode(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(verdict.model.sha256, serving.identity().sha256);
        }
        let texts = reviews(4);
        let text = std::str::from_utf8(texts[0].value.as_deref().unwrap()).unwrap();
        assert_ne!(serving.score(&mut scratch, text).label, other.score(&mut scratch, text).label);

        // Another model: the window and the comparison begin anew, and without a reference there is
        // no drift.
        let directory = TempDir::new().unwrap();
        let pointer = saved(directory.path(), &artifact_of(NAME, 0.25), "2");
        Announcer::new(&kafka).announce(&pointer);
        let shown = eventually("version 2 is shown", || {
            let shown = page();
            (shown["model"]["version"] == "2").then_some(shown)
        });
        assert_eq!(shown["window"]["reviews"], 0, "{shown}");
        assert_eq!(shown["drift"], serde_json::Value::Null, "{shown}");
        assert_eq!(shown["model"]["trained_on"], serde_json::Value::Null);
        assert_eq!(shown["shadow"]["disagree"], 0, "{shown}");
        assert_eq!(metric("verdict_drift_psi"), None);
        assert_eq!(metric("verdict_drift_alarm "), None);
        publish(&kafka, reviews(8));
        eventually("the window fills again", || {
            (metric("verdict_drift_window ") == Some(8.0)).then_some(())
        });
        let shown = page();
        assert_eq!(shown["shadow"]["agree"], 8, "nearly the same model: {shown}");
    };
    let summary = beside_consumer(&settings, &models, observer, &telemetry, work);
    assert_eq!(summary.unwrap().models, 2);
}
