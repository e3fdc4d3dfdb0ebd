//! The distributions of the training reviews, with which live reviews are compared to detect drift.

use crate::error::InvalidPart;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where `about` keeps the reference.
const KEY: &str = "reference";
/// Edges and means are rounded to 1 / this: more digits mean nothing for 25,000 reviews.
const PRECISION: f64 = 1e6;

/// Distributions of the reviews that a model was trained on, kept in the model file as
/// `about.reference`.
///
/// The probability is that of *out-of-fold* scores, each from a model that has not seen the review:
/// those of the model on its own training reviews are more extreme than any that it will give
/// again. For the same reason a term of a training review counts as known only if another training
/// review has it too.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reference {
    /// Calibrated P(positive), 0 to 1; `None` for a model without a calibration, which has no
    /// out-of-fold scores.
    pub probability: Option<Bins>,
    /// Tokens a review.
    pub tokens: Bins,
    /// Out-of-vocabulary ratio: see [`Seen::oov_ratio`](crate::Seen::oov_ratio).
    pub oov: Bins,
}

/// A distribution in bins: below the first edge, from each edge to the next, from the last edge on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawBins")]
pub struct Bins {
    edges: Vec<f64>,
    counts: Vec<u64>,
    mean: f64,
}

#[derive(Deserialize)]
struct RawBins {
    edges: Vec<f64>,
    counts: Vec<u64>,
    mean: f64,
}

impl Bins {
    /// Most bins.
    pub const MOST: usize = 64;

    /// A distribution with these edges, counts and mean.
    ///
    /// # Errors
    /// Where there is not one count more than there are edges, or more than [`Bins::MOST`]; where
    /// the edges do not ascend or a number is not finite; where all counts are 0.
    pub fn new(edges: Vec<f64>, counts: Vec<u64>, mean: f64) -> Result<Self, InvalidPart> {
        let bad = |reason: String| Err(InvalidPart(reason));
        if counts.len() != edges.len() + 1 || counts.len() > Self::MOST {
            return bad(format!(
                "there must be one count more than there are edges, and at most {}, got {} edges and {} counts",
                Self::MOST,
                edges.len(),
                counts.len()
            ));
        }
        if let Some(number) = edges.iter().chain([&mean]).find(|n| !n.is_finite()) {
            return bad(format!("numbers must be finite, got {number}"));
        }
        let pairs = edges.iter().zip(edges.iter().skip(1));
        if let Some((a, b)) = pairs.clone().find(|(a, b)| a >= b) {
            return bad(format!("edges must ascend, got {a} before {b}"));
        }
        let n = counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
        if n.is_none_or(|n| n == 0) {
            return bad(format!("counts must sum to 1 to {}, got {counts:?}", u64::MAX));
        }
        Ok(Self { edges, counts, mean })
    }

    /// The distribution of `values` in at most `n_bins` bins that hold equally many of them, as far
    /// as equal values allow; `None` without a value or where one is not finite.
    ///
    /// Bins of equal mass, because the population stability index weighs each bin by the logarithm
    /// of a ratio of counts: where the reference expects few, chance alone makes large ratios.
    pub fn of_equal_mass(values: &[f64], n_bins: usize) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let smallest = *sorted.first()?;
        let mut edges: Vec<f64> = Vec::new();
        for i in 1..n_bins {
            let at = i * sorted.len() / n_bins;
            let edge = rounded(sorted.get(at).copied().unwrap_or(smallest));
            if edge > *edges.last().unwrap_or(&smallest) {
                edges.push(edge);
            }
        }
        let mut counts = vec![0; edges.len() + 1];
        for &value in values {
            if let Some(count) = counts.get_mut(bin_of(&edges, value)) {
                *count += 1;
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "far fewer reviews than 2^53")]
        let mean = rounded(sorted.iter().sum::<f64>() / sorted.len() as f64);
        Self::new(edges, counts, mean).ok()
    }

    /// The bin of a value: how many edges are not above it.
    pub fn bin_of(&self, value: f64) -> usize {
        bin_of(&self.edges, value)
    }

    /// Number of bins.
    pub fn n_bins(&self) -> usize {
        self.counts.len()
    }

    /// Where one bin ends and the next begins, ascending; one less than there are bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Reviews in each bin.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Reviews in all bins, at least 1.
    pub fn n(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean of the values.
    pub fn mean(&self) -> f64 {
        self.mean
    }
}

impl TryFrom<RawBins> for Bins {
    type Error = InvalidPart;

    fn try_from(raw: RawBins) -> Result<Self, Self::Error> {
        Self::new(raw.edges, raw.counts, raw.mean)
    }
}

impl Reference {
    /// Reads the reference that a model's `about` holds; `None` for a model that was made without
    /// one.
    ///
    /// It is not checked when a model is loaded: a reference of a later release that this one
    /// cannot read is no reason not to serve a model that scores as it should.
    ///
    /// # Errors
    /// When there is one that is malformed; names the part.
    pub fn of_about(about: &Value) -> Result<Option<Self>, InvalidPart> {
        let Some(reference) = about.get(KEY).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            probability: part(reference, "probability")?,
            tokens: required(reference, "tokens")?,
            oov: required(reference, "oov")?,
        }))
    }
}

fn part(reference: &Value, field: &str) -> Result<Option<Bins>, InvalidPart> {
    let value = reference.get(field).unwrap_or(&Value::Null);
    Option::deserialize(value).map_err(|error| InvalidPart(format!("about.{KEY}.{field}: {error}")))
}

fn required(reference: &Value, field: &str) -> Result<Bins, InvalidPart> {
    let missing = || InvalidPart(format!("about.{KEY}.{field}: is missing"));
    part(reference, field)?.ok_or_else(missing)
}

fn bin_of(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|&edge| edge <= value)
}

fn rounded(value: f64) -> f64 {
    (value * PRECISION).round() / PRECISION
}
