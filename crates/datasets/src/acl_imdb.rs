//! The Large Movie Review Dataset: its parts, and the folder.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use verdict_messages::json::without_mark;

use crate::error::{BLANK, EMPTY, ReadError, Row, text, too_long};
use crate::input::Taken;
use crate::options::Split;
use crate::review::{Location, Review};

/// The parts of the layout, in the order in which a folder is read.
const PARTS: [Part; 4] = [
    Part { split: Split::Train, name: "train", label: true, folder: "pos" },
    Part { split: Split::Train, name: "train", label: false, folder: "neg" },
    Part { split: Split::Test, name: "test", label: true, folder: "pos" },
    Part { split: Split::Test, name: "test", label: false, folder: "neg" },
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    split: Split,
    name: &'static str,
    label: bool,
    folder: &'static str,
}

impl Part {
    pub(crate) fn wanted(self, split: Split) -> bool {
        split == Split::All || self.split == split
    }

    fn path(self) -> String {
        format!("{}/{}", self.name, self.folder)
    }

    pub(crate) fn entry(self, stem: &str) -> String {
        format!("aclImdb/{}/{}/{stem}", self.name, self.folder)
    }
}

/// How many reviews were found in each of [`PARTS`], to notice that a part is missing.
#[derive(Default)]
pub(crate) struct Found([u64; 4]);

impl Found {
    pub(crate) fn count(&mut self, part: usize) {
        if let Some(count) = self.0.get_mut(part) {
            *count += 1;
        }
    }

    /// A split that was asked for must have reviews of both labels. For `All` one complete split is
    /// enough: a model trained on one label only would be useless, and nothing else would show it.
    pub(crate) fn check(&self, split: Split) -> Result<(), String> {
        let counts = || PARTS.iter().zip(self.0).filter(|(part, _)| part.wanted(split));
        if counts().all(|(_, count)| count == 0) {
            return Err(match split {
                Split::All => no_layout("train/pos, train/neg, test/pos, test/neg"),
                _ => format!("{EMPTY} in the split {split}"),
            });
        }
        for (part, count) in counts() {
            let other = counts().any(|(p, count)| p.split == part.split && count > 0);
            if count == 0 && other {
                return Err(no_layout(&part.path()));
            }
        }
        Ok(())
    }
}

fn no_layout(missing: &str) -> String {
    format!("must have the layout of aclImdb, but has no review in {missing}")
}

/// Iterates over a folder, file names in byte order.
pub(crate) struct Folder {
    file: Arc<str>,
    files: VecDeque<(Part, PathBuf, String)>,
    max: usize,
    taken: Taken,
}

impl Folder {
    /// Lists the folder, which is `aclImdb` itself or the one that holds it.
    ///
    /// # Errors
    /// A folder without that layout, or one that may not be read.
    pub(crate) fn open(
        root: &Path,
        file: &Arc<str>,
        split: Split,
        max: usize,
        taken: &Taken,
    ) -> Result<Self, ReadError> {
        let nested = root.join("aclImdb");
        let root = if nested.is_dir() { &nested } else { root };
        let mut files = VecDeque::new();
        let mut found = Found::default();
        for (at, part) in PARTS.into_iter().enumerate().filter(|(_, part)| part.wanted(split)) {
            for (path, stem) in list(&root.join(part.path()))? {
                found.count(at);
                files.push_back((part, path, stem));
            }
        }
        let fail = |problem| ReadError::source(Location::whole(file), problem);
        found.check(split).map_err(fail)?;
        Ok(Self { file: Arc::clone(file), files, max, taken: taken.clone() })
    }

    /// Files not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.files.len()
    }

    fn read(&self, part: Part, path: &Path, stem: &str) -> Row {
        let location = Location::entry(&self.file, part.entry(stem) + ".txt");
        if let Err(problem) = a_file(path) {
            return Err(ReadError::row(location, problem));
        }
        let read = |path| {
            let handle = File::open(path)?;
            let length = handle.metadata()?.len();
            let mut bytes = Vec::new();
            handle.take(self.max as u64 + 1).read_to_end(&mut bytes)?;
            io::Result::Ok((bytes, length))
        };
        let (bytes, length) = read(path).map_err(|error| ReadError::io(location.clone(), error))?;
        if bytes.len() > self.max {
            return Err(ReadError::row(location, too_long(self.max, length)));
        }
        review(&bytes, part, stem, location)
    }
}

impl Iterator for Folder {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let (part, path, stem) = self.files.pop_front()?;
        self.taken.add(1);
        Some(self.read(part, &path, &stem))
    }
}

/// The review files of one folder, with their names without `.txt`; none if the folder is not
/// there.
fn list(folder: &Path) -> Result<Vec<(PathBuf, String)>, ReadError> {
    let fail = |error| ReadError::io(Location::whole(&folder.to_string_lossy().into()), error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(fail)?.path();
        if let Some(stem) = path.file_name().and_then(|name| review_stem(name.to_str()?)) {
            let stem = stem.to_owned();
            files.push((path, stem));
        }
    }
    files.sort();
    Ok(files)
}

/// `0_9` of `0_9.txt`; hidden files, as macOS leaves beside each, are none.
fn review_stem(name: &str) -> Option<&str> {
    name.strip_suffix(".txt").filter(|stem| !stem.is_empty() && !stem.starts_with('.'))
}

/// Whether something with the name of a review is a file, or a link that leads to one. A pipe would
/// never end.
fn a_file(path: &Path) -> Result<(), String> {
    let what = match fs::metadata(path) {
        Ok(found) if found.is_file() => return Ok(()),
        Ok(found) if found.is_dir() => FOLDER,
        Ok(_) => DEVICE,
        Err(_) if path.is_symlink() => DEAD_LINK,
        // Reading it will report the error.
        Err(_) => return Ok(()),
    };
    Err(not_a_file(what))
}

pub(crate) fn not_a_file(what: &str) -> String {
    format!("must be a file, but is {what}")
}

pub(crate) const FOLDER: &str = "a folder";
pub(crate) const DEVICE: &str = "a pipe, a device or a part of a file";
pub(crate) const DEAD_LINK: &str = "a link that leads to no file";

pub(crate) fn review(bytes: &[u8], part: Part, stem: &str, location: Location) -> Row {
    match text(without_mark(bytes)) {
        Ok(text) if text.trim().is_empty() => Err(ReadError::row(location, BLANK)),
        Ok(text) => Ok(Review::new(text, Some(part.label), Some(part.entry(stem)), location)),
        Err(problem) => Err(ReadError::row(location, problem)),
    }
}

/// Which part an entry belongs to: the last three names of its path decide, whatever folders are
/// above them.
pub(crate) fn locate(path: &[u8]) -> Option<(usize, Part, &str)> {
    let path = std::str::from_utf8(path).ok()?;
    let mut names = path.rsplit('/');
    let stem = review_stem(names.next()?)?;
    let folder = names.next()?;
    let split = names.next()?;
    let found = PARTS
        .into_iter()
        .enumerate()
        .find(|(_, part)| part.folder == folder && part.name == split)?;
    Some((found.0, found.1, stem))
}
