//! The whole way from the review log to the model that serves.

use super::Announcer;
use super::promote::{Promoted, Promotion, promote};
use super::register::{Evidence, Registration, register, trained_from};
use crate::ingest::manifest::Manifest;
use crate::ingest::{self, Ingested, Request};
use crate::params::Params;
use crate::report::evaluation::Evaluation;
use crate::report::files::{self, File};
use crate::training::{Timed, train};
use jiff::Timestamp;
use std::fmt;
use verdict_learning::gate::decide::{Decision, FlipsWanted};
use verdict_learning::metrics::Measures;
use verdict_registry::{Registry, Version, Which};
use verdict_sentiment::Model;

/// Everything that a rebuild depends on.
#[derive(Debug)]
pub struct Rebuild<'a> {
    /// Where the reviews come from.
    pub request: Request<'a>,
    /// All parameters.
    pub params: &'a Params,
    /// Where versions are kept.
    pub registry: &'a dyn Registry,
    /// The alias of what serves.
    pub to: &'a str,
    /// The time of registration.
    pub now: Timestamp,
}

/// A step of a rebuild, as it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The source is read.
    Ingest,
    /// The model is trained.
    Train,
    /// It is measured on the reviews that were held out.
    Evaluate,
    /// It becomes a version.
    Register,
    /// The gate decides.
    Decide,
    /// Consumers are told, if it was accepted.
    Announce,
}

impl Step {
    /// For people: what is being done.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "reading the reviews",
            Self::Train => "training",
            Self::Evaluate => "evaluating",
            Self::Register => "registering",
            Self::Decide => "deciding",
            Self::Announce => "announcing",
        }
    }
}

/// What is written as a rebuild goes on.
pub trait Journal {
    /// A step begins.
    fn step(&mut self, step: Step);

    /// What was read.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn ingested(&mut self, ingested: &Ingested) -> anyhow::Result<()>;

    /// The files of the report.
    ///
    /// # Errors
    /// Where they cannot be kept.
    fn evaluated(&mut self, files: &[File]) -> anyhow::Result<()>;

    /// The version that was registered.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn registered(&mut self, registration: &Registration) -> anyhow::Result<()>;

    /// The decision, before anything is moved.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn decided(&mut self, decision: &Decision) -> anyhow::Result<()>;
}

/// What a rebuild built.
#[derive(Debug)]
pub struct Rebuilt {
    /// What was read.
    pub manifest: Manifest,
    /// The model.
    pub trained: Timed,
    /// How well it does on the reviews that were held out.
    pub measures: Measures,
    /// Its version.
    pub version: Version,
    /// What became of it.
    pub promoted: Promoted,
}

impl Rebuilt {
    /// The checks that the candidate did not pass.
    #[must_use]
    pub fn failed(&self) -> Vec<&str> {
        let decision = self.promoted.decision.as_ref();
        let reasons = decision.map(|decision| decision.reasons.iter());
        let failed = reasons.into_iter().flatten().filter(|reason| !reason.passed);
        failed.map(|reason| reason.says.as_str()).collect()
    }

    /// What to say where the optimiser did not reach its tolerance.
    #[must_use]
    pub fn not_converged(&self) -> Option<String> {
        (!self.trained.converged).then(|| not_converged(self.trained.iterations))
    }
}

/// What to say where the optimiser did not reach its tolerance within so many iterations.
pub(crate) fn not_converged(iterations: u64) -> String {
    format!(
        "L-BFGS did not reach model_building.tol within {iterations} iterations (model_building.max_iter)"
    )
}

/// One line: the version, how good it is, and what became of it.
impl fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "version {} from {} reviews: accuracy {} on {} that were held out",
            self.version.version,
            self.manifest.train.n_reviews,
            self.measures.metrics.text("accuracy"),
            self.manifest.test.n_reviews
        )?;
        match (&self.promoted.decision, &self.promoted.announced) {
            _ if !self.promoted.serves() => write!(f, "; refused: {}", self.failed().join("; ")),
            (_, Some(_)) => f.write_str("; announced"),
            (Some(_), None) => f.write_str("; accepted, and nobody was told"),
            (None, None) => f.write_str("; serves already"),
        }
    }
}

/// Reads the source, trains, evaluates, registers, decides and announces.
///
/// Nothing that serves is touched before the gate has accepted. Whatever it was stopped at, another rebuild finishes: the
/// same reviews give the same bytes, and bytes that are registered keep their version.
///
/// # Errors
/// What any of the steps says.
pub fn rebuild(
    how: &Rebuild<'_>,
    announcer: &dyn Announcer,
    journal: &mut dyn Journal,
) -> anyhow::Result<Rebuilt> {
    let params = how.params;
    let name = params.registration.name.as_str();
    journal.step(Step::Ingest);
    let ingested = ingest::ingest(&how.request)?;
    // Asked before the work is done: without the topic nothing is registered either.
    announcer.last(name)?;
    journal.ingested(&ingested)?;
    let Ingested { train: training, test, manifest } = ingested;

    journal.step(Step::Train);
    let trained = train(&training, params, name)?;
    drop(training);

    journal.step(Step::Evaluate);
    let model = Model::from_bytes(&trained.artifact)?;
    let reviews = test.reviews()?;
    let evaluation = Evaluation::new(&model, reviews);
    journal.evaluated(&files::render(&evaluation)?)?;
    let measures = evaluation.measures;

    journal.step(Step::Register);
    let evidence = Evidence {
        measures: Some(&measures),
        test_sha256: Some(&test.sha256),
        manifest: Some(&manifest),
        ..Evidence::default()
    };
    let alias = params.registration.alias.as_str();
    let (version, registration) =
        register(how.registry, name, alias, &trained.artifact, evidence, how.now)?;
    journal.registered(&registration)?;

    journal.step(Step::Decide);
    let trained_from = trained_from(&manifest);
    let promotion = Promotion {
        name,
        candidate: &Which::Version(version.version),
        to: how.to,
        reviews,
        gate: &params.promotion,
        flips: FlipsWanted::default(),
        trained_from: Some(&trained_from),
    };
    let promoted = promote(how.registry, announcer, promotion, |decision| {
        journal.decided(decision)?;
        if decision.accepted {
            journal.step(Step::Announce);
        }
        Ok(())
    })?;
    Ok(Rebuilt { manifest, trained, measures, version, promoted })
}
