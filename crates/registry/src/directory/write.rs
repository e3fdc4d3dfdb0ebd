//! Writing so that a reader finds the old or the new, and a kill leaves nothing half done.

use crate::RegistryError;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the names of what is not finished begin; a number never does.
const UNFINISHED: &str = ".new-";

/// The turn of one writer of a model; others wait. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _held: Option<File>,
}

impl Lock {
    pub(super) fn take(model: &Path) -> Result<Self, RegistryError> {
        let path = model.join(".lock");
        let file = File::create(&path).map_err(RegistryError::io(&path))?;
        match file.lock() {
            Ok(()) => Ok(Self { _held: Some(file) }),
            // Then only the rename keeps numbers apart.
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Self { _held: None }),
            Err(error) => Err(RegistryError::io(&path)(error)),
        }
    }
}

/// Makes a directory and those above it, and puts their names on disk.
pub(super) fn folders(path: &Path) -> Result<(), RegistryError> {
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

/// Removes what killed writers left behind. Nobody else writes now, if the lock is a real one.
pub(super) fn sweep(folder: &Path, lock: &Lock) -> Result<(), RegistryError> {
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

/// Writes `name` in `parent` with these files, unless it is there already: then nothing changes, and the answer is no.
pub(super) fn folder(
    parent: &Path,
    name: &str,
    files: &[(&str, &[u8])],
) -> Result<bool, RegistryError> {
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
            // It is not empty: a version never is.
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

/// Writes or replaces a file.
pub(super) fn file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), RegistryError> {
    let (beside, path) = (unfinished(folder), folder.join(name));
    let write = || {
        write_synced(&beside, bytes)?;
        fs::rename(&beside, &path)
    };
    write().map_err(|problem| {
        remove(&beside);
        RegistryError::io(&path)(problem)
    })?;
    sync(folder)
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

fn sync(folder: &Path) -> Result<(), RegistryError> {
    let sync = || File::open(folder)?.sync_all();
    sync().map_err(RegistryError::io(folder))
}

/// Removes what is unfinished. Nobody reads it, so that it may as well stay where this fails.
fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.unwrap_or(());
}
