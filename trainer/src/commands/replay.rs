//! `trainer replay`: what would change if a candidate served, on reviews that have come.

use super::lifecycle::{load, result};
use super::output;
use super::review_log::ReviewLogArgs;
use super::threads::Threads;
use crate::replay::{Comparison, compare, last_reviews};
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
    let compared =
        args.threads.run(|| compare(&champion, &candidate, reviews, args.flips, args.texts))?;
    if let Some(path) = &args.out {
        crate::disk::write_json(path, &compared)?;
    }
    if !args.json {
        show(&compared)?;
    }
    result(args.json, &json!(compared), || {
        format!("{} of {} labels would change", compared.n_flips, compared.n_reviews)
    })
}

fn show(compared: &Comparison) -> anyhow::Result<()> {
    output::buffered(|out| {
        writeln!(
            out,
            "{} {} → {} {}",
            compared.champion.name,
            compared.champion.version,
            compared.candidate.name,
            compared.candidate.version
        )?;
        writeln!(
            out,
            "positive: {:.2} % → {:.2} %; mean change of the probability {:.4}",
            compared.champion.positive * 100.0,
            compared.candidate.positive * 100.0,
            compared.mean_absolute_change
        )?;
        for flip in &compared.flips {
            writeln!(out, "  {:.4} → {:.4}  {}", flip.champion, flip.candidate, flip.id)?;
            if let Some(text) = &flip.text {
                writeln!(out, "    {}", text.replace('\n', " "))?;
            }
        }
        Ok(())
    })
}
