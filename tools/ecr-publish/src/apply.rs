//! `apply`: repositories, layers, manifests, tag, proof, scan.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{bail, ensure};
use serde::Serialize;

use crate::{
    archive::{Archive, Image},
    cli::ApplyArgs,
    ecr::{Ecr, Login},
    plan::{Change, Wanted, changes},
    push::Registry,
    scan::{Findings, Severity, add, awaited},
};

/// What was done; as JSON, the answer of `apply --json`.
#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    /// Whether it would have been done only.
    pub(crate) dry_run: bool,
    /// Settings that were changed and images that were tagged.
    pub(crate) changes: usize,
    settings: Vec<Change>,
    pub(crate) images: Vec<Published>,
}

/// An image in ECR.
#[derive(Debug, Serialize)]
pub(crate) struct Published {
    pub(crate) service: String,
    /// Where it is, by digest.
    reference: String,
    tag: String,
    /// As ECR says it and as it was computed here.
    pub(crate) digest: String,
    /// Whether it was put there just now; in a dry run, whether it would be.
    pub(crate) pushed: bool,
    /// Layers and configurations.
    pub(crate) blobs_sent: usize,
    pub(crate) bytes_sent: u64,
    /// Of everything in it that runs; `None` if the scan was not awaited.
    pub(crate) findings: Option<Findings>,
}

/// Brings everything that is wanted to ECR. `log` gets a line for each step.
///
/// # Errors
/// Whatever stands in the way, as one line. An image that is not complete has no tag then.
pub(crate) async fn apply(
    ecr: &Ecr,
    wanted: &Wanted,
    args: &ApplyArgs,
    log: &impl Fn(String),
) -> anyhow::Result<Applied> {
    // First what needs nobody: an archive that is not there is known before anything is changed.
    let mut archives = Vec::new();
    for repository in &wanted.repositories {
        let in_folder = args.archives.join(format!("{}.tar", repository.service));
        let mut archive = Archive::open(args.archive.as_ref().unwrap_or(&in_folder))?;
        let image = archive.image()?;
        archives.push((repository, archive, image));
    }
    let login = ecr.login().await?;
    expect(&login, args.registry.as_deref(), &ecr.region)?;
    let registry = Registry::new(&login, args.push_to.as_deref())?;
    let found = ecr.found(wanted).await?;
    let settings = changes(wanted, &found, args.keep_lifecycle)?;
    // Before anything is changed: a tag that another image has.
    let mut there = BTreeMap::new();
    for (repository, _, image) in &archives {
        if found.repositories.contains_key(&repository.name) {
            let is_there = is_there(ecr, &repository.name, &wanted.tag, image).await?;
            there.insert(&repository.name, is_there);
        }
    }
    for change in &settings {
        log(change.to_string());
        if !args.dry_run {
            ecr.make(change, wanted).await?;
        }
    }
    let changes = settings.len();
    let mut applied = Applied { dry_run: args.dry_run, changes, settings, images: Vec::new() };
    for (repository, mut archive, image) in archives {
        let (name, digest) = (&repository.name, image.root.digest.clone());
        let is_there = there.get(name).copied().unwrap_or(false);
        applied.changes += usize::from(!is_there);
        let (mut sent, mut findings) = ((0, 0), None);
        if !args.dry_run {
            if !is_there {
                sent = registry.send(name, &image, &mut archive, log).await?;
                tag(ecr, name, &wanted.tag, &image).await?;
                log(format!("{name}:{} is {digest}", wanted.tag));
            }
            if args.severity != Severity::Off {
                findings = Some(scanned(ecr, name, &image, args, log).await?);
            }
        }
        applied.images.push(Published {
            service: repository.service.clone(),
            reference: format!("{}/{name}@{digest}", login.host),
            tag: wanted.tag.clone(),
            digest,
            pushed: !is_there,
            blobs_sent: sent.0,
            bytes_sent: sent.1,
            findings,
        });
    }
    Ok(applied)
}

/// A wrong region or account has a registry of its own, in which everything would be made anew.
fn expect(login: &Login, registry: Option<&str>, region: &str) -> anyhow::Result<()> {
    let expected = registry.unwrap_or(&login.host);
    ensure!(
        login.host == expected,
        "region {region} and these credentials lead to the registry {}, not to {expected}: check --region, the profile and --registry",
        login.host
    );
    Ok(())
}

/// Whether ECR has this image under the tag.
///
/// # Errors
/// The tag has another image.
async fn is_there(ecr: &Ecr, name: &str, tag: &str, image: &Image) -> anyhow::Result<bool> {
    let there = ecr.tagged(name, tag).await?;
    if let Some(there) = there.as_ref().filter(|there| **there != image.root.digest) {
        bail!(
            "{name}:{tag} is {there} already, and the archive holds {}: one revision has one image; publish that one, or commit and build anew",
            image.root.digest
        );
    }
    Ok(there.is_some())
}

/// The children first, then the tag; and then the proof that ECR has under it what was built.
async fn tag(ecr: &Ecr, name: &str, tag: &str, image: &Image) -> anyhow::Result<()> {
    for child in &image.children {
        ecr.put(name, child, None).await?;
    }
    ecr.put(name, &image.root, Some(tag)).await?;
    let is_there = is_there(ecr, name, tag, image).await?;
    ensure!(is_there, "{name}:{tag} was put and is not there: run this again");
    Ok(())
}

/// Waits for the scans of everything that runs in an image; what they have found.
///
/// # Errors
/// Findings that are too bad; a scan that fails or does not end in time.
async fn scanned(
    ecr: &Ecr,
    name: &str,
    image: &Image,
    args: &ApplyArgs,
    log: &impl Fn(String),
) -> anyhow::Result<Findings> {
    let mut findings = Findings::new();
    let within = Duration::from_secs(args.scan_timeout);
    for one in image.runnable() {
        add(&mut findings, awaited(ecr, name, &one.digest, within, log).await?);
    }
    if let Some(bad) = args.severity.too_bad(&findings) {
        let digest = &image.root.digest;
        bail!(
            "the scan of {name}@{digest} has found {bad}: see `aws ecr describe-image-scan-findings --repository-name {name} --image-id imageDigest={digest}`; \
             build again on a newer base image, or raise --severity; it is not to be pinned"
        );
    }
    Ok(findings)
}
