//! Pointers to model versions: what travels on topic `models` instead of the bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Rejection;

/// A model version that is ready to serve. The record is written after the bytes are durable at `uri`.
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
}

/// The data behind a model version, exact enough to train it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// A pointer from the value of a record.
    ///
    /// # Errors
    /// `schema` when the value is not this message.
    pub fn decode(value: &[u8]) -> Result<Self, Rejection> {
        serde_json::from_slice(value)
            .map_err(|error| Rejection::schema(format!("model pointer: {error}")))
    }

    /// The value of a record.
    ///
    /// # Errors
    /// None that is known; what the JSON writer reports is passed on as `internal`.
    pub fn encode(&self) -> Result<Vec<u8>, Rejection> {
        crate::verdict::to_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_survives_json_with_either_origin() {
        let ranges = vec![OffsetRange {
            topic: "reviews".into(),
            partition: 0,
            from: 0,
            to: 9,
        }];
        for trained_from in [
            TrainedFrom::Log { ranges },
            TrainedFrom::Data {
                sha256: "ab".into(),
            },
        ] {
            let pointer = ModelPointer {
                name: "sentiment".into(),
                version: "7".into(),
                uri: "models/7".into(),
                sha256: "cd".into(),
                bytes: 300_000,
                metrics: BTreeMap::from([("accuracy".into(), 0.8965)]),
                trained_at: "2026-01-02T03:04:05.000Z".into(),
                trained_from,
            };
            assert_eq!(
                ModelPointer::decode(&pointer.encode().unwrap()).unwrap(),
                pointer
            );
        }
    }
}
