//! `trainer gate`.

use super::evaluate::MeasureArgs;
use super::{behave, output};
use crate::behaviour;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;
use verdict_learning::gate::{Decision, FlipsWanted, compare};

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
    #[command(flatten)]
    measure: MeasureArgs,
    /// List so many of the reviews whose label would change, the largest change first.
    #[arg(long, value_name = "N", default_value_t = FlipsWanted::default().most)]
    flips: usize,
    /// With their texts.
    #[arg(long)]
    texts: bool,
}

/// Exit code 0 where the candidate may be promoted, 1 where not.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let load = |path: &PathBuf, role: &str| {
        super::lifecycle::load(path).with_context(|| format!("loading the {role}"))
    };
    let candidate = load(&args.candidate, "candidate")?;
    let champion = args.champion.as_ref();
    let champion = champion.map(|path| load(path, "champion")).transpose()?;
    let (params, corpus) = args.measure.read(&candidate)?;
    let gate = &params.promotion;
    let suite = behaviour::of_gate(gate)?;
    let wanted = FlipsWanted { most: args.flips, texts: args.texts };
    let decision = args
        .measure
        .threads
        .run(|| compare(champion.as_ref(), &candidate, &corpus, suite.as_ref(), gate, wanted))?;
    args.measure.print(&decision, || show(&decision))?;
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
        if let Some(change) = &decision.behaviour {
            behave::show_change(out, change)?;
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
