//! The four commands, from what was typed to what is printed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use serde::Serialize;
use serde_json::json;

use crate::{
    apply::{self, Applied},
    cli::{ApplyArgs, Cli, Command, PinArgs, PlanArgs, PruneArgs},
    ecr::{Ecr, Tagged},
    pin::{self, Pinned},
    plan::Repository,
    scan::{Findings, Scan, Severity, add, listed, scan},
};

/// What goes to standard output; progress goes to standard error.
///
/// # Errors
/// Whatever stands in the way, as one line.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<String> {
    match cli.command {
        Command::Plan(args) => plan(&args),
        Command::Apply(args) => apply(&args).await,
        Command::Pin(args) => pin(&args).await,
        Command::Prune(args) => prune(&args).await,
    }
}

fn answer(text: String, value: &impl Serialize, as_json: bool) -> anyhow::Result<String> {
    Ok(if as_json { format!("{}\n", serde_json::to_string(value)?) } else { text })
}

/// Columns beside each other, as wide as they need.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let width = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn plan(args: &PlanArgs) -> anyhow::Result<String> {
    let wanted = args.scope.wanted(&args.revision.get()?)?;
    let mut rows = vec![["REPOSITORY", "TAG", "TAGS", "SCAN", "UNTAGGED IMAGES"]];
    for repository in &wanted.repositories {
        let (name, tag) = (&repository.name, &wanted.tag);
        rows.push([name, tag, "immutable", "on push", "expire after 14 days"]);
    }
    let rows: Vec<_> = rows.into_iter().map(|row| row.map(str::to_owned)).collect();
    answer(table(&rows), &wanted, args.scope.json)
}

async fn apply(args: &ApplyArgs) -> anyhow::Result<String> {
    let wanted = args.scope.wanted(&args.revision.get()?)?;
    if args.archive.is_some() && wanted.repositories.len() != 1 {
        bail!("--archive is of one service: name it with --service");
    }
    let ecr = Ecr::connect(args.access.region.clone(), args.access.max_attempts).await?;
    let applied = apply::apply(&ecr, &wanted, args, &|line| {
        verdict_telemetry::output::note(format_args!("ecr-publish: {line}"));
    })
    .await?;
    answer(applied_table(&applied), &applied, args.scope.json)
}

fn applied_table(applied: &Applied) -> String {
    let head = ["SERVICE", "DIGEST", "PUSHED", "LAYERS SENT", "BYTES", "FINDINGS"];
    let mut rows = vec![head.map(str::to_owned)];
    for image in &applied.images {
        let findings = match image.findings.as_ref().map(listed) {
            None => "not awaited".to_owned(),
            Some(none) if none.is_empty() => "none".to_owned(),
            Some(findings) => findings,
        };
        rows.push([
            image.service.clone(),
            image.digest.clone(),
            if image.pushed { "yes" } else { "was there" }.to_owned(),
            image.blobs_sent.to_string(),
            image.bytes_sent.to_string(),
            findings,
        ]);
    }
    let conditional = if applied.dry_run { " would be made (dry run)" } else { "" };
    format!("{}{} changes{conditional}\n", table(&rows), applied.changes)
}

async fn pin(args: &PinArgs) -> anyhow::Result<String> {
    let revision = args.revision.get()?;
    let wanted = args.scope.wanted(&revision)?;
    // Before anybody is asked: an overlay that is none.
    pin::read(&args.overlay)?;
    let ecr = Ecr::connect(args.access.region.clone(), args.access.max_attempts).await?;
    let registry = ecr.login().await?.host;
    let mut digests = BTreeMap::new();
    for Repository { service, name } in &wanted.repositories {
        let Some(digest) = ecr.tagged(name, &revision).await? else {
            bail!(
                "{registry}/{name} has no image of revision {revision}, so nothing is pinned: run ecr-publish apply first, or check --region"
            );
        };
        check_scans(&ecr, name, &digest, args.severity).await?;
        let pinned = Pinned { name: format!("{registry}/{name}"), digest };
        digests.insert(format!("verdict-{service}"), pinned);
    }
    let changed = pin::write(&args.overlay, &digests, args.dry_run)?;
    let rows: Vec<_> = digests
        .iter()
        .map(|(image, pinned)| [image.clone(), pinned.name.clone(), pinned.digest.clone()])
        .collect();
    let images: BTreeMap<_, _> = digests
        .iter()
        .map(|(image, pinned)| (image, format!("{}@{}", pinned.name, pinned.digest)))
        .collect();
    let text = format!("{}{changed} of {} changed\n", table(&rows), digests.len());
    let value = json!({"dry_run": args.dry_run, "changed": changed, "images": images});
    answer(text, &value, args.scope.json)
}

/// An index has no scan of its own, so the scans of its images count.
///
/// # Errors
/// Findings that are too bad; a scan that has not ended.
async fn check_scans(
    ecr: &Ecr,
    name: &str,
    digest: &str,
    severity: Severity,
) -> anyhow::Result<()> {
    if severity == Severity::Off {
        return Ok(());
    }
    let mut findings = Findings::new();
    for image in ecr.runnable(name, digest).await? {
        match scan(ecr, name, &image).await? {
            Scan::Done(of_image) => add(&mut findings, of_image),
            Scan::NotBegun | Scan::Running => bail!(
                "the scan of {name}@{image} has not ended, so nothing is pinned: wait for it with ecr-publish apply"
            ),
            Scan::Failed(why) => {
                bail!("the scan of {name}@{image} gives no result: {why}; nothing is pinned")
            }
        }
    }
    if let Some(bad) = severity.too_bad(&findings) {
        bail!(
            "the scan of {name}@{digest} has found {bad}, so nothing is pinned: build again on a newer base image, or raise --severity"
        );
    }
    Ok(())
}

async fn prune(args: &PruneArgs) -> anyhow::Result<String> {
    let wanted = args.scope.wanted("")?;
    let mut pinned = BTreeSet::new();
    for overlay in &args.overlays {
        let (_, images) = pin::read(overlay)?;
        pinned.extend(images.into_values().map(|image| image.digest));
    }
    let ecr = Ecr::connect(args.access.region.clone(), args.access.max_attempts).await?;
    let (mut rows, mut deleted) = (Vec::new(), Vec::new());
    for Repository { name, .. } in wanted.repositories {
        for Tagged { digest, tags, .. } in doomed(ecr.all_tagged(&name).await?, args.keep, &pinned)
        {
            if !args.dry_run {
                ecr.delete(&name, &digest).await?;
            }
            rows.push([name.clone(), digest.clone(), tags.join(", ")]);
            deleted.push(json!({"repository": name, "digest": digest, "tags": tags}));
        }
    }
    let what = if args.dry_run { "would be deleted (dry run)" } else { "deleted" };
    let text = format!("{}{} images {what}\n", table(&rows), rows.len());
    answer(text, &json!({"dry_run": args.dry_run, "deleted": deleted}), args.scope.json)
}

/// The images that are neither among the `keep` newest nor pinned, oldest first.
fn doomed(mut images: Vec<Tagged>, keep: usize, pinned: &BTreeSet<String>) -> Vec<Tagged> {
    // Equally old ones in the order of their digests, so that the answer is always the same.
    images.sort_by(|a, b| b.pushed_at.cmp(&a.pushed_at).then_with(|| a.digest.cmp(&b.digest)));
    let old = images.into_iter().skip(keep).rev();
    old.filter(|image| !pinned.contains(&image.digest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_and_the_pinned_stay() {
        let image = |pushed_at: i64| Tagged {
            digest: format!("sha256:{pushed_at}"),
            tags: vec![format!("r{pushed_at}")],
            pushed_at,
        };
        let gone = |keep, pinned: &[&str]| {
            let pinned = pinned.iter().map(|digest| (*digest).to_owned()).collect();
            let gone = doomed([3, 1, 5, 2, 4].map(image).to_vec(), keep, &pinned);
            gone.iter().map(|image| image.pushed_at).collect::<Vec<_>>()
        };
        assert_eq!(gone(2, &[]), [1, 2, 3]);
        assert_eq!(gone(2, &["sha256:2", "sha256:5"]), [1, 3]);
        assert_eq!(gone(5, &[]), [0_i64; 0]);
        assert_eq!(gone(0, &["sha256:5"]), [1, 2, 3, 4]);
    }
}
