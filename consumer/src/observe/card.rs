//! What the model file says of its model, for `/model`: data, parameters, how good it was on reviews
//! that it was not fitted to, and its strongest terms.

use serde_json::{Value, json};
use verdict_learning::estimate::{Estimate, Z};
use verdict_sentiment::Model;

/// Terms of each side.
const TERMS: usize = 12;

/// The card; null stands for what the file does not say.
pub(super) fn card(model: &Model) -> Value {
    let about = &model.parts().about;
    let of = |name: &str| about.get(name).cloned().unwrap_or_default();
    let [positive, negative] = strongest(model);
    json!({
        "data": of("data"),
        "params": of("params"),
        "out_of_fold": about.pointer("/metrics/out_of_fold"),
        "intervals": intervals(about),
        "strongest": { "positive": positive, "negative": negative },
    })
}

/// 95 % intervals of the metrics that are fractions of a count (Wilson), and of the AUC (Hanley and
/// McNeil, *The meaning and use of the area under a ROC curve*, 1982).
fn intervals(about: &Value) -> Option<Value> {
    let number = |pointer: &str| about.pointer(pointer)?.as_f64();
    let metric = |name: &str| number(&format!("/metrics/out_of_fold/{name}"));
    let (n, positive) = (number("/data/n_reviews")?, number("/data/n_positive")?);
    let (recall, precision) = (metric("recall")?, metric("precision")?);
    let found = recall * positive;
    let fraction = |value: f64, of: f64| {
        // Counts of reviews, which a float holds exactly.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let [k, n] = [value * of, of].map(|count| count.round().max(0.0) as u64);
        Estimate::fraction(k, n).map(|it| [it.low, it.high])
    };
    Some(json!({
        "accuracy": fraction(metric("accuracy")?, n),
        "precision": (precision > 0.0).then(|| fraction(precision, found / precision)),
        "recall": fraction(recall, positive),
        "auc": metric("auc").and_then(|auc| area(auc, positive, n - positive)),
    }))
}

fn area(auc: f64, positive: f64, negative: f64) -> Option<[f64; 2]> {
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let spread = auc * (1.0 - auc)
        + (positive - 1.0) * (q1 - auc * auc)
        + (negative - 1.0) * (q2 - auc * auc);
    let half = Z * (spread / (positive * negative)).sqrt();
    half.is_finite().then(|| [(auc - half).max(0.0), (auc + half).min(1.0)])
}

/// The strongest terms for positive, then for negative, strongest first.
fn strongest(model: &Model) -> [Value; 2] {
    let parts = model.parts();
    let terms = parts.vectorizer.vocabulary().terms();
    let mut all: Vec<(&str, f32)> = terms.zip(parts.weights.iter().copied()).collect();
    all.sort_by(|(a, x), (b, y)| y.abs().total_cmp(&x.abs()).then_with(|| a.cmp(b)));
    [1.0, -1.0].map(|sign: f32| {
        let side = all.iter().filter(|(_, weight)| weight * sign > 0.0).take(TERMS);
        side.map(|(term, weight)| json!({ "term": term, "weight": weight })).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_model_has_a_card_with_intervals_around_its_metrics() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/default/model.verdict");
        let model = Model::from_bytes(&std::fs::read(path).unwrap()).unwrap();
        let card = card(&model);
        assert_eq!(card["data"]["n_reviews"], 25_000);
        assert_eq!(card["strongest"]["positive"].as_array().unwrap().len(), TERMS);
        assert!(card["strongest"]["negative"][0]["weight"].as_f64().unwrap() < -5.0);
        for (name, low, high) in [
            // scipy.stats.binomtest(22887, 25000).proportion_ci(method="wilson")
            ("accuracy", 0.911_968, 0.918_865),
            ("recall", 0.915_69, 0.925_17),
            ("precision", 0.906_22, 0.916_14),
            ("auc", 0.970_26, 0.974_40),
        ] {
            let value = card["out_of_fold"][name].as_f64().unwrap();
            let interval = card["intervals"][name].as_array().unwrap();
            let [from, to] = [&interval[0], &interval[1]].map(|end| end.as_f64().unwrap());
            assert!(from < value && value < to, "{name}: {from} {value} {to}");
            assert!((from - low).abs() < 3e-4 && (to - high).abs() < 3e-4, "{name}: {from} {to}");
        }
    }

    #[test]
    fn a_model_that_says_nothing_of_itself_has_no_intervals() {
        assert_eq!(intervals(&json!({})), None);
        assert_eq!(area(0.5, 0.0, 1.0), None);
    }
}
