//! The health check asks real servers.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use verdict_service::{Pages, ProbeError, Question, probe, serve_pages};
use verdict_telemetry::{CpuPrice, Service, Telemetry};

const SOON: Duration = Duration::from_secs(10);

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[test]
fn a_service_is_well_while_its_page_answers_200() {
    let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default()).expect("telemetry");
    let server = serve_pages(any_port(), telemetry.clone(), Pages::default()).expect("listens");
    let model = telemetry.health().check("model");
    let error = probe(server.address(), Question::Ready, SOON).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} answers 503 Service Unavailable: not ready, failing model: starting",
            server.address()
        )
    );
    // Not ready and yet alive: nothing that is expected to move stands still.
    probe(server.address(), Question::Alive, SOON).expect("alive");
    model.pass();
    probe(server.address(), Question::Ready, SOON).expect("ready");
}

#[test]
fn where_nothing_listens_the_address_is_told() {
    let listener = TcpListener::bind(any_port()).expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let error = probe(address, Question::Ready, SOON).unwrap_err();
    assert!(
        matches!(error, ProbeError::Unreachable { address: asked, .. } if asked == address),
        "{error}"
    );
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for_longer_than_said() {
    // The kernel accepts the connection, and nobody reads from it.
    let listener = TcpListener::bind(any_port()).expect("a port");
    let (address, within) = (listener.local_addr().expect("address"), Duration::from_millis(200));
    let start = Instant::now();
    let error = probe(address, Question::Ready, within).unwrap_err();
    assert!(matches!(error, ProbeError::Late { .. }), "{error}");
    assert!(start.elapsed() >= within && start.elapsed() < SOON);
}

#[test]
fn what_does_not_speak_http_is_not_well() {
    let listener = TcpListener::bind(any_port()).expect("a port");
    let address = listener.local_addr().expect("its address");
    let server = std::thread::spawn(move || {
        let (mut stream, _peer) = listener.accept().expect("accepts");
        stream.write_all(b"220 mail.example ESMTP\r\n").expect("sends");
    });
    let error = probe(address, Question::Ready, SOON).unwrap_err();
    assert!(matches!(error, ProbeError::Protocol { .. }), "{error}");
    server.join().expect("the server ends");
}
