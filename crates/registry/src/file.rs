//! Models as files.

use crate::{names::MODEL_FILE, write};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use verdict_sentiment::Limits;

/// A model could not be written.
#[derive(Debug, thiserror::Error)]
#[error("writing model {}: {problem}", path.display())]
pub struct SaveError {
    path: PathBuf,
    problem: io::Error,
}

/// Writes a model file into `directory`, which is created if it is missing, and returns the file's
/// path.
///
/// The file gets its name when all bytes are on disk. On failure nothing is left behind.
///
/// # Errors
/// Names the file, and what the system says.
pub fn save(directory: impl AsRef<Path>, artifact: &[u8]) -> Result<PathBuf, SaveError> {
    let path = directory.as_ref().join(MODEL_FILE);
    let write = || {
        std::fs::create_dir_all(directory.as_ref())?;
        write::replace(directory.as_ref(), MODEL_FILE, artifact)
    };
    write().map_err(|problem| SaveError { path: path.clone(), problem })?;
    Ok(path)
}

/// The model's file: the path, or what is in it.
pub(crate) fn file_of(uri: &Path) -> PathBuf {
    if uri.is_dir() { uri.join(MODEL_FILE) } else { uri.to_path_buf() }
}

/// Reads a file, and returns its length too. Nothing is read of a file longer than a model may be,
/// and at most one byte more than that of a stream without a length: a wrong path cannot fill the
/// memory.
pub(crate) fn read_bounded(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let told = file.metadata()?.len();
    let mut bytes = Vec::new();
    if told <= Limits::FILE as u64 {
        file.take(Limits::FILE as u64 + 1).read_to_end(&mut bytes)?;
    }
    let length = told.max(bytes.len() as u64);
    Ok((bytes, length))
}
