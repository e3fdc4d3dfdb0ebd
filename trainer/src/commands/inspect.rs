//! `trainer inspect`.

use super::output;
use crate::report::terms::{Term, strongest};
use serde_json::json;
use std::path::PathBuf;

/// Terms listed of each side.
const TERMS: usize = 15;

/// Options of `trainer inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(value_name = "MODEL", default_value = "models/default")]
    model: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let model = super::lifecycle::load(&args.model)?;
    let (identity, parts) = (model.identity(), model.parts());
    let (positive, negative) = strongest(&model, TERMS);
    let pairs =
        |terms: &[Term]| json!(terms.iter().map(|t| (&t.term, t.weight)).collect::<Vec<_>>());
    let range = parts.vectorizer.options().ngram_range;
    if args.json {
        return output::line(json!({
            "name": identity.name,
            "version": identity.version,
            "sha256": identity.sha256,
            "format": model.format_version(),
            "n_terms": model.n_terms(),
            "ngram_range": [range.min(), range.max()],
            "sublinear_tf": parts.vectorizer.options().sublinear_tf,
            "intercept": parts.intercept,
            "calibration": {
                "slope": parts.calibration.slope,
                "offset": parts.calibration.offset,
                "long": parts.calibration.long,
            },
            "n_examples": model.examples().len(),
            "about": parts.about,
            "positive_terms": pairs(&positive),
            "negative_terms": pairs(&negative),
        }));
    }
    output::buffered(|out| {
        writeln!(out, "{} {}", identity.name, identity.version)?;
        writeln!(out, "  sha256       {}", identity.sha256)?;
        writeln!(
            out,
            "  terms        {} ({}- to {}-grams)",
            model.n_terms(),
            range.min(),
            range.max()
        )?;
        writeln!(out, "  intercept    {:+.4}", parts.intercept)?;
        writeln!(out, "  calibration  {}", parts.calibration)?;
        for band in model.decision_rule().iter().flat_map(|rule| &rule.bands) {
            let from = band.known_terms;
            match band.threshold {
                Some(at) => writeln!(
                    out,
                    "  decides      from {from} known terms at {at:.3}: {:.1} % of {} texts, {:.2} % wrong",
                    100.0 * band.coverage,
                    band.measured,
                    100.0 * band.error
                )?,
                None => writeln!(
                    out,
                    "  decides      from {from} known terms nothing ({} texts)",
                    band.measured
                )?,
            }
        }
        writeln!(
            out,
            "  self-test    {} examples, all as when it was made",
            model.examples().len()
        )?;
        writeln!(out, "  about        {}", parts.about)?;
        writeln!(out, "\n  {:<38}  strongest negative terms", "strongest positive terms")?;
        for (positive, negative) in positive.iter().zip(&negative) {
            writeln!(
                out,
                "  {:<28} {:+9.3}  {:<28} {:+9.3}",
                positive.term, positive.weight, negative.term, negative.weight
            )?;
        }
        Ok(())
    })
}
