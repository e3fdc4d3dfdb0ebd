//! What every Verdict service is as a process: the bounded accept loop, the operator pages, the
//! health check that asks for them, and the way to an end.
//!
//! A service without a frontend of its own calls [`serve_pages`], which needs no async runtime of
//! the caller's. The frontend runs its own routes on [`accept`], and answers the three operator
//! pages with [`page`]. Whatever else a service shows its operators it adds to its [`Pages`], before
//! or after the server was started. [`probe`] is the other side: it asks a running service whether
//! it is well.

mod accept;
mod extra;
mod listen;
mod pages;
mod probe;
mod process;
mod shutdown;

pub use accept::{Limits, Refusal, accept};
pub use extra::Pages;
pub use listen::{BindError, bind};
pub use pages::{Page, Server, page, serve_pages};
pub use probe::{ProbeArgs, ProbeError, Question, probe};
pub use process::{bad_input, exit_code, serve, start};
pub use shutdown::{Shutdown, join_within};
