//! Health tells the truth about a Kafka that freezes, goes and comes back.
use std::time::Instant;

use crate::demo::{Demo, until};
use crate::system;

/// Status and text of a page.
fn page(at: &str) -> (u16, String) {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let mut answer = agent.get(at).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), text)
}

#[test]
fn web_and_consumer_are_not_ready_while_records_cannot_be_written_or_read() {
    let Some(mut kafka) = system::kafka() else {
        return;
    };
    let state = tempfile::tempdir().unwrap();
    let servers = format!("--bootstrap-servers={}", kafka.bootstrap());
    let demo = Demo::start_with(state.path(), &[&servers], &[]);
    let web = demo.web.clone();
    // The first line of metrics is web's page, the next the consumer's.
    let metrics = demo.banner.split("    metrics ").nth(1).unwrap();
    let consumer = metrics.split_whitespace().nth(1).unwrap();
    let consumer = consumer.trim_end_matches("/metrics").to_owned();
    let both = [web.as_str(), consumer.as_str()];
    let turn = |what: &str, status: u16| {
        let began = Instant::now();
        let texts = both.map(|at| {
            until(&format!("{what}: {at} answers {status}"), || {
                let (found, text) = page(&format!("{at}/readyz"));
                (found == status).then_some(text)
            })
        });
        let took = began.elapsed();
        eprintln!("{what}: both are {status} after {took:?}");
        for at in both {
            let (status, text) = page(&format!("{at}/healthz"));
            assert_eq!(status, 200, "a restart would not help: {text}");
        }
        (texts, took)
    };
    let post = || {
        let form = [("text", "A warm and witty film")];
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let asked = agent.post(format!("{web}/predict")).header("accept", "text/plain");
        let mut answer = asked.send_form(form).unwrap();
        let retry = answer.headers().contains_key("retry-after");
        (answer.status().as_u16(), retry, answer.body_mut().read_to_string().unwrap())
    };
    turn("running", 200);
    assert_eq!(post().0, 200);

    // Frozen: connections stay, and nothing is answered.
    kafka.pause().unwrap();
    let ([of_web, of_consumer], took) = turn("frozen", 503);
    assert!(of_web.contains("a ping did not come back"), "{of_web}");
    assert!(of_consumer.contains("no broker has answered"), "{of_consumer}");
    // 10 s are promised, of a machine that has time for it.
    assert!(took.as_secs() < 15, "{took:?}");
    let (status, retry, said) = post();
    assert!([503, 504].contains(&status) && retry, "{status} {said}");

    kafka.kill9().unwrap();
    let ([_, of_consumer], _) = turn("gone", 503);
    assert!(of_consumer.contains("failing kafka: no broker"), "{of_consumer}");

    kafka.restart().unwrap();
    turn("back", 200);
    until("a post is answered again", || (post().0 == 200).then_some(()));
    assert_eq!(demo.interrupt(), Some(0));
}
