//! One file for each subcommand: reads files, calls the pure parts, prints.

pub mod data;
pub mod evaluate;
pub mod explain;
pub mod gate;
pub mod inspect;
pub mod log;
pub mod score;
pub mod stage;
pub mod train;

mod output;
mod threads;
