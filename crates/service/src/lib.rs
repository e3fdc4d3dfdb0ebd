//! What every Verdict service is as a process: the bounded accept loop, the operator pages, the
//! health check that asks for them, signals and exit codes.
//!
//! A service without a frontend of its own is a [`Worker`]. The frontend runs its own routes on
//! [`accept`], and answers the three operator pages with [`page`]. Whatever else a service shows
//! its operators it adds to its [`Pages`], before or after the server was started. [`probe`] is the
//! other side: it asks a running service whether it is well, and [`get`] asks for any page.
//!
//! The first SIGINT or SIGTERM asks a service to finish what is in hand and end, which it has
//! [`Grace`] for.

mod accept;
mod client;
mod connections;
mod extra;
mod get;
mod listen;
mod pages;
mod probe;
mod process;
mod shutdown;
mod signals;

pub use accept::{Limits, accept};
pub use client::Arriving;
pub use connections::Closed;
pub use extra::Pages;
pub use get::{GetError, get};
pub use listen::{BindError, bind};
pub use pages::{Page, Server, page, serve_pages};
pub use probe::{ProbeArgs, ProbeError, Question, probe};
pub use process::{Grace, Worker, bad_input, exit_code, run_until_signal, start};
pub use shutdown::{Shutdown, join_within};
pub use signals::Signals;
