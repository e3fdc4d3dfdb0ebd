//! The command line.

use std::{collections::BTreeSet, path::PathBuf, process::Command as Process};

use anyhow::{Context, ensure};
use clap::{Args, Parser, Subcommand};

use crate::{
    plan::{SERVICES, Wanted},
    scan::Severity,
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
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is to be in ECR: repositories, tags, policies. Asks nobody
    Plan(PlanArgs),
    /// Make what is missing, push, compare the digests, wait for the scan. Loosens nothing that is there
    Apply(ApplyArgs),
    /// Write the digests that ECR has of a revision into a kustomize overlay: all of them, or none
    Pin(PinArgs),
    /// Delete images that no overlay pins, but for the newest
    Prune(PruneArgs),
}

/// Which repositories.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// Service, may be given several times; without it, all four
    #[arg(long = "service", value_parser = SERVICES, value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// Repositories are PREFIX/SERVICE
    #[arg(long, env = "ECR_PREFIX", default_value = "verdict", value_name = "PREFIX")]
    pub(crate) prefix: String,
    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub(crate) json: bool,
}

impl Scope {
    pub(crate) fn wanted(&self, revision: &str) -> anyhow::Result<Wanted> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        let is_name = !self.prefix.is_empty() && self.prefix.chars().all(is_plain);
        ensure!(
            is_name && !self.prefix.starts_with('/') && !self.prefix.ends_with('/'),
            "--prefix must be small letters, digits and . _ - / between them, got {:?}",
            self.prefix
        );
        let mut services = SERVICES.map(str::to_owned).to_vec();
        if !self.services.is_empty() {
            let unique: BTreeSet<_> = self.services.iter().cloned().collect();
            services = unique.into_iter().collect();
        }
        Ok(Wanted::new(&self.prefix, &services, revision))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Revision {
    /// Tag of the images; without it, the commit that is checked out
    #[arg(long, env = "REVISION", value_name = "REVISION")]
    revision: Option<String>,
}

impl Revision {
    pub(crate) fn get(&self) -> anyhow::Result<String> {
        let revision = match &self.revision {
            Some(revision) => revision.clone(),
            None => {
                let output = Process::new("git").args(["rev-parse", "HEAD"]).output();
                let output = output.context("git does not run: give --revision")?;
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

/// How ECR is reached.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// AWS region; without it, AWS_REGION or the profile's
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    // AWS's own variable; not a flag that anybody would look for.
    #[arg(long, env = "AWS_MAX_ATTEMPTS", default_value_t = 8, hide = true)]
    pub(crate) max_attempts: u32,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) revision: Revision,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) revision: Revision,
    #[command(flatten)]
    pub(crate) access: Access,
    /// Image as an OCI layout in a tar file; for one service. Without it, DIST/SERVICE.tar
    #[arg(long, value_name = "FILE")]
    pub(crate) archive: Option<PathBuf>,
    /// Folder of the archives
    #[arg(long, default_value = "dist", value_name = "DIST")]
    pub(crate) archives: PathBuf,
    /// Registry that is expected, ACCOUNT.dkr.ecr.REGION.amazonaws.com: another region or account is then refused
    #[arg(long, env = "ECR_REGISTRY", value_name = "HOST")]
    pub(crate) registry: Option<String>,
    /// Another address for layers, http://HOST:PORT or https://HOST: a proxy, or a registry beside a local ECR
    #[arg(long, env = "ECR_PUSH_TO", value_name = "URL")]
    pub(crate) push_to: Option<String>,
    /// Findings of this severity and worse are an error; off: scans are not awaited
    #[arg(long, value_enum, default_value_t = Severity::High)]
    pub(crate) severity: Severity,
    /// Longest time for a scan, in seconds
    #[arg(long, default_value_t = 900, value_name = "S")]
    pub(crate) scan_timeout: u64,
    /// Accept repositories with lifecycle policies of their own
    #[arg(long)]
    pub(crate) keep_lifecycle: bool,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PinArgs {
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) revision: Revision,
    #[command(flatten)]
    pub(crate) access: Access,
    /// Folder of the overlay, whose kustomization.yaml or images/kustomization.yaml has `images:`
    #[arg(long, value_name = "DIR")]
    pub(crate) overlay: PathBuf,
    /// Images with findings of this severity and worse, or without a scan, are not pinned; off: scans do not matter
    #[arg(long, value_enum, default_value_t = Severity::High)]
    pub(crate) severity: Severity,
    /// Only say what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) access: Access,
    /// Overlay whose images stay, may be given several times; as it is where it was deployed
    #[arg(long = "overlay", required = true, value_name = "DIR")]
    pub(crate) overlays: Vec<PathBuf>,
    /// Newest images of each repository that stay, for a roll-back
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) keep: usize,
    /// Only say what would be deleted
    #[arg(long)]
    pub(crate) dry_run: bool,
}
