//! Accuracy and calibration error by the length of the text.

use crate::report::evaluation::Evaluation;
use crate::report::length::{LengthRow, by_length};
use crate::report::svg::{Anchor, Svg};
use verdict_learning::metrics::shown;

const TOP: f64 = 74.0;
const ROW: f64 = 34.0;
/// Where the bars of each panel begin, and how long the longest is.
const ACCURACY: (f64, f64) = (150.0, 330.0);
const ERROR: (f64, f64) = (590.0, 280.0);
/// The calibration error whose bar is the longest, unless one is larger.
const LARGE_ERROR: f64 = 0.1;

/// One row for each length, the shortest first: accuracy with its interval, and calibration error.
#[must_use]
pub fn length(evaluation: &Evaluation<'_>) -> String {
    let rows: Vec<LengthRow> = by_length(&evaluation.measures).collect();
    let errors = rows.iter().filter_map(|row| row.metrics.ece);
    let largest = errors.fold(LARGE_ERROR, f64::max);
    let texts = rows.iter().map(|row| {
        let (accuracy, ece) = (shown(row.metrics.accuracy), shown(row.metrics.ece));
        format!("{}: accuracy {accuracy}, calibration error {ece}.", row.title)
    });
    let describe = texts.collect::<Vec<_>>().join(" ");
    let size = (980.0, TOP + rows.len() as f64 * ROW + 20.0);
    let mut svg = Svg::new("length", size, "Short texts", &describe);
    svg.text("title", (20.0, 30.0), Anchor::Start, "Short texts");
    svg.text("name", (ACCURACY.0, TOP - 14.0), Anchor::Start, "accuracy, with its 95 % interval");
    svg.text("name", (ERROR.0, TOP - 14.0), Anchor::Start, "calibration error");
    for (i, row) in rows.iter().enumerate() {
        let y = TOP + i as f64 * ROW;
        let middle = y + (ROW - 10.0) / 2.0;
        svg.text("name", (ACCURACY.0 - 12.0, middle + 4.0), Anchor::End, row.title);
        if let Some(share) = row.accuracy {
            let at = |value: f64| ACCURACY.0 + ACCURACY.1 * value;
            svg.rect("bar", (ACCURACY.0, y), (ACCURACY.1 * share.value, ROW - 10.0));
            svg.line("band", (at(share.low), middle), (at(share.high), middle));
        }
        let end = ACCURACY.0 + ACCURACY.1 + 10.0;
        svg.text("word", (end, middle + 4.0), Anchor::Start, shown(row.metrics.accuracy));
        let error = row.metrics.ece.unwrap_or_default() / largest * ERROR.1;
        svg.rect("con", (ERROR.0, y), (error, ROW - 10.0));
        let end = (ERROR.0 + error + 10.0, middle + 4.0);
        svg.text("word", end, Anchor::Start, shown(row.metrics.ece));
    }
    svg.line("axis", (ACCURACY.0, TOP - 6.0), (ACCURACY.0, TOP + rows.len() as f64 * ROW));
    svg.line("axis", (ERROR.0, TOP - 6.0), (ERROR.0, TOP + rows.len() as f64 * ROW));
    svg.finish()
}
