//! Atomic writes: a reader finds the old or the new, also after a kill.

use crate::{RegistryError, Result};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Prefix of the names of unfinished writes; no number begins with it.
const UNFINISHED: &str = ".new-";

/// The lock of one writer of a model; others wait. The system releases it when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: Option<File>,
}

impl Lock {
    pub(crate) fn take(model: &Path) -> Result<Self> {
        let path = model.join(".lock");
        let file = File::create(&path).map_err(RegistryError::io(&path))?;
        match file.lock() {
            Ok(()) => Ok(Self { _held: Some(file) }),
            // Without locks only the rename keeps numbers apart.
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Self { _held: None }),
            Err(error) => Err(RegistryError::io(&path)(error)),
        }
    }
}

/// Creates a directory and its parents, and syncs their names to disk.
pub(crate) fn folders(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        folders(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made.map_err(RegistryError::io(path))?,
    }
    sync(parent.unwrap_or(Path::new(".")))
}

/// Removes what killed writers left behind, if the lock excludes other writers.
pub(crate) fn sweep(folder: &Path, lock: &Lock) -> Result<()> {
    if lock._held.is_none() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(RegistryError::io(folder))? {
        let entry = entry.map_err(RegistryError::io(folder))?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove(&entry.path());
        }
    }
    Ok(())
}

/// Writes the folder `name` in `parent` with these files, and returns true. If it exists already,
/// changes nothing and returns false.
pub(crate) fn folder(parent: &Path, name: &str, files: &[(&str, &[u8])]) -> Result<bool> {
    let beside = unfinished(parent);
    let write = || {
        fs::create_dir(&beside).map_err(RegistryError::io(&beside))?;
        for (file, bytes) in files {
            let path = beside.join(file);
            write_synced(&path, bytes).map_err(RegistryError::io(&path))?;
        }
        sync(&beside)?;
        let path = parent.join(name);
        match fs::rename(&beside, &path) {
            // The folder of a version exists already and is never empty.
            Err(error) if is_taken(&error) => {
                remove(&beside);
                Ok(false)
            }
            renamed => {
                renamed.map_err(RegistryError::io(&path))?;
                sync(parent)?;
                Ok(true)
            }
        }
    };
    write().inspect_err(|_| remove(&beside))
}

/// Writes or replaces a file. On failure nothing is left behind.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = unfinished(folder);
    let write = || {
        write_synced(&beside, bytes)?;
        fs::rename(&beside, folder.join(name))
    };
    write().inspect_err(|_| remove(&beside))?;
    File::open(folder)?.sync_all()
}

/// [`replace`] in a registry.
pub(crate) fn file(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    replace(folder, name, bytes).map_err(RegistryError::io(&folder.join(name)))
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotADirectory
    )
}

/// A name that no other writer uses, in this process or another.
fn unfinished(folder: &Path) -> PathBuf {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{UNFINISHED}{}-{write}", std::process::id()))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync(folder: &Path) -> Result<()> {
    let sync = || File::open(folder)?.sync_all();
    sync().map_err(RegistryError::io(folder))
}

/// Removes an unfinished write. Nobody reads it, so a failure here is harmless.
fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.unwrap_or(());
}
