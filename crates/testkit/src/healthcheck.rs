//! The health check of a container.

use std::process::Command;

use verdict_service::{Pages, serve_pages};
use verdict_telemetry::{CpuPrice, Service, Telemetry};

/// Runs `PROGRAM healthcheck` against real operator pages, and asserts that it exits as `/readyz`
/// answers: 1 while the service starts, 0 when it is ready, 1 when nobody listens.
#[track_caller]
pub fn assert_healthcheck_follows_readyz(program: &str, service: Service) {
    let telemetry = Telemetry::start(service, CpuPrice::default()).unwrap();
    let pages =
        serve_pages(([127, 0, 0, 1], 0).into(), telemetry.clone(), Pages::default()).unwrap();
    let kafka = telemetry.health().check("kafka");
    // As in a container: the service listens on all addresses, and is asked on its own.
    let everywhere = format!("0.0.0.0:{}", pages.address().port());
    let assert_exits = |code: i32, parts: &[&str]| {
        let asked =
            Command::new(program).arg("healthcheck").env("VERDICT_LISTEN", &everywhere).output();
        let asked = asked.unwrap();
        let errors = String::from_utf8_lossy(&asked.stderr);
        assert_eq!(asked.status.code(), Some(code), "{errors}");
        assert!(parts.iter().all(|part| errors.contains(part)), "{parts:?}: {errors}");
    };
    assert_exits(1, &["503", "failing kafka: starting"]);
    kafka.pass();
    assert_exits(0, &[]);
    drop(pages);
    assert_exits(1, &["nothing answers on 127.0.0.1:"]);
}
