//! One file for each subcommand: reads files, calls the pure parts, prints.

pub mod behave;
pub mod data;
pub mod evaluate;
pub mod explain;
pub mod gate;
pub mod inspect;
pub mod lifecycle;
pub mod params;
pub mod promote;
pub mod publish;
pub mod rebuild;
pub mod replay;
pub mod review_log;
pub mod score;
pub mod stage;
pub mod train;
pub mod tune;
pub mod watch;

mod output;
mod threads;
