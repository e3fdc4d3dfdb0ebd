//! What an evaluation shows: numbers, curves, data files for `dvc plots`, pictures, and one page
//! that holds all of it.
//!
//! Everything here is pure: [`files::render`] gives the text of each file, `trainer evaluate
//! --reports` writes them.

pub mod charts;
pub mod curves;
pub mod evaluation;
pub mod files;
pub mod html;
pub mod length;
pub mod mistakes;
pub mod terms;

pub(crate) mod about;
pub(crate) mod markup;
mod svg;
