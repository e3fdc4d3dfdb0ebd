//! The server: warp's filters under our own accept loop, with metrics and security headers on every
//! response.

use std::{convert::Infallible, future::Future, sync::Arc, time::Instant};

use http::{HeaderMap, HeaderValue, header};
use hyper::{body::Incoming, service::Service as _, service::service_fn};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use verdict_messages::headers;
use verdict_service::{Limits, accept};
use verdict_telemetry::{
    Span, TraceContext, Tracer,
    cpu::metered,
    labels::{Method, Refused, Route},
    trace,
};

use super::{
    app::App,
    request::Peer,
    routes::{route_of, routes},
    stream::whole,
};
use crate::publish::Publisher;

/// Serves until `shutdown` ends. Returns the number of connections that were cut off at the end of
/// the drain time.
pub(crate) async fn serve<P: Publisher>(
    listener: TcpListener,
    limits: Limits,
    app: Arc<App<P>>,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let metrics = app.telemetry.metrics().clone();
    let tracer = app.telemetry.tracer().clone();
    let refused = metrics.clone();
    let filters = TowerToHyperService::new(warp::service(routes(app)));
    let service = move |peer| {
        let (filters, metrics, tracer) = (filters.clone(), metrics.clone(), tracer.clone());
        service_fn(move |mut request: http::Request<Incoming>| {
            let started = Instant::now();
            let method = Method::from(request.method());
            let route = route_of(request.uri().path());
            request.extensions_mut().insert(Peer(peer));
            let span = span_of(&tracer, method, route, &request);
            let (answer, metrics) = (metered(filters.call(request)), metrics.clone());
            let around = span.around(async move {
                let (answer, cpu) = answer.await;
                let answer: Result<warp::reply::Response, Infallible> = answer;
                answer.map(|mut response| {
                    secure(response.headers_mut());
                    let (status, took) = (response.status().as_u16(), started.elapsed());
                    metrics.record_request(method, route, status, took, cpu);
                    tracing::debug!(
                        method = method.as_str(),
                        route = route.as_str(),
                        status,
                        ms = took.as_secs_f64() * 1e3,
                        "request answered"
                    );
                    whole(response)
                })
            });
            // The span ends with the answer, or with the client that does not wait for it.
            async move {
                let answer = around.await;
                if let Ok(response) = &answer {
                    span.answered(response.status().as_u16());
                }
                answer
            }
        })
    };
    accept(
        listener,
        limits,
        service,
        |_too_many| refused.record_web_refused(Refused::ConnectionsPerAddress),
        shutdown,
    )
    .await
}

/// The span of a request about reviews. Pages, probes and requests of scanners have none.
fn span_of(
    tracer: &Tracer,
    method: Method,
    route: Route,
    request: &http::Request<Incoming>,
) -> Span {
    if !tracer.is_on() || !is_traced(route) {
        return Span::none();
    }
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let parent = TraceContext::parse(text(headers::TRACEPARENT), text(headers::TRACESTATE));
    let request = trace::Request { method, route, path: request.uri().path() };
    tracer.serve(request, parent.as_ref())
}

fn is_traced(route: Route) -> bool {
    matches!(
        route,
        Route::Predict
            | Route::Label
            | Route::Reviews
            | Route::Batch
            | Route::Infer
            | Route::Review
            | Route::ReviewLabel
    )
}

// One script from a file, and nothing inside of a page; all from here only, and no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With "no-referrer" browsers would send "Origin: null" with our own form, which would
        // count as another site.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::VARY, "accept"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("interest-cohort=()"));
}
