//! What a model is made of: what training hands over, and what the model file holds.

use crate::error::ArtifactError;
use crate::score::Calibration;
use crate::vectorize::Vectorizer;

/// What a model is made of, as training hands it over.
#[derive(Debug, Clone)]
pub struct ModelParts {
    /// What the model is called.
    pub name: String,
    /// Text to rows.
    pub vectorizer: Vectorizer,
    /// One weight for each column: what a row value of one adds to the log-odds.
    pub weights: Vec<f32>,
    /// Log-odds of a review without any known term.
    pub intercept: f64,
    /// Log-odds to probability.
    pub calibration: Calibration,
    /// How it was made (parameters, data, metrics): a JSON object, kept as it is.
    pub about: serde_json::Value,
}

impl ModelParts {
    /// Largest absolute weight and intercept. Within it, all sums of contributions to rows of
    /// length one are exact; those of rows without a norm are while they stay below 2²¹.
    pub const MAX_WEIGHT: f64 = 1024.0;

    /// Checks what every model must hold, whether it is being written or read.
    pub(crate) fn check(&self) -> Result<(), ArtifactError> {
        let largest = Self::MAX_WEIGHT;
        let bounds = format!("between -{largest} and {largest}");
        let within = |x: f64| x.is_finite() && x.abs() <= largest;
        let n_terms = self.vectorizer.vocabulary().len();
        if self.weights.len() != n_terms {
            let got = self.weights.len();
            return Err(ArtifactError::bound("number of weights", n_terms, got, 0));
        }
        if let Some(weight) = self.weights.iter().find(|&&weight| !within(f64::from(weight))) {
            return Err(ArtifactError::bound("weight", bounds, weight, 0));
        }
        if !within(self.intercept) {
            return Err(ArtifactError::bound("intercept", bounds, self.intercept, 0));
        }
        if !self.calibration.rises() {
            let Calibration { slope, offset, long } = self.calibration;
            let long = long.map_or_else(String::new, |long| format!(", {long}"));
            let (bound, got) = ("finite with a slope above 0", format!("{slope}, {offset}{long}"));
            return Err(ArtifactError::bound("calibration", bound, got, 0));
        }
        if !self.about.is_object() {
            let reason = "about is not a JSON object: expected an object";
            return Err(ArtifactError::Invalid(reason.to_owned()));
        }
        Ok(())
    }
}
