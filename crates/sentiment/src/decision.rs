//! What a model decides: positive, negative, or that it does not know.

use crate::error::InvalidPart;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where `about` keeps the rule.
const KEY: &str = "decision";

/// What a model decides about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Positive, wrong as seldom as the rule's target says.
    Positive,
    /// Negative, likewise.
    Negative,
    /// Too close to call.
    Unsure,
}

/// How sure a model must be to decide, kept in the model file as `about.decision`.
///
/// How often a probability is wrong was measured on reviews and pieces of them that the model had
/// not seen, apart for each length: a sentence has less to go by than a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRule {
    /// Largest share of errors among what is decided.
    pub target_error: f64,
    /// The probability that the share is within the target, for all bands together.
    pub confidence: f64,
    /// By the number of known terms, ascending; texts with fewer than the first are unsure.
    pub bands: Vec<Band>,
}

/// The texts from this number of known terms up to the next band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Fewest known terms, at least 1.
    pub known_terms: u32,
    /// The least probability of its label with which a text is decided, 0.5 to 1; `None` where
    /// none could be shown to keep the target, so that each is unsure.
    pub threshold: Option<f64>,
    /// Share of the texts that are decided, as measured.
    pub coverage: f64,
    /// Share of errors among them, as measured.
    pub error: f64,
    /// Texts that this was measured on.
    pub measured: usize,
}

impl DecisionRule {
    /// The rule of a model's `about`; `None` when it has none.
    ///
    /// # Errors
    /// When it has one that is not valid.
    pub fn of_about(about: &Value) -> Result<Option<Self>, InvalidPart> {
        let Some(rule) = about.get(KEY).filter(|rule| !rule.is_null()) else { return Ok(None) };
        let rule = Self::deserialize(rule)
            .map_err(|error| InvalidPart(format!("about.{KEY}: {error}")))?;
        let pairs = rule.bands.iter().zip(rule.bands.iter().skip(1));
        let ascend = pairs.into_iter().all(|(a, b)| a.known_terms < b.known_terms);
        let within = |band: &Band| {
            band.known_terms >= 1 && band.threshold.is_none_or(|t| (0.5..=1.0).contains(&t))
        };
        if !ascend || !rule.bands.iter().all(within) {
            return Err(InvalidPart(format!(
                "about.{KEY}: bands must ascend from 1 known term, with thresholds from 0.5 to 1"
            )));
        }
        Ok(Some(rule))
    }

    /// Whether a text with so many known terms is decided with this probability of its label.
    pub(crate) fn decides(&self, known_terms: usize, sure: f64) -> bool {
        let bands = self.bands.iter().rev();
        let band = bands.into_iter().find(|band| band.known_terms as usize <= known_terms);
        band.and_then(|band| band.threshold).is_some_and(|threshold| sure >= threshold)
    }
}

/// The decision on a text. One without a known term is unsure whatever the rule, since the model
/// says the same of all of them; without a rule every other one is decided.
pub(crate) fn decide(
    rule: Option<&DecisionRule>,
    known_terms: usize,
    probability: f64,
) -> Decision {
    let sure = probability.max(1.0 - probability);
    if known_terms == 0 || rule.is_some_and(|rule| !rule.decides(known_terms, sure)) {
        Decision::Unsure
    } else if probability >= 0.5 {
        Decision::Positive
    } else {
        Decision::Negative
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn band(known_terms: u32, threshold: Option<f64>) -> Band {
        Band { known_terms, threshold, coverage: 0.5, error: 0.05, measured: 100 }
    }

    #[test]
    fn a_text_is_decided_by_its_band_and_never_without_a_known_term() {
        let bands = vec![band(2, None), band(4, Some(0.9)), band(16, Some(0.6))];
        let rule = DecisionRule { target_error: 0.05, confidence: 0.95, bands };
        use Decision::{Negative, Positive, Unsure};
        for (known_terms, probability, expected) in [
            (0, 0.999, Unsure),
            (1, 0.999, Unsure),
            (3, 0.999, Unsure),
            (4, 0.9, Positive),
            (15, 0.89, Unsure),
            (16, 0.4, Negative),
            (1_000, 0.41, Unsure),
        ] {
            let decided = decide(Some(&rule), known_terms, probability);
            assert_eq!(decided, expected, "{known_terms} {probability}");
        }
        assert_eq!(decide(None, 1, 0.5), Positive);
        assert_eq!(decide(None, 0, 0.9), Unsure);
    }

    #[test]
    fn a_rule_is_read_from_about_and_a_bad_one_is_refused() {
        let bands = vec![band(1, None), band(8, Some(0.75))];
        let rule = DecisionRule { target_error: 0.05, confidence: 0.95, bands };
        let about = json!({ "decision": rule });
        assert_eq!(DecisionRule::of_about(&about), Ok(Some(rule.clone())));
        assert_eq!(DecisionRule::of_about(&json!({})), Ok(None));
        for bands in [
            vec![band(0, None)],
            vec![band(2, None), band(2, None)],
            vec![band(1, Some(0.4))],
            vec![band(1, Some(1.1))],
        ] {
            let about = json!({ "decision": DecisionRule { bands, ..rule.clone() } });
            assert!(DecisionRule::of_about(&about).is_err(), "{about}");
        }
        assert!(DecisionRule::of_about(&json!({ "decision": 1 })).is_err());
    }
}
