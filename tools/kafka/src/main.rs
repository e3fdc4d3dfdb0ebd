//! `kafka-local`: a real Apache Kafka for trying things out, without a container.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use verdict_kafka::{Jvm, KAFKA_VERSION, Kafka, Options};
use verdict_service::Signals;
use verdict_telemetry::output;

/// Runs a real Apache Kafka (one KRaft node on 127.0.0.1) as a plain process.
#[derive(Parser)]
#[command(name = "kafka-local", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start Kafka and keep it until Ctrl-C or SIGTERM.
    Run(Run),
}

#[derive(Args)]
struct Run {
    /// Port for clients on 127.0.0.1; 0 is any that is free.
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// Folder for data, configuration and log, kept for the next run; without it everything goes at
    /// the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder into which tools/kafka/install.sh has put Kafka [default: verdict in $XDG_CACHE_HOME
    /// or ~/.cache].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Start sooner at the price of throughput.
    #[arg(long)]
    quick: bool,
    /// A broker property, instead of ours or beside them; may be given many times.
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = key_value)]
    properties: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err(format!("a property must have the form KEY=VALUE, got {text:?}")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Command::Run(args) = Cli::parse().command;
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("kafka-local: {error:#}"));
            ExitCode::from(70)
        }
    }
}

async fn run(args: Run) -> anyhow::Result<()> {
    // Before the start, so that a signal during it is not lost: it is acted upon as soon as the
    // start is over.
    let mut signals = Signals::listen()?;
    let options = Options {
        data: args.data,
        port: Some(args.port).filter(|port| *port != 0),
        jvm: if args.quick { Jvm::QuickStart } else { Jvm::Throughput },
        cache: args.cache,
        properties: args.properties,
        ..Options::default()
    };
    output::note(format_args!("kafka-local: starting Apache Kafka {KAFKA_VERSION} …"));
    // On a thread of its own, since it waits; the runtime goes on to take signals.
    let mut kafka = tokio::task::spawn_blocking(|| Kafka::start(options)).await??;
    output::line(kafka.bootstrap())?;
    output::note(format_args!(
        "kafka-local: ready on {}, log in {}; Ctrl-C ends it",
        kafka.bootstrap(),
        kafka.log().display()
    ));
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = signals.next() => break,
            _ = look.tick() => kafka.check()?,
        }
    }
    output::note("kafka-local: ending …");
    Ok(kafka.terminate(Duration::from_secs(30))?)
}
