//! One file for each subcommand: reads files, calls the pure parts, prints.

pub mod data;
pub mod evaluate;
pub mod explain;
pub mod gate;
pub mod inspect;
pub mod log;
pub mod params;
pub mod score;
pub mod stage;
pub mod train;
pub mod tune;

mod output;
mod threads;
