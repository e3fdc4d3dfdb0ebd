//! The operator pages over real sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use verdict_service::{Pages, serve_pages};
use verdict_telemetry::{CpuPrice, Service, Telemetry};

fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connects");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("timeout");
    stream.write_all(head.as_bytes()).expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    answer
}

fn get(address: SocketAddr, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn telemetry() -> Telemetry {
    Telemetry::start(Service::Consumer, CpuPrice::default()).expect("telemetry starts")
}

#[test]
fn readiness_follows_the_checks_and_liveness_does_not() {
    let telemetry = telemetry();
    let server = serve_pages(any_port(), telemetry.clone(), Pages::default()).expect("listens");
    let model = telemetry.health().check("model");
    let answer = get(server.address(), "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with("not ready\nfailing model: starting\n"), "{answer}");
    assert!(get(server.address(), "/healthz").starts_with("HTTP/1.1 200"));
    model.pass();
    let answer = get(server.address(), "/readyz");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("ready\nok model\n"), "{answer}");
}

#[test]
fn metrics_are_served_in_the_text_format() {
    let server = serve_pages(any_port(), telemetry(), Pages::default()).expect("listens");
    let answer = get(server.address(), "/metrics");
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("app_total_cost_usd_total "), "{answer}");
    let head =
        ask(server.address(), "HEAD /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn other_paths_and_methods_are_told_what_there_is() {
    let server = serve_pages(any_port(), telemetry(), Pages::default()).expect("listens");
    assert!(get(server.address(), "/").starts_with("HTTP/1.1 404"));
    let answer = ask(
        server.address(),
        "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    assert!(answer.contains("allow: GET, HEAD"), "{answer}");
}

#[test]
fn a_page_that_the_service_adds_is_served_and_told_of() {
    let pages = Pages::default();
    let server = serve_pages(any_port(), telemetry(), pages.clone()).expect("listens");
    assert!(get(server.address(), "/model").starts_with("HTTP/1.1 404"));
    pages.add("/model", "application/json", || "{}\n".to_owned());
    let answer = get(server.address(), "/model");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("content-type: application/json") && answer.ends_with("{}\n"),
        "{answer}"
    );
    let answer = get(server.address(), "/nothing");
    assert!(answer.ends_with("here are /metrics, /healthz, /readyz, /model\n"), "{answer}");
    let answer = ask(
        server.address(),
        "POST /model HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[test]
fn a_taken_port_is_an_error_that_names_the_address() {
    let first = serve_pages(any_port(), telemetry(), Pages::default()).expect("listens");
    let error =
        serve_pages(first.address(), telemetry(), Pages::default()).expect_err("the port is taken");
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
}

#[test]
fn a_client_that_never_finishes_its_head_is_cut_off() {
    let server = serve_pages(any_port(), telemetry(), Pages::default()).expect("listens");
    let mut slow = TcpStream::connect(server.address()).expect("connects");
    slow.set_read_timeout(Some(Duration::from_secs(20))).expect("timeout");
    slow.write_all(b"GET /metrics HTTP/1.1\r\nx-slow: ").expect("sends");
    let started = Instant::now();
    let mut rest = Vec::new();
    let ended = slow.read_to_end(&mut rest);
    assert!(ended.is_ok() || !rest.is_empty(), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn dropping_the_server_ends_it_although_a_connection_is_open() {
    let server = serve_pages(any_port(), telemetry(), Pages::default()).expect("listens");
    let address = server.address();
    let _idle = TcpStream::connect(address).expect("connects");
    let started = Instant::now();
    drop(server);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}
