//! How right the verdicts were, and whether all are there.
//!
//! Versions come and go, so all of it is kept as it was told last and read at scrape time.

use std::sync::{Arc, Mutex};

use opentelemetry::metrics::{AsyncInstrument, Meter};

use super::{Metrics, lock};
use crate::{
    catalogue::{self, Instrument},
    labels::label,
};

/// An estimate and the bounds of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate itself.
    pub value: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// One tenth of a reliability curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveBin {
    /// Which tenth, 0 to 9; others are not told.
    pub bin: usize,
    /// Mean P(positive) in it.
    pub predicted: f64,
    /// Fraction of positive labels in it.
    pub observed: f64,
}

/// How right one model version was.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveVersion {
    /// The version.
    pub version: String,
    /// Labelled reviews that it scored.
    pub labelled: u64,
    /// Fraction that it called right; none without a labelled review, as for the next two.
    pub accuracy: Option<Estimate>,
    /// Mean squared distance of P(positive) from the label.
    pub brier: Option<Estimate>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// The tenths that hold labelled reviews.
    pub calibration: Vec<LiveBin>,
}

/// What an audit found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditFound {
    /// Reviews looked at.
    pub reviews: u64,
    /// Reviews without any outcome.
    pub missing: u64,
    /// Reviews with more than one verdict, or more than one dead letter.
    pub duplicated: u64,
    /// Reviews with a verdict and a dead letter.
    pub both: u64,
    /// Outcomes of reviews that do not exist.
    pub phantom: u64,
    /// When it ended, in seconds since 1970.
    pub at_unix_s: u64,
}

#[derive(Debug, Default)]
struct Present {
    versions: Vec<LiveVersion>,
    // Verdicts without a label, labels without a verdict.
    unmatched: Option<(u64, u64)>,
    audit: Option<AuditFound>,
}

#[derive(Debug)]
pub(super) struct Instruments(Arc<Mutex<Present>>);

const TENTHS: [&str; 10] = ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"];

impl Metrics {
    /// How right each version was. Versions that are not listed lose their series.
    pub fn set_live(&self, versions: Vec<LiveVersion>) {
        lock(&self.0.monitor.0).versions = versions;
    }

    /// So many verdicts wait for a label, and so many labels for a verdict.
    pub fn set_live_unmatched(&self, verdicts: u64, labels: u64) {
        lock(&self.0.monitor.0).unmatched = Some((verdicts, labels));
    }

    /// What the last audit found.
    pub fn set_audit(&self, found: AuditFound) {
        lock(&self.0.monitor.0).audit = Some(found);
    }
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let instruments = Self(Arc::default());
        instruments.observe_versions(meter);
        instruments.observe_counts(meter);
        instruments
    }

    fn observe_versions(&self, meter: &Meter) {
        self.whole(meter, &catalogue::LIVE_LABELLED, |present, observer| {
            for told in &present.versions {
                observer.observe(told.labelled, &[label("version", told.version.clone())]);
            }
        });
        type Of = fn(&LiveVersion) -> Option<Estimate>;
        let estimates: [(&Instrument, Of); 2] = [
            (&catalogue::LIVE_ACCURACY, |told| told.accuracy),
            (&catalogue::LIVE_BRIER, |told| told.brier),
        ];
        for (instrument, of) in estimates {
            self.real(meter, instrument, move |present, observer| {
                for told in &present.versions {
                    let Some(estimate) = of(told) else { continue };
                    for (bound, value) in [
                        ("estimate", estimate.value),
                        ("lower", estimate.lower),
                        ("upper", estimate.upper),
                    ] {
                        let version = label("version", told.version.clone());
                        observer.observe(value, &[version, label("bound", bound)]);
                    }
                }
            });
        }
        self.real(meter, &catalogue::LIVE_ECE, |present, observer| {
            for told in &present.versions {
                if let Some(ece) = told.ece {
                    observer.observe(ece, &[label("version", told.version.clone())]);
                }
            }
        });
        self.real(meter, &catalogue::LIVE_CALIBRATION, |present, observer| {
            for told in &present.versions {
                for bin in &told.calibration {
                    let Some(tenth) = TENTHS.get(bin.bin) else {
                        continue;
                    };
                    for (of, value) in [("predicted", bin.predicted), ("observed", bin.observed)] {
                        let version = label("version", told.version.clone());
                        observer.observe(value, &[version, label("bin", *tenth), label("of", of)]);
                    }
                }
            }
        });
    }

    fn observe_counts(&self, meter: &Meter) {
        self.whole(meter, &catalogue::LIVE_UNMATCHED, |present, observer| {
            if let Some((verdicts, labels)) = present.unmatched {
                observer.observe(verdicts, &[label("what", "verdict")]);
                observer.observe(labels, &[label("what", "label")]);
            }
        });
        self.whole(meter, &catalogue::AUDIT_FINDINGS, |present, observer| {
            let Some(audit) = present.audit else { return };
            for (finding, n) in [
                ("missing", audit.missing),
                ("duplicated", audit.duplicated),
                ("both", audit.both),
                ("phantom", audit.phantom),
            ] {
                observer.observe(n, &[label("finding", finding)]);
            }
        });
        self.whole(meter, &catalogue::AUDIT_REVIEWS, |present, observer| {
            if let Some(audit) = present.audit {
                observer.observe(audit.reviews, &[]);
            }
        });
        self.whole(meter, &catalogue::AUDIT_TIME, |present, observer| {
            if let Some(audit) = present.audit {
                observer.observe(audit.at_unix_s, &[]);
            }
        });
    }

    fn whole(
        &self,
        meter: &Meter,
        instrument: &Instrument,
        tell: impl Fn(&Present, &dyn AsyncInstrument<u64>) + Send + Sync + 'static,
    ) {
        let present = Arc::clone(&self.0);
        let _registered = meter
            .u64_observable_gauge(instrument.name)
            .with_description(instrument.help)
            .with_unit(instrument.unit)
            .with_callback(move |observer| tell(&lock(&present), observer))
            .build();
    }

    fn real(
        &self,
        meter: &Meter,
        instrument: &Instrument,
        tell: impl Fn(&Present, &dyn AsyncInstrument<f64>) + Send + Sync + 'static,
    ) {
        let present = Arc::clone(&self.0);
        let _registered = meter
            .f64_observable_gauge(instrument.name)
            .with_description(instrument.help)
            .with_unit(instrument.unit)
            .with_callback(move |observer| tell(&lock(&present), observer))
            .build();
    }
}
