//! HTTP: routes as warp filters, bodies within limits, answers in the format the client asks for.

mod app;
mod assets;
mod batch;
mod body;
mod cross_site;
mod feed;
mod form;
mod inference;
mod labels;
mod lines;
mod negotiate;
mod openapi;
mod pages;
mod request;
mod response;
mod reviews;
mod routes;
mod server;
mod shapes;
mod stream;

pub(crate) use app::App;
pub use body::BodyLimits;
pub(crate) use server::serve;
