//! What an archive holds once it is unpacked: links lead somewhere, and of two entries of one name
//! the last counts.
//!
//! That is known only at the end of the archive, so a file is read twice, first for its headers. A
//! stream can be read only once, and an archive that needs the index is refused there.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tar::EntryType;

use crate::acl_imdb::{DEAD_LINK, DEVICE, FOLDER, Part, locate, not_a_file};
use crate::error::ReadError;
use crate::input::{Taken, open_file, prepare};
use crate::options::Split;
use crate::review::Location;

/// As many links one after the other as Linux follows.
const MOST_LINKS: usize = 40;

/// Which entries are reviews, and of what name.
pub(crate) struct Index {
    /// The reviews that each entry gives: its own, and those that are links to it.
    pub(crate) claims: HashMap<usize, Vec<Claim>>,
    /// Entries named like a review that are no file.
    pub(crate) problems: Vec<(Claim, String)>,
}

/// A review by its place in the data set.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Number of its part.
    pub(crate) at: usize,
    pub(crate) part: Part,
    pub(crate) stem: String,
}

/// What stands at a path.
#[derive(Clone)]
enum Node {
    /// The content of the entry with this number.
    Content(usize),
    /// A symbolic link to this path.
    Link(Vec<u8>),
    /// No file.
    Other(&'static str),
}

impl Index {
    /// Reads the headers of an archive; `None` when it is no regular file, which can be read only
    /// once.
    ///
    /// # Errors
    /// A file that cannot be read; two folders with the same reviews; a symbolic link to a folder
    /// of reviews.
    pub(crate) fn of_file(
        path: &Path,
        file: &Arc<str>,
        split: Split,
    ) -> Result<Option<Self>, ReadError> {
        if !path.is_file() {
            return Ok(None);
        }
        let broken = |error| broken_archive(Location::whole(file), &error);
        let (handle, _) = open_file(path, file)?;
        let input = prepare(Box::new(handle), file, &Taken::default(), false)?;
        let mut archive = tar::Archive::new(input.bytes);
        let mut nodes = HashMap::new();
        for (number, entry) in archive.entries().map_err(broken)?.enumerate() {
            let entry = entry.map_err(broken)?;
            let path = normal(&entry.path_bytes());
            let target = entry.link_name_bytes().unwrap_or_default();
            let node = match entry.header().entry_type() {
                kind if is_content(kind) => Node::Content(number),
                // A hard link keeps the content of its time; a later entry of that name is another
                // file.
                EntryType::Link => match nodes.get(&normal(&target)) {
                    Some(node) => Node::clone(node),
                    None => Node::Other(DEAD_LINK),
                },
                EntryType::Symlink => Node::Link(beside(&path, &target)),
                EntryType::Directory => Node::Other(FOLDER),
                _ => Node::Other(DEVICE),
            };
            nodes.insert(path, node);
        }
        Self::of(&nodes, split, file).map(Some)
    }

    fn of(
        nodes: &HashMap<Vec<u8>, Node>,
        split: Split,
        file: &Arc<str>,
    ) -> Result<Self, ReadError> {
        let mut index = Self { claims: HashMap::new(), problems: Vec::new() };
        let shown = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let mut folders: HashMap<(usize, &str), &[u8]> = HashMap::new();
        for (path, node) in nodes {
            if matches!(node, Node::Link(_)) && leads_to_reviews(path) {
                let problem = "is a symbolic link to a folder, which is not followed in an archive: unpack it, and read the folder";
                return Err(ReadError::source(Location::entry(file, shown(path)), problem));
            }
            let Some((at, part, stem)) = locate(path).filter(|(_, part, _)| part.wanted(split))
            else {
                continue;
            };
            if let Some(other) = folders.insert((at, stem), path) {
                let (mut first, mut second) = (shown(other), shown(path));
                if first > second {
                    std::mem::swap(&mut first, &mut second);
                }
                let location = Location::entry(file, part.entry(stem) + ".txt");
                let problem = format!(
                    "holds this review in two folders, {first} and {second}: leave one out"
                );
                return Err(ReadError::source(location, problem));
            }
            let claim = Claim { at, part, stem: stem.to_owned() };
            match follow(nodes, node) {
                Ok(number) => index.claims.entry(number).or_default().push(claim),
                Err(what) => index.problems.push((claim, not_a_file(what))),
            }
        }
        // The order of a hash map is random; that of the reviews must not be.
        let name = |claim: &Claim| (claim.at, claim.stem.clone());
        index.problems.sort_by_key(|(claim, _)| name(claim));
        index.claims.values_mut().for_each(|claims| claims.sort_by_key(name));
        Ok(index)
    }
}

pub(crate) fn broken_archive(location: Location, error: &io::Error) -> ReadError {
    ReadError::source(location, format!("the archive is broken or cut short: {error}"))
}

/// Whether an entry of this type has content of its own.
pub(crate) fn is_content(kind: EntryType) -> bool {
    matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse)
}

fn follow(nodes: &HashMap<Vec<u8>, Node>, node: &Node) -> Result<usize, &'static str> {
    let mut node = node;
    for _ in 0..MOST_LINKS {
        match node {
            Node::Content(number) => return Ok(*number),
            Node::Other(what) => return Err(what),
            Node::Link(to) => node = nodes.get(to).ok_or(DEAD_LINK)?,
        }
    }
    Err(DEAD_LINK)
}

/// Whether reviews would be looked for below this path: it ends in `train`, `test/pos` and the
/// like.
fn leads_to_reviews(path: &[u8]) -> bool {
    let mut names = path.rsplit(|&byte| byte == b'/');
    let is_split = |name: Option<&[u8]>| matches!(name, Some(b"train" | b"test"));
    match names.next() {
        Some(b"pos" | b"neg") => is_split(names.next()),
        last => is_split(last),
    }
}

/// The path that a link at `path` to `target` leads to.
fn beside(path: &[u8], target: &[u8]) -> Vec<u8> {
    if target.starts_with(b"/") {
        return target.to_vec();
    }
    let folder = path
        .iter()
        .rposition(|&byte| byte == b'/')
        .and_then(|at| path.get(..at))
        .unwrap_or_default();
    normal(&[folder, b"/", target].concat())
}

/// Without `.`, `..`, double slashes and a slash at either end. What leaves the archive by `..`
/// keeps one in front.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." if names.last().is_some_and(|last| *last != b"..") => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join(&b'/')
}
