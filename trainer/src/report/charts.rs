//! The six pictures of a report, as SVG: readable in light and dark, with a title and a
//! description for those who do not see them.

mod bars;
mod curve;
mod length;

pub use bars::{confusion, terms};
pub use curve::{precision_recall, reliability, roc};
pub use length::length;

/// How the pictures look: plain colours, for viewers that know no variables.
const STYLE: &str = include_str!("../../templates/chart.css");

/// A picture as a file of its own: with the style that a page has once for all.
#[must_use]
pub fn standalone(chart: &str) -> String {
    let style = format!("<style>\n{}</style>\n<title", STYLE);
    chart.replacen("<title", &style, 1)
}
