//! The whole way from the review log to the model that serves, as often as it is time.

use super::Serving;
use super::promote::{Promoted, Promotion, promote};
use super::register::{Evidence, register, trained_from};
use crate::announce::ModelsTopic;
use crate::behaviour;
use crate::disk::write_json;
use crate::ingest::manifest::Manifest;
use crate::ingest::review_log::LogSource;
use crate::ingest::{Ingested, Request, ingest};
use crate::params::Params;
use crate::report::files;
use crate::stages::{self, layout::Layout};
use crate::training::{Timed, in_pool, train};
use jiff::Timestamp;
use std::fmt;
use verdict_learning::gate::FlipsWanted;
use verdict_learning::measures::Measures;
use verdict_registry::{Registry, Version, Which};
use verdict_sentiment::Model;
use verdict_telemetry::output;

/// A rebuild that can be done again and again.
#[derive(Debug)]
pub struct Job {
    /// All parameters, the source of the reviews among them.
    pub params: Params,
    /// The review log.
    pub log: LogSource,
    /// Where versions are kept.
    pub registry: Box<dyn Registry>,
    /// Where versions are announced, if they are.
    pub topic: Option<ModelsTopic>,
    /// The alias of what serves.
    pub to: String,
    /// The folders that get reports and what was ingested.
    pub layout: Layout,
    /// Threads that work; 0 is one for each core.
    pub threads: usize,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// Too few reviews are held out for the gate to decide on: what is trained could not be promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got} of {wanted} labelled held-out reviews (promotion.min_reviews): no model is trained until there are more"
)]
pub struct TooFew {
    /// Held-out reviews.
    pub got: usize,
    /// Held-out reviews that the gate asks for.
    pub wanted: usize,
}

impl Job {
    /// One rebuild: reads the source, trains, evaluates, registers, decides and announces. Says its
    /// steps on standard error, and keeps what it finds out in the folders.
    ///
    /// Nothing that serves is touched before the gate has accepted. Whatever it was stopped at,
    /// another rebuild finishes: the same reviews give the same bytes, and bytes that are
    /// registered keep their version.
    ///
    /// # Errors
    /// What any of the steps says, and where a file cannot be written.
    pub fn rebuild(&self) -> anyhow::Result<Rebuilt> {
        in_pool(self.threads, || self.run(1))?
    }

    /// One rebuild, unless fewer reviews are held out than the gate takes.
    ///
    /// # Errors
    /// Those of [`Job::rebuild`], and [`TooFew`].
    pub fn rebuild_if_enough(&self) -> anyhow::Result<Rebuilt> {
        in_pool(self.threads, || self.run(self.params.promotion.min_reviews))?
    }

    /// What serves, and where it is announced.
    pub(crate) fn serving(&self) -> Serving<'_> {
        Serving {
            registry: &*self.registry,
            topic: self.topic.as_ref(),
            name: &self.params.registration.name,
            alias: &self.to,
        }
    }

    /// `wanted` is the number of held-out reviews without which nothing is trained.
    fn run(&self, wanted: usize) -> anyhow::Result<Rebuilt> {
        let Self { params, layout, .. } = self;
        let serving = self.serving();
        let name = serving.name;
        let reports = layout.reports();
        let step = |step: &str| output::note(format_args!("trainer: {step}"));

        let suite = behaviour::of_gate(&params.promotion)?;
        step("reading the reviews");
        let downloads = layout.downloads();
        let ingested = ingest(&Request {
            ingestion: &params.data_ingestion,
            log: Some(&self.log),
            again: None,
            downloads: &downloads,
        })?;
        // Asked before the work is done: without the topic nothing is registered either.
        serving.last_announced()?;
        stages::keep(layout, &ingested)?;
        let Ingested { train: training, test, manifest } = ingested;
        let got = manifest.test.n_reviews;
        if got < wanted {
            return Err(TooFew { got, wanted }.into());
        }

        step("training");
        let trained = train(&training, params, name)?;
        drop(training);

        step("evaluating");
        let model = Model::from_bytes(&trained.artifact)?;
        let measures = files::write(&reports, &model, &test)?;

        step("registering");
        let evidence = Some(Evidence { measures: &measures, manifest: &manifest });
        let alias = params.registration.alias.as_str();
        let (version, registration) =
            register(serving.registry, name, alias, &trained.artifact, evidence, (self.now)())?;
        write_json(&reports.join("registration.json"), &registration)?;

        step("deciding");
        let trained_from = trained_from(&manifest);
        let promotion = Promotion {
            candidate: &Which::Version(version.version),
            reviews: &test,
            suite: suite.as_ref(),
            gate: &params.promotion,
            flips: FlipsWanted::default(),
            trained_from: Some(&trained_from),
        };
        let promoted = promote(serving, promotion, |decision| {
            write_json(&reports.join("promotion.json"), decision)?;
            if decision.accepted {
                step("announcing");
            }
            Ok(())
        })?;
        Ok(Rebuilt { manifest, trained, measures, version, promoted })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::location::Location;
    use crate::params::Preset;
    use std::fmt::Write as _;
    use std::time::Duration;
    use verdict_kafka_io::KafkaSettings;
    use verdict_registry::DirectoryRegistry;

    #[test]
    fn fewer_held_out_reviews_than_the_gate_takes_train_nothing_and_are_counted() {
        let place = tempfile::tempdir().unwrap();
        let mut csv = "review,sentiment\n".to_owned();
        for i in 0..40 {
            let (word, label) = [("fine", "positive"), ("dull", "negative")][i % 2];
            writeln!(csv, "a {word} film in {i} parts,{label}").unwrap();
        }
        let source = place.path().join("reviews.csv");
        std::fs::write(&source, csv).unwrap();
        let job = Job {
            params: Params::of_preset(Preset::Default).unwrap().reading(Location::Path(source)),
            log: LogSource {
                kafka: KafkaSettings::new("127.0.0.1:1"),
                reviews: String::new(),
                labels: String::new(),
                patience: Duration::ZERO,
            },
            registry: Box::new(DirectoryRegistry::new(place.path().join("registry"))),
            topic: None,
            to: "production".to_owned(),
            layout: Layout::new(place.path()),
            threads: 1,
            now: Timestamp::now,
        };
        let error = job.rebuild_if_enough().unwrap_err();
        let few = error.downcast_ref::<TooFew>().unwrap();
        assert!((1..40).contains(&few.got), "{few:?}");
        let says = format!("{} of 500 labelled held-out reviews", few.got);
        assert!(error.to_string().starts_with(&says), "{error}");
        assert!(job.registry.versions("sentiment").unwrap().is_empty());
        assert!(job.layout.manifest().exists());
    }
}
