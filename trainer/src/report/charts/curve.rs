//! Charts on the unit square.

use crate::report::curves::{CalibrationBin, MAX_POINTS, PrecisionRecallPoint, RocPoint, thin};
use crate::report::evaluation::Evaluation;
use crate::report::markup::grouped;
use crate::report::svg::{Anchor, Frame, Svg};
use verdict_learning::estimate::Estimate;
use verdict_learning::metrics::BINS;

const SIZE: (f64, f64) = (480.0, 460.0);
const FRAME: Frame = Frame { left: 64.0, top: 52.0, width: 392.0, height: 346.0 };

fn start(id: &str, title: &str, describe: &str) -> Svg {
    let mut svg = Svg::new(id, SIZE, title, describe);
    svg.text("title", (20.0, 30.0), Anchor::Start, title);
    svg
}

/// In place of a curve that needs a class which the reviews have not.
fn without(mut svg: Svg, why: &str) -> String {
    let middle = FRAME.at(0.5, 0.5);
    svg.text("note", middle, Anchor::Middle, why);
    svg.finish()
}

/// The ROC curve with the area under it and the diagonal of chance.
#[must_use]
pub fn roc(evaluation: &Evaluation<'_>) -> String {
    let auc = evaluation.measures.metrics.text("auc");
    let describe = format!(
        "True positive rate against false positive rate over all thresholds. The area under the curve is {auc}; \
         chance, the diagonal, has 0.5."
    );
    let mut svg = start("roc", "ROC curve", &describe);
    FRAME.axes(&mut svg, "False positive rate", "True positive rate");
    if evaluation.roc.is_empty() {
        return without(svg, "needs reviews of both classes");
    }
    let points = thin(&evaluation.roc, MAX_POINTS, |point| (point.fpr, point.tpr));
    let at = |point: &RocPoint| FRAME.at(point.fpr, point.tpr);
    let curve: Vec<_> = points.iter().map(at).collect();
    let mut area = curve.clone();
    area.push(FRAME.at(1.0, 0.0));
    svg.path("under", &area);
    svg.path("guide", &[FRAME.at(0.0, 0.0), FRAME.at(1.0, 1.0)]);
    svg.path("curve", &curve);
    let half = evaluation.roc.iter().rev().find(|point| point.threshold >= 0.5);
    if let Some(half) = half {
        let (x, y) = at(half);
        svg.dot("mark", (x, y), 5.0);
        svg.text("note", (x + 14.0, y + 16.0), Anchor::Start, "at threshold 0.5");
    }
    area_label(&mut svg, &auc, "area under the curve");
    let (x, y) = FRAME.at(0.3, 0.3);
    svg.text("note", (x + 14.0, y + 12.0), Anchor::Start, "chance");
    svg.finish()
}

/// The precision-recall curve with its area and the share of positive reviews, which guessing
/// reaches.
#[must_use]
pub fn precision_recall(evaluation: &Evaluation<'_>) -> String {
    let (measures, chart) = (&evaluation.measures, "Precision against recall over all thresholds.");
    let axes = |describe: &str| {
        let mut svg = start("precision-recall", "Precision and recall", describe);
        FRAME.axes(&mut svg, "Recall", "Precision");
        svg
    };
    let Some(area) = evaluation.average_precision else {
        let why = "needs positive reviews";
        return without(axes(&format!("{chart} It {why}.")), why);
    };
    let base = measures.n_positive as f64 / measures.metrics.n as f64;
    let mut svg = axes(&format!(
        "{chart} The average precision is {area:.4}; guessing has {base:.4}, the share of positive reviews."
    ));
    let place = |point: &PrecisionRecallPoint| (point.recall, point.precision);
    let at = |point: &PrecisionRecallPoint| FRAME.at(point.recall, point.precision);
    let points = thin(&evaluation.precision_recall, MAX_POINTS, place);
    let curve: Vec<_> = points.iter().map(at).collect();
    let mut under = vec![FRAME.at(1.0, 0.0)];
    under.extend(&curve);
    under.push(FRAME.at(0.0, 0.0));
    svg.path("under", &under);
    svg.path("guide", &[FRAME.at(0.0, base), FRAME.at(1.0, base)]);
    svg.path("curve", &curve);
    let half = evaluation.precision_recall.iter().find(|point| point.threshold >= 0.5);
    if let Some(half) = half {
        let (x, y) = at(half);
        svg.dot("mark", (x, y), 5.0);
        svg.text("note", (x - 14.0, y + 20.0), Anchor::End, "at threshold 0.5");
    }
    area_label(&mut svg, &format!("{area:.4}"), "average precision");
    let (x, y) = FRAME.at(0.02, base);
    svg.text("note", (x, y - 8.0), Anchor::Start, "guessing");
    svg.finish()
}

fn area_label(svg: &mut Svg, value: &str, name: &str) {
    let (x, y) = FRAME.at(0.97, 0.1);
    svg.text("value", (x, y), Anchor::End, value);
    svg.text("note", (x, y + 20.0), Anchor::End, name);
}

const RELIABILITY: Frame = Frame { left: 64.0, top: 52.0, width: 392.0, height: 262.0 };
const COUNTS: Frame = Frame { left: 64.0, top: 338.0, width: 392.0, height: 60.0 };

/// How often reviews are positive against how probable that was said to be, above the number of
/// reviews in each bin.
#[must_use]
pub fn reliability(evaluation: &Evaluation<'_>) -> String {
    let ece = evaluation.measures.metrics.text("ece");
    let describe = format!(
        "Fraction of positive reviews against mean P(positive), in {BINS} bins; on the diagonal, probabilities are as \
         they say. The expected calibration error is {ece}. Below, the number of reviews in each bin."
    );
    let mut svg = start("calibration", "Calibration", &describe);
    RELIABILITY.axes(&mut svg, "", "Fraction positive");
    svg.path("guide", &[RELIABILITY.at(0.0, 0.0), RELIABILITY.at(1.0, 1.0)]);
    let points: Vec<_> = evaluation
        .calibration
        .iter()
        .map(|bin| RELIABILITY.at(bin.predicted, bin.actual))
        .collect();
    for (bin, &(x, _)) in evaluation.calibration.iter().zip(&points) {
        if let Some(share) = interval(bin) {
            let [low, high] = [share.low, share.high].map(|end| RELIABILITY.at(0.0, end).1);
            svg.line("band", (x, low), (x, high));
        }
    }
    svg.path("curve", &points);
    for &point in &points {
        svg.dot("dot", point, 4.0);
    }
    let (x, y) = RELIABILITY.at(0.97, 0.13);
    svg.text("value", (x, y), Anchor::End, ece);
    svg.text("note", (x, y + 20.0), Anchor::End, "calibration error");
    counts(&mut svg, &evaluation.calibration);
    svg.finish()
}

/// Wilson's interval of the fraction, at 95 %.
fn interval(bin: &CalibrationBin) -> Option<Estimate> {
    let positives = (bin.actual * bin.n as f64).round() as u64;
    Estimate::fraction(positives, bin.n as u64)
}

fn counts(svg: &mut Svg, bins: &[CalibrationBin]) {
    let most = bins.iter().map(|bin| bin.n).max().unwrap_or(0).max(1);
    let width = COUNTS.width / BINS as f64;
    for bin in bins {
        let i = ((bin.predicted * BINS as f64) as usize).min(BINS - 1);
        let height = COUNTS.height * bin.n as f64 / most as f64;
        let at = (COUNTS.left + i as f64 * width + 1.0, COUNTS.bottom() - height);
        svg.rect("bar", at, (width - 2.0, height));
    }
    svg.line("axis", COUNTS.at(0.0, 0.0), COUNTS.at(1.0, 0.0));
    let (x, y) = COUNTS.at(0.0, 1.0);
    svg.line("grid", (x, y), COUNTS.at(1.0, 1.0));
    svg.text("tick", (x - 8.0, y + 4.0), Anchor::End, grouped(most));
    svg.text("tick", (x - 8.0, COUNTS.bottom() + 4.0), Anchor::End, 0);
    for i in 0..=5 {
        let value = f64::from(i) / 5.0;
        let (x, y) = COUNTS.at(value, 0.0);
        svg.text("tick", (x, y + 18.0), Anchor::Middle, format_args!("{value:.1}"));
    }
    let (x, y) = COUNTS.at(0.5, 0.0);
    svg.text("name", (x, y + 40.0), Anchor::Middle, "Mean P(positive)");
    svg.upward("name", (COUNTS.left - 48.0, COUNTS.top + COUNTS.height / 2.0), "Reviews");
}
