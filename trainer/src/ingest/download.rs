//! Files over HTTP: resumable, checked, and in their place only when they are whole.

use crate::progress;
use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Puts the file that `get` writes to a path of its own into `directory` under `name`, once it has
/// the checksum.
///
/// A file that is there already and has the checksum is taken as it is. Without a checksum there is
/// no telling whether it is still the same, so it is got again.
///
/// # Errors
/// What `get` says; a checksum that does not match, after which nothing of the file is kept.
pub(crate) fn into_place(
    directory: &Path,
    name: &str,
    sha256: Option<&str>,
    get: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<Downloaded> {
    let path = directory.join(name);
    if let Some(wanted) = sha256
        && path.exists()
        && sha256_of(&path)? == wanted
    {
        return Ok(Downloaded { path, sha256: wanted.to_owned(), was_there: true });
    }
    fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    let part = directory.join(format!("{name}.part"));
    if sha256.is_none() && part.exists() {
        // Only a checksum shows whether a part belongs to what is there now.
        fs::remove_file(&part).with_context(|| format!("removing {}", part.display()))?;
    }
    get(&part)?;
    let got = sha256_of(&part)?;
    if let Some(wanted) = sha256.filter(|wanted| *wanted != got) {
        fs::remove_file(&part).with_context(|| format!("removing {}", part.display()))?;
        bail!(WrongChecksum { wanted: wanted.to_owned(), got, removed: true });
    }
    fs::rename(&part, &path).with_context(|| format!("naming {}", path.display()))?;
    Ok(Downloaded { path, sha256: got, was_there: false })
}

/// A file that is in its place.
#[derive(Debug)]
pub(crate) struct Downloaded {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    pub(crate) was_there: bool,
}

/// Not the file that was meant: another source is no remedy, somebody has to look.
#[derive(Debug, thiserror::Error)]
#[error("SHA-256 must be {wanted}, got {got}{}", if *.removed { "; the download was removed" } else { "" })]
pub(crate) struct WrongChecksum {
    wanted: String,
    got: String,
    removed: bool,
}

/// Appends to `part` what it lacks of the file at `url`.
///
/// # Errors
/// What the server or the network says.
pub(crate) fn http(url: &str, part: &Path) -> anyhow::Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .build()
        .into();
    let have = fs::metadata(part).map_or(0, |metadata| metadata.len());
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("range", format!("bytes={have}-"));
    }
    let response = match request.call() {
        // Nothing is missing; or the part is longer than the file, which the checksum shows.
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
    let bar = progress::bytes("downloading", body.content_length().map(|rest| start + rest));
    bar.set_position(start);
    let mut reader = bar.wrap_read(body.into_reader());
    io::copy(&mut reader, &mut file)?;
    file.flush()?;
    bar.finish_and_clear();
    Ok(())
}

/// Checks that a text is a SHA-256 and gives it in lower case.
///
/// # Errors
/// States what it must be.
pub(crate) fn checked_sha256(text: &str, what: &str) -> anyhow::Result<String> {
    let lower = text.to_ascii_lowercase();
    if lower.len() != 64 || !lower.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!("{what} must be 64 hexadecimal digits, got {text:?}");
    }
    Ok(lower)
}

/// The SHA-256 of a file that somebody else put where it is, held to `wanted` if that is given.
///
/// # Errors
/// Where it cannot be read, and [`WrongChecksum`].
pub(crate) fn checked_file(path: &Path, wanted: Option<&str>) -> anyhow::Result<String> {
    let got = sha256_of(path)?;
    match wanted.filter(|wanted| *wanted != got) {
        Some(wanted) => bail!(WrongChecksum { wanted: wanted.to_owned(), got, removed: false }),
        None => Ok(got),
    }
}

/// 64 lower-case hexadecimal digits.
fn sha256_of(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).with_context(|| format!("reading {}", path.display()))?;
    Ok(format!("{:x}", hash.finalize()))
}
