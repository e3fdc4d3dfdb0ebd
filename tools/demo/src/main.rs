//! `make demo`.

use clap::Parser;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use verdict_demo::{run::run, settings::Settings};
use verdict_telemetry::{logs, output};

fn main() -> ExitCode {
    match start(Settings::parse().quiet()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("demo: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn start(settings: Settings) -> anyhow::Result<()> {
    logs::init(&settings.telemetry)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let banner = banner(&settings);
    let result = runtime.block_on(async {
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let stop = async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            output::note("stopping …");
        };
        run(settings, stop, || output::note(&banner)).await
    });
    // A client that still waits for the broker must not hold up the end.
    runtime.shutdown_background();
    result
}

/// How to call the producer: by its path, since `make demo` builds it beside the demo and nobody has it installed yet.
fn producer() -> String {
    std::env::current_exe()
        .map(|demo| demo.with_file_name("producer"))
        .ok()
        .filter(|beside| beside.exists())
        .map_or_else(
            || "producer".to_owned(),
            |beside| beside.display().to_string(),
        )
}

fn banner(settings: &Settings) -> String {
    let web = Settings::local(settings.web_port);
    let metrics = Settings::local(settings.metrics_port);
    let kafka = settings.bootstrap();
    let producer = producer();
    let retrain_after = settings.retrain_after;
    let broker = match settings.bootstrap_servers {
        None => format!(
            "  The broker is embedded, keeps its data in {}, and has no transactions: delivery is at least once, and
  every verdict carries its source position, by which readers drop duplicates.",
            settings.state.display()
        ),
        Some(_) => "  Delivery is at least once; every verdict carries its source position, by which readers drop duplicates."
            .to_owned(),
    };
    format!(
        "
  Verdict is running.

    page       http://{web}/
    ask        curl -d 'text=What a wonderful film' http://{web}/predict
    publish    echo 'What a wonderful film' | {producer} publish - --bootstrap-servers {kafka}
    Kafka      {kafka}   topics reviews, reviews.verdicts, reviews.labels, dlq.reviews
    correct    with the buttons under a verdict; after {retrain_after} labels a new model is trained
    metrics    http://{web}/metrics  http://{metrics}/metrics

{broker}
  Ctrl-C stops it; started again, it goes on where it was.
"
    )
}
