//! Models as files.

use crate::LoadError;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use verdict_sentiment::{ArtifactError, Limits};

/// The name of the model in its directory.
pub const MODEL_FILE: &str = "model.verdict";

/// A model could not be written.
#[derive(Debug, thiserror::Error)]
#[error("writing model {}: {problem}", path.display())]
pub struct SaveError {
    path: PathBuf,
    problem: io::Error,
}

/// Reads the bytes of the model at `path`: a file, or a directory with a [`MODEL_FILE`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let path = file_of(path);
    let (bytes, length) =
        read_bounded(&path).map_err(|problem| LoadError::Io { path: path.clone(), problem })?;
    if length > Limits::FILE as u64 {
        let most = Limits::FILE;
        let problem = format!("length of the file must be at most {most}, got {length} (byte 0)");
        let problem = ArtifactError::Invalid(problem);
        return Err(LoadError::Artifact { path, problem });
    }
    Ok(bytes)
}

/// Writes a model file into `directory`, which is made if it is not there, and gives the file's path.
///
/// The bytes are on disk before they have the name. Whatever fails, no part of them stays behind.
///
/// # Errors
/// Names the file, and what the system says.
pub fn save(directory: impl AsRef<Path>, artifact: &[u8]) -> Result<PathBuf, SaveError> {
    let path = directory.as_ref().join(MODEL_FILE);
    let write = || {
        std::fs::create_dir_all(directory.as_ref())?;
        let beside = directory.as_ref().join(temporary_name());
        if let Err(error) = write_then_name(artifact, &beside, &path) {
            // What went wrong first is the news; that the rest could not be removed either changes nothing.
            std::fs::remove_file(&beside).unwrap_or(());
            return Err(error);
        }
        File::open(directory.as_ref())?.sync_all()
    };
    write().map_err(|problem| SaveError { path: path.clone(), problem })?;
    Ok(path)
}

/// A name that no other save uses, in this process or another, so that two at once do not write into each other.
fn temporary_name() -> String {
    static SAVES: AtomicU64 = AtomicU64::new(0);
    let save = SAVES.fetch_add(1, Ordering::Relaxed);
    format!(".{MODEL_FILE}.{}.{save}", std::process::id())
}

fn write_then_name(artifact: &[u8], beside: &Path, path: &Path) -> io::Result<()> {
    let mut file = File::create(beside)?;
    file.write_all(artifact)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

/// The model's file: the path, or what is in it.
pub(crate) fn file_of(uri: &Path) -> PathBuf {
    if uri.is_dir() { uri.join(MODEL_FILE) } else { uri.to_path_buf() }
}

/// Reads a file and gives its length too. Of one that is longer than a model may be nothing is read; of one that does not
/// tell its length, one byte more than that: a wrong path cannot fill the memory.
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
