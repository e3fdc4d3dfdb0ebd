//! The command line.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Command as Process,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::{Args, Parser, Subcommand};
use serde_json::json;

use crate::{
    apply::{self, Options},
    ecr::{Ecr, Scan},
    pin::{self, Pinned},
    plan::{Repository, SERVICES, Wanted},
    prune,
    severity::Severity,
    table,
};

const EXAMPLES: &str = "\
Examples:
  ecr-publish plan                                          what would be in ECR, without asking AWS
  ecr-publish apply --dry-run                               what of it is missing
  ecr-publish apply --service web --archive dist/web.tar    one image, built by tools/deploy/image.sh web
  ecr-publish pin --overlay k8s/overlays/eks                the digests of this revision into the overlay
  ecr-publish prune --overlay k8s/overlays/eks --dry-run    what is neither pinned nor among the 20 newest

Credentials come by AWS's own chain: environment, profile, web identity, container, instance. AWS_ENDPOINT_URL_ECR names another
server that speaks ECR's API.";

/// Brings Verdict's images to AWS ECR: immutable tags, digests that are compared, scans that are awaited.
#[derive(Debug, Parser)]
#[command(name = "ecr-publish", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what is to be in ECR: repositories, tags, policies. Asks nobody
    Plan(PlanArgs),
    /// Make what is missing, push, compare the digests, wait for the scan. Loosens nothing that is there
    Apply(ApplyArgs),
    /// Write the digests that ECR has of a revision into a kustomize overlay: all of them, or none
    Pin(PinArgs),
    /// Delete images that no overlay pins, but for the newest
    Prune(PruneArgs),
}

/// What is meant.
#[derive(Debug, Args)]
pub struct What {
    /// Service, may be given several times; without it, all four
    #[arg(long = "service", value_parser = SERVICES, value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Repositories are PREFIX/SERVICE
    #[arg(long, env = "ECR_PREFIX", default_value = "verdict", value_name = "PREFIX")]
    pub prefix: String,
    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

impl What {
    fn services(&self) -> Vec<String> {
        if self.services.is_empty() {
            return SERVICES.map(str::to_owned).to_vec();
        }
        let unique: BTreeSet<_> = self.services.iter().cloned().collect();
        unique.into_iter().collect()
    }

    fn repositories(&self) -> Vec<Repository> {
        Wanted::new(&self.prefix, &self.services(), "").repositories
    }

    fn check(&self) -> anyhow::Result<()> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        let is_name = !self.prefix.is_empty() && self.prefix.chars().all(is_plain);
        ensure!(
            is_name && !self.prefix.starts_with('/') && !self.prefix.ends_with('/'),
            "--prefix must be small letters, digits and . _ - / between them, got {:?}",
            self.prefix
        );
        Ok(())
    }
}

/// Of which revision.
#[derive(Debug, Args)]
pub struct Revision {
    /// Tag of the images; without it, the commit that is checked out
    #[arg(long, env = "REVISION", value_name = "REVISION")]
    pub revision: Option<String>,
}

impl Revision {
    fn get(&self) -> anyhow::Result<String> {
        let revision = match &self.revision {
            Some(revision) => revision.clone(),
            None => {
                let output = Process::new("git")
                    .args(["rev-parse", "HEAD"])
                    .output()
                    .context("git does not run: give --revision")?;
                ensure!(output.status.success(), "no commit is checked out here: give --revision");
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
        };
        let is_tag = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        ensure!(
            (1..=128).contains(&revision.len())
                && revision.chars().all(is_tag)
                && !revision.starts_with(['.', '-']),
            "--revision must be 1 to 128 letters, digits and . _ -, got {revision:?}"
        );
        Ok(revision)
    }
}

/// Where ECR is.
#[derive(Debug, Args)]
pub struct Where {
    /// AWS region; without it, AWS_REGION or the profile's
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// Of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What is meant.
    #[command(flatten)]
    pub what: What,
    /// Of which revision.
    #[command(flatten)]
    pub revision: Revision,
}

/// Of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// What is meant.
    #[command(flatten)]
    pub what: What,
    /// Of which revision.
    #[command(flatten)]
    pub revision: Revision,
    /// Where ECR is.
    #[command(flatten)]
    pub place: Where,
    /// Image as an OCI layout in a tar file; for one service. Without it, DIST/SERVICE.tar
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
    /// Folder of the archives
    #[arg(long, default_value = "dist", value_name = "DIST")]
    pub archives: PathBuf,
    /// Registry that is expected, ACCOUNT.dkr.ecr.REGION.amazonaws.com: another region or account is then refused
    #[arg(long, env = "ECR_REGISTRY", value_name = "HOST")]
    pub registry: Option<String>,
    /// Another address for layers, http://HOST:PORT or https://HOST: a proxy, or a registry beside a local ECR
    #[arg(long, env = "ECR_PUSH_TO", value_name = "URL")]
    pub push_to: Option<String>,
    /// Findings of this severity and worse are an error; off: scans are not awaited
    #[arg(long, value_enum, default_value_t = Severity::High)]
    pub severity: Severity,
    /// Longest time for a scan, in seconds
    #[arg(long, default_value_t = 900, value_name = "S")]
    pub scan_timeout: u64,
    /// Accept repositories with lifecycle policies of their own
    #[arg(long)]
    pub keep_lifecycle: bool,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// Of `pin`.
#[derive(Debug, Args)]
pub struct PinArgs {
    /// What is meant.
    #[command(flatten)]
    pub what: What,
    /// Of which revision.
    #[command(flatten)]
    pub revision: Revision,
    /// Where ECR is.
    #[command(flatten)]
    pub place: Where,
    /// Folder of the overlay, whose kustomization.yaml or images/kustomization.yaml has `images:`
    #[arg(long, value_name = "DIR")]
    pub overlay: PathBuf,
    /// Images with findings of this severity and worse, or without a scan, are not pinned; off: scans do not matter
    #[arg(long, value_enum, default_value_t = Severity::High)]
    pub severity: Severity,
    /// Only say what would be written
    #[arg(long)]
    pub dry_run: bool,
}

/// Of `prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// What is meant.
    #[command(flatten)]
    pub what: What,
    /// Where ECR is.
    #[command(flatten)]
    pub place: Where,
    /// Overlay whose images stay, may be given several times; as it is where it was deployed
    #[arg(long = "overlay", required = true, value_name = "DIR")]
    pub overlays: Vec<PathBuf>,
    /// Newest images of each repository that stay, for a roll-back
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub keep: usize,
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

/// Does what was typed; what goes to standard output. Progress goes to standard error.
///
/// # Errors
/// Whatever stands in the way, as one line.
pub async fn run(cli: Cli) -> anyhow::Result<String> {
    match cli.command {
        Command::Plan(args) => plan(&args),
        Command::Apply(args) => apply(&args).await,
        Command::Pin(args) => pin(&args).await,
        Command::Prune(args) => prune(&args).await,
    }
}

fn told(line: impl std::fmt::Display) {
    verdict_telemetry::output::note(format_args!("ecr-publish: {line}"));
}

fn output(table: String, value: &impl serde::Serialize, as_json: bool) -> anyhow::Result<String> {
    if as_json {
        return Ok(format!("{}\n", serde_json::to_string(value)?));
    }
    Ok(table)
}

fn plan(args: &PlanArgs) -> anyhow::Result<String> {
    args.what.check()?;
    let wanted = Wanted::new(&args.what.prefix, &args.what.services(), &args.revision.get()?);
    output(table::plan(&wanted), &wanted, args.what.json)
}

async fn apply(args: &ApplyArgs) -> anyhow::Result<String> {
    args.what.check()?;
    let services = args.what.services();
    let wanted = Wanted::new(&args.what.prefix, &services, &args.revision.get()?);
    let archives: BTreeMap<_, _> = match (&args.archive, services.as_slice()) {
        (Some(archive), [service]) => [(service.clone(), archive.clone())].into(),
        (Some(_), _) => bail!("--archive is of one service: name it with --service"),
        (None, services) => services
            .iter()
            .map(|service| (service.clone(), args.archives.join(format!("{service}.tar"))))
            .collect(),
    };
    let options = Options {
        archives,
        registry: args.registry.clone(),
        push_to: args.push_to.clone(),
        severity: args.severity,
        scan_within: Duration::from_secs(args.scan_timeout),
        keep_lifecycle: args.keep_lifecycle,
        dry_run: args.dry_run,
    };
    let ecr = Ecr::connect(args.place.region.clone()).await?;
    let applied = apply::apply(&ecr, &wanted, &options, &mut |line| told(line)).await?;
    output(table::applied(&applied), &applied, args.what.json)
}

async fn pin(args: &PinArgs) -> anyhow::Result<String> {
    args.what.check()?;
    let revision = args.revision.get()?;
    // Before anybody is asked: an overlay that is none.
    pin::read(&args.overlay)?;
    let ecr = Ecr::connect(args.place.region.clone()).await?;
    let registry = ecr.login().await?.host;
    let mut digests = BTreeMap::new();
    for Repository { service, name } in args.what.repositories() {
        let Some(digest) = ecr.tagged(&name, &revision).await? else {
            bail!(
                "{registry}/{name} has no image of revision {revision}, so nothing is pinned: run ecr-publish apply first, or check --region"
            );
        };
        unobjectionable(&ecr, &name, &digest, args.severity).await?;
        let pinned = Pinned { name: format!("{registry}/{name}"), digest };
        digests.insert(format!("verdict-{service}"), pinned);
    }
    let changed = pin::write(&args.overlay, &digests, args.dry_run)?;
    let rows: Vec<_> = digests
        .iter()
        .map(|(image, pinned)| vec![image.clone(), pinned.name.clone(), pinned.digest.clone()])
        .collect();
    let images: BTreeMap<_, _> = digests
        .iter()
        .map(|(image, pinned)| (image, format!("{}@{}", pinned.name, pinned.digest)))
        .collect();
    let text = format!("{}{changed} of {} changed\n", table::table(&rows), digests.len());
    let value = json!({"dry_run": args.dry_run, "changed": changed, "images": images});
    output(text, &value, args.what.json)
}

/// An index has no scan of its own: `apply` has looked at the scans of its children.
async fn unobjectionable(
    ecr: &Ecr,
    name: &str,
    digest: &str,
    severity: Severity,
) -> anyhow::Result<()> {
    if severity == Severity::Off {
        return Ok(());
    }
    let mut counts = BTreeMap::new();
    for image in ecr.runnable(name, digest).await? {
        match ecr.scan(name, &image).await? {
            Scan::Done(found) => {
                for (severity, n) in found {
                    *counts.entry(severity).or_insert(0) += n;
                }
            }
            Scan::NotBegun | Scan::Waits => bail!(
                "the scan of {name}@{image} has not ended, so nothing is pinned: wait for it with ecr-publish apply"
            ),
            Scan::Failed(why) => {
                bail!("the scan of {name}@{image} gives no result: {why}; nothing is pinned")
            }
        }
    }
    if let Some(bad) = severity.too_bad(&counts) {
        bail!(
            "the scan of {name}@{digest} has found {bad}, so nothing is pinned: build again on a newer base image, or raise --severity"
        );
    }
    Ok(())
}

async fn prune(args: &PruneArgs) -> anyhow::Result<String> {
    args.what.check()?;
    let mut pinned = BTreeSet::new();
    for overlay in &args.overlays {
        let (_, images) = pin::read(overlay)?;
        pinned.extend(images.into_values().map(|image| image.digest));
    }
    let ecr = Ecr::connect(args.place.region.clone()).await?;
    let mut rows = Vec::new();
    let mut deleted = Vec::new();
    for Repository { name, .. } in args.what.repositories() {
        for image in prune::doomed(ecr.all_tagged(&name).await?, args.keep, &pinned) {
            if !args.dry_run {
                ecr.delete(&name, &image.digest).await?;
            }
            rows.push(vec![name.clone(), image.digest.clone(), image.tags.join(", ")]);
            deleted.push(json!({"repository": name, "digest": image.digest, "tags": image.tags}));
        }
    }
    let what = if args.dry_run { "would be deleted (dry run)" } else { "deleted" };
    let text = format!("{}{} images {what}\n", table::table(&rows), rows.len());
    output(text, &json!({"dry_run": args.dry_run, "deleted": deleted}), args.what.json)
}
