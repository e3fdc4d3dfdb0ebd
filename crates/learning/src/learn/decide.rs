//! How sure a model must be to decide, so that what it decides is wrong no more often than a
//! target.
//!
//! Thresholds are tried from the strictest down, and the last one is taken for which "more errors
//! than the target" is still refuted by an exact binomial test: fixed-sequence testing, by which
//! the error of all thresholds tried is that of one test (Angelopoulos, Bates, Candès, Jordan and
//! Lei, *Learn then test*, 2021). Bands of length are tested apart, each with its share of the
//! error (Bonferroni). The bound holds for texts like those measured, of any number, if they are
//! independent; pieces of one review are so only nearly.

use crate::binomial::ln_lower_tail;
use verdict_sentiment::{Band, DecisionRule};

/// The probability that all bands keep the target.
const CONFIDENCE: f64 = 0.95;
/// The first numbers of known terms of the bands.
const BANDS: [u32; 6] = [1, 16, 32, 64, 128, 256];
/// Thresholds are multiples of one over this, so that a file is short and two machines agree.
const STEPS: u32 = 200;

/// What became of a text that the model had not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Known terms of the text.
    pub known_terms: usize,
    /// Calibrated probability of positive.
    pub probability: f64,
    /// What the text is.
    pub is_positive: bool,
}

/// The rule that keeps `target_error`, from 0 to below 0.5, by what was seen.
#[must_use]
pub fn decision_rule(seen: &[Seen], target_error: f64) -> DecisionRule {
    let bands = BANDS.iter().zip(BANDS.iter().skip(1).chain([&u32::MAX]));
    let level = (1.0 - CONFIDENCE) / BANDS.len() as f64;
    let bands = bands.map(|(&first, &next)| {
        let inside = first as usize..next as usize;
        let of_band = seen.iter().filter(|text| inside.contains(&text.known_terms));
        band(first, of_band.map(Judged::of).collect(), target_error, level)
    });
    DecisionRule { target_error, confidence: CONFIDENCE, bands: bands.collect() }
}

/// How sure the model was, and whether it was wrong.
struct Judged {
    sure: f64,
    is_wrong: bool,
}

impl Judged {
    fn of(text: &Seen) -> Self {
        let sure = text.probability.max(1.0 - text.probability);
        Self { sure, is_wrong: (text.probability >= 0.5) != text.is_positive }
    }
}

fn band(known_terms: u32, mut judged: Vec<Judged>, target_error: f64, level: f64) -> Band {
    // How unusual so few errors would be if each text were one with the target's probability.
    let p_value = |errors, n: usize| libm::exp(ln_lower_tail(errors, n as u64, target_error));
    judged.sort_unstable_by(|a, b| b.sure.total_cmp(&a.sure));
    let (mut n, mut errors) = (0_usize, 0_u64);
    let (mut threshold, mut coverage, mut error) = (None, 0.0, 0.0);
    for step in (STEPS / 2..=STEPS).rev() {
        let tried = f64::from(step) / f64::from(STEPS);
        while let Some(next) = judged.get(n).filter(|next| next.sure >= tried) {
            n += 1;
            errors += u64::from(next.is_wrong);
        }
        // So few that not even half of the errors allowed would show it: which depends on no
        // label, so the sequence may begin behind it.
        let half = (n as f64 * target_error / 2.0) as u64;
        if p_value(half, n) > level {
            continue;
        }
        if p_value(errors, n) > level {
            break;
        }
        threshold = Some(tried);
        coverage = n as f64 / judged.len() as f64;
        error = errors as f64 / n as f64;
    }
    Band { known_terms, threshold, coverage, error, measured: judged.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Texts of a calibrated model.
    fn drawn(seed: u64, n: usize, known_terms: usize) -> Vec<Seen> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let text = |_| {
            let probability = rng.random_range(0.0..1.0);
            Seen { known_terms, probability, is_positive: rng.random_bool(probability) }
        };
        (0..n).map(text).collect()
    }

    #[test]
    fn the_target_is_kept_as_often_as_said() {
        let (mut broken, mut none, mut sum) = (0, 0_u32, 0.0);
        for seed in 0..300 {
            let rule = decision_rule(&drawn(seed, 10_000, 10), 0.05);
            let band = rule.bands[0];
            assert_eq!((band.known_terms, band.measured), (1, 10_000));
            // By bad luck with the few that are surest, nothing may be shown.
            let Some(threshold) = band.threshold else {
                none += 1;
                continue;
            };
            // The true share of errors beyond the threshold t, for probabilities drawn evenly.
            broken += usize::from((1.0 - threshold) / 2.0 > 0.05);
            sum += threshold;
            assert!(band.error <= 0.05, "{band:?}");
        }
        assert!(broken <= 6, "{broken} of 300 break it, of 5 % for six bands together");
        assert!(none <= 6, "{none} of 300 decide nothing");
        // The best there is, for one who knows the truth, is 0.9.
        assert!(sum / f64::from(300 - none) < 0.96, "{sum}");
    }

    #[test]
    fn what_cannot_be_shown_is_unsure() {
        for (seen, why) in [
            (vec![], "nothing was measured"),
            (drawn(1, 400, 10), "few could be luck"),
            (drawn(1, 4_000, 0), "no known term"),
        ] {
            let rule = decision_rule(&seen, 0.05);
            assert!(rule.bands.iter().all(|band| band.threshold.is_none()), "{why}: {rule:?}");
        }
        let wrong = |text: &Seen| Seen { is_positive: text.probability < 0.5, ..*text };
        let seen: Vec<_> = drawn(1, 4_000, 10).iter().map(wrong).collect();
        assert_eq!(decision_rule(&seen, 0.05).bands[0].threshold, None, "always wrong");
        let right = |text: &Seen| Seen { is_positive: text.probability >= 0.5, ..*text };
        let seen: Vec<_> = drawn(1, 4_000, 10).iter().map(right).collect();
        let band = decision_rule(&seen, 0.05).bands[0];
        assert_eq!((band.threshold, band.coverage), (Some(0.5), 1.0), "never wrong");
    }
}
