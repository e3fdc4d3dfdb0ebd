//! The routes, as warp filters. No request is rejected in the end: without a route it gets 404 or
//! 405.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use verdict_service::{Page, page};
use verdict_telemetry::labels::Route;
use warp::{Filter, Rejection, filters::BoxedFilter, path::FullPath};

use super::{
    app::App,
    assets, body, inference, openapi,
    request::{RequestHead, head},
    response::{Responder, Response, json},
};
use crate::{
    problems::{self, HttpProblem},
    publish::Publisher,
};

type Body = Result<Bytes, HttpProblem>;

/// Every route.
pub(crate) fn routes<P: Publisher>(app: Arc<App<P>>) -> BoxedFilter<(Response,)> {
    let with_app = {
        let app = Arc::clone(&app);
        warp::any().map(move || Arc::clone(&app))
    };
    let read = || warp::get().or(warp::head()).unify().and(with_app.clone());
    let post = || warp::post().and(with_app.clone()).and(head()).and(body::limited(app.body));
    let home = warp::path::end()
        .and(read())
        .and(query())
        .then(|app: Arc<App<P>>, query: String| async move { app.home(&query).await });
    let verdict_page = warp::path!("r" / String).and(read()).and(query()).and(head()).then(
        |id: String, app: Arc<App<P>>, query: String, head: RequestHead| async move {
            app.verdict_page(&id, &query, &head).await
        },
    );
    let model_page = warp::path!("model")
        .and(read())
        .then(|app: Arc<App<P>>| async move { app.model_page().await });
    let status_page = warp::path!("status")
        .and(read())
        .then(|app: Arc<App<P>>| async move { app.status_page().await });
    let predict =
        warp::path!("predict").and(post()).then(
            |app: Arc<App<P>>, head: RequestHead, body: Body| async move {
                app.predict(head, body).await
            },
        );
    let review =
        warp::path!("api" / "v1" / "reviews").and(post()).then(
            |app: Arc<App<P>>, head: RequestHead, body: Body| async move {
                app.review(head, body).await
            },
        );
    let batch = warp::path!("api" / "v1" / "reviews:batch")
        .and(warp::post())
        .and(with_app.clone())
        .and(head())
        .and(warp::body::stream())
        .map(|app: Arc<App<P>>, head: RequestHead, body| app.batch(head, body));
    let verdicts = warp::path!("api" / "v1" / "verdicts")
        .and(read())
        .and(head())
        .and(query())
        .map(|app: Arc<App<P>>, head: RequestHead, query: String| app.verdicts(&head, &query));
    let fetch = warp::path!("api" / "v1" / "reviews" / String).and(read()).and(query()).then(
        |id: String, app: Arc<App<P>>, query: String| async move { app.fetch(&id, &query).await },
    );
    let timeline = warp::path!("api" / "v1" / "reviews" / String / "timeline")
        .and(read())
        .and(query())
        .then(|id: String, app: Arc<App<P>>, query: String| async move {
            app.timeline(&id, &query).await
        });
    let label = warp::path!("api" / "v1" / "reviews" / String / "label").and(post()).then(
        |id: String, app: Arc<App<P>>, head: RequestHead, body: Body| async move {
            app.label(&id, head, body).await
        },
    );
    let label_form = warp::path!("label").and(post()).then(
        |app: Arc<App<P>>, head: RequestHead, body: Body| async move {
            app.label_form(head, body).await
        },
    );
    let inference_server = warp::path!("v2").and(read()).map(|_app| inference::server());
    let inference_live = warp::path!("v2" / "health" / "live")
        .and(read())
        .map(|_app| json(StatusCode::OK, &serde_json::json!({ "live": true })));
    let inference_ready = warp::path!("v2" / "health" / "ready")
        .and(read())
        .map(|app: Arc<App<P>>| app.inference_ready(None));
    let inference_model = warp::path!("v2" / "models" / String)
        .and(read())
        .map(|name: String, _app| inference::model(&name));
    let inference_model_ready = warp::path!("v2" / "models" / String / "ready")
        .and(read())
        .map(|name: String, app: Arc<App<P>>| app.inference_ready(Some(&name)));
    let infer = warp::path!("v2" / "models" / String / "infer").and(post()).then(
        |name: String, app: Arc<App<P>>, head: RequestHead, body: Body| async move {
            app.infer(&name, head, body).await
        },
    );
    let docs = warp::path!("docs").and(read()).map(|_app| openapi::page());
    let openapi = warp::path!("openapi.json").and(read()).map(|_app| openapi::openapi());
    let operator =
        warp::path!(String).and(read()).and_then(|name: String, app: Arc<App<P>>| async move {
            let found = Page::at(&format!("/{name}")).ok_or_else(warp::reject::not_found)?;
            Ok::<_, Rejection>(page(found, &app.telemetry))
        });
    // Browsers and crawlers ask for these two at their own places.
    let well_known = warp::path!("favicon.ico")
        .or(warp::path!("robots.txt"))
        .unify()
        .and(warp::path::full())
        .map(|path: FullPath| path.as_str().trim_start_matches('/').to_owned());
    let assets = warp::path!("assets" / String)
        .or(well_known)
        .unify()
        .and(read())
        .and(warp::header::headers_cloned())
        .and_then(|name: String, _app, headers: HeaderMap| async move {
            assets::asset(&name, &headers).ok_or_else(warp::reject::not_found)
        });
    let nothing = warp::path::full().and(with_app.clone()).and(head()).map(
        |path: FullPath, app: Arc<App<P>>, head: RequestHead| app.nothing(path.as_str(), &head),
    );
    // Boxed one by one: the type of the whole would take the compiler minutes.
    [
        verdict_page.boxed(),
        model_page.boxed(),
        status_page.boxed(),
        predict.boxed(),
        review.boxed(),
        batch.boxed(),
        verdicts.boxed(),
        label.boxed(),
        label_form.boxed(),
        timeline.boxed(),
        fetch.boxed(),
        inference_server.boxed(),
        inference_live.boxed(),
        inference_ready.boxed(),
        inference_model.boxed(),
        inference_model_ready.boxed(),
        infer.boxed(),
        docs.boxed(),
        openapi.boxed(),
        operator.boxed(),
        assets.boxed(),
        nothing.boxed(),
    ]
    .into_iter()
    .fold(home.boxed(), |routes, route| routes.or(route).unify().boxed())
}

/// The query of the request's target; empty when there is none.
fn query() -> impl Filter<Extract = (String,), Error = std::convert::Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

impl<P> App<P> {
    /// 404, or 405 where another method would do.
    fn nothing(&self, path: &str, head: &RequestHead) -> Response {
        let problem = allowed(path).map_or_else(problems::not_found, problems::method_not_allowed);
        if is_for_programs(path) {
            Responder::JSON.problem(&problem)
        } else {
            self.responder(head.accept()).problem(&problem)
        }
    }
}

/// The route's template, for the metrics. All paths that no route has are one label.
pub(super) fn route_of(path: &str) -> Route {
    match path {
        "/" => Route::Home,
        "/predict" => Route::Predict,
        "/label" => Route::Label,
        "/api/v1/reviews" => Route::Reviews,
        "/api/v1/reviews:batch" => Route::Batch,
        "/api/v1/verdicts" => Route::Verdicts,
        "/model" => Route::ModelPage,
        "/status" => Route::StatusPage,
        "/healthz" => Route::Healthz,
        "/readyz" => Route::Readyz,
        "/metrics" => Route::Metrics,
        "/docs" => Route::Docs,
        "/openapi.json" => Route::OpenApi,
        "/favicon.ico" | "/robots.txt" => Route::Asset,
        path if path.starts_with("/assets/") => Route::Asset,
        path if path == "/v2" || path.starts_with("/v2/") => inference_route(path),
        path if path.strip_prefix("/r/").is_some_and(is_segment) => Route::VerdictPage,
        path => match path.strip_prefix("/api/v1/reviews/") {
            Some(rest) if rest.strip_suffix("/label").is_some_and(is_segment) => Route::ReviewLabel,
            Some(rest) if rest.strip_suffix("/timeline").is_some_and(is_segment) => {
                Route::ReviewTimeline
            }
            Some(_) => Route::Review,
            None => Route::Unmatched,
        },
    }
}

/// Whether answers about this path are JSON, whatever the client accepts.
pub(super) fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/")
}

/// The methods of the route at this path, if there is one.
pub(super) fn allowed(path: &str) -> Option<&'static str> {
    match route_of(path) {
        Route::Predict | Route::Label | Route::Reviews | Route::Batch | Route::ReviewLabel => {
            Some("POST")
        }
        Route::Infer => Some("POST"),
        Route::Home
        | Route::Docs
        | Route::OpenApi
        | Route::VerdictPage
        | Route::ModelPage
        | Route::StatusPage
        | Route::Verdicts
        | Route::ReviewTimeline
        | Route::Healthz
        | Route::Readyz
        | Route::Metrics
        | Route::InferenceInfo => Some("GET, HEAD"),
        Route::Review => {
            path.strip_prefix("/api/v1/reviews/").is_some_and(is_segment).then_some("GET, HEAD")
        }
        Route::Asset => {
            let name = path.strip_prefix("/assets/").or(path.strip_prefix('/'));
            name.is_some_and(assets::exists).then_some("GET, HEAD")
        }
        Route::Unmatched => None,
    }
}

/// Whether there is an answer to this method at this path.
#[cfg(test)]
pub(super) fn is_route(method: &str, path: &str) -> bool {
    allowed(path).is_some_and(|methods| methods.split(", ").any(|allowed| allowed == method))
}

fn inference_route(path: &str) -> Route {
    let parts: Vec<_> = path.split('/').skip(2).collect();
    match parts.as_slice() {
        [] | ["health", "live" | "ready"] | ["models", _] | ["models", _, "ready"] => {
            Route::InferenceInfo
        }
        ["models", _, "infer"] => Route::Infer,
        _ => Route::Unmatched,
    }
}

fn is_segment(rest: &str) -> bool {
    !rest.is_empty() && !rest.contains('/')
}
