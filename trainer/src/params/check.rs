//! Checks that collect every problem instead of stopping at the first.

use super::ParamsError;
use super::raw::RawCount;
use crate::learn::select::DocumentCount;
use std::fmt;

/// The problems of one file.
pub(super) struct Check<'a> {
    file: &'a str,
    problems: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self { file, problems: Vec::new() }
    }

    /// `holds`, or a problem: key, bound, value and file.
    pub(super) fn that(&mut self, holds: bool, key: &str, bound: &str, got: &dyn fmt::Display) {
        if !holds {
            self.problems.push(format!("{key} must be {bound}, got {got} ({})", self.file));
        }
    }

    /// The meaning of a word, or a problem that lists the words there are.
    pub(super) fn word<T: Copy>(&mut self, got: &str, key: &str, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == got);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let (last, first) = known.split_last().unwrap_or((&"", &[]));
            let bound = match first {
                [] => (*last).to_owned(),
                first => format!("{} or {last}", first.join(", ")),
            };
            self.that(false, key, &bound, &got);
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// The value, or a problem with its own words.
    pub(super) fn parsed<T, E: fmt::Display>(
        &mut self,
        parsed: Result<T, E>,
        key: &str,
    ) -> Option<T> {
        parsed.map_err(|error| self.problems.push(format!("{key}: {error} ({})", self.file))).ok()
    }

    pub(super) fn count(&mut self, raw: RawCount, key: &str) -> DocumentCount {
        match raw {
            RawCount::Count(count) => {
                self.that(
                    count >= 1 && u32::try_from(count).is_ok(),
                    key,
                    "between 1 and 4294967295 documents",
                    &raw,
                );
                DocumentCount::Count(u32::try_from(count).unwrap_or_default())
            }
            RawCount::Fraction(fraction) => {
                self.that(
                    (0.0..=1.0).contains(&fraction),
                    key,
                    "a fraction between 0.0 and 1.0",
                    &raw,
                );
                DocumentCount::Fraction(fraction)
            }
        }
    }

    /// What was found out, if there is no problem at all.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, ParamsError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(ParamsError { problems: self.problems }),
        }
    }
}
