//! The pages about the model and the system, from the operator pages of other services.

use std::sync::Arc;

use serde_json::json;
use verdict_service::{Pages, Server, serve_pages};
use verdict_telemetry::{CpuPrice, Service, Telemetry};

use crate::support::{Behaviour, Web};

/// Operator pages with what a consumer and a monitor show, and their check `kafka`.
pub(crate) fn peer() -> (Server, verdict_telemetry::health::Check) {
    let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default()).unwrap();
    let check = telemetry.health().check("kafka");
    let pages = Pages::default();
    let model = Arc::new(json!({
        "model": { "name": "sentiment", "version": "7<b>", "sha256": "ab12", "terms": 20_000, "target_error": 0.05 },
        "promise": "exactly once",
        "card": {
            "data": { "n_reviews": 25_000, "n_positive": 12_500, "sha256": "cd34" },
            "params": { "feature_engineering": { "ngram_range": [1, 3] }, "calibration": { "method": "platt" } },
            "out_of_fold": { "accuracy": 0.895, "brier": 0.0768 },
            "intervals": { "accuracy": [0.8912, 0.8988] },
            "strongest": {
                "positive": [{ "term": "perfect", "weight": 9.28 }],
                "negative": [{ "term": "<i>awful", "weight": -11.1 }],
            },
        },
        "window": { "reviews": 200, "capacity": 1000 },
        "expected_accuracy": { "estimate": 0.912, "lower": 0.897, "upper": 0.926, "floor": 0.8 },
        "drift": { "alarm": true, "threshold": 0.2, "features": { "tokens": { "psi": 0.31 } } },
        "shadow": { "name": "sentiment", "version": "8", "agree": 990, "disagree": 10, "failed": 0, "mean_difference": 0.03 },
    }));
    let live = json!({ "versions": [{
        "version": "7<b>", "labelled": 8, "ece": 0.15,
        "coverage": { "estimate": 0.6, "lower": 0.5, "upper": 0.7 },
        "decided_error": { "estimate": 0.04, "lower": 0.01, "upper": 0.07 },
        "accuracy": { "estimate": 0.75, "lower": 0.409, "upper": 0.929 },
        "brier": { "estimate": 0.2, "lower": 0.1, "upper": 0.3 },
        "calibration": [
            { "bin": 0, "n": 4, "predicted": 0.1, "observed": 0.25 },
            { "bin": 9, "n": 4, "predicted": 0.9, "observed": 0.75 },
        ],
    }] });
    pages.add("/model", "application/json", move || model.to_string());
    pages.add("/live", "application/json", move || live.to_string());
    // It has a runtime of its own, which does not start on another one's thread.
    let serve = || serve_pages(([127, 0, 0, 1], 0).into(), telemetry, pages).unwrap();
    let server = std::thread::scope(|scope| scope.spawn(serve).join().unwrap());
    (server, check)
}

/// A frontend that asks such pages.
pub(crate) async fn web_with(peer: &Server) -> Web {
    let [consumer, monitor] =
        ["consumer", "monitor"].map(|name| format!("--{name}-pages={}", peer.address()));
    Web::start(Behaviour::Score, &[&consumer, &monitor]).await
}

#[tokio::test]
async fn the_model_page_shows_what_a_consumer_and_the_monitor_say() {
    let (peer, _check) = peer();
    let web = web_with(&peer).await;
    web.get("/").await.has(&["sentiment 7&lt;b&gt;, accuracy 0.895, reviews drift</a>"]);
    let page = web.get("/model").await;
    assert_eq!(page.status, 200);
    page.has(&[
        "<strong>sentiment 7&lt;b&gt;</strong>",
        "<dt>Delivery</dt><dd>exactly once</dd>",
        "25000 reviews, 12500 positive",
        "20000, of 1 to 3 words",
        "<td>0.8950</td><td>0.8912 to 0.8988</td>",
        "<bdi>perfect</bdi><span>+9.280</span>",
        "<bdi>&lt;i&gt;awful</bdi>",
        "They drift.",
        "<dt>Length in words</dt><dd>0.310</dd>",
        "<dt>Disagrees on</dt><dd>10</dd>",
        "<td>8</td><td>0.750 (0.409 to 0.929)</td>",
        "<p>Expected accuracy of the last 200 reviews, without labels: 0.912 (0.897 to 0.926); at least 0.800 may serve.</p>",
        "of what the model that serves decides, at most 5.0 % are to be wrong",
        "<td>0.600 (0.500 to 0.700)</td><td>0.040 (0.010 to 0.070)</td>",
        "area of 0.750",
        "points=\"0.0,100.0 25.0,25.0 100.0,0.0\"",
        "<circle cx=\"10.0\" cy=\"75.0\"",
    ]);
    assert!(!page.body.contains("Not shown"), "{page:?}");
}

#[tokio::test]
async fn what_cannot_be_had_is_left_out_with_its_reason() {
    let alone = Web::start(Behaviour::Score, &[]).await;
    let page = alone.get("/model").await;
    assert_eq!(page.status, 200);
    page.has(&["--consumer-pages", "--monitor-pages"]);
    assert!(!page.body.contains("<table"), "{page:?}");
    // A port that is closed again.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let flag = format!("--consumer-pages={nobody}");
    let web = Web::start(Behaviour::Score, &[&flag]).await;
    web.get("/model").await.has(&[&format!("nothing answers on {nobody}")]);
    let page = web.get("/status").await;
    page.has(&["Consumer: <strong>not ready</strong>", "nothing answers"]);
}

#[tokio::test]
async fn the_status_page_says_what_each_service_lacks() {
    let (peer, check) = peer();
    let web = web_with(&peer).await;
    let own = web.telemetry.health().check("kafka");
    own.fail("no broker");
    let page = web.get("/status").await;
    assert_eq!(page.status, 200);
    page.has(&["Something is not well", "no broker", "Consumer: <strong>not ready</strong>"]);
    check.pass();
    own.pass();
    let page = web.get("/status").await;
    page.has(&["<h1 id=\"status\">All is well</h1>", "href=\"/readyz\"", "href=\"/metrics\""]);
    assert!(!page.body.contains("not ready"), "{page:?}");
}
