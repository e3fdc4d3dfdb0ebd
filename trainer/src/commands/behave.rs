//! `trainer behave`.

use super::output;
use super::threads::Threads;
use crate::behaviour;
use anyhow::Context;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use verdict_learning::behaviour::{
    Answer, Behaviour, CapabilityChange, Change, Count, NewFailure, TestResult,
};

/// Options of `trainer behave`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
    /// Show what this model does too, and what only one of the two passes.
    #[arg(long, value_name = "URI")]
    champion: Option<PathBuf>,
    /// Your own tests, as docs/behaviour.md describes them [default: those of this program].
    #[arg(long, value_name = "FILE", default_value = behaviour::DEFAULT, hide_default_value = true)]
    suite: String,
    /// Exit with 1 if fewer than this fraction of the tests pass; known failures do not count.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    fail_under: Option<f64>,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object, with every text and its answer.
    #[arg(long)]
    json: bool,
}

fn rate(typed: &str) -> Result<f64, String> {
    let parsed = typed.parse().map_err(|error| format!("{error}"))?;
    let holds = (0.0..=1.0).contains(&parsed);
    if holds { Ok(parsed) } else { Err("must be from 0 to 1".to_owned()) }
}

/// Exit code 0, or 1 where fewer pass than was asked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let suite = behaviour::read(&args.suite)?;
    let model = super::lifecycle::load(&args.model)?;
    let champion = args.champion.as_ref().map(|path| super::lifecycle::load(path));
    let champion = champion.transpose().context("loading the champion")?;
    let behaviour = args.threads.run(|| suite.run(&model))?;
    if let Some(champion) = champion {
        let champion = args.threads.run(|| suite.run(&champion))?;
        let change = Change::between(Some(&champion), &behaviour);
        if args.json {
            output::line(serde_json::to_string(&change)?)?;
        } else {
            output::buffered(|out| {
                show_change(out, &change).and_then(|()| show_new(out, &change))
            })?;
        }
    } else if args.json {
        output::line(serde_json::to_string(&behaviour)?)?;
    } else {
        output::buffered(|out| show(out, &behaviour))?;
    }
    let rate = behaviour.total.rate().unwrap_or(1.0);
    let too_few = args.fail_under.is_some_and(|least| rate < least);
    Ok(ExitCode::from(u8::from(too_few)))
}

/// The longest word of our own in the first column.
const KNOWN: &str = "known failures";

fn show(out: &mut dyn Write, behaviour: &Behaviour) -> io::Result<()> {
    let Behaviour { suite, name, version, total, known_failures, capabilities, .. } = behaviour;
    let names = capabilities.iter().map(|capability| capability.name.chars().count());
    let width = names.max().unwrap_or(0).max(KNOWN.len());
    writeln!(out, "{name} {version} on the suite {suite}\n")?;
    writeln!(out, "{:<width$}  {:<10}  tests  passed     rate", "capability", "kind")?;
    for capability in capabilities {
        let kind = capability.kind.as_str();
        let known = if capability.known_failure { "  known failure" } else { "" };
        writeln!(out, "{}{known}", row(&capability.name, kind, width, capability.count))?;
    }
    writeln!(out, "{}", row("all", "", width, *total))?;
    if known_failures.tests > 0 {
        writeln!(out, "{}", row(KNOWN, "", width, *known_failures))?;
    }
    for capability in capabilities.iter().filter(|capability| !capability.known_failure) {
        let failed = capability.results.iter().filter(|result| !result.passed);
        for (i, result) in failed.enumerate() {
            if i == 0 {
                writeln!(out, "\n{}: {}", capability.name, capability.description)?;
            }
            show_failure(out, result)?;
        }
    }
    Ok(())
}

fn row(name: &str, kind: &str, width: usize, count: Count) -> String {
    let rate = count.rate().map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let Count { tests, passed } = count;
    format!("{name:<width$}  {kind:<10}  {tests:>5}  {passed:>6}  {rate:>7}")
}

/// What was expected, the text, and the variations that were not answered so.
fn show_failure(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    writeln!(out, "  expected {}", result.expected)?;
    for (i, answer) in result.answers.iter().enumerate() {
        if i == 0 || !answer.passed {
            let Answer { text, probability, decided, .. } = answer;
            let text = text.replace('\n', " ");
            let mark = if i == 0 { "    got" } else { "      →" };
            writeln!(out, "{mark} {probability:.4} {:<8}  {text}", decided.as_str())?;
        }
    }
    Ok(())
}

/// What both models pass, by capability.
pub(crate) fn show_change(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let names = change.capabilities.iter().map(|capability| capability.name.chars().count());
    let width = names.max().unwrap_or(0).max("behaviour".len());
    writeln!(out, "{:<width$}  tests  champion  candidate", "behaviour")?;
    let mut row = |name: &str, tests: usize, champion: Option<usize>, candidate: usize, note| {
        let champion = champion.map_or_else(|| "–".to_owned(), |passed| passed.to_string());
        writeln!(out, "{name:<width$}  {tests:>5}  {champion:>8}  {candidate:>9}{note}")
    };
    for capability in &change.capabilities {
        let note = if capability.known_failure { "  known failure" } else { "" };
        let CapabilityChange { name, tests, champion, candidate, .. } = capability;
        row(name, *tests, *champion, *candidate, note)?;
    }
    let champion = change.champion.map(|count| count.passed);
    row("all", change.candidate.tests, champion, change.candidate.passed, "")
}

/// The tests that the champion passes and the candidate fails.
fn show_new(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let Change { n_new_failures, n_new_passes, .. } = change;
    writeln!(
        out,
        "\nthe candidate fails {n_new_failures} that the champion passes, and passes {n_new_passes} that it fails"
    )?;
    for NewFailure { capability, expected, champion, candidate } in &change.new_failures {
        writeln!(out, "  {capability}: expected {expected}")?;
        for (i, (before, after)) in champion.iter().zip(candidate).enumerate() {
            if i == 0 || !after.passed {
                let text = after.text.replace('\n', " ");
                let mark = if i == 0 { "    got" } else { "      |" };
                let (was, is) = (before.probability, after.probability);
                writeln!(out, "{mark} {was:.4} → {is:.4}  {text}")?;
            }
        }
    }
    Ok(())
}
