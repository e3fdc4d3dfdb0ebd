//! `apply`: repositories, layers, manifests, tag, proof, scan.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    archive::{Archive, Image},
    ecr::{Ecr, Login, Scan},
    plan::{Change, Repository, Wanted, changes},
    push::Registry,
    severity::Severity,
};

/// The scan of a push is there after so long; else nobody has asked for it.
const UNASKED: Duration = Duration::from_secs(3);

/// How it is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// The archive of each service.
    pub archives: BTreeMap<String, PathBuf>,
    /// The registry that is expected, `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    pub registry: Option<String>,
    /// Another address for layers.
    pub push_to: Option<String>,
    /// What is too bad.
    pub severity: Severity,
    /// How long a scan may take.
    pub scan_within: Duration,
    /// Accept lifecycle policies that are there.
    pub keep_lifecycle: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Whether it would have been done only.
    pub dry_run: bool,
    /// Settings that were changed, images that were tagged.
    pub changes: usize,
    /// The settings.
    pub settings: Vec<Change>,
    /// The images.
    pub images: Vec<Published>,
}

/// An image in ECR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The service.
    pub service: String,
    /// Where it is, by digest.
    pub reference: String,
    /// Its tag.
    pub tag: String,
    /// Its digest, as ECR says it and as it was computed here.
    pub digest: String,
    /// Whether it was put there just now; in a dry run, whether it would be.
    pub pushed: bool,
    /// Layers and configurations sent.
    pub blobs_sent: usize,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Findings by severity of all its images; without, the scan was not awaited.
    pub findings: Option<BTreeMap<String, u64>>,
}

/// Brings everything that is wanted to ECR. `told` gets a line for each step.
///
/// # Errors
/// Whatever stands in the way, as one line. Nothing that is not whole has a tag then.
pub async fn apply(
    ecr: &Ecr,
    wanted: &Wanted,
    options: &Options,
    told: &mut impl FnMut(String),
) -> anyhow::Result<Applied> {
    // First what needs nobody: an archive that is not there is known before anything is changed.
    let mut archives = Vec::new();
    for repository in &wanted.repositories {
        let path = options
            .archives
            .get(&repository.service)
            .with_context(|| format!("no archive of {}", repository.service))?;
        let mut archive = Archive::open(path)?;
        let image = archive.image()?;
        archives.push((repository, archive, image));
    }
    let login = ecr.login().await?;
    expect(&login, options.registry.as_deref(), &ecr.region)?;
    let registry = Registry::new(&login, options.push_to.as_deref())?;
    let found = ecr.found(wanted).await?;
    let settings = changes(wanted, &found, options.keep_lifecycle)?;
    // Before anything is changed: a tag that another image has.
    let mut there = BTreeMap::new();
    for (repository, _, image) in &archives {
        if found.repositories.contains_key(&repository.name) {
            let digest = ecr.tagged(&repository.name, &wanted.tag).await?;
            not_another(repository, &wanted.tag, digest.as_deref(), image)?;
            there.insert(repository.name.clone(), digest.is_some());
        }
    }
    for change in &settings {
        let (what, of) = change.told();
        told(format!("{what} {of}"));
        if !options.dry_run {
            ecr.make(change, wanted).await?;
        }
    }
    let mut applied = Applied {
        dry_run: options.dry_run,
        changes: settings.len(),
        settings,
        ..Applied::default()
    };
    for (repository, mut archive, image) in archives {
        let is_there = there.get(&repository.name).copied().unwrap_or(false);
        applied.changes += usize::from(!is_there);
        let mut published = Published {
            service: repository.service.clone(),
            reference: format!("{}/{}@{}", login.host, repository.name, image.root.digest),
            tag: wanted.tag.clone(),
            digest: image.root.digest.clone(),
            pushed: !is_there,
            blobs_sent: 0,
            bytes_sent: 0,
            findings: None,
        };
        if !options.dry_run {
            if !is_there {
                let name = &repository.name;
                let sent = registry.send(name, &image, &mut archive, told).await?;
                (published.blobs_sent, published.bytes_sent) = (sent.blobs, sent.bytes);
                tag(ecr, repository, &wanted.tag, &image).await?;
                told(format!("{name}:{} is {}", wanted.tag, image.root.digest));
            }
            published.findings = scanned(ecr, repository, &image, options, told).await?;
        }
        applied.images.push(published);
    }
    Ok(applied)
}

/// A wrong region or account has a registry of its own, in which everything would be made anew.
fn expect(login: &Login, registry: Option<&str>, region: &str) -> anyhow::Result<()> {
    let Some(expected) = registry else {
        return Ok(());
    };
    ensure!(
        login.host == expected,
        "region {region} and these credentials lead to the registry {}, not to {expected}: check --region, the profile and --registry",
        login.host
    );
    Ok(())
}

fn not_another(
    repository: &Repository,
    tag: &str,
    there: Option<&str>,
    image: &Image,
) -> anyhow::Result<()> {
    if let Some(there) = there
        && there != image.root.digest
    {
        bail!(
            "{}:{tag} is {there} already, and the archive holds {}: one revision has one image; publish that one, or commit and build anew",
            repository.name,
            image.root.digest
        );
    }
    Ok(())
}

/// The children first, then the tag; and then the proof that ECR has under it what was built.
async fn tag(ecr: &Ecr, repository: &Repository, tag: &str, image: &Image) -> anyhow::Result<()> {
    for child in &image.children {
        ecr.put(&repository.name, child, None).await?;
    }
    ecr.put(&repository.name, &image.root, Some(tag)).await?;
    let there = ecr.tagged(&repository.name, tag).await?;
    not_another(repository, tag, there.as_deref(), image)?;
    ensure!(there.is_some(), "{}:{tag} was put and is not there: run this again", repository.name);
    Ok(())
}

/// Waits for the scans of everything that runs in an image; what they have found, if it is not too bad.
///
/// # Errors
/// Findings that are too bad; a scan that fails or does not end in time.
pub async fn scanned(
    ecr: &Ecr,
    repository: &Repository,
    image: &Image,
    options: &Options,
    told: &mut impl FnMut(String),
) -> anyhow::Result<Option<BTreeMap<String, u64>>> {
    if options.severity == Severity::Off {
        return Ok(None);
    }
    let name = &repository.name;
    let mut findings = BTreeMap::new();
    for one in image.runnable() {
        let (begun, mut is_asked) = (Instant::now(), false);
        let mut pause = Duration::from_millis(500);
        let counts = loop {
            match ecr.scan(name, &one.digest).await? {
                Scan::Done(counts) => break counts,
                Scan::Failed(why) => bail!(
                    "the scan of {name}@{} gives no result: {why}; look at it in the console, or publish with --severity off",
                    one.digest
                ),
                Scan::NotBegun if !is_asked && begun.elapsed() >= UNASKED => {
                    ecr.start_scan(name, &one.digest).await?;
                    is_asked = true;
                }
                Scan::NotBegun | Scan::Waits => {}
            }
            ensure!(
                begun.elapsed() < options.scan_within,
                "the scan of {name}@{} has not ended after {} s: run this again later (nothing is pushed twice), or give it longer with --scan-timeout",
                one.digest,
                options.scan_within.as_secs()
            );
            if pause == Duration::from_millis(500) {
                told(format!("{name}: waiting for the scan"));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        };
        for (severity, n) in counts {
            *findings.entry(severity).or_insert(0) += n;
        }
    }
    if let Some(bad) = options.severity.too_bad(&findings) {
        bail!(
            "the scan of {name}@{} has found {bad}: see `aws ecr describe-image-scan-findings --repository-name {name} --image-id imageDigest={}`; \
             build again on a newer base image, or raise --severity; it is not to be pinned",
            image.root.digest,
            image.root.digest
        );
    }
    Ok(Some(findings))
}
