//! The repository, the data set, and programs of others.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::left_out;

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The archive of the Large Movie Review Dataset (`aclImdb_v1.tar.gz`), which the repository does
/// not hold: `VERDICT_IMDB` names it, relative to the repository. `None` is [`left_out`].
#[track_caller]
pub fn imdb() -> Option<PathBuf> {
    let named = std::env::var("VERDICT_IMDB").ok().filter(|named| !named.is_empty());
    if named.is_none() {
        left_out("VERDICT_IMDB does not name the archive aclImdb_v1.tar.gz");
    }
    Some(repository().join(named?))
}

/// The folder of programs in the Python environment of requirements-dev.txt, which `make test`
/// makes and `VERDICT_VENV` names, if it has `tool` (`python`, `mlflow`, `dvc`, `moto_server`).
/// `None` is [`left_out`].
#[track_caller]
pub fn python_tools(tool: &str) -> Option<PathBuf> {
    let programs = std::env::var("VERDICT_VENV").map(|venv| Path::new(&venv).join("bin"));
    let programs = programs.ok().filter(|programs| programs.join(tool).is_file());
    if programs.is_none() {
        left_out(&format!("{tool} is not in the environment VERDICT_VENV; `make test` makes it"));
    }
    programs
}

/// Whether a program is installed; if not, the test is [`left_out`], and `package` has it.
#[track_caller]
pub fn installed(program: &str, package: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        left_out(&format!("{program} is not installed (e.g. apt-get install {package})"));
    }
    is_there
}
