//! From an overlay to the objects of a cluster.

use std::{io, path::Path, process::Command};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Object,
    tool::{Tool, ToolError},
};

/// An overlay that cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// There is no kustomize.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// It could not be started.
    #[error("starting kustomize: {0}")]
    Start(#[from] io::Error),
    /// It refuses the overlay.
    #[error("{overlay}: {said}")]
    Refused {
        /// The folder.
        overlay: String,
        /// What kustomize says.
        said: String,
    },
    /// Its output is not YAML.
    #[error("{overlay}: {error}")]
    Yaml {
        /// The folder.
        overlay: String,
        /// Where and why.
        error: serde_yaml_ng::Error,
    },
}

/// The objects of an overlay, and the YAML that they were read from.
///
/// # Errors
/// There is no kustomize, or it refuses the overlay.
pub fn render(overlay: &Path) -> Result<(Vec<Object>, String), RenderError> {
    let named = || overlay.display().to_string();
    let output = Command::new(Tool::Kustomize.path()?).arg("build").arg(overlay).output()?;
    if !output.status.success() {
        return Err(RenderError::Refused {
            overlay: named(),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let objects = parse(&text).map_err(|error| RenderError::Yaml { overlay: named(), error })?;
    Ok((objects, text))
}

/// The objects of a text of several YAML documents.
///
/// # Errors
/// It is not YAML.
pub fn parse(text: &str) -> Result<Vec<Object>, serde_yaml_ng::Error> {
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).map(Object))
        .filter(|read| !matches!(read, Ok(Object(Value::Null))))
        .collect()
}
