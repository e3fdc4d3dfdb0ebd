//! Files that commands and stages read and write, with errors that name them.

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;

/// Reads JSON.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    verdict_messages::json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
}

/// Writes JSON for people, making the directories above.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    write(path, &format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Writes a text, making the directories above.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    make_parent(path)?;
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Makes the directories above a file.
pub(crate) fn make_parent(path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))
}
