//! `trainer replay`: what would change if a candidate served, on reviews that have come.

use super::lifecycle::{load, result};
use super::output;
use super::review_log::ReviewLogArgs;
use super::threads::Threads;
use crate::replay::{Change, compare, last_reviews};
use serde_json::json;
use std::path::PathBuf;

/// Options of `trainer replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model that might serve: a file, a directory, dir:ROOT/NAME@ALIAS or models:/NAME@ALIAS.
    #[arg(long, value_name = "URI")]
    candidate: PathBuf,
    /// The model that serves.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    champion: PathBuf,
    /// Score so many of the last stored reviews.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    last: u64,
    /// List so many of the reviews whose label would change, the largest change first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    flips: usize,
    /// With their texts.
    #[arg(long)]
    texts: bool,
    /// Also write the report to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    log: ReviewLogArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (champion, candidate) = (load(&args.champion)?, load(&args.candidate)?);
    let reviews = last_reviews(&args.log.check()?, args.last)?;
    let change =
        args.threads.run(|| compare(&champion, &candidate, &reviews, args.flips, args.texts))?;
    if let Some(path) = &args.out {
        crate::disk::write_json(path, &change)?;
    }
    if !args.json {
        show(&change)?;
    }
    result(args.json, &json!(change), || {
        format!("{} of {} labels would change", change.n_flips, change.n_reviews)
    })
}

fn show(change: &Change) -> anyhow::Result<()> {
    output::buffered(|out| {
        writeln!(
            out,
            "{} {} → {} {}",
            change.champion.name,
            change.champion.version,
            change.candidate.name,
            change.candidate.version
        )?;
        writeln!(
            out,
            "positive: {:.2} % → {:.2} %; mean change of the probability {:.4}",
            change.champion.positive * 100.0,
            change.candidate.positive * 100.0,
            change.mean_absolute_change
        )?;
        for flip in &change.flips {
            writeln!(out, "  {:.4} → {:.4}  {}", flip.champion, flip.candidate, flip.id)?;
            if let Some(text) = &flip.text {
                writeln!(out, "    {}", text.replace('\n', " "))?;
            }
        }
        Ok(())
    })
}
