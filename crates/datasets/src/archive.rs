//! The Large Movie Review Dataset as a tar archive, unpacked by a thread of its own.

use std::collections::{HashSet, VecDeque};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::acl_imdb::{Found, Row, locate, review};
use crate::archive_index::{Claim, Index, is_content};
use crate::error::{ReadError, RowProblem, SourceProblem};
use crate::input::stream_error;
use crate::review::{Place, Split};

/// Reviews handed over at once, and such batches under way: enough that neither side waits for the other, and a bound
/// on what is held in memory.
const BATCH: usize = 64;
const BATCHES: usize = 16;

/// Iterates over an archive in its own order. A thread unpacks ahead, so that a caller's work and the unpacking share
/// the time; it ends when this is dropped.
pub(crate) struct Archive {
    file: Arc<str>,
    batches: Option<Receiver<Vec<Row>>>,
    batch: VecDeque<Row>,
    complete: bool,
}

impl Archive {
    /// Starts to unpack; `index` says what counts, where it could be made.
    ///
    /// # Errors
    /// No thread to be had.
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
            .map_err(|error| ReadError::io(Place::whole(file), error))?;
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
                // An empty batch is the thread's last word: without it, the end would look like a whole archive.
                Ok(batch) if batch.is_empty() => self.complete = true,
                Ok(batch) => self.batch = batch.into(),
                Err(_) => {
                    self.batches = None;
                    let place = Place::whole(&self.file);
                    let gone = ReadError::Source { place, problem: SourceProblem::ReaderGone };
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
            // Unwanted is all that can go wrong, and then nobody waits for this word either.
            self.out.send().unwrap_or(());
        }
    }

    /// The outer result tells whether anyone still listens, the inner one how the archive ended.
    fn unpack(
        &mut self,
        bytes: impl Read,
        mut index: Option<Index>,
    ) -> Result<Result<(), ReadError>, Unwanted> {
        let mut found = Found::default();
        let mut seen = HashSet::new();
        for (claim, problem) in index.iter_mut().flat_map(|index| index.problems.drain(..)) {
            found.count(claim.at);
            let place = self.place(&claim);
            self.out.push(Err(ReadError::Row { place, problem }))?;
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
            let place = self.place(first);
            let need = entry.size();
            let mut text = Vec::new();
            if need <= self.max as u64 {
                text.reserve(usize::try_from(need).unwrap_or(0));
                if let Err(error) = entry.read_to_end(&mut text) {
                    return Ok(Err(self.broken(Some(place), error)));
                }
                let got = text.len() as u64;
                if got < need {
                    let problem = SourceProblem::EntryCutShort { need, got };
                    return Ok(Err(ReadError::Source { place, problem }));
                }
            }
            for claim in claims {
                found.count(claim.at);
                let place = self.place(&claim);
                self.out.push(if need > self.max as u64 {
                    let (max, got) = (self.max, need);
                    let problem = RowProblem::TooLong { max, got };
                    Err(ReadError::Row { place, problem })
                } else {
                    review(&text, claim.part, &claim.stem, place)
                })?;
            }
        }
        // The archive ends before the stream does, and only the end of the stream has gzip's checksum.
        if let Err(error) = io::copy(&mut archive.into_inner(), &mut io::sink()) {
            return Ok(Err(stream_error(&self.file, self.gzip, error)));
        }
        let whole = |problem| ReadError::Source { place: Place::whole(&self.file), problem };
        Ok(found.check(self.split).map_err(whole))
    }

    /// The review that an entry of a stream is, if it is one.
    ///
    /// # Errors
    /// An entry that says nothing about the end: a link, or a name that was there before.
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
        Err(ReadError::Source {
            place: self.place(&claim),
            problem: SourceProblem::NeedsFile { what },
        })
    }

    fn place(&self, claim: &Claim) -> Place {
        Place::entry(&self.file, claim.part.entry(&claim.stem) + ".txt")
    }

    fn broken(&self, place: Option<Place>, error: io::Error) -> ReadError {
        let place = place.unwrap_or_else(|| Place::whole(&self.file));
        ReadError::Source { place, problem: SourceProblem::Archive(error) }
    }
}
