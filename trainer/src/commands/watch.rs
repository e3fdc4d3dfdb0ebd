//! `trainer watch`: a rebuild whenever enough labels have come, or enough time has gone by.

use super::lifecycle::step;
use super::rebuild::{Args as RebuildArgs, Opened, told};
use crate::lifecycle::{rebuild::Rebuilt, settle};
use anyhow::Context;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use verdict_kafka_io::snapshot;
use verdict_messages::{OffsetRange, TrainedFrom};
use verdict_telemetry::{Service, Telemetry, TelemetryArgs, http, labels::Rebuild, logs};

/// Options of `trainer watch`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    rebuild: RebuildArgs,
    /// Rebuild when so many labels have come since the last one.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    new_labels: u64,
    /// Rebuild when this time has gone by since the last one and any label has come, in seconds.
    #[arg(long, value_name = "S", default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(1..))]
    every_s: u64,
    /// Look for labels this often, in ms.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(10..))]
    poll_ms: u64,
    /// Address of /metrics, /healthz and /readyz.
    #[arg(
        long,
        env = "VERDICT_LISTEN",
        default_value = "127.0.0.1:9103",
        value_name = "IP:PORT"
    )]
    listen: SocketAddr,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

/// Watches until SIGINT or SIGTERM. A rebuild that fails is tried again when as many labels have come once more, or in time.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    logs::init(&args.telemetry)?;
    let price = args.telemetry.price().map_err(anyhow::Error::msg)?;
    let telemetry = Telemetry::start(Service::Trainer, price)?;
    let pages = http::spawn(args.listen, telemetry.clone())?;
    tracing::info!(address = %pages.address(), "serving /metrics, /healthz and /readyz");
    let opened = args.rebuild.open()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")?;
    let mut watch = Watch {
        args,
        telemetry: &telemetry,
        trained_to: 0,
        last: Instant::now(),
        failed: false,
        settled: false,
    };
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut look = tokio::time::interval(Duration::from_millis(args.poll_ms));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // A signal that came during a rebuild is seen before the next one begins.
                biased;
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                _ = look.tick() => {
                    // Blocks: a signal ends the process once the rebuild at hand is done.
                    if let Err(error) = watch.look(&opened) {
                        tracing::warn!("{error:#}");
                    }
                }
            }
        }
    })
}

struct Watch<'a> {
    args: &'a Args,
    telemetry: &'a Telemetry,
    /// Records of labels that the last rebuild had, of all partitions.
    trained_to: u64,
    last: Instant,
    /// Whether the last rebuild failed: it is owed, though no label may come.
    failed: bool,
    settled: bool,
}

impl Watch<'_> {
    fn look(&mut self, opened: &Opened) -> anyhow::Result<()> {
        if !self.settled {
            self.begin(opened)?;
        }
        let log = &opened.log;
        let labels = end_of(
            &snapshot::ends(&log.kafka, &log.labels, log.patience)?,
            &log.labels,
        );
        let pending = labels.saturating_sub(self.trained_to);
        self.telemetry.metrics().set_labels_pending(pending);
        let is_time = self.last.elapsed() >= Duration::from_secs(self.args.every_s);
        if !(pending >= self.args.new_labels || is_time && (pending > 0 || self.failed)) {
            return Ok(());
        }
        step(format_args!("{pending} new labels"));
        let started = Instant::now();
        let rebuilt = self.args.rebuild.rebuild(opened);
        let outcome = match &rebuilt {
            Ok(rebuilt) => outcome(rebuilt),
            Err(_) => Rebuild::Failed,
        };
        self.telemetry
            .metrics()
            .record_rebuild(outcome, started.elapsed());
        // What has been tried is not tried again before something new comes.
        self.trained_to = labels;
        self.last = Instant::now();
        self.failed = rebuilt.is_err();
        self.telemetry.metrics().set_labels_pending(0);
        tracing::info!("{}", told(&rebuilt?));
        Ok(())
    }

    /// Finishes what an earlier run may have left, and takes up where it was.
    fn begin(&mut self, opened: &Opened) -> anyhow::Result<()> {
        let name = &opened.params.registration.name;
        let to = self.args.rebuild.alias();
        if settle(&*opened.registry, &*opened.announcer, name, to, None)?.is_some() {
            step(format_args!(
                "announced the version that {to} pointed to already"
            ));
        }
        if let Some(last) = opened.announcer.last(name)?
            && let TrainedFrom::Log { ranges } = last.trained_from
        {
            self.trained_to = end_of(&ranges, &opened.log.labels);
        }
        self.settled = true;
        self.telemetry.health().check("kafka").pass();
        Ok(())
    }
}

fn outcome(rebuilt: &Rebuilt) -> Rebuild {
    let promoted = &rebuilt.promoted;
    match (&promoted.decision, &promoted.announced) {
        _ if !promoted.serves() => Rebuild::Refused,
        (None, None) => Rebuild::Unchanged,
        // Where nobody is to be told, the alias has moved all the same.
        _ => Rebuild::Promoted,
    }
}

/// The sum of the ends of a topic's partitions: how many records it has ever had.
fn end_of(ranges: &[OffsetRange], topic: &str) -> u64 {
    let ends = ranges.iter().filter(|range| range.topic == topic);
    ends.map(|range| u64::try_from(range.to).unwrap_or(0)).sum()
}
