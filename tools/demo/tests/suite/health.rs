//! Health follows a Kafka that freezes, goes and comes back.

use std::time::Instant;

use verdict_testkit::{alone, await_page, eventually, get, kafka, post};

use crate::demo::{Demo, TEXT};

#[test]
fn web_and_consumer_are_not_ready_while_records_cannot_be_written_or_read() {
    // 10 s are promised, of a machine that has time for it.
    let _alone = alone();
    let Some(mut kafka) = kafka::own() else { return };
    let state = tempfile::tempdir().unwrap();
    let servers = format!("--bootstrap-servers={}", kafka.bootstrap());
    let demo = Demo::start(state.path(), &[&servers]);
    // The first address is web's, the next the consumer's.
    let both = [0, 1].map(|at| format!("http://{}", demo.addresses()[at]));
    let turn = |what: &str, status: u16| {
        let began = Instant::now();
        let texts = both
            .each_ref()
            .map(|at| await_page(&format!("{at}/readyz"), |answer| answer.status == status).text);
        let took = began.elapsed();
        eprintln!("{what}: both are {status} after {took:?}");
        for at in &both {
            let alive = get(&format!("{at}/healthz")).unwrap();
            assert_eq!(alive.status, 200, "a restart would not help: {}", alive.text);
        }
        (texts, took)
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let ask = || {
        post(&format!("{}/predict", demo.web), &[form, TEXT], "text=A+warm+and+witty+film").unwrap()
    };
    turn("running", 200);
    assert_eq!(ask().status, 200);

    // Frozen: connections stay, and nothing is answered.
    kafka.pause().unwrap();
    let ([of_web, of_consumer], took) = turn("frozen", 503);
    assert!(of_web.contains("a ping did not come back"), "{of_web}");
    assert!(of_consumer.contains("no broker has answered"), "{of_consumer}");
    assert!(took.as_secs() < 15, "{took:?}");
    let answer = ask();
    let may_retry = answer.headers.contains_key("retry-after");
    assert!([503, 504].contains(&answer.status) && may_retry, "{answer:?}");

    kafka.kill9().unwrap();
    let ([_, of_consumer], _) = turn("gone", 503);
    assert!(of_consumer.contains("failing kafka: no broker"), "{of_consumer}");

    kafka.restart().unwrap();
    turn("back", 200);
    eventually("a post is answered again", || (ask().status == 200).then_some(()));
    assert_eq!(demo.interrupt(), Some(0));
}
