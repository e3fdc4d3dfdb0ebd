//! The scans of images: what they have found, and what of it is too bad.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{bail, ensure};
use aws_sdk_ecr::types::ScanStatus;
use clap::ValueEnum;
use tokio::time::Instant;

use crate::{
    ecr::{Ecr, by_digest},
    error::{answered, answered_unless},
};

/// The scan of a push has begun after so long; else the registry does not scan by itself.
const UNASKED: Duration = Duration::from_secs(3);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Findings of this severity and worse are too bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Severity {
    /// Any finding
    Any,
    /// MEDIUM, HIGH and CRITICAL
    Medium,
    /// HIGH and CRITICAL
    High,
    /// CRITICAL
    Critical,
    /// None: the scan is not awaited
    Off,
}

/// How many findings there are of each severity, by ECR's names.
pub(crate) type Findings = BTreeMap<String, u64>;

impl Severity {
    /// The findings that are too bad, as `2 CRITICAL, 1 HIGH`; `None` without any.
    pub(crate) fn too_bad(self, findings: &Findings) -> Option<String> {
        // Names that are new are taken for bad.
        let severity = |name: &str| match name {
            "CRITICAL" => Self::Critical,
            "MEDIUM" => Self::Medium,
            "LOW" | "INFORMATIONAL" | "UNDEFINED" | "UNTRIAGED" => Self::Any,
            _ => Self::High,
        };
        let bad = findings.iter().filter(|(name, _)| self != Self::Off && severity(name) >= self);
        Some(listed(bad)).filter(|text| !text.is_empty())
    }
}

/// Findings as text; severities without any are left out.
pub(crate) fn listed<'a>(findings: impl IntoIterator<Item = (&'a String, &'a u64)>) -> String {
    let some = findings.into_iter().filter(|(_, n)| **n > 0);
    some.map(|(name, n)| format!("{n} {name}")).collect::<Vec<_>>().join(", ")
}

/// What the scan of an image says by now.
pub(crate) enum Scan {
    NotBegun,
    Running,
    Done(Findings),
    /// There will be no result.
    Failed(String),
}

/// # Errors
/// A request that fails.
pub(crate) async fn scan(ecr: &Ecr, name: &str, digest: &str) -> anyhow::Result<Scan> {
    let image = by_digest(digest);
    let request = ecr.client.describe_image_scan_findings().repository_name(name).image_id(image);
    let what = format_args!("reading the scan of {name}@{digest}");
    let answer = answered_unless(&["ScanNotFoundException"], what, request.send().await)?;
    let Some(answer) = answer else {
        return Ok(Scan::NotBegun);
    };
    let status = answer.image_scan_status();
    Ok(match status.and_then(|status| status.status()) {
        Some(ScanStatus::Complete | ScanStatus::Active) => {
            let counts =
                answer.image_scan_findings().and_then(|found| found.finding_severity_counts());
            let count = |(name, n): (&aws_sdk_ecr::types::FindingSeverity, &i32)| {
                (name.as_str().to_owned(), u64::try_from(*n).unwrap_or(0))
            };
            Scan::Done(counts.into_iter().flatten().map(count).collect())
        }
        None | Some(ScanStatus::InProgress | ScanStatus::Pending) => Scan::Running,
        Some(other) => {
            let why = status.and_then(|status| status.description()).unwrap_or("no reason given");
            Scan::Failed(format!("{} ({why})", other.as_str()))
        }
    })
}

/// Waits for the scan of an image, and asks for one where the registry does not scan by itself;
/// what it has found. `log` gets a line if there is something to wait for.
///
/// # Errors
/// A scan that fails or does not end in time.
pub(crate) async fn awaited(
    ecr: &Ecr,
    name: &str,
    digest: &str,
    within: Duration,
    log: &impl Fn(String),
) -> anyhow::Result<Findings> {
    let (begun, mut is_asked, mut pause) = (Instant::now(), false, FIRST_PAUSE);
    loop {
        match scan(ecr, name, digest).await? {
            Scan::Done(findings) => return Ok(findings),
            Scan::Failed(why) => bail!(
                "the scan of {name}@{digest} gives no result: {why}; look at it in the console, or publish with --severity off"
            ),
            Scan::NotBegun if !is_asked && begun.elapsed() >= UNASKED => {
                let image = by_digest(digest);
                let request = ecr.client.start_image_scan().repository_name(name).image_id(image);
                let what = format_args!("asking for a scan of {name}@{digest}");
                answered(what, request.send().await)?;
                (is_asked, pause) = (true, FIRST_PAUSE);
            }
            Scan::NotBegun | Scan::Running => {}
        }
        ensure!(
            begun.elapsed() < within,
            "the scan of {name}@{digest} has not ended after {} s: run this again later (nothing is pushed twice), or give it longer with --scan-timeout",
            within.as_secs()
        );
        if pause == FIRST_PAUSE && !is_asked {
            log(format!("{name}: waiting for the scan"));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Adds the findings of one image to those of others.
pub(crate) fn add(sum: &mut Findings, findings: Findings) {
    for (severity, n) in findings {
        *sum.entry(severity).or_insert(0) += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_counts_from_its_severity_on() {
        let counts = [("CRITICAL", 0), ("HIGH", 1), ("LOW", 7)];
        let counts = counts.map(|(name, n)| (name.to_owned(), n)).into();
        for (severity, expected) in [
            (Severity::Off, None),
            (Severity::Critical, None),
            (Severity::High, Some("1 HIGH")),
            (Severity::Any, Some("1 HIGH, 7 LOW")),
        ] {
            assert_eq!(severity.too_bad(&counts).as_deref(), expected, "{severity:?}");
        }
        let new = BTreeMap::from([("CATASTROPHIC".to_owned(), 1)]);
        assert!(Severity::High.too_bad(&new).is_some());
    }
}
