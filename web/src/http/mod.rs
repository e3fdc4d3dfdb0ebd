//! HTTP: routes as warp filters, bodies within limits, answers in the form the client asks for.

mod answer;
mod assets;
mod body;
mod client;
mod form;
mod labels;
mod negotiate;
mod origin;
mod routes;
mod server;

pub use body::BodyLimits;
pub(crate) use routes::App;
pub(crate) use server::serve;
