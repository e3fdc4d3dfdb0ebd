//! Programs that are built with Go, once, into the cache that all projects of a user share.

use std::{io, path::PathBuf, process::Command};

/// A program that `install.sh` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Renders overlays: the engine of `kubectl kustomize`.
    Kustomize,
    /// Checks workflows.
    Actionlint,
}

/// A program that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// `install.sh` says why, for instance that there is no Go.
    #[error("{0}")]
    Refused(String),
    /// It could not even be started.
    #[error("starting tools/manifests/install.sh: {0}")]
    Start(#[from] io::Error),
}

impl Tool {
    /// Its name, as `install.sh` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Actionlint => "actionlint",
        }
    }

    /// Where it is; built first where it is not yet.
    ///
    /// # Errors
    /// There is no Go, or the module cannot be fetched or built.
    pub fn path(self) -> Result<PathBuf, ToolError> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh");
        let output = Command::new(script).arg(self.name()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(ToolError::Refused(said.trim().to_owned()));
        }
        Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    }
}
