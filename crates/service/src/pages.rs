//! `/metrics`, `/healthz` and `/readyz`, and a server for services that have no other HTTP side.

use std::{
    convert::Infallible,
    future::ready,
    io,
    net::SocketAddr,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    service::service_fn,
};
use tokio::sync::oneshot;

use verdict_telemetry::{Telemetry, health::Status};

use crate::{
    accept::{Limits, accept},
    client::Arriving,
    extra::Pages,
    listen::{BindError, bind},
};

/// One of the pages for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Prometheus' text format.
    Metrics,
    /// 200 while every progress clock moves, else 503.
    Healthz,
    /// 200 while every check passes, else 503.
    Readyz,
}

impl Page {
    /// The page at this path, if there is one.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/metrics" => Some(Self::Metrics),
            "/healthz" => Some(Self::Healthz),
            "/readyz" => Some(Self::Readyz),
            _ => None,
        }
    }
}

/// Answers one of the pages.
#[must_use]
pub fn page(page: Page, telemetry: &Telemetry) -> Response<Bytes> {
    match page {
        Page::Metrics => match telemetry.metrics().exposition() {
            Ok(text) => answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
            Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        },
        Page::Healthz => probe("alive", telemetry.health().liveness(Instant::now())),
        Page::Readyz => probe("ready", telemetry.health().readiness(Instant::now())),
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const UNREADABLE: &str = "the head of the request cannot be read\n";

fn probe(state: &str, found: Status) -> Response<Bytes> {
    let (status, not) =
        if found.ok { (StatusCode::OK, "") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ") };
    answer(status, TEXT, format!("{not}{state}\n{}", found.text))
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A running server of the operator pages, on a thread of its own. Dropping it ends the server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Where it listens; tells the port when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the metrics server ended by a panic");
        }
    }
}

// An operator's pages have few readers, and none of them is slow.
const LIMITS: Limits = Limits {
    connections: 64,
    connections_per_address: 32,
    header_read: Duration::from_secs(5),
    write: Duration::from_secs(10),
    headers: 64,
    buffer: 16 * 1024,
    drain: Duration::from_secs(1),
};

/// Serves the three pages and those of `pages` on `addr` from a thread of its own, until the
/// returned [`Server`] is dropped.
///
/// # Errors
/// [`BindError`] when the address cannot be had, or when the thread or its runtime cannot be started.
pub fn serve_pages(
    addr: SocketAddr,
    telemetry: Telemetry,
    pages: Pages,
) -> Result<Server, BindError> {
    let failed = |reason: io::Error| BindError { addr, reason };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let listener = runtime.block_on(bind(addr))?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            let service = move |_peer| {
                let (telemetry, pages) = (telemetry.clone(), pages.clone());
                service_fn(move |request| {
                    ready(Ok::<_, Infallible>(route(&request, &telemetry, &pages)))
                })
            };
            let shutdown = async move {
                // Both a message and a dropped sender mean: end.
                let _either = stopped.await;
            };
            let unreadable = |_status| answer(StatusCode::BAD_REQUEST, TEXT, UNREADABLE.to_owned());
            let serving = accept(listener, LIMITS, service, |_| (), unreadable, shutdown);
            let _cut_off = runtime.block_on(serving);
        })
        .map_err(failed)?;
    Ok(Server { address, stop: Some(stop), thread: Some(thread) })
}

fn route(
    request: &Request<Arriving>,
    telemetry: &Telemetry,
    pages: &Pages,
) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    let found = match Page::at(path) {
        Some(found) => Some(page(found, telemetry)),
        None => {
            pages.at(path).map(|(content_type, body)| answer(StatusCode::OK, content_type, body))
        }
    };
    let mut response = match (found, request.method()) {
        (Some(found), &Method::GET) => found,
        (Some(found), &Method::HEAD) => found.map(|_| Bytes::new()),
        (Some(_), _) => answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, "use GET\n".to_owned()),
        (None, _) => {
            let pages: String = pages.paths().map(|path| format!(", {path}")).collect();
            answer(
                StatusCode::NOT_FOUND,
                TEXT,
                format!("here are /metrics, /healthz, /readyz{pages}\n"),
            )
        }
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response.map(Full::new)
}
