//! Checks that collect every problem instead of stopping at the first.

use crate::ParamsError;
use std::fmt;
use verdict_learning::bounds;

/// The problems of one file.
#[derive(Debug)]
pub struct Check<'a> {
    file: &'a str,
    problems: Vec<String>,
}

impl<'a> Check<'a> {
    /// No problem yet in `file`.
    pub fn new(file: &'a str) -> Self {
        Self { file, problems: Vec::new() }
    }

    /// `holds`, or a problem: key, bound, value and file.
    pub fn that(
        &mut self,
        holds: bool,
        key: &str,
        bound: impl fmt::Display,
        got: impl fmt::Display,
    ) {
        if !holds {
            self.problems.push(format!("{key} must be {bound}, got {got} ({})", self.file));
        }
    }

    /// The meaning of a word. Where there is no such word, a problem that lists them, and the
    /// meaning of the first, so that the checks go on.
    pub fn word<T: Copy, const N: usize>(
        &mut self,
        got: &str,
        key: &str,
        words: [(&str, T); N],
    ) -> T {
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == got) {
            return *meaning;
        }
        let known = words.map(|(word, _)| word);
        let (last, first) = known.split_last().unwrap_or((&"", &[]));
        let bound = match first {
            [] => (*last).to_owned(),
            first => format!("{} or {last}", first.join(", ")),
        };
        self.that(false, key, bound, got);
        words[0].1
    }

    /// The value, or a problem with its own words.
    pub fn parsed<T, E: fmt::Display>(&mut self, parsed: Result<T, E>, key: &str) -> Option<T> {
        parsed.map_err(|error| self.problems.push(format!("{key}: {error} ({})", self.file))).ok()
    }

    /// The value, or what is out of bounds, each parameter in the section that it stands in.
    pub fn bounds<T>(
        &mut self,
        checked: Result<T, bounds::ParamsError>,
        section: fn(&str) -> &'static str,
    ) -> Option<T> {
        let error = match checked {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let problems = error.0.into_iter();
        self.problems.extend(
            problems.map(|problem| {
                format!("{}.{problem} ({})", section(&problem.parameter), self.file)
            }),
        );
        None
    }

    /// The value, if there is no problem at all.
    ///
    /// # Errors
    /// All problems.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, ParamsError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(ParamsError { problems: self.problems }),
        }
    }
}
