//! `trainer behave`.

use super::output;
use super::threads::Threads;
use crate::behaviour;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use verdict_learning::behaviour::{Answer, Behaviour, Count, TestResult};

/// Options of `trainer behave`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
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
    let behaviour = args.threads.run(|| suite.run(&model))?;
    if args.json {
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
