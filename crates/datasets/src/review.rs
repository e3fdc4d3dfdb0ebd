//! What a source yields.

use std::fmt;
use std::sync::Arc;

/// One review at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The text as it was stored; never blank.
    pub text: String,
    /// `Some(true)` is positive, `Some(false)` negative, `None` unlabelled.
    pub label: Option<bool>,
    /// Where it was read.
    pub location: Location,
    /// The same for the same source on every run: the path without extension in an aclImdb source,
    /// the source's own `id` where it has one, `file:line` otherwise.
    pub id: String,
}

impl Review {
    pub(crate) fn new(
        text: impl Into<String>,
        label: Option<bool>,
        id: Option<String>,
        location: Location,
    ) -> Self {
        let id = id.unwrap_or_else(|| location.id());
        Self { text: text.into(), label, location, id }
    }

    /// Whether the id only says where the review stood. Such an id is the same for another file of
    /// that name, and for another run over standard input.
    pub fn is_named_by_location(&self) -> bool {
        self.location.entry.is_none() && self.id == self.location.id()
    }
}

/// Where something was read, for messages and for ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The path as it was given, or `stdin`.
    pub file: Arc<str>,
    /// The member of an archive or folder, if the source is one.
    pub entry: Option<String>,
    /// The line on which the review starts, from 1; `None` where a whole file is one review.
    pub line: Option<u64>,
}

impl Location {
    pub(crate) fn whole(file: &Arc<str>) -> Self {
        Self { file: Arc::clone(file), entry: None, line: None }
    }

    pub(crate) fn line(file: &Arc<str>, line: u64) -> Self {
        Self { line: Some(line), ..Self::whole(file) }
    }

    pub(crate) fn entry(file: &Arc<str>, entry: impl Into<String>) -> Self {
        Self { entry: Some(entry.into()), ..Self::whole(file) }
    }

    /// `reviews.csv:17`: without the folders, so that an id does not depend on where the command
    /// was run.
    pub(crate) fn id(&self) -> String {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        match self.line {
            Some(line) => format!("{name}:{line}"),
            None => name.to_owned(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(entry) = &self.entry {
            write!(f, " ({entry})")?;
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_reads_like_a_compilers() {
        let file: Arc<str> = "data/reviews.csv".into();
        assert_eq!(Location::line(&file, 17).to_string(), "data/reviews.csv:17");
        assert_eq!(Location::line(&file, 17).id(), "reviews.csv:17");
        let entry = Location::entry(&"a.tar.gz".into(), "aclImdb/x.txt");
        assert_eq!(entry.to_string(), "a.tar.gz (aclImdb/x.txt)");
    }
}
