//! HTTP: routes as warp filters, bodies within limits, answers in the format the client asks for.

mod annotate;
mod app;
mod assets;
mod batch;
mod body;
mod browser;
mod cross_site;
mod entry;
mod feed;
mod form;
mod hosts;
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
mod target;
mod timeline;

pub(crate) use app::App;
pub use body::BodyLimits;
pub use hosts::{AllowedHosts, Edge, Origin};
pub(crate) use server::serve;
