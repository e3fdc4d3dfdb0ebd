//! `trainer score`.

use super::evaluate::params_of;
use super::output;
use super::threads::{Threads, peak_rss_bytes};
use crate::ingest::file::{SplitName, read_corpus};
use serde_json::json;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;
use verdict_learning::scoring::score_all;
use verdict_sentiment::{Model, Score, Scratch};

/// Options of `trainer score`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
    /// Labelled reviews, as for `trainer train`; without it, one review on each line of standard
    /// input.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Which part of the data to score.
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Print only how many there were and how fast they were scored, texts in memory.
    #[arg(long)]
    summary: bool,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object for each review, or for the summary.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let model = super::lifecycle::load(&args.model)?;
    let texts = match &args.data {
        Some(path) => {
            read_corpus(path, args.split, &params_of(&model)?.data_ingestion.split)?.texts
        }
        None if args.summary => read_lines()?,
        None => return score_lines(&model, args.json),
    };
    let start = Instant::now();
    let scores = args.threads.run(|| score_all(&model, &texts))?;
    let seconds = start.elapsed().as_secs_f64();
    if !args.summary {
        return output::buffered(|out| {
            scores.iter().try_for_each(|score| writeln!(out, "{}", show(score, args.json)))
        });
    }
    let n = texts.len();
    // Of no time, no rate.
    let rate = (seconds > 0.0).then(|| n as f64 / seconds);
    if args.json {
        let rss = peak_rss_bytes();
        return output::line(
            json!({ "n": n, "seconds": seconds, "reviews_per_second": rate, "peak_rss_bytes": rss }),
        );
    }
    let rate = rate.map_or_else(String::new, |rate| format!(", {rate:.0} reviews/s"));
    output::line(format_args!("{n} reviews in {seconds:.3} s{rate}"))
}

/// Scores each line as it comes, so that it can stand in a pipe.
fn score_lines(model: &Model, json: bool) -> anyhow::Result<()> {
    let mut scratch = Scratch::default();
    for_each_line(|line| output::next_line(show(&model.score(&mut scratch, line), json)))
}

fn read_lines() -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for_each_line(|line| {
        lines.push(line.to_owned());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(lines)
}

/// Until there is no line any more, or `use_line` breaks.
fn for_each_line(
    mut use_line: impl FnMut(&str) -> anyhow::Result<ControlFlow<()>>,
) -> anyhow::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut bytes = Vec::new();
    let mut number = 0_u64;
    while input.read_until(b'\n', &mut bytes)? > 0 {
        number += 1;
        let line = std::str::from_utf8(&bytes).map_err(|e| {
            anyhow::anyhow!("standard input, line {number}: not UTF-8 at byte {}", e.valid_up_to())
        })?;
        if use_line(line.trim_end_matches(['\r', '\n']))?.is_break() {
            break;
        }
        bytes.clear();
    }
    Ok(())
}

fn show(score: &Score, json: bool) -> String {
    let Score { score, probability, label } = score;
    if json {
        json!({ "label": label.as_str(), "probability": probability, "score": score }).to_string()
    } else {
        format!("{label}\t{probability:.4}")
    }
}
