//! Calibration and ROC curve of labelled reviews, in a square of 100.

use serde_json::Value;

/// Both pictures.
#[derive(Debug, PartialEq)]
pub(super) struct Curves {
    /// Reviews that were labelled.
    pub(super) n: u64,
    /// Centres of the bins: predicted to the right, observed up.
    pub(super) calibration: Vec<(String, String)>,
    /// Points of the ROC curve, as SVG has them.
    pub(super) roc: String,
    pub(super) auc: String,
}

/// From the bins of the probability: how many reviews, and which part of them is positive. The
/// edges of the bins are the thresholds of the ROC curve. `None` when one label is missing.
pub(super) fn curves(bins: &Value) -> Option<Curves> {
    let bins: Vec<(f64, f64, f64)> = bins
        .as_array()?
        .iter()
        .filter_map(|bin| {
            let number = |name: &str| bin.get(name)?.as_f64();
            Some((number("n")?, number("predicted")?, number("observed")?))
        })
        .collect();
    let positive: f64 = bins.iter().map(|(n, _, observed)| n * observed).sum();
    let n: f64 = bins.iter().map(|(n, ..)| n).sum();
    let negative = n - positive;
    if positive < 0.5 || negative < 0.5 {
        return None;
    }
    let at = |x: f64, y: f64| (format!("{:.1}", 100.0 * x), format!("{:.1}", 100.0 * (1.0 - y)));
    let (mut fpr, mut tpr, mut area) = (0.0, 0.0, 0.0);
    let mut points = vec![at(fpr, tpr)];
    // Probabilities from the highest on are taken for positive.
    for (n, _, observed) in bins.iter().rev() {
        let (wrong, right) = (n * (1.0 - observed) / negative, n * observed / positive);
        area += wrong * (tpr + right / 2.0);
        (fpr, tpr) = (fpr + wrong, tpr + right);
        points.push(at(fpr, tpr));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let n = n.round() as u64;
    Some(Curves {
        n,
        calibration: bins.iter().map(|&(_, predicted, observed)| at(predicted, observed)).collect(),
        roc: points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" "),
        auc: format!("{area:.3}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bins_make_a_calibration_and_a_roc_curve() {
        let bins = json!([
            { "bin": 0, "n": 4, "predicted": 0.1, "observed": 0.25 },
            { "bin": 9, "n": 4, "predicted": 0.9, "observed": 0.75 },
        ]);
        let found = curves(&bins).unwrap();
        assert_eq!((found.n, found.roc.as_str()), (8, "0.0,100.0 25.0,25.0 100.0,0.0"));
        assert_eq!(found.auc, "0.750", "by sklearn.metrics.roc_auc_score, ties within a bin");
        let place = |x: &str, y: &str| (x.to_owned(), y.to_owned());
        assert_eq!(found.calibration, [place("10.0", "75.0"), place("90.0", "25.0")]);
    }

    #[test]
    fn one_label_alone_makes_no_curve() {
        assert_eq!(curves(&json!([{ "n": 4, "predicted": 0.9, "observed": 1.0 }])), None);
        assert_eq!(curves(&json!([])), None);
        assert_eq!(curves(&json!(null)), None);
    }
}
