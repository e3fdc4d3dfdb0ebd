//! Pointers to model versions: what travels on topic `models` instead of the bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::json::json_message;

json_message!(ModelPointer, "model pointer");

/// A model version that is ready to serve; its bytes were durable at `uri` before it was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelPointer {
    /// Model name; also the key of the record.
    pub name: String,
    /// Version within the name.
    pub version: String,
    /// Where the bytes are: a path, or a registry's URI.
    pub uri: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Number of bytes.
    pub bytes: u64,
    /// What evaluation found, by metric name.
    pub metrics: BTreeMap<String, f64>,
    /// When training ended, RFC 3339.
    pub trained_at: String,
    /// What it was trained from.
    pub trained_from: TrainedFrom,
    /// The newest version that this record withdraws: versions after `version` up to this one must
    /// not be served. It marks a rollback; a record of an older version without it is a mistake,
    /// and readers ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<String>,
}

/// The data behind a model version, exact enough to train it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum TrainedFrom {
    /// Ranges of the stored log.
    Log {
        /// One entry for each partition that was read.
        ranges: Vec<OffsetRange>,
    },
    /// A data set at rest.
    Data {
        /// SHA-256 of the data, lower-case hexadecimal.
        sha256: String,
    },
}

impl<'de> Deserialize<'de> for TrainedFrom {
    /// Not derived: serde buffers an untagged enum and then accepts arrays again.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Either {
            ranges: Option<Vec<OffsetRange>>,
            sha256: Option<String>,
        }
        match Either::deserialize(deserializer)? {
            Either { ranges: Some(ranges), .. } => Ok(Self::Log { ranges }),
            Either { sha256: Some(sha256), .. } => Ok(Self::Data { sha256 }),
            _ => Err(D::Error::custom("must have ranges or sha256")),
        }
    }
}

/// The records `from..to` of one partition; `to` is the first that is not included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OffsetRange {
    /// Topic name.
    pub topic: String,
    /// Partition number.
    pub partition: i32,
    /// First offset.
    pub from: i64,
    /// One past the last offset.
    pub to: i64,
}

impl OffsetRange {
    /// How many offsets the range holds.
    pub fn len(&self) -> u64 {
        u64::try_from(self.to.saturating_sub(self.from)).unwrap_or(0)
    }

    /// Whether the range holds no offset.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ModelPointer {
    /// This pointer as the record that rolls back from `last`: it withdraws every version after its
    /// own.
    #[must_use]
    pub fn withdrawing(self, last: &Self) -> Self {
        let newest = last.withdraws.as_ref().unwrap_or(&last.version);
        Self { withdraws: Some(newest.clone()), ..self }
    }

    /// The number that the next version gets: one more than any that was given, withdrawn ones too,
    /// so that a version never names two models. `None` when the versions of this name are not
    /// numbers.
    pub fn next_version(&self) -> Option<u64> {
        let withdrawn = match &self.withdraws {
            Some(version) => version_number(version)?,
            None => 0,
        };
        version_number(&self.version)?.max(withdrawn).checked_add(1)
    }
}

/// The number that a version is: digits and nothing else. Other versions have no order but that of
/// their records.
pub fn version_number(version: &str) -> Option<u64> {
    let is_number = version.bytes().all(|byte| byte.is_ascii_digit());
    // `parse` alone would take a sign too.
    is_number.then(|| version.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(version: &str) -> ModelPointer {
        ModelPointer {
            name: "sentiment".into(),
            version: version.into(),
            uri: format!("models/{version}"),
            sha256: "cd".into(),
            bytes: 300_000,
            metrics: BTreeMap::from([("accuracy".into(), 0.8965)]),
            trained_at: "2026-01-02T03:04:05.000Z".into(),
            trained_from: TrainedFrom::Data { sha256: "ab".into() },
            withdraws: None,
        }
    }

    #[test]
    fn a_version_is_a_number_when_it_is_digits() {
        let cases = [
            ("7", Some(7)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("+7", None),
            ("-7", None),
            ("7a", None),
            ("", None),
        ];
        for (version, number) in cases {
            assert_eq!(version_number(version), number, "{version:?}");
        }
    }

    #[test]
    fn the_next_version_was_never_given_before() {
        assert_eq!(pointer("9").next_version(), Some(10));
        let back = pointer("7").withdrawing(&pointer("9"));
        assert_eq!((back.version.as_str(), back.withdraws.as_deref()), ("7", Some("9")));
        assert_eq!(back.next_version(), Some(10));
        let further_back = pointer("5").withdrawing(&back);
        assert_eq!(further_back.withdraws.as_deref(), Some("9"));
        assert_eq!(further_back.next_version(), Some(10));
        for unnumbered in [pointer("blue"), pointer(&u64::MAX.to_string())] {
            assert_eq!(unnumbered.next_version(), None);
        }
    }

    #[test]
    fn a_record_without_withdrawal_is_as_it_always_was() {
        let value = pointer("7").encode().unwrap();
        assert!(!String::from_utf8_lossy(&value).contains("withdraws"));
        let back = pointer("7").withdrawing(&pointer("9"));
        assert_eq!(ModelPointer::decode(&back.encode().unwrap()).unwrap(), back);
    }

    #[test]
    fn a_pointer_survives_json_with_either_origin() {
        let ranges = vec![OffsetRange { topic: "reviews".into(), partition: 0, from: 0, to: 9 }];
        for trained_from in [TrainedFrom::Log { ranges }, TrainedFrom::Data { sha256: "ab".into() }]
        {
            let pointer = ModelPointer { trained_from, ..pointer("7") };
            assert_eq!(ModelPointer::decode(&pointer.encode().unwrap()).unwrap(), pointer);
        }
    }
}
