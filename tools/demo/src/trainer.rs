//! The trainer beside the rest: people's corrections become a new model, and the consumer takes it over.
//!
//! A model is made of all labelled reviews in the log, and serves if it does better than the one before on those that were
//! held out: a handful of corrections is not enough for either, and the log says how many are missing. Versions are kept
//! below the state directory. The first is the demo's own model, so that there is something to be better than.

use crate::services::BrokerKind;
use crate::settings::Settings;
use anyhow::{Context, bail};
use jiff::Timestamp;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use verdict_kafka_io::{Failure, KafkaSettings};
use verdict_messages::topic::{LABELS, MODELS, REVIEWS};
use verdict_registry::DirectoryRegistry;
use verdict_sentiment::Model;
use verdict_telemetry::{CpuPrice, Service, Telemetry};
use verdict_trainer::ingest::location::Location;
use verdict_trainer::ingest::review_log::LogSource;
use verdict_trainer::lifecycle::ModelsTopic;
use verdict_trainer::lifecycle::job::Job;
use verdict_trainer::lifecycle::promote::move_alias;
use verdict_trainer::lifecycle::register::{Evidence, register};
use verdict_trainer::lifecycle::watch::{Pace, watch};
use verdict_trainer::params::{Params, Preset};
use verdict_trainer::stages::layout::Layout;
use verdict_trainer::words;

/// The alias of the version that serves.
pub const PRODUCTION: &str = "production";
/// The registry's folder in the state directory.
pub const REGISTRY: &str = "registry";
/// The folder of manifest and reports in the state directory.
const WORK: &str = "trainer";
/// After this time a model is trained though fewer labels have come than were asked for.
const EVERY: Duration = Duration::from_secs(86_400);
const POLL: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// A trainer on a thread of its own.
#[derive(Debug)]
pub(crate) struct Trainer {
    _stop: mpsc::Sender<()>,
}

impl Trainer {
    /// Starts watching. Dropping the trainer stops it; a rebuild that is under way is not waited for, since the next start
    /// finishes what it left.
    ///
    /// # Errors
    /// Parameters or a model that cannot be read.
    pub(crate) fn start(settings: &Settings, broker: BrokerKind) -> anyhow::Result<Self> {
        let model = Artifact::read(&settings.model)?;
        let job = job(settings, broker, &model.name)?;
        let pace = Pace {
            new_labels: settings.retrain_after.get(),
            every: EVERY,
            poll: POLL,
        };
        let telemetry = Telemetry::start(Service::Trainer, CpuPrice::default())?;
        let (stop, stopped) = mpsc::channel();
        std::thread::Builder::new()
            .name("trainer".to_owned())
            .spawn(move || match adopt_in_time(&job, &model, &stopped) {
                Ok(()) => watch(&job, &pace, &telemetry, &stopped),
                Err(error) => tracing::warn!("no model is trained: {error:#}"),
            })?;
        Ok(Self { _stop: stop })
    }
}

/// The model that was named.
#[derive(Debug)]
struct Artifact {
    name: String,
    sha256: String,
    bytes: Vec<u8>,
}

impl Artifact {
    fn read(uri: &Path) -> anyhow::Result<Self> {
        let bytes = verdict_registry::read(uri)?;
        let model = Model::from_bytes(&bytes)
            .with_context(|| format!("loading model {}", uri.display()))?;
        let identity = model.identity();
        Ok(Self {
            name: identity.name.clone(),
            sha256: identity.sha256.clone(),
            bytes,
        })
    }
}

fn job(settings: &Settings, broker: BrokerKind, name: &str) -> anyhow::Result<Job> {
    let params = match &settings.params {
        None => Params::of_preset(Preset::Default)?,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading parameters {} (--params)", path.display()))?;
            Params::from_yaml(&text, &path.display().to_string())?
        }
    };
    let mut params = words::read(params)?.reading(Location::ReviewLog);
    // The consumer follows the name of the model that it began with.
    name.clone_into(&mut params.registration.name);
    let kafka = broker.fetching(KafkaSettings::new(settings.bootstrap()));
    let state = std::path::absolute(&settings.state)
        .with_context(|| format!("finding {} (--state)", settings.state.display()))?;
    Ok(Job {
        params,
        announcer: Box::new(ModelsTopic {
            kafka: kafka.clone(),
            topic: MODELS.to_owned(),
            now_unix_ms: || Timestamp::now().as_millisecond(),
        }),
        log: LogSource {
            kafka,
            reviews: REVIEWS.to_owned(),
            labels: LABELS.to_owned(),
            patience: PATIENCE,
        },
        registry: Box::new(DirectoryRegistry::new(state.join(REGISTRY))),
        to: PRODUCTION.to_owned(),
        layout: Layout::new(state.join(WORK)),
        // The other half of the machine goes on answering.
        threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
        now: Timestamp::now,
    })
}

/// Adopts the model as soon as Kafka lets it: topics that were made a moment ago are not known to every broker yet.
fn adopt_in_time(job: &Job, model: &Artifact, stop: &mpsc::Receiver<()>) -> anyhow::Result<()> {
    loop {
        match adopt(job, model) {
            Err(error) if is_passing(&error) => tracing::debug!("not yet: {error:#}"),
            done => return done,
        }
        match stop.recv_timeout(POLL) {
            Err(RecvTimeoutError::Timeout) => {}
            // The watch that follows looks once and ends too.
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn is_passing(error: &anyhow::Error) -> bool {
    let failure = error.chain().find_map(|cause| cause.downcast_ref());
    matches!(failure, Some(Failure::Retry { .. }))
}

/// Registers the model that was named and lets it serve, unless the registry has it: then whatever was trained after it
/// goes on serving.
fn adopt(job: &Job, model: &Artifact) -> anyhow::Result<()> {
    let Job {
        registry,
        announcer,
        params,
        to,
        ..
    } = job;
    let known = registry.versions(&model.name)?;
    let has = |sha256: &str| known.iter().any(|version| version.sha256 == sha256);
    if has(&model.sha256) && registry.alias(&model.name, to)?.is_some() {
        return Ok(());
    }
    if let Some(last) = announcer.last(&model.name)?
        && !has(&last.sha256)
    {
        bail!(
            "topic {MODELS} names version {} of {}, which {} does not have (--state)",
            last.version,
            last.name,
            registry.place()
        );
    }
    let alias = &params.registration.alias;
    let evidence = Evidence::default();
    let (version, _) = register(
        &**registry,
        &model.name,
        alias,
        &model.bytes,
        evidence,
        (job.now)(),
    )?;
    move_alias(&**registry, &version, to)
}
