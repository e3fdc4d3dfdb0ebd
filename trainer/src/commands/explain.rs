//! `trainer explain`.

use super::output;
use serde_json::json;
use std::path::PathBuf;
use verdict_sentiment::{Decision, Scratch};

/// Options of `trainer explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
    /// The review.
    text: String,
    /// List at most so many terms, the strongest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_terms: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let model = super::lifecycle::load(&args.model)?;
    let mut scratch = Scratch::default();
    let explanation = model.explain(&mut scratch, &args.text, args.max_terms);
    let score = explanation.score;
    let decision = match model.decide(scratch.columns().len(), score.probability) {
        Decision::Unsure => "unsure",
        _ => score.label.as_str(),
    };
    if args.json {
        let terms: Vec<_> = explanation
            .terms
            .iter()
            .map(|term| json!({ "term": term.term, "weight": term.weight }))
            .collect();
        return output::line(json!({
            "label": score.label.as_str(),
            "decision": decision,
            "probability": score.probability,
            "score": score.score,
            "intercept": explanation.intercept,
            "rest": explanation.rest,
            "explanation": terms,
        }));
    }
    output::buffered(|out| {
        let unsure = if decision == "unsure" { ": too little to decide" } else { "" };
        writeln!(
            out,
            "{}: P(positive) {:.4}, score {:+.4}{unsure}",
            score.label, score.probability, score.score
        )?;
        let strongest = explanation.terms.first().map_or(1.0, |term| term.weight.abs());
        for term in &explanation.terms {
            let bar = "█".repeat(((term.weight.abs() / strongest * 24.0).round() as usize).max(1));
            writeln!(out, "  {:+.4}  {bar:<24}  {}", term.weight, term.term)?;
        }
        writeln!(
            out,
            "  {:+.4}  all other terms\n  {:+.4}  intercept",
            explanation.rest, explanation.intercept
        )
    })
}
