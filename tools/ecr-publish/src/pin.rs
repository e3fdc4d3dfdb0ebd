//! `pin`: digests into the images of a kustomize overlay, all of them or none. The file keeps its
//! comments.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// An image of the overlay: where it is and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pinned {
    /// `REGISTRY/REPOSITORY`.
    pub(crate) name: String,
    pub(crate) digest: String,
}

#[derive(Deserialize)]
struct Kustomization {
    #[serde(default)]
    images: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    new_name: Option<String>,
    digest: Option<String>,
}

/// The images of an overlay by their names in the manifests, and the file that has them.
///
/// # Errors
/// No file with images.
pub(crate) fn read(overlay: &Path) -> anyhow::Result<(PathBuf, BTreeMap<String, Pinned>)> {
    for file in [overlay.join("images/kustomization.yaml"), overlay.join("kustomization.yaml")] {
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read.with_context(|| file.display().to_string())?,
        };
        let images = parse(&text).with_context(|| file.display().to_string())?;
        if !images.is_empty() {
            return Ok((file, images));
        }
    }
    bail!(
        "{}: no kustomization.yaml with `images:` there or in images/: is that the overlay?",
        overlay.display()
    )
}

fn parse(text: &str) -> Result<BTreeMap<String, Pinned>, serde_yaml_ng::Error> {
    let read: Kustomization = serde_yaml_ng::from_str(text)?;
    let images = read.images.into_iter().filter_map(|entry| {
        let pinned = Pinned { name: entry.new_name?, digest: entry.digest? };
        Some((entry.name, pinned))
    });
    Ok(images.collect())
}

/// Writes these digests, by the images' names in the manifests; how many were others before.
///
/// # Errors
/// An overlay that lacks one of the images, or takes it from elsewhere; then nothing is written.
pub(crate) fn write(
    overlay: &Path,
    digests: &BTreeMap<String, Pinned>,
    dry_run: bool,
) -> anyhow::Result<usize> {
    let (path, there) = read(overlay)?;
    let file = path.display();
    for (image, found) in digests {
        let there = there.get(image).with_context(|| {
            format!("{file}: no image {image} with newName and digest, which is to be pinned: add it to `images:`")
        })?;
        ensure!(
            there.name == found.name,
            "{file}: {image} comes from {}, and these credentials and region have it in {}: check --region, or change newName",
            there.name,
            found.name
        );
    }
    let text = fs::read_to_string(&path).with_context(|| file.to_string())?;
    let new = replaced(&text, digests);
    // What was written line by line must be what was meant.
    let mut meant = there.clone();
    meant.extend(digests.clone());
    ensure!(
        parse(&new).with_context(|| file.to_string())? == meant,
        "{file}: each image must have its name, newName and digest on lines of their own, name first"
    );
    let changed = digests.iter().filter(|&(image, found)| there.get(image) != Some(found)).count();
    if changed > 0 && !dry_run {
        let partial = path.with_extension("yaml.new");
        let written = fs::write(&partial, new).and_then(|()| fs::rename(&partial, &path));
        written.with_context(|| file.to_string())?;
    }
    Ok(changed)
}

/// The text with the digests of the images that stand above them replaced.
fn replaced(text: &str, digests: &BTreeMap<String, Pinned>) -> String {
    let mut found = None;
    let mut new = String::new();
    for line in text.split_inclusive('\n') {
        let key = line.trim_start().trim_start_matches("- ");
        if let Some(name) = key.strip_prefix("name:") {
            found = digests.get(name.trim());
        }
        match (found, key.strip_prefix("digest:")) {
            (Some(pinned), Some(_)) => {
                let indent = line.len() - key.len();
                new.push_str(line.get(..indent).unwrap_or_default());
                new.push_str("digest: ");
                new.push_str(&pinned.digest);
                new.push('\n');
            }
            _ => new.push_str(line),
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A comment stays.\nimages:\n  - name: verdict-consumer\n    newName: here/consumer\n    digest: sha256:0\n  - name: verdict-web # this too\n    newName: here/web\n    digest: sha256:0\n";

    fn pinned(of: &[(&str, &str, &str)]) -> BTreeMap<String, Pinned> {
        let one = |&(image, name, digest): &(&str, &str, &str)| {
            let pinned = Pinned { name: name.to_owned(), digest: digest.to_owned() };
            (image.to_owned(), pinned)
        };
        of.iter().map(one).collect()
    }

    fn overlay(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kustomization.yaml"), text).unwrap();
        folder
    }

    #[test]
    fn digests_are_written_and_everything_else_stays() {
        let folder = overlay(TEXT);
        let digests = pinned(&[("verdict-consumer", "here/consumer", "sha256:1")]);
        assert_eq!(write(folder.path(), &digests, true).unwrap(), 1);
        assert_eq!(read(folder.path()).unwrap().1["verdict-consumer"].digest, "sha256:0");
        assert_eq!(write(folder.path(), &digests, false).unwrap(), 1);
        assert_eq!(write(folder.path(), &digests, false).unwrap(), 0);
        let text = fs::read_to_string(folder.path().join("kustomization.yaml")).unwrap();
        assert_eq!(text, TEXT.replacen("sha256:0", "sha256:1", 1));
    }

    #[test]
    fn an_overlay_that_does_not_fit_is_not_touched() {
        for (text, digests, part) in [
            (TEXT, pinned(&[("verdict-web", "there/web", "sha256:1")]), "comes from here/web"),
            (
                TEXT,
                pinned(&[
                    ("verdict-consumer", "here/consumer", "sha256:1"),
                    ("verdict-trainer", "here/trainer", "sha256:1"),
                ]),
                "no image verdict-trainer",
            ),
            (
                "resources: []\n",
                pinned(&[("verdict-web", "here/web", "sha256:1")]),
                "no kustomization.yaml with `images:`",
            ),
            (
                "images: [{name: verdict-web, newName: here/web, digest: 'sha256:0'}]\n",
                pinned(&[("verdict-web", "here/web", "sha256:1")]),
                "on lines of their own",
            ),
            ("images: {", pinned(&[]), "kustomization.yaml: "),
        ] {
            let folder = overlay(text);
            let error = write(folder.path(), &digests, false).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(part), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join("kustomization.yaml")).unwrap(), text);
        }
    }
}
