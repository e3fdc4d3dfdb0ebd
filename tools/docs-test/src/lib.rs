//! Holds the documents to the repository: links resolve, the promises' tests exist, and the picture
//! of the crates in ARCHITECTURE.md is their graph.
//!
//! Each module finds what is wrong and returns it as sentences; the tests ask that there are none,
//! and seed faults to show that each would be found.

pub mod graph;
pub mod links;
pub mod promises;
pub mod pure;

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file of the repository whose name ends in `.extension`, sorted, relative to its root.
/// Hidden folders are left out, and those that hold output.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn files(extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let root = repository();
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in root.join(&folder).read_dir()? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            let output = ["target", "node_modules", "data", "mlruns"].contains(&name.as_str());
            let kind = entry.file_type()?;
            if kind.is_dir() && !output && !name.starts_with('.') {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|end| end == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
