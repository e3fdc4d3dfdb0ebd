//! `trainer stage NAME`: one stage of the pipeline, as `dvc.yaml` runs it.

use super::lifecycle::{RegistryArgs, now};
use super::output;
use super::review_log::ReviewLogArgs;
use super::threads::Threads;
use crate::disk::{read_json, write_json};
use crate::ingest::{Request, location::Location, manifest::Manifest};
use crate::lifecycle::register::{Evidence, register};
use crate::params::Params;
use crate::report::files;
use crate::stages::{self, layout::Layout};
use std::path::PathBuf;
use verdict_learning::measures::Measures;

/// `trainer stage`.
#[derive(Debug, clap::Subcommand)]
#[command(rename_all = "snake_case")]
pub enum Command {
    /// Read the source and split it: data/raw.
    DataIngestion(IngestionArgs),
    /// Clean the texts as the parameters say: data/interim.
    DataPreprocessing(StageArgs),
    /// Fit the vocabulary and give the feature rows: data/processed.
    FeatureEngineering(StageArgs),
    /// Fit the weights: models/model.verdict.
    ModelBuilding(StageArgs),
    /// Measure the model on the reviews that are held out: reports.
    ModelEvaluation(StageArgs),
    /// Keep the model as a version in the registry: reports/registration.json.
    ModelRegistration(RegistrationArgs),
}

/// Options of every stage.
#[derive(Debug, clap::Args)]
pub struct StageArgs {
    /// Training parameters.
    #[arg(long, value_name = "FILE", default_value = "params.yaml")]
    params: PathBuf,
    /// The folder that has data, models and reports.
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    #[command(flatten)]
    threads: Threads,
}

/// Options of `trainer stage data_ingestion`.
#[derive(Debug, clap::Args)]
pub struct IngestionArgs {
    #[command(flatten)]
    stage: StageArgs,
    #[command(flatten)]
    log: ReviewLogArgs,
    /// Read another source than params.yaml says: a path, https://…, s3://BUCKET/KEY or kafka.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Read the offsets of the review log again that this manifest states.
    #[arg(long, value_name = "MANIFEST")]
    snapshot: Option<PathBuf>,
}

/// Options of `trainer stage model_registration`.
#[derive(Debug, clap::Args)]
pub struct RegistrationArgs {
    #[command(flatten)]
    stage: StageArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::DataIngestion(args) => ingestion(args),
        Command::DataPreprocessing(args) => args.run(|layout, params| {
            stages::data_preprocessing(layout, params)?;
            output::line("preprocessed data/interim/train.csv and test.csv")
        }),
        Command::FeatureEngineering(args) => args.run(|layout, params| {
            let n_terms = stages::feature_engineering(layout, params)?;
            output::line(format_args!("{n_terms} terms, models/vectorizer.json"))
        }),
        Command::ModelBuilding(args) => args.run(|layout, params| {
            let built = stages::model_building(layout, params)?;
            super::train::warn_unless_converged(
                built.fitted.fit.converged,
                built.fitted.fit.iterations,
            );
            output::line(format_args!("models/model.verdict sha256 {}", built.sha256))
        }),
        Command::ModelRegistration(args) => registration(args),
        // The rows in data/processed are for others: the model is measured on texts, by what serves
        // it.
        Command::ModelEvaluation(args) => args.run(|layout, _| {
            let model = verdict_registry::load(layout.models())?;
            let corpus = stages::held_out(layout)?;
            let measures = files::write(&layout.reports(), &model, &corpus)?;
            output::line(serde_json::to_string(&measures)?)
        }),
    }
}

impl StageArgs {
    fn run(
        &self,
        stage: impl FnOnce(&Layout, &Params) -> anyhow::Result<()> + Send,
    ) -> anyhow::Result<()> {
        let params = super::params::read(&self.params)?;
        let layout = Layout::new(&self.root);
        self.threads.run(|| stage(&layout, &params))?
    }
}

fn ingestion(args: &IngestionArgs) -> anyhow::Result<()> {
    let log = args.log.check()?;
    args.stage.run(|layout, params| {
        let mut ingestion = params.data_ingestion.clone();
        if let Some(source) = &args.source {
            ingestion.source = source.parse()?;
            // The checksum and the fallbacks are of the source that was replaced.
            ingestion.sha256 = None;
            ingestion.fallback.clear();
        }
        if args.snapshot.is_some() && args.source.is_none() {
            // Only the review log has snapshots.
            ingestion.source = Location::ReviewLog;
            ingestion.fallback.clear();
        }
        let before = args.snapshot.as_deref().map(read_json::<Manifest>);
        let downloads = layout.downloads();
        let request =
            Request { ingestion: &ingestion, log: Some(&log), again: None, downloads: &downloads };
        let manifest = stages::data_ingestion(layout, &request, before.transpose()?.as_ref())?;
        output::line(format_args!(
            "{}: {} reviews to train on, {} held out",
            manifest.source, manifest.train.n_reviews, manifest.test.n_reviews
        ))
    })
}

fn registration(args: &RegistrationArgs) -> anyhow::Result<()> {
    let registry = args.registry.open()?;
    args.stage.run(|layout, params| {
        let artifact = verdict_registry::read(layout.models())?;
        let measures: Measures = read_json(&layout.reports().join("metrics.json"))?;
        let manifest: Manifest = read_json(&layout.manifest())?;
        let evidence = Some(Evidence { measures: &measures, manifest: &manifest });
        let (name, alias) = (&params.registration.name, &params.registration.alias);
        let (version, registration) =
            register(&*registry, name, alias, &artifact, evidence, now())?;
        write_json(&layout.reports().join("registration.json"), &registration)?;
        output::line(format_args!(
            "{} {} ({alias}) in {}",
            version.name, version.version, registration.registry
        ))
    })
}
