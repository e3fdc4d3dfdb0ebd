//! The Large Movie Review Dataset as a tar archive, unpacked by a thread of its own.

use std::collections::{HashSet, VecDeque};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::acl_imdb::{Found, locate, review};
use crate::archive_index::{Claim, Index, broken_archive, is_content};
use crate::error::{ReadError, Row, too_long};
use crate::input::stream_error;
use crate::options::Split;
use crate::review::Location;

/// Reviews in a batch, and batches in the channel: enough that neither side waits for the other,
/// and a bound on memory.
const BATCH: usize = 64;
const BATCHES: usize = 16;

/// Iterates over an archive in its own order. A thread unpacks ahead, so that a caller's work and
/// the unpacking share the time; it ends when this is dropped.
pub(crate) struct Archive {
    file: Arc<str>,
    batches: Option<Receiver<Vec<Row>>>,
    batch: VecDeque<Row>,
    complete: bool,
}

impl Archive {
    /// Starts to unpack, with the index if there is one.
    ///
    /// # Errors
    /// No thread could be started.
    pub(crate) fn open(
        bytes: impl Read + Send + 'static,
        index: Option<Index>,
        file: &Arc<str>,
        gzip: bool,
        split: Split,
        max: usize,
    ) -> Result<Self, ReadError> {
        let (sender, batches) = sync_channel(BATCHES);
        let unpack = Unpack {
            file: Arc::clone(file),
            gzip,
            split,
            max,
            out: Outbox { sender, batch: Vec::new() },
        };
        thread::Builder::new()
            .name("unpack".into())
            .spawn(move || unpack.run(bytes, index))
            .map_err(|error| ReadError::io(Location::whole(file), error))?;
        Ok(Self {
            file: Arc::clone(file),
            batches: Some(batches),
            batch: VecDeque::new(),
            complete: false,
        })
    }
}

impl Iterator for Archive {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            if let Some(row) = self.batch.pop_front() {
                return Some(row);
            }
            match self.batches.as_ref()?.recv() {
                // The thread ends with an empty batch. Without it, a thread that died would look
                // like the end of the archive.
                Ok(batch) if batch.is_empty() => self.complete = true,
                Ok(batch) => self.batch = batch.into(),
                Err(_) => {
                    self.batches = None;
                    let gone = "the thread that unpacks the archive is gone";
                    let gone = ReadError::source(Location::whole(&self.file), gone);
                    return (!self.complete).then_some(Err(gone));
                }
            }
        }
    }
}

/// The receiver is gone: nobody wants more.
struct Unwanted;

struct Outbox {
    sender: SyncSender<Vec<Row>>,
    batch: Vec<Row>,
}

impl Outbox {
    fn push(&mut self, row: Row) -> Result<(), Unwanted> {
        self.batch.push(row);
        if self.batch.len() < BATCH { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> Result<(), Unwanted> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender.send(batch).map_err(|_| Unwanted)
    }
}

struct Unpack {
    file: Arc<str>,
    gzip: bool,
    split: Split,
    max: usize,
    out: Outbox,
}

impl Unpack {
    fn run(mut self, bytes: impl Read, index: Option<Index>) {
        let Ok(last) = self.unpack(bytes, index) else {
            return;
        };
        let sent = match last {
            Ok(()) => Ok(()),
            Err(error) => self.out.push(Err(error)),
        };
        let sent =
            sent.and_then(|()| if self.out.batch.is_empty() { Ok(()) } else { self.out.send() });
        if sent.is_ok() {
            // This fails only when the receiver is gone, and then nobody waits for it.
            self.out.send().unwrap_or(());
        }
    }

    /// The outer result says whether the receiver is still there, the inner one how the archive
    /// ended.
    fn unpack(
        &mut self,
        bytes: impl Read,
        mut index: Option<Index>,
    ) -> Result<Result<(), ReadError>, Unwanted> {
        let mut found = Found::default();
        let mut seen = HashSet::new();
        for (claim, problem) in index.iter_mut().flat_map(|index| index.problems.drain(..)) {
            found.count(claim.at);
            let location = self.location(&claim);
            self.out.push(Err(ReadError::row(location, problem)))?;
        }
        let mut archive = tar::Archive::new(bytes);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(self.broken(None, error))),
        };
        for (number, entry) in entries.enumerate() {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Ok(Err(self.broken(None, error))),
            };
            let claims = match &mut index {
                Some(index) => index.claims.remove(&number).unwrap_or_default(),
                None => match self.own_claim(&entry, &mut seen) {
                    Ok(claim) => Vec::from_iter(claim),
                    Err(error) => return Ok(Err(error)),
                },
            };
            let Some(first) = claims.first() else {
                continue;
            };
            let location = self.location(first);
            let need = entry.size();
            let mut text = Vec::new();
            if need <= self.max as u64 {
                text.reserve(usize::try_from(need).unwrap_or(0));
                if let Err(error) = entry.read_to_end(&mut text) {
                    return Ok(Err(self.broken(Some(location), error)));
                }
                let got = text.len() as u64;
                if got < need {
                    let problem = format!(
                        "the archive is cut short: the entry must have {need} bytes, got {got}"
                    );
                    return Ok(Err(ReadError::source(location, problem)));
                }
            }
            for claim in claims {
                found.count(claim.at);
                let location = self.location(&claim);
                self.out.push(if need > self.max as u64 {
                    Err(ReadError::row(location, too_long(self.max, need)))
                } else {
                    review(&text, claim.part, &claim.stem, location)
                })?;
            }
        }
        // The archive ends before the stream does, and only the end of the stream has gzip's
        // checksum.
        if let Err(error) = io::copy(&mut archive.into_inner(), &mut io::sink()) {
            return Ok(Err(stream_error(&self.file, self.gzip, error)));
        }
        let whole = |problem| ReadError::source(Location::whole(&self.file), problem);
        Ok(found.check(self.split).map_err(whole))
    }

    /// The review that an entry of a stream is, if it is one.
    ///
    /// # Errors
    /// An entry that depends on the rest of the archive: a link, or a name that occurred before.
    fn own_claim(
        &self,
        entry: &tar::Entry<'_, impl Read>,
        seen: &mut HashSet<String>,
    ) -> Result<Option<Claim>, ReadError> {
        let path = entry.path_bytes();
        let Some((at, part, stem)) = locate(&path).filter(|(_, part, _)| part.wanted(self.split))
        else {
            return Ok(None);
        };
        let claim = Claim { at, part, stem: stem.to_owned() };
        let what = if !is_content(entry.header().entry_type()) {
            "the entry is a link, or no file"
        } else if !seen.insert(part.entry(stem)) {
            "the entry stands in the archive twice"
        } else {
            return Ok(Some(claim));
        };
        let problem = format!(
            "{what}: what counts is known at the end of the archive only, so give it as a file, not as a stream"
        );
        Err(ReadError::source(self.location(&claim), problem))
    }

    fn location(&self, claim: &Claim) -> Location {
        Location::entry(&self.file, claim.part.entry(&claim.stem) + ".txt")
    }

    fn broken(&self, location: Option<Location>, error: io::Error) -> ReadError {
        let location = location.unwrap_or_else(|| Location::whole(&self.file));
        broken_archive(location, &error)
    }
}
