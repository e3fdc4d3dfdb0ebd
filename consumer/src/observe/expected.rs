//! The accuracy to expect of the window's reviews, of which nobody has said a label; or why it is
//! not told.

use verdict_learning::{
    drift::{Feature, Window},
    estimate::Estimate,
    gate::Floors,
};
use verdict_sentiment::Model;

use super::{alarm::Alarm, state::label};

/// Why no accuracy is expected.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Withheld {
    /// No window is kept.
    #[error("no reviews are kept (--drift-window 0)")]
    NoWindow,
    /// Nothing says whether the calibration holds for these reviews.
    #[error("the model does not say what its training reviews looked like")]
    NoReference,
    /// The probabilities are no probabilities.
    #[error("the model has no calibration that was measured")]
    NoCalibration,
    /// Drift is not judged by a window that is not full.
    #[error("the window has {reviews} of {capacity} reviews")]
    Filling {
        /// Reviews in the window.
        reviews: usize,
        /// Those that it will hold.
        capacity: usize,
    },
    /// The calibration is of other reviews.
    #[error("reviews drift: the stability index of {} is {psi:.3}", label(*feature).as_str())]
    Drift {
        /// The feature that has moved most.
        feature: Feature,
        /// Its population stability index.
        psi: f64,
    },
}

/// The accuracy to expect of the reviews in the window, by the calibrated probabilities.
///
/// # Errors
/// Why it is withheld: it rests on the calibration, and that holds for reviews like those of the
/// training only.
pub fn expected_accuracy(
    model: &Model,
    window: Option<&Window>,
    alarm: &Alarm,
) -> Result<Estimate, Withheld> {
    let window = window.ok_or(Withheld::NoWindow)?;
    let calibration_error = about(model, "/metrics/out_of_fold/ece");
    let calibration_error = calibration_error.ok_or(Withheld::NoCalibration)?;
    let readings = window.readings().filter_map(|reading| Some((reading.feature, reading.psi?)));
    let largest = readings.max_by(|(_, a), (_, b)| a.total_cmp(b));
    let (reviews, capacity) = (window.len(), window.capacity());
    let filling = Withheld::Filling { reviews, capacity };
    match largest {
        _ if window.readings().next().is_none() => Err(Withheld::NoReference),
        _ if !window.is_full() => Err(filling),
        Some((feature, psi)) if alarm.is_raised() || psi > alarm.threshold() => {
            Err(Withheld::Drift { feature, psi })
        }
        _ => window.expected_accuracy(calibration_error).ok_or(filling),
    }
}

/// The least accuracy with which the gate lets the model serve, as its training's parameters have
/// it.
pub fn floor(model: &Model) -> f64 {
    // A model keeps only a floor that is not the default one.
    about(model, "/params/promotion/floors/accuracy").unwrap_or(Floors::default().accuracy)
}

fn about(model: &Model, pointer: &str) -> Option<f64> {
    model.parts().about.pointer(pointer)?.as_f64()
}
