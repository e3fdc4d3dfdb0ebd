//! Charts of cells and bars.

use crate::report::evaluation::Evaluation;
use crate::report::markup::grouped;
use crate::report::svg::{Anchor, Svg};
use crate::report::terms::Term;

/// Reviews by truth and answer; the share is of the reviews of that truth.
#[must_use]
pub fn confusion(evaluation: &Evaluation<'_>) -> String {
    const CELL: (f64, f64) = (190.0, 150.0);
    const LEFT: f64 = 76.0;
    const TOP: f64 = 84.0;
    let (measures, counts) = (&evaluation.measures, &evaluation.measures.confusion);
    let describe = format!(
        "Of {} negative reviews {} are called negative and {} positive; of {} positive reviews {} are called negative and {} \
         positive.",
        measures.n_negative, counts.tn, counts.fp, measures.n_positive, counts.fn_, counts.tp
    );
    let size = (480.0, 460.0);
    let mut svg = Svg::new("confusion", size, "Confusion matrix", &describe);
    svg.text("title", (20.0, 30.0), Anchor::Start, "Confusion matrix");
    let rows = [
        ("actually negative", measures.n_negative, [(counts.tn, "pro"), (counts.fp, "con")]),
        ("actually positive", measures.n_positive, [(counts.fn_, "con"), (counts.tp, "pro")]),
    ];
    for (column, name) in ["called negative", "called positive"].iter().enumerate() {
        let x = LEFT + (column as f64 + 0.5) * CELL.0;
        svg.text("name", (x, TOP - 12.0), Anchor::Middle, name);
    }
    for (row, (name, whole, cells)) in rows.iter().enumerate() {
        let y = TOP + row as f64 * CELL.1;
        svg.upward("name", (LEFT - 14.0, y + CELL.1 / 2.0), name);
        for (column, &(n, class)) in cells.iter().enumerate() {
            let at = (LEFT + column as f64 * CELL.0, y);
            let share = (*whole > 0).then(|| n as f64 / *whole as f64);
            // Never so dark that its number cannot be read, in light or dark.
            svg.shaded(class, at, CELL, 0.04 + 0.4 * share.unwrap_or(0.0));
            svg.rect("cell", at, CELL);
            let middle = at.0 + CELL.0 / 2.0;
            svg.text("value", (middle, at.1 + CELL.1 / 2.0), Anchor::Middle, grouped(n));
            svg.text(
                "note",
                (middle, at.1 + CELL.1 / 2.0 + 22.0),
                Anchor::Middle,
                match share {
                    Some(share) => format!("{:.1} % of the row", share * 100.0),
                    None => "no review in the row".to_owned(),
                },
            );
        }
    }
    let right = grouped(counts.tp + counts.tn);
    svg.text(
        "note",
        (LEFT + CELL.0, TOP + 2.0 * CELL.1 + 34.0),
        Anchor::Middle,
        format_args!("{right} of {} reviews are right", grouped(measures.metrics.n)),
    );
    svg.finish()
}

/// The strongest terms of both sides as bars from the middle.
#[must_use]
pub fn terms(evaluation: &Evaluation<'_>) -> String {
    const WIDTH: f64 = 980.0;
    const ROW: f64 = 22.0;
    const TOP: f64 = 74.0;
    /// Pixels of the longest bar, and of the gap that the numbers stand in.
    const LONGEST: f64 = 250.0;
    const MIDDLE: f64 = WIDTH / 2.0;
    let sides = [&evaluation.negative_terms, &evaluation.positive_terms];
    let n = sides.iter().map(|terms| terms.len()).max().unwrap_or(0);
    let list = |terms: &[Term]| {
        let names: Vec<&str> = terms.iter().take(5).map(|term| term.term.as_str()).collect();
        names.join(", ")
    };
    let describe = format!(
        "What a term adds to the log-odds. Strongest for negative: {}. Strongest for positive: {}.",
        list(sides[0]),
        list(sides[1])
    );
    let size = (WIDTH, TOP + n as f64 * ROW + 24.0);
    let mut svg = Svg::new("terms", size, "Strongest terms", &describe);
    svg.text("title", (20.0, 30.0), Anchor::Start, "Strongest terms");
    svg.text("name", (MIDDLE - 12.0, TOP - 16.0), Anchor::End, "← for negative");
    svg.text("name", (MIDDLE + 12.0, TOP - 16.0), Anchor::Start, "for positive →");
    let all = sides.iter().copied().flatten();
    let strongest = all.map(|term| term.weight.abs()).fold(0.0, f32::max);
    for (terms, sign, class) in [(sides[0], -1.0, "con"), (sides[1], 1.0, "pro")] {
        for (i, term) in terms.iter().enumerate() {
            let y = TOP + i as f64 * ROW;
            let length = LONGEST * f64::from(term.weight.abs() / strongest);
            let x = if sign < 0.0 { MIDDLE - length } else { MIDDLE };
            svg.rect(class, (x, y), (length, ROW - 6.0));
            let anchor = if sign < 0.0 { Anchor::End } else { Anchor::Start };
            let end = MIDDLE + sign * (length + 8.0);
            let text = format!("{} {:+.2}", shortened(&term.term), term.weight);
            svg.text("word", (end, y + 12.5), anchor, text);
        }
    }
    svg.line("axis", (MIDDLE, TOP - 8.0), (MIDDLE, TOP + n as f64 * ROW));
    svg.finish()
}

/// A term of any length in the room that a picture has.
fn shortened(term: &str) -> String {
    const MOST: usize = 26;
    match term.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &term[..end]),
        None => term.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_terms_fit() {
        assert_eq!(shortened("worst"), "worst");
        assert_eq!(shortened(&"ß".repeat(90)).chars().count(), 27);
    }
}
