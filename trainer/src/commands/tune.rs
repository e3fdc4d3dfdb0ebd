//! `trainer tune`.

use super::output;
use super::params::ParamsArgs;
use super::threads::Threads;
use crate::disk::{make_parent, write};
use crate::ingest::file::{SplitName, read_corpus};
use crate::params::{Params, RawParams};
use crate::progress;
use crate::training::with_keys;
use anyhow::Context;
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use verdict_learning::metrics::shown;
use verdict_learning::tune::{Point, Trial, Tuner};

/// Options of `trainer tune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Labelled reviews, as for `trainer train`; only their training part is looked at.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Where the search begins, and with `tune` how and where it goes.
    #[command(flatten)]
    params: ParamsArgs,
    /// File that gets the parameters of the best trial.
    #[arg(long, value_name = "FILE", default_value = "reports/tuned.yaml")]
    out: PathBuf,
    /// File that gets every trial, one JSON object a line.
    #[arg(long, value_name = "FILE", default_value = "reports/trials.jsonl")]
    log: PathBuf,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let base = args.params.read()?;
    let search = base.raw.search();
    let corpus = read_corpus(&args.data, SplitName::Train, &base.data_ingestion.split)?;
    make_parent(&args.log)?;
    let mut log =
        File::create(&args.log).with_context(|| format!("making {}", args.log.display()))?;
    let bar = progress::reviews("trials", search.trials as u64);
    let (n_trials, best) = args.threads.run(|| -> anyhow::Result<(usize, Trial)> {
        let in_tune = |error| with_keys(error, "tune");
        let mut tuner = Tuner::new(&corpus, &search).map_err(in_tune)?;
        let mut n_trials = 0;
        while let Some(point) = tuner.ask() {
            let measured = with(&base.raw, &point)
                .and_then(|params| tuner.measure(&params.train).map_err(in_tune));
            let measured = match measured {
                // The parameters themselves: whatever else is searched begins with them.
                Err(error) if n_trials == 0 => return Err(error),
                measured => measured.map_err(|error| format!("{error:#}")),
            };
            let trial = tuner.record(point, measured);
            let line = serde_json::to_string(&trial)?;
            writeln!(log, "{line}").with_context(|| format!("writing {}", args.log.display()))?;
            bar.suspend(|| output::note(as_text(&trial)));
            bar.inc(1);
            n_trials += 1;
        }
        let best = tuner.best().context("tune.trials must be at least 1, got 0")?;
        Ok((n_trials, best.clone()))
    })??;
    bar.finish_and_clear();
    write(&args.out, &serde_yaml_ng::to_string(&with(&base.raw, &best.point)?.raw)?)?;
    if args.json {
        return output::line(json!({ "trials": n_trials, "best": best, "params": args.out }));
    }
    output::line(format_args!(
        "best of {n_trials} trials: accuracy {} in {} folds\n{}",
        shown(best.accuracy),
        search.folds,
        args.out.display()
    ))
}

/// The parameters with the values of a point.
fn with(base: &RawParams, point: &Point) -> anyhow::Result<Params> {
    let mut typed = serde_json::to_value(base)?;
    for (key, value) in point {
        let pointer = format!("/{}", key.replace('.', "/"));
        let place = typed
            .pointer_mut(&pointer)
            .with_context(|| format!("tune.ranges.{key} must be a parameter, as section.key"))?;
        *place = value.clone();
    }
    let raw: RawParams = serde_json::from_value(typed)?;
    Ok(Params::check(raw, "tune.ranges")?.with_words()?)
}

fn as_text(trial: &Trial) -> String {
    let point: Vec<String> = trial
        .point
        .iter()
        .map(|(key, value)| format!("{}={value}", key.rsplit('.').next().unwrap_or(key)))
        .collect();
    let result = match &trial.error {
        Some(error) => error.clone(),
        None => shown(trial.accuracy),
    };
    let note = match (trial.best, trial.given_up) {
        (true, _) => "  best so far",
        (_, true) => "  given up",
        _ => "",
    };
    let point = if point.is_empty() { "as the parameters say".to_owned() } else { point.join(" ") };
    format!("trial {}: {result}{note}  {point}", trial.trial)
}
