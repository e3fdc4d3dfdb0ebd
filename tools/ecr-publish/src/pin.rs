//! `pin`: digests into the images of a kustomize overlay, all of them or none. The file keeps its comments.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// An image of the overlay: where it is and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// `REGISTRY/REPOSITORY`.
    pub name: String,
    /// Its digest.
    pub digest: String,
}

/// Why an overlay is not written.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// A file that cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No kustomization with images.
    #[error(
        "{path}: no kustomization.yaml with `images:` there or in images/: is that the overlay?"
    )]
    NoImages {
        /// The overlay.
        path: PathBuf,
    },
    /// A file that is no YAML of that form.
    #[error("{path}: {why}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// An image is missing in the overlay.
    #[error(
        "{path}: no image {image} with newName and digest, which is to be pinned: add it to `images:`"
    )]
    NoImage {
        /// The file.
        path: PathBuf,
        /// Its name in the manifests.
        image: String,
    },
    /// The overlay takes the image from somewhere else.
    #[error(
        "{path}: {image} comes from {there}, and these credentials and region have it in {found}: check --region, or change newName"
    )]
    Elsewhere {
        /// The file.
        path: PathBuf,
        /// Its name in the manifests.
        image: String,
        /// The overlay's place.
        there: String,
        /// ECR's place.
        found: String,
    },
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
pub fn read(overlay: &Path) -> Result<(PathBuf, BTreeMap<String, Pinned>), PinError> {
    for file in [overlay.join("images/kustomization.yaml"), overlay.join("kustomization.yaml")] {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(PinError::File { path: file, source }),
        };
        let images = parse(&file, &text)?;
        if !images.is_empty() {
            return Ok((file, images));
        }
    }
    Err(PinError::NoImages { path: overlay.to_owned() })
}

fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, Pinned>, PinError> {
    let read: Kustomization = serde_yaml_ng::from_str(text)
        .map_err(|error| PinError::Form { path: path.to_owned(), why: error.to_string() })?;
    let images = read.images.into_iter().filter_map(|entry| {
        let pinned = Pinned { name: entry.new_name?, digest: entry.digest? };
        Some((entry.name, pinned))
    });
    Ok(images.collect())
}

/// Writes these digests, by the images' names in the manifests; how many were others before. Either all are written or none.
///
/// # Errors
/// An overlay that lacks one of the images, or takes it from elsewhere.
pub fn write(
    overlay: &Path,
    digests: &BTreeMap<String, Pinned>,
    dry_run: bool,
) -> Result<usize, PinError> {
    let (path, there) = read(overlay)?;
    let file = |source| PinError::File { path: path.clone(), source };
    for (image, found) in digests {
        match there.get(image) {
            None => {
                return Err(PinError::NoImage { path, image: image.clone() });
            }
            Some(pinned) if pinned.name != found.name => {
                return Err(PinError::Elsewhere {
                    path,
                    image: image.clone(),
                    there: pinned.name.clone(),
                    found: found.name.clone(),
                });
            }
            Some(_) => {}
        }
    }
    let text = fs::read_to_string(&path).map_err(file)?;
    let new = replaced(&text, digests);
    // What was written line by line must be what was meant.
    let mut meant = there.clone();
    meant.extend(digests.clone());
    if parse(&path, &new)? != meant {
        return Err(PinError::Form {
            path,
            why: "each image must have its name, newName and digest on lines of their own, name first".to_owned(),
        });
    }
    let changed = digests.iter().filter(|&(image, found)| there.get(image) != Some(found)).count();
    if changed > 0 && !dry_run {
        let partial = path.with_extension("yaml.new");
        fs::write(&partial, new).map_err(file)?;
        fs::rename(&partial, &path).map_err(file)?;
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
            let error = write(folder.path(), &digests, false).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join("kustomization.yaml")).unwrap(), text);
        }
    }
}
