//! One file for each subcommand: reads files, calls the pure parts, prints.

pub mod data;
pub mod evaluate;
pub mod explain;
pub mod inspect;
pub mod publish;
pub mod score;
pub mod train;

mod output;
mod threads;
