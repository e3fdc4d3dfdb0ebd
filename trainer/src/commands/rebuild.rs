//! `trainer rebuild` and `trainer watch`.

use super::lifecycle::{AnnounceArgs, RegistryArgs, now, result, step, write_report};
use super::log::LogArgs;
use super::threads::{PresetArg, Threads};
use super::train::{params_with, warn_unless_converged};
use crate::gate::decide::Decision;
use crate::ingest::review_log::LogSource;
use crate::ingest::{Ingested, Request, location::Location};
use crate::lifecycle::Announcer;
use crate::lifecycle::rebuild::{Journal, Rebuild, Rebuilt, Step, rebuild};
use crate::lifecycle::register::Registration;
use crate::params::Params;
use crate::report::files::File;
use crate::stages::layout::Layout;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use verdict_registry::Registry;

/// Options of `trainer rebuild`.
#[derive(Debug, Clone, clap::Args)]
// `trainer watch` takes all of these beside its own, which are called `Args` too.
#[group(id = "rebuild")]
pub struct Args {
    /// Where the labelled reviews come from: kafka, the review log, or any other source.
    #[arg(long, value_name = "SOURCE", default_value = "kafka")]
    source: String,
    #[command(flatten)]
    log: LogArgs,
    /// Training parameters.
    #[arg(long, value_name = "FILE", default_value = "params.yaml")]
    params: PathBuf,
    #[command(flatten)]
    preset: PresetArg,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The alias of what serves.
    #[arg(long, value_name = "ALIAS", default_value = "production")]
    to: String,
    /// The folder that gets data/raw and reports.
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    #[command(flatten)]
    announce: AnnounceArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

/// What was typed, opened.
pub(crate) struct Opened {
    pub(crate) params: Params,
    pub(crate) log: LogSource,
    pub(crate) registry: Box<dyn Registry>,
    pub(crate) announcer: Box<dyn Announcer>,
    layout: Layout,
}

impl Args {
    pub(crate) fn open(&self) -> anyhow::Result<Opened> {
        let mut params = params_with(&self.params, self.preset)?;
        let source: Location = self.source.parse()?;
        if params.data_ingestion.source != source {
            // The checksum and the fallbacks are of the source that was replaced.
            params.data_ingestion.source = source;
            params.data_ingestion.sha256 = None;
            params.data_ingestion.fallback.clear();
        }
        let log = self.log.check()?;
        Ok(Opened {
            params,
            announcer: self.announce.announcer(&log.kafka),
            registry: self.registry.open()?,
            layout: Layout::new(&self.root),
            log,
        })
    }

    /// One rebuild.
    pub(crate) fn rebuild(&self, opened: &Opened) -> anyhow::Result<Rebuilt> {
        let downloads = opened.layout.downloads();
        let how = Rebuild {
            request: Request {
                ingestion: &opened.params.data_ingestion,
                log: Some(&opened.log),
                again: None,
                downloads: &downloads,
            },
            params: &opened.params,
            registry: &*opened.registry,
            to: &self.to,
            now: now(),
        };
        let mut journal = Files(&opened.layout);
        let announcer = &*opened.announcer;
        let rebuilt = self
            .threads
            .run(|| rebuild(&how, announcer, &mut journal))??;
        warn_unless_converged(rebuilt.trained.converged, rebuilt.trained.iterations);
        Ok(rebuilt)
    }

    /// The alias of what serves.
    pub(crate) fn alias(&self) -> &str {
        &self.to
    }
}

/// Exit code 0 where the model serves, 1 where it was refused.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let opened = args.open()?;
    let rebuilt = args.rebuild(&opened)?;
    result(args.json, &summary(&rebuilt), || told(&rebuilt))?;
    Ok(ExitCode::from(u8::from(!rebuilt.promoted.serves())))
}

fn summary(rebuilt: &Rebuilt) -> Value {
    json!({
        "name": rebuilt.version.name,
        "version": rebuilt.version.version,
        "sha256": rebuilt.version.sha256,
        "uri": rebuilt.version.uri,
        "n_reviews": rebuilt.manifest.train.n_reviews,
        "held_out": rebuilt.manifest.test.n_reviews,
        "train_seconds": rebuilt.trained.took().as_secs_f64(),
        "metrics": rebuilt.measures,
        "serves": rebuilt.promoted.serves(),
        "announced": rebuilt.promoted.announced.is_some(),
        "replaces": rebuilt.promoted.champion.as_ref().map(|champion| champion.version),
        "failed": failed(rebuilt),
    })
}

/// The checks that the candidate did not pass.
fn failed(rebuilt: &Rebuilt) -> Vec<&str> {
    let decision = rebuilt.promoted.decision.as_ref();
    let reasons = decision.map(|decision| decision.reasons.iter());
    let failed = reasons
        .into_iter()
        .flatten()
        .filter(|reason| !reason.passed);
    failed.map(|reason| reason.says.as_str()).collect()
}

pub(crate) fn told(rebuilt: &Rebuilt) -> String {
    let version = rebuilt.version.version;
    let what = format!(
        "version {version} from {} reviews: accuracy {:.4} on {} that were held out",
        rebuilt.manifest.train.n_reviews,
        rebuilt.measures.metrics.accuracy,
        rebuilt.manifest.test.n_reviews
    );
    let promoted = &rebuilt.promoted;
    match (&promoted.decision, &promoted.announced) {
        _ if !promoted.serves() => format!("{what}; refused: {}", failed(rebuilt).join("; ")),
        (_, Some(_)) => format!("{what}; announced"),
        (Some(_), None) => format!("{what}; accepted, and nobody was told"),
        (None, None) => format!("{what}; serves already"),
    }
}

/// Keeps what a rebuild finds out in the folders of the pipeline.
struct Files<'a>(&'a Layout);

impl Journal for Files<'_> {
    fn step(&mut self, at: Step) {
        step(at.as_str());
    }

    fn ingested(&mut self, ingested: &Ingested) -> anyhow::Result<()> {
        crate::stages::keep(self.0, ingested)
    }

    fn evaluated(&mut self, files: &[File]) -> anyhow::Result<()> {
        for file in files {
            super::evaluate::write(&self.0.reports().join(file.path), &file.text)?;
        }
        Ok(())
    }

    fn registered(&mut self, registration: &Registration) -> anyhow::Result<()> {
        write_report(&self.0.reports().join("registration.json"), registration)
    }

    fn decided(&mut self, decision: &Decision) -> anyhow::Result<()> {
        write_report(&self.0.reports().join("promotion.json"), decision)
    }
}
