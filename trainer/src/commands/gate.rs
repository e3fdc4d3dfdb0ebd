//! `trainer gate`.

use super::evaluate::params_of;
use super::output;
use super::threads::Threads;
use crate::disk::write_json;
use crate::ingest::file::{SplitName, read_corpus};
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;
use verdict_learning::gate::decide::{Decision, FlipsWanted, compare};

/// Options of `trainer gate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model that asks to be promoted: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI")]
    candidate: PathBuf,
    /// The model that serves; without it, the candidate is the first and is held against the floors
    /// alone.
    #[arg(long, value_name = "URI")]
    champion: Option<PathBuf>,
    /// Labelled reviews that neither model was trained on, as for `trainer train`.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Parameters, for `promotion` and for the split of a source that has none of its own [default:
    /// the split is the candidate's, the bounds are the built-in ones].
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Which part of the data to compare on.
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Also write the decision to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// List so many of the reviews whose label would change, the largest change first.
    #[arg(long, value_name = "N", default_value_t = FlipsWanted::default().most)]
    flips: usize,
    /// With their texts.
    #[arg(long)]
    texts: bool,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

/// Exit code 0 where the candidate may be promoted, 1 where not.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let load = |path: &PathBuf, role: &str| {
        super::lifecycle::load(path).with_context(|| format!("loading the {role}"))
    };
    let candidate = load(&args.candidate, "candidate")?;
    let champion = args.champion.as_ref();
    let champion = champion.map(|path| load(path, "champion")).transpose()?;
    let params = match &args.params {
        Some(path) => super::params::read(path)?,
        None => params_of(&candidate)?,
    };
    let corpus = read_corpus(&args.data, args.split, &params.data_ingestion.split)?;
    let reviews = corpus.reviews()?;
    let wanted = FlipsWanted { most: args.flips, texts: args.texts };
    let decision = args.threads.run(|| {
        let gate = &params.promotion;
        compare(champion.as_ref(), &candidate, reviews, gate, wanted)
    })?;
    if let Some(path) = &args.out {
        write_json(path, &decision)?;
    }
    if args.json {
        output::line(serde_json::to_string(&decision)?)?;
    } else {
        show(&decision)?;
    }
    Ok(ExitCode::from(u8::from(!decision.accepted)))
}

pub(crate) fn show(decision: &Decision) -> anyhow::Result<()> {
    output::buffered(|out| {
        let answer = if decision.accepted { "accepted" } else { "refused" };
        let candidate = &decision.candidate;
        writeln!(out, "{} {} is {answer}", candidate.name, candidate.version)?;
        for reason in &decision.reasons {
            let mark = if reason.passed { "ok" } else { "NO" };
            writeln!(out, "  {mark}  {:<22}  {}", reason.check, reason.says)?;
        }
        if decision.n_flips > 0 {
            writeln!(out, "{} labels would change", decision.n_flips)?;
        }
        for flip in &decision.flips {
            writeln!(
                out,
                "  {:.4} → {:.4}  {}  {}",
                flip.champion, flip.candidate, flip.truth, flip.id
            )?;
            if let Some(text) = &flip.text {
                writeln!(out, "    {}", text.replace('\n', " "))?;
            }
        }
        Ok(())
    })
}
