//! Is a pointer to be followed? Pure.

use verdict_messages::{ModelPointer, version_number};
use verdict_sentiment::Limits;

/// What serves now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The version that a pointer gave it. A model that was named on the command line has none,
    /// even where its file calls itself something: the digits of a checksum are no number of an
    /// order.
    pub version: Option<String>,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// What to do about a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Fetch and verify what it points to.
    Take,
    /// This very version serves.
    Same,
    /// It points to an older version than the one that serves, and does not withdraw that.
    Older,
    /// It gives other bytes to the version that serves. A version names one model for ever.
    Conflict,
    /// It is of another model.
    OtherName,
    /// It says that the model is larger than any may be.
    TooLarge,
}

/// Decides about the last pointer under the key `name`.
///
/// Versions that are numbers only go up, so that a pointer that is published again by mistake, or
/// by a publisher that did not know of a newer one, changes nothing. They go down by a decision: a
/// pointer that withdraws the version that serves, or `allow_rollback`. Versions that are not
/// numbers have no order, and the last pointer counts.
///
/// ```
/// use verdict_consumer::models::decide::{Decision, Serving, decide};
/// # let json = r#"{"name":"sentiment","version":"7","uri":"m","sha256":"cd","bytes":9,"metrics":{},"trained_at":"","trained_from":{"sha256":"ab"}}"#;
/// let pointer = verdict_messages::ModelPointer::decode(json.as_bytes())?;
/// let serving = Serving { version: Some("9".into()), sha256: "ef".into() };
/// assert_eq!(decide(&serving, &pointer, "sentiment", false), Decision::Older);
/// # Ok::<(), verdict_messages::Rejection>(())
/// ```
#[must_use]
pub fn decide(
    serving: &Serving,
    pointer: &ModelPointer,
    name: &str,
    allow_rollback: bool,
) -> Decision {
    if pointer.name != name {
        return Decision::OtherName;
    }
    if pointer.bytes > Limits::FILE as u64 {
        return Decision::TooLarge;
    }
    let Some(version) = &serving.version else {
        return Decision::Take;
    };
    if *version == pointer.version {
        return if pointer.sha256 == serving.sha256 { Decision::Same } else { Decision::Conflict };
    }
    let (Some(now), Some(next)) = (version_number(version), version_number(&pointer.version))
    else {
        return Decision::Take;
    };
    let withdrawn = pointer.withdraws.as_deref().and_then(version_number);
    if next > now || allow_rollback || withdrawn.is_some_and(|newest| newest >= now) {
        Decision::Take
    } else {
        Decision::Older
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use verdict_messages::TrainedFrom;

    use super::*;

    fn pointer(version: &str, sha256: &str) -> ModelPointer {
        ModelPointer {
            name: "sentiment".into(),
            version: version.into(),
            uri: "m".into(),
            sha256: sha256.into(),
            bytes: 9,
            metrics: BTreeMap::new(),
            trained_at: String::new(),
            trained_from: TrainedFrom::Data { sha256: String::new() },
            withdraws: None,
        }
    }

    fn serving(version: Option<&str>) -> Serving {
        Serving { version: version.map(str::to_owned), sha256: "a".into() }
    }

    #[test]
    fn versions_go_up_and_come_down_by_a_decision_only() {
        use Decision::{Conflict, Older, Same, Take};
        // Serving; the pointer's version, hash and withdrawal; without and with --allow-rollback.
        type Case =
            (Option<&'static str>, &'static str, &'static str, Option<&'static str>, [Decision; 2]);
        let cases: [Case; 16] = [
            (None, "1", "b", None, [Take, Take]),
            (None, "1", "a", None, [Take, Take]),
            (Some("9"), "10", "b", None, [Take, Take]),
            (Some("9"), "10", "a", None, [Take, Take]),
            (Some("9"), "9", "a", None, [Same, Same]),
            (Some("9"), "9", "b", None, [Conflict, Conflict]),
            (Some("9"), "7", "b", None, [Older, Take]),
            (Some("9"), "7", "b", Some("9"), [Take, Take]),
            (Some("8"), "7", "b", Some("9"), [Take, Take]),
            // What it withdraws is older than what serves: it was written before that, and comes
            // again.
            (Some("10"), "7", "b", Some("9"), [Older, Take]),
            (Some("7"), "7", "a", Some("9"), [Same, Same]),
            (Some("9"), "7", "b", Some("no number"), [Older, Take]),
            (Some("blue"), "green", "b", None, [Take, Take]),
            (Some("9"), "green", "b", None, [Take, Take]),
            (Some("green"), "9", "b", None, [Take, Take]),
            (Some("green"), "green", "b", None, [Conflict, Conflict]),
        ];
        for (now, version, sha256, withdraws, expected) in cases {
            let pointer = ModelPointer {
                withdraws: withdraws.map(str::to_owned),
                ..pointer(version, sha256)
            };
            for (allow, expected) in [false, true].into_iter().zip(expected) {
                let got = decide(&serving(now), &pointer, "sentiment", allow);
                assert_eq!(
                    got, expected,
                    "{now:?} to {version} {sha256}, withdraws {withdraws:?}, allow {allow}"
                );
            }
        }
    }

    #[test]
    fn a_pointer_of_another_name_or_to_too_much_is_not_followed() {
        let mine = pointer("1", "b");
        let other = ModelPointer { name: "other".into(), ..mine.clone() };
        let large = ModelPointer { bytes: Limits::FILE as u64 + 1, ..mine.clone() };
        let largest = ModelPointer { bytes: Limits::FILE as u64, ..mine };
        let judge = |pointer| decide(&serving(None), &pointer, "sentiment", true);
        assert_eq!(judge(other), Decision::OtherName);
        assert_eq!(judge(large), Decision::TooLarge);
        assert_eq!(judge(largest), Decision::Take);
    }

    #[test]
    fn of_pointers_in_any_order_none_leads_down() {
        let mut now = serving(None);
        for version in ["3", "1", "2", "5", "4", "5", "10", "9"] {
            if decide(&now, &pointer(version, version), "sentiment", false) == Decision::Take {
                let before = now.version.as_deref().and_then(version_number);
                assert!(before < version_number(version), "{now:?} to {version}");
                now = Serving { version: Some(version.into()), sha256: version.into() };
            }
        }
        assert_eq!(now.version.as_deref(), Some("10"));
    }
}
