//! `consumer healthcheck` as a container's health check runs it: the real program asks real pages.

use std::process::Command;

use verdict_service::{Pages, serve_pages};
use verdict_telemetry::{CpuPrice, Service, Telemetry};

#[test]
fn a_health_check_says_what_readyz_says() {
    let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default()).expect("telemetry");
    let pages = serve_pages(([127, 0, 0, 1], 0).into(), telemetry.clone(), Pages::default())
        .expect("listens");
    let kafka = telemetry.health().check("kafka");
    // A container says so: the service listens on all addresses, and is asked on its own.
    let everywhere = format!("0.0.0.0:{}", pages.address().port());
    let ask = || {
        Command::new(env!("CARGO_BIN_EXE_consumer"))
            .arg("healthcheck")
            .env("VERDICT_LISTEN", &everywhere)
            .output()
            .expect("runs")
    };
    let starting = ask();
    let told = String::from_utf8_lossy(&starting.stderr).into_owned();
    assert_eq!(starting.status.code(), Some(1), "{told}");
    assert!(told.contains("503") && told.contains("failing kafka: starting"), "{told}");
    kafka.pass();
    assert_eq!(ask().status.code(), Some(0));
    drop(pages);
    let gone = ask();
    let told = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert_eq!(gone.status.code(), Some(1), "{told}");
    assert!(told.contains("nothing answers on 127.0.0.1:"), "{told}");
}
