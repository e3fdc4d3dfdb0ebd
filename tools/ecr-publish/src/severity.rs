//! How bad a finding of the scan is, and what is too bad.

use std::collections::BTreeMap;

use clap::ValueEnum;

/// Findings of this severity and worse are too bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Severity {
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

impl Severity {
    /// What a name of ECR's means; names that are new are taken for bad.
    fn of(name: &str) -> Self {
        match name {
            "CRITICAL" => Self::Critical,
            "MEDIUM" => Self::Medium,
            "LOW" | "INFORMATIONAL" | "UNDEFINED" | "UNTRIAGED" => Self::Any,
            _ => Self::High,
        }
    }

    /// The findings that are too bad, as `2 CRITICAL, 1 HIGH`; `None` without any.
    #[must_use]
    pub fn too_bad(self, counts: &BTreeMap<String, u64>) -> Option<String> {
        let told: Vec<_> = counts
            .iter()
            .filter(|&(name, &n)| n > 0 && self != Self::Off && Self::of(name) >= self)
            .map(|(name, n)| format!("{n} {name}"))
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_counts_from_its_severity_on() {
        let counts = BTreeMap::from([
            ("CRITICAL".to_owned(), 0),
            ("HIGH".to_owned(), 1),
            ("LOW".to_owned(), 7),
        ]);
        for (severity, told) in [
            (Severity::Off, None),
            (Severity::Critical, None),
            (Severity::High, Some("1 HIGH")),
            (Severity::Any, Some("1 HIGH, 7 LOW")),
        ] {
            assert_eq!(severity.too_bad(&counts).as_deref(), told, "{severity:?}");
        }
        let new = BTreeMap::from([("CATASTROPHIC".to_owned(), 1)]);
        assert!(Severity::High.too_bad(&new).is_some());
    }
}
