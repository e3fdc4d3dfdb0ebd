//! Promotion by the gate, and the way back.

use super::{Serving, fetch, is_back};
use anyhow::{Context, anyhow, bail};
use verdict_learning::behaviour::Suite;
use verdict_learning::corpus::Corpus;
use verdict_learning::gate::{Decision, FlipsWanted, Gate, compare};
use verdict_messages::{ModelPointer, TrainedFrom};
use verdict_registry::{Files, Registry, Tags, Version, Which};

/// The alias of the version that served before.
pub const PREVIOUS: &str = "previous";

/// What is to be promoted.
#[derive(Debug, Clone, Copy)]
pub struct Promotion<'a> {
    /// The version that asks.
    pub candidate: &'a Which,
    /// Held-out reviews to compare on.
    pub reviews: &'a Corpus,
    /// Behavioural tests to compare on.
    pub suite: Option<&'a Suite>,
    /// The bounds.
    pub gate: &'a Gate,
    /// How much of the flips to keep.
    pub flips: FlipsWanted,
    /// Where the candidate's reviews came from, if it is known.
    pub trained_from: Option<&'a TrainedFrom>,
}

/// What became of a promotion.
#[derive(Debug)]
pub struct Promoted {
    /// The version that asked.
    pub candidate: Version,
    /// The version that served before, if there was one and it was another.
    pub champion: Option<Version>,
    /// The gate's decision; `None` where the candidate served already.
    pub decision: Option<Decision>,
    /// The pointer that was written, if one had to be.
    pub announced: Option<ModelPointer>,
}

impl Promoted {
    /// Whether the candidate served already and everyone knew.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.decision.is_none() && self.announced.is_none()
    }

    /// Whether the candidate serves now.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.decision.as_ref().is_none_or(|decision| decision.accepted)
    }
}

/// Puts a version before the gate and, if it passes, in the place of the one that serves.
/// `on_decision` gets the decision before anything is moved.
///
/// # Errors
/// Where registry or topic cannot be read or written, or a version is no model. What was done
/// stands, and calling again goes on from there.
pub fn promote(
    serving: Serving<'_>,
    promotion: Promotion<'_>,
    on_decision: impl FnOnce(&Decision) -> anyhow::Result<()>,
) -> anyhow::Result<Promoted> {
    let Serving { registry, name, alias, .. } = serving;
    let candidate = registry.resolve(name, promotion.candidate)?;
    let champion = registry.alias(name, alias)?;
    if champion.as_ref().map(|champion| champion.version) == Some(candidate.version) {
        return Ok(Promoted {
            announced: serving.settle(promotion.trained_from)?,
            candidate,
            champion: None,
            decision: None,
        });
    }
    // What an earlier run left is finished even where this candidate is refused.
    serving.settle(None)?;
    if let Some(last) = serving.last_announced()? {
        is_back(registry, &last, &candidate)?;
    }
    let champion_model = champion.as_ref().map(|champion| fetch(registry, champion));
    let decision = compare(
        champion_model.transpose()?.as_ref(),
        &fetch(registry, &candidate)?,
        promotion.reviews,
        promotion.suite,
        promotion.gate,
        promotion.flips,
    );
    on_decision(&decision)?;
    annotate(registry, &candidate, &decision)?;
    let mut announced = None;
    if decision.accepted {
        move_alias(registry, &candidate, alias)?;
        announced = serving.settle(promotion.trained_from)?;
    }
    Ok(Promoted { candidate, champion, decision: Some(decision), announced })
}

/// Points an alias to a version, and [`PREVIOUS`] to the one that it pointed to before.
///
/// # Errors
/// What the registry says.
pub fn move_alias(registry: &dyn Registry, version: &Version, alias: &str) -> anyhow::Result<()> {
    let name = version.name.as_str();
    match registry.alias(name, alias)? {
        Some(before) if before.version == version.version => return Ok(()),
        Some(before) => registry.set_alias(name, PREVIOUS, before.version)?,
        None => {}
    }
    Ok(registry.set_alias(name, alias, version.version)?)
}

fn annotate(
    registry: &dyn Registry,
    candidate: &Version,
    decision: &Decision,
) -> anyhow::Result<()> {
    let answer = if decision.accepted { "accepted" } else { "refused" };
    let failed: Vec<&str> = decision
        .reasons
        .iter()
        .filter(|reason| !reason.passed)
        .map(|reason| reason.check.as_ref())
        .collect();
    let tags: Tags = [
        ("verdict.promotion".to_owned(), answer.to_owned()),
        ("verdict.promotion.failed".to_owned(), failed.join(", ")),
    ]
    .into();
    let json = serde_json::to_vec_pretty(decision)?;
    let files: Files = [("promotion.json".to_owned(), json)].into();
    registry
        .annotate(&candidate.name, candidate.version, &tags, &files)
        .with_context(|| format!("noting the decision on {} {}", candidate.name, candidate.version))
}

/// What became of a step back.
#[derive(Debug)]
pub struct RolledBack {
    /// The version that served.
    pub from: Version,
    /// The version that serves now.
    pub to: Version,
    /// The pointer that was written.
    pub announced: Option<ModelPointer>,
}

/// Goes back to a version, or to the one that served before the last promotion.
///
/// A run that was killed after the alias was moved is finished first, and goes no further back.
///
/// # Errors
/// Where there is nothing to go back to, or where registry or topic cannot be read or written.
pub fn rollback(serving: Serving<'_>, version: Option<u64>) -> anyhow::Result<RolledBack> {
    let Serving { registry, name, alias, .. } = serving;
    let from = registry.alias(name, alias)?.ok_or_else(|| {
        anyhow!("{} has no alias {alias} of {name}: nothing serves yet", registry.location())
    })?;
    let last = serving.last_announced()?;
    let announced = last.as_ref().and_then(|last| last.version.parse::<u64>().ok());
    let is_asked = version.is_none_or(|version| version == from.version);
    if let Some(announced) = announced.filter(|&announced| is_asked && announced > from.version) {
        let was = registry.version(name, announced)?;
        let pointer = serving.settle(None)?;
        return Ok(RolledBack { from: was, to: from, announced: pointer });
    }
    let to = match version {
        Some(version) => registry.version(name, version)?,
        None => registry.alias(name, PREVIOUS)?.ok_or_else(|| {
            anyhow!(
                "no version is known to have served before {}: name one with --version",
                from.version
            )
        })?,
    };
    if to.version == from.version {
        bail!("version {} of {name} serves already", to.version);
    }
    if let Some(last) = &last {
        is_back(registry, last, &to)?;
    }
    registry.set_alias(name, alias, to.version)?;
    registry.delete_alias(name, PREVIOUS)?;
    let announced = serving.settle(None)?;
    Ok(RolledBack { from, to, announced })
}
