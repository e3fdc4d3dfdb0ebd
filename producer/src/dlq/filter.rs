//! Which dead letters are meant.

use std::collections::BTreeSet;

use clap::Args;
use verdict_messages::{ErrorKind, time};

use super::at::At;
use super::letter::Letter;

/// The dead letters that all of these let through.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// Only of this kind: decode, schema, too_large, bad_reply_topic or internal; may be given more
    /// than once.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Vec<ErrorKind>,
    /// Only reviews written at this time or later, for instance 2026-01-02T03:04:05Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<i64>,
    /// Only reviews written before this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<i64>,
    /// Only with this key; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    pub key: Vec<String>,
    /// Only the letter at this position; may be given more than once.
    #[arg(long, value_name = "PARTITION:OFFSET")]
    pub position: Vec<At>,
}

impl Filter {
    /// Whether the letter is meant.
    pub fn takes(&self, letter: &Letter) -> bool {
        let is_one_of = |wanted: &[String], has: &[u8]| wanted.iter().any(|w| w.as_bytes() == has);
        let written = letter.record.timestamp_ms;
        (self.kind.is_empty() || letter.kind().is_some_and(|kind| self.kind.contains(&kind)))
            && self.since.is_none_or(|since| written.is_some_and(|ms| ms >= since))
            && self.until.is_none_or(|until| written.is_some_and(|ms| ms < until))
            && (self.key.is_empty()
                || letter.record.key.as_deref().is_some_and(|key| is_one_of(&self.key, key)))
            && (self.position.is_empty() || self.position.contains(&letter.at()))
    }

    /// The positions that were typed; where there are any, no other letter is read.
    pub fn positions(&self) -> BTreeSet<At> {
        self.position.iter().copied().collect()
    }
}

fn kind(text: &str) -> Result<ErrorKind, String> {
    ErrorKind::from_text(text).ok_or_else(|| {
        let kinds = ErrorKind::ALL.map(ErrorKind::as_str).join(", ");
        format!("a kind must be one of {kinds}, got {text:?}")
    })
}

fn moment(text: &str) -> Result<i64, String> {
    time::unix_ms(text).ok_or_else(|| {
        format!("a time must be RFC 3339, for instance 2026-01-02T03:04:05Z, got {text:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlq::letter::tests::letter;

    #[test]
    fn a_letter_must_pass_every_filter() {
        // At 3:41, of kind decode, key r1, written at 1,000 ms.
        let letter = letter(Some(b"x"));
        let none = Filter::default;
        let at = |text: &str| vec![text.parse().unwrap()];
        for (filter, takes) in [
            (none(), true),
            (Filter { kind: vec![ErrorKind::Schema, ErrorKind::Decode], ..none() }, true),
            (Filter { kind: vec![ErrorKind::Schema], ..none() }, false),
            (Filter { since: Some(1000), ..none() }, true),
            (Filter { since: Some(1001), ..none() }, false),
            (Filter { until: Some(1001), ..none() }, true),
            (Filter { until: Some(1000), ..none() }, false),
            (Filter { key: vec!["r0".into(), "r1".into()], ..none() }, true),
            (Filter { key: vec!["r".into()], ..none() }, false),
            (Filter { position: at("3:41"), ..none() }, true),
            (Filter { position: at("4:41"), ..none() }, false),
            (Filter { position: at("3:41"), key: vec!["r0".into()], ..none() }, false),
        ] {
            assert_eq!(filter.takes(&letter), takes, "{filter:?}");
        }
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in ["3", "3:", ":41", "-1:41", "3:-1", "3:41:5", "x:41"] {
            let error = text.parse::<At>().unwrap_err();
            assert!(error.ends_with(&format!("PARTITION:OFFSET, for instance 3:41, got {text:?}")));
        }
    }
}
