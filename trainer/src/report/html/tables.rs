//! The numbers of the page.

use crate::metrics::shown;
use crate::report::charts::grouped;
use crate::report::evaluation::Evaluation;
use crate::report::svg::Escaped;
use serde_json::Value;
use std::fmt::{self, Write};

/// What was measured on what.
pub(super) fn identity(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    let measures = &evaluation.measures;
    write!(
        out,
        "<dl class=\"facts\">\n<dt>Model</dt><dd class=\"mono\">sha256:{}</dd>\n\
         <dt>Reviews</dt><dd>{} ({} positive, {} negative) <span class=\"mono quiet\">sha256:{}</span></dd>\n</dl>\n",
        Escaped(&evaluation.model.identity().sha256),
        grouped(measures.metrics.n),
        grouped(measures.n_positive),
        grouped(measures.n_negative),
        Escaped(&evaluation.data_sha256)
    )
}

/// The metrics, large.
pub(super) fn tiles(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    let metrics = &evaluation.measures.metrics;
    let undefined = metrics.undefined();
    let titles = [
        "Accuracy",
        "Precision",
        "Recall",
        "F1",
        "Area under ROC",
        "Log-loss, nats",
        "Brier score",
        "Calibration error",
    ];
    out.write_str("<ul class=\"tiles\">\n")?;
    for (title, (name, value)) in titles.iter().zip(metrics.named()) {
        write!(
            out,
            "<li><span class=\"number\">{}</span> <span class=\"label\">{title}",
            shown(value)
        )?;
        if let Some(why) = undefined.get(name) {
            write!(out, ": not defined, {why}")?;
        }
        out.write_str("</span></li>\n")?;
    }
    out.write_str("</ul>\n")
}

/// What other thresholds would give; the one of the best F1 stands out.
pub(super) fn thresholds(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    out.write_str(
        "<section aria-labelledby=\"thresholds\">\n<h2 id=\"thresholds\">Thresholds</h2>\n\
         <p class=\"quiet\">A review is called positive if P(positive) is at least the threshold; the model uses 0.5. Bold: the \
         best F1.</p>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Threshold</th><th scope=\"col\">Called positive</th>\
         <th scope=\"col\">Accuracy</th><th scope=\"col\">Precision</th><th scope=\"col\">Recall</th><th scope=\"col\">F1</th>\
         </tr></thead>\n<tbody>\n",
    )?;
    let rows = &evaluation.thresholds;
    let best = rows.iter().filter_map(|row| row.confusion.f1()).fold(0.0, f64::max);
    for row in rows {
        let counts = &row.confusion;
        let is_best = best > 0.0 && counts.f1() == Some(best);
        writeln!(
            out,
            "<tr{}><td>{:.2}</td><td>{:.1} %</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            if is_best { " class=\"best\"" } else { "" },
            row.threshold,
            (counts.tp + counts.fp) as f64 * 100.0 / counts.n() as f64,
            shown(counts.accuracy()),
            shown(counts.precision()),
            shown(counts.recall()),
            shown(counts.f1())
        )?;
    }
    out.write_str("</tbody>\n</table></div>\n</section>\n")
}

/// Accuracy by kind of review.
pub(super) fn slices(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    out.write_str(
        "<section aria-labelledby=\"slices\">\n<h2 id=\"slices\">Kinds of reviews</h2>\n<p class=\"quiet\">Accuracy with its \
         95 % interval (Wilson). Kinds overlap, except the lengths.</p>\n<div class=\"scroll\"><table>\n<thead><tr>\
         <th scope=\"col\">Kind</th><th scope=\"col\">Reviews</th><th scope=\"col\">Accuracy</th><th scope=\"col\">Interval</th>\
         <th scope=\"col\" aria-label=\"as a bar\"></th></tr></thead>\n<tbody>\n",
    )?;
    for (slice, n, share) in &evaluation.slices {
        write!(
            out,
            "<tr><td>{} <span class=\"quiet\">{}</span></td><td>{}</td>",
            slice.name(),
            slice.describe(),
            grouped(*n)
        )?;
        let Some(share) = share else {
            out.write_str("<td>–</td><td>–</td><td></td></tr>\n")?;
            continue;
        };
        writeln!(
            out,
            "<td>{:.4}</td><td class=\"quiet\">{:.4} – {:.4}</td><td><span class=\"meter\"><i style=\"width:{:.1}%\"></i></span></td></tr>",
            share.value,
            share.low,
            share.high,
            share.value * 100.0
        )?;
    }
    out.write_str("</tbody>\n</table></div>\n</section>\n")
}

/// What the model file says of itself.
pub(super) fn model(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    let parts = evaluation.model.parts();
    let about = |pointer: &str| -> String {
        match parts.about.pointer(pointer) {
            None | Some(Value::Null) => "not stated".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => match number.as_u64() {
                Some(n) => grouped(n.try_into().unwrap_or(usize::MAX)),
                None => number.to_string(),
            },
            Some(value) => value.to_string(),
        }
    };
    let (range, calibration) = (parts.vectorizer.options().ngram_range, parts.calibration);
    let facts = [
        (
            "Kind",
            format!(
                "TF-IDF of {} {}- to {}-grams, logistic regression",
                grouped(evaluation.model.n_terms()),
                range.min(),
                range.max()
            ),
        ),
        (
            "Training reviews",
            format!("{} ({} positive)", about("/data/n_reviews"), about("/data/n_positive")),
        ),
        ("Their SHA-256", about("/data/sha256")),
        (
            "Converged",
            format!("{} after {} iterations", about("/fit/converged"), about("/fit/iterations")),
        ),
        ("Intercept", format!("{:+.4}", parts.intercept)),
        (
            "Calibration",
            format!("sigmoid({:.4} · score {:+.4})", calibration.slope, calibration.offset),
        ),
        ("Accuracy out of fold", about("/metrics/out_of_fold/accuracy")),
    ];
    out.write_str("<section aria-labelledby=\"model\">\n<h2 id=\"model\">The model</h2>\n<dl class=\"facts\">\n")?;
    for (name, value) in &facts {
        writeln!(out, "<dt>{name}</dt><dd>{}</dd>", Escaped(value))?;
    }
    out.write_str("</dl>\n<h3>Parameters</h3>\n<dl class=\"facts mono\">\n")?;
    let none = Value::Null;
    write_params(out, "", parts.about.get("params").unwrap_or(&none))?;
    out.write_str(
        "</dl>\n<h3>Limits</h3>\n<p>Numbers hold for reviews like those measured on. Irony and comparisons are read word by word. \
         Do not use the model to judge people.</p>\n</section>\n",
    )
}

/// A line for each value, named by its path: `model_building.C`.
fn write_params(out: &mut String, path: &str, value: &Value) -> fmt::Result {
    let Value::Object(members) = value else {
        let text = value.to_string();
        let (path, text) = (Escaped(path), Escaped(&text));
        return writeln!(out, "<dt>{path}</dt><dd>{text}</dd>");
    };
    for (key, value) in members {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        write_params(out, &path, value)?;
    }
    Ok(())
}
