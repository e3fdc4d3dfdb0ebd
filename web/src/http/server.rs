//! The server: warp's filters under our own accept loop, with checks before them, and metrics and
//! headers on every response.

use std::{
    convert::Infallible, future::Future, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc,
    time::Instant,
};

use futures::{FutureExt, future::BoxFuture};
use http::{HeaderValue, Request, StatusCode, header};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::Service as _;
use tower_http::{
    compression::{
        Compression, CompressionLevel, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    decompression::RequestDecompression,
};
use verdict_messages::headers;
use verdict_service::{Arriving, Closed, Limits, accept};
use verdict_telemetry::{
    Span, TraceContext, Tracer,
    cpu::metered,
    labels::{Method, Refused, Route},
    trace,
};

use super::{
    annotate::{Asked, limited, secure, traced},
    app::App,
    entry,
    inference::failed,
    request::Peer,
    response::Responder,
    routes::{is_for_programs, route_of, routes},
    stream::{Body, whole},
    target,
};
use crate::{
    problems::{self, HttpProblem},
    publish::Publisher,
};

// Fewer bytes are one packet anyway.
const WORTH_COMPRESSING: u16 = 1024;

/// The routes, with bodies that came compressed read as what they are.
type Routes =
    Arc<dyn Fn(Request<Arriving>) -> BoxFuture<'static, http::Response<Body>> + Send + Sync>;

/// Serves until `shutdown` ends. Returns the number of connections that were cut off at the end of
/// the drain time.
pub(crate) async fn serve<P: Publisher>(
    listener: TcpListener,
    limits: Limits,
    app: Arc<App<P>>,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let metrics = app.telemetry.metrics().clone();
    let (unread, tls) = (metrics.clone(), app.edge.behind_tls);
    let filters = RequestDecompression::new(warp::service(routes(Arc::clone(&app))));
    let routes: Routes = Arc::new(move |request| {
        let answer = filters.clone().call(request);
        answer
            .map(|answer| whole(answer.unwrap_or_else(|never: Infallible| match never {})))
            .boxed()
    });
    let service = move |peer| {
        let (app, routes) = (Arc::clone(&app), Arc::clone(&routes));
        let answer = tower::service_fn(move |request| {
            answer(Arc::clone(&app), Arc::clone(&routes), peer, request).map(Ok::<_, Infallible>)
        });
        // A stream goes out piece by piece, and the layer would keep pieces back.
        let predicate = SizeAbove::new(WORTH_COMPRESSING)
            .and(NotForContentType::SSE)
            .and(NotForContentType::const_new("application/x-ndjson"));
        let answer = Compression::new(answer).quality(CompressionLevel::Fastest);
        TowerToHyperService::new(answer.compress_when(predicate))
    };
    let closed = move |closed| {
        metrics.record_web_refused(match closed {
            Closed::PerAddress => Refused::ConnectionsPerAddress,
            Closed::Displaced => Refused::Displaced,
        });
    };
    let unreadable = move |status: StatusCode| {
        unread.record_web_refused(Refused::Unreadable);
        let mut response = Responder::JSON.problem(&problems::unreadable_head(status.as_u16()));
        secure(response.headers_mut(), tls);
        response
    };
    accept(listener, limits, service, closed, unreadable, shutdown).await
}

/// Answers one request.
async fn answer<P: Publisher>(
    app: Arc<App<P>>,
    routes: Routes,
    peer: SocketAddr,
    mut request: Request<Arriving>,
) -> http::Response<Body> {
    let started = Instant::now();
    let edge = &app.edge;
    let asked = Asked::of(request.headers(), &edge.cors, || (app.asker.outbox.sources.random)());
    let method = Method::from(request.method());
    entry::tidy(request.headers_mut());
    let target = target::read(&mut request, &edge.hosts);
    let path = request.uri().path();
    let route = if target.is_ok() { route_of(path) } else { Route::Unmatched };
    let checked = target.and_then(|()| entry::check(&request, route, app.body.bytes));
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    // A problem is told as the route would tell it.
    let responder = if is_for_programs(path) { Responder::JSON } else { app.responder(accept) };
    let tell = |problem: &HttpProblem| match route {
        Route::Infer | Route::InferenceInfo => failed(problem),
        _ => responder.problem(problem),
    };
    let span = span_of(app.telemetry.tracer(), method, route, &request);
    request.extensions_mut().insert(Peer(peer));
    let early = match checked {
        Err(problem) => {
            if matches!(problem.problem.status, 400 | 421) {
                app.telemetry.metrics().record_web_refused(Refused::Unreadable);
            }
            Some(tell(&problem))
        }
        Ok(()) => entry::options(&request, &edge.cors),
    };
    let work = async {
        match early {
            Some(response) => whole(response.map(http_body_util::Full::new)),
            None => routes(request).await,
        }
    };
    let work = span.around(metered(AssertUnwindSafe(work).catch_unwind()));
    // The span ends with the answer, or with the client that does not wait for it.
    let (answer, cpu) = work.await;
    // The log names the trace.
    let _current = span.enter();
    let mut response = answer.unwrap_or_else(|_panic| {
        app.telemetry.metrics().record_web_panic();
        tracing::error!(route = route.as_str(), "a handler panicked: a defect of ours");
        let response = tell(&problems::internal("the request met a defect"));
        whole(response.map(http_body_util::Full::new))
    });
    let (status, took) = (response.status(), started.elapsed());
    let headers = response.headers_mut();
    secure(headers, edge.behind_tls);
    traced(headers, span.context());
    if let Some(buckets) = app.buckets.as_ref().filter(|_| method == Method::Post) {
        limited(headers, buckets, peer.ip());
    }
    if matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
        // The rest of the body is not read, so no other request can come.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    tracing::debug!(
        id = asked.id.to_str().unwrap_or_default(),
        method = method.as_str(),
        route = route.as_str(),
        status = status.as_u16(),
        ms = took.as_secs_f64() * 1e3,
        "request answered"
    );
    asked.annotate(headers, took, cpu);
    app.telemetry.metrics().record_request(method, route, status.as_u16(), took, cpu);
    span.answered(status.as_u16());
    response
}

/// The span of a request about reviews. Pages, probes and requests of scanners have none.
fn span_of(tracer: &Tracer, method: Method, route: Route, request: &Request<Arriving>) -> Span {
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
            | Route::ReviewTimeline
    )
}
