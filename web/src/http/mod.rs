//! HTTP: routes as warp filters, bodies within limits, answers in the form the client asks for.

mod assets;
mod body;
mod cross_site;
mod form;
mod labels;
mod negotiate;
mod request;
mod response;
mod routes;
mod server;

pub use body::BodyLimits;
pub(crate) use routes::App;
pub(crate) use server::serve;
