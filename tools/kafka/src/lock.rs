//! A folder belongs to one owner and what that has started, until the last of them is gone.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::error::StartError;
use crate::wait::poll;

/// Takes `folder` for this process and for every child that gets the file (as its input, for
/// instance): the system lets go of it when all of them have ended. What a killed owner has left
/// behind is waited for.
///
/// # Errors
/// It is somebody else's for longer than `within`.
pub fn lock(folder: &Path, within: Duration) -> Result<File, StartError> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(StartError::at("opening", &path))?;
    let taken = poll(within, || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StartError::at("locking", &path)(error)),
    })?;
    taken.ok_or(StartError::InUse { folder: folder.to_owned() })?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_folder_is_its_owners_until_the_last_child_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = lock(folder.path(), Duration::ZERO).unwrap();
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::from(file)).spawn().unwrap();
        let refused = lock(folder.path(), Duration::ZERO).unwrap_err();
        assert!(refused.to_string().contains("is in use"), "{refused}");
        child.kill().unwrap();
        child.wait().unwrap();
        lock(folder.path(), Duration::ZERO).unwrap();
    }
}
