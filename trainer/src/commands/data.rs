//! `trainer data fetch`: the original archive, checked and resumable.

use super::output;
use crate::ingest::download;
use crate::params::{IMDB_SHA256, IMDB_URL};
use anyhow::Context;
use std::path::PathBuf;

const FILE: &str = "aclImdb_v1.tar.gz";

/// `trainer data`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Download the Large Movie Review Dataset (84 MB); goes on where it was broken off.
    Fetch(FetchArgs),
}

/// Options of `trainer data fetch`.
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    /// Directory that gets aclImdb_v1.tar.gz.
    #[arg(long, value_name = "DIR", default_value = "data/raw")]
    out: PathBuf,
    /// Where to get it from.
    #[arg(long, value_name = "URL", default_value = IMDB_URL)]
    url: String,
    /// The file's SHA-256, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", default_value = IMDB_SHA256)]
    sha256: String,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Fetch(args) = command;
    let wanted = download::checked_sha256(&args.sha256, "--sha256")?;
    let got = download::into_place(&args.out, FILE, Some(&wanted), |part| {
        download::http(&args.url, part).with_context(|| {
            format!("without network, get {FILE} by other means and pass its path with --data")
        })
    })
    .with_context(|| format!("downloading {}", args.url))?;
    let note = if got.was_there { " (already there)" } else { "" };
    output::line(format_args!("{}{note}", got.path.display()))
}
