//! Reviews at rest: one iterator over every layout in which a data set of reviews is usually found.
//!
//! | [`Kind`] | layout | id of a review |
//! |---|---|---|
//! | [`Kind::AclImdb`] | the Large Movie Review Dataset: its folder, or its `.tar` / `.tar.gz`, streamed | `aclImdb/train/pos/0_9` |
//! | [`Kind::Csv`] | a table whose header has the columns `review` and `sentiment` | the column `id`, else `file:line` |
//! | [`Kind::JsonLines`] | one object a line with `text` and `label` | the member `id` (or its number), else `file:line` |
//! | [`Kind::Lines`] | one review a line, no labels | `file:line` |
//!
//! Every layout may be compressed with gzip, which is recognised by the first bytes and never by
//! the name, and every layout but the folder may come from standard input (`-`). Only one review at
//! a time is held in memory. Text is UTF-8, with or without a mark before it. Other encodings are
//! refused by name, and so is what looks like a table or another format and is none of these
//! layouts.
//!
//! Nothing is skipped silently. A single bad review is an `Err` item that names its line or entry,
//! and the iterator goes on; a broken source is an `Err` item with [`ReadError::is_fatal`], and the
//! iterator ends.
//!
//! ```
//! use verdict_datasets::{Kind, OpenOptions, Source};
//!
//! let options = OpenOptions { kind: Some(Kind::Csv), ..OpenOptions::default() };
//! let csv = &b"review,sentiment\n\"Warm, witty and wise.\",positive\n"[..];
//! let reviews: Vec<_> = Source::from_reader("mine.csv", csv, &options)?.collect::<Result<_, _>>()?;
//! assert_eq!(reviews[0].text, "Warm, witty and wise.");
//! assert_eq!(reviews[0].label, Some(true));
//! assert_eq!(reviews[0].id, "mine.csv:2");
//! # Ok::<(), verdict_datasets::ReadError>(())
//! ```

mod acl_imdb;
mod archive;
mod archive_index;
mod csv_rows;
mod dialect;
mod error;
mod gzip;
mod input;
mod line_reader;
mod lines;
mod options;
mod review;
mod source;

pub use error::ReadError;
pub use options::{Kind, Labels, OpenOptions, Split};
pub use review::{Location, Review};
pub use source::{Progress, Source};
