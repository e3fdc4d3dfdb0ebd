//! A rebuild with all that it needs, to be done whenever it is time.

use super::Announcer;
use super::rebuild::{Journal, Rebuild, Rebuilt, Step, rebuild};
use super::register::Registration;
use crate::ingest::review_log::LogSource;
use crate::ingest::{Ingested, Request};
use crate::params::Params;
use crate::report::files::File;
use crate::stages::layout::Layout;
use crate::stages::{make_parent, write_json};
use anyhow::Context;
use jiff::Timestamp;
use std::fmt;
use verdict_learning::gate::decide::Decision;
use verdict_registry::Registry;
use verdict_telemetry::output;

/// A rebuild that can be done again and again.
pub struct Job {
    /// All parameters, the source of the reviews among them.
    pub params: Params,
    /// The review log.
    pub log: LogSource,
    /// Where versions are kept.
    pub registry: Box<dyn Registry>,
    /// Who tells consumers of a version.
    pub announcer: Box<dyn Announcer>,
    /// The alias of what serves.
    pub to: String,
    /// The folders that get reports and what was ingested.
    pub layout: Layout,
    /// Threads that work; 0 is one for each core.
    pub threads: usize,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("registry", &self.registry)
            .field("to", &self.to)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
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
    /// One rebuild. Says its steps on standard error and keeps what it finds out in the folders.
    ///
    /// # Errors
    /// Those of [`rebuild`], and where a file cannot be written.
    pub fn rebuild(&self) -> anyhow::Result<Rebuilt> {
        self.rebuild_with(1)
    }

    /// One rebuild, unless fewer reviews are held out than the gate takes.
    ///
    /// # Errors
    /// Those of [`Job::rebuild`], and [`TooFew`].
    pub fn rebuild_if_enough(&self) -> anyhow::Result<Rebuilt> {
        self.rebuild_with(self.params.promotion.min_reviews)
    }

    fn rebuild_with(&self, wanted: usize) -> anyhow::Result<Rebuilt> {
        let downloads = self.layout.downloads();
        let how = Rebuild {
            request: Request {
                ingestion: &self.params.data_ingestion,
                log: Some(&self.log),
                again: None,
                downloads: &downloads,
            },
            params: &self.params,
            registry: &*self.registry,
            to: &self.to,
            now: (self.now)(),
        };
        let mut files = Files { layout: &self.layout, wanted };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()
            .with_context(|| format!("starting {} threads", self.threads))?;
        pool.install(|| rebuild(&how, &*self.announcer, &mut files))
    }
}

/// Keeps what a rebuild finds out in the folders of the pipeline.
struct Files<'a> {
    layout: &'a Layout,
    /// Held-out reviews without which nothing is trained.
    wanted: usize,
}

impl Journal for Files<'_> {
    fn step(&mut self, step: Step) {
        output::note(format_args!("trainer: {}", step.as_str()));
    }

    fn ingested(&mut self, ingested: &Ingested) -> anyhow::Result<()> {
        crate::stages::keep(self.layout, ingested)?;
        let (got, wanted) = (ingested.manifest.test.n_reviews, self.wanted);
        if got < wanted {
            return Err(TooFew { got, wanted }.into());
        }
        Ok(())
    }

    fn evaluated(&mut self, files: &[File]) -> anyhow::Result<()> {
        for file in files {
            let path = self.layout.reports().join(file.path);
            make_parent(&path)?;
            std::fs::write(&path, &file.text)
                .with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }

    fn registered(&mut self, registration: &Registration) -> anyhow::Result<()> {
        write_json(&self.layout.reports().join("registration.json"), registration)
    }

    fn decided(&mut self, decision: &Decision) -> anyhow::Result<()> {
        write_json(&self.layout.reports().join("promotion.json"), decision)
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
    use verdict_messages::ModelPointer;
    use verdict_registry::DirectoryRegistry;

    struct Nobody;

    impl Announcer for Nobody {
        fn last(&self, _name: &str) -> anyhow::Result<Option<ModelPointer>> {
            Ok(None)
        }

        fn announce(&self, pointer: &ModelPointer) -> anyhow::Result<bool> {
            anyhow::bail!("{pointer:?} is announced")
        }
    }

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
            announcer: Box::new(Nobody),
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
