//! `trainer data fetch`: the original archive, checked and resumable.

use super::output;
use crate::progress;
use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const URL: &str = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz";
const SHA256: &str = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe";
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
    #[arg(long, value_name = "URL", default_value = URL)]
    url: String,
    /// The file's SHA-256, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", default_value = SHA256)]
    sha256: String,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Fetch(args) = command;
    let wanted = args.sha256.to_ascii_lowercase();
    if wanted.len() != 64 || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!(
            "--sha256 must be 64 hexadecimal digits, got {:?}",
            args.sha256
        );
    }
    let path = args.out.join(FILE);
    if path.exists() && sha256_of(&path)? == wanted {
        return output::line(format_args!("{} (already there)", path.display()));
    }
    fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
    let part = args.out.join(format!("{FILE}.part"));
    download(&args.url, &part).with_context(|| {
        format!(
            "downloading {}; without network, get {FILE} by other means and pass its path with --data",
            args.url
        )
    })?;
    let got = sha256_of(&part)?;
    if got != wanted {
        fs::remove_file(&part).with_context(|| format!("removing {}", part.display()))?;
        bail!(
            "{}: SHA-256 must be {wanted}, got {got}; the download was removed",
            args.url
        );
    }
    fs::rename(&part, &path).with_context(|| format!("naming {}", path.display()))?;
    output::line(path.display())
}

/// Appends to `part` what it lacks.
fn download(url: &str, part: &Path) -> anyhow::Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .build()
        .into();
    let have = fs::metadata(part).map_or(0, |metadata| metadata.len());
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("range", format!("bytes={have}-"));
    }
    let response = match request.call() {
        // Nothing is missing; or the part is longer than the file, which the checksum will tell.
        Err(ureq::Error::StatusCode(416)) => return Ok(()),
        other => other?,
    };
    let resumed = response.status() == 206;
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .append(resumed)
        .truncate(!resumed)
        .open(part)?;
    let (_, body) = response.into_parts();
    let start = if resumed { have } else { 0 };
    let bar = progress::bytes(
        "downloading",
        body.content_length().map(|rest| start + rest),
    );
    bar.set_position(start);
    let mut reader = bar.wrap_read(body.into_reader());
    io::copy(&mut reader, &mut file)?;
    file.flush()?;
    bar.finish_and_clear();
    Ok(())
}

fn sha256_of(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file
            .read(&mut buffer)
            .with_context(|| format!("reading {}", path.display()))?;
        if n == 0 {
            return Ok(hash
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect());
        }
        hash.update(&buffer[..n]);
    }
}
