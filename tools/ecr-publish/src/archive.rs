//! An image as BuildKit writes it: an OCI image layout in a tar file. Every digest is computed here from the bytes, none is believed.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// A manifest is far smaller; ECR takes up to 4 MiB.
const LARGEST_MANIFEST: u64 = 4 << 20;

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no OCI layout.
    #[error(
        "{path}: no OCI image layout ({what}): write it with `docker buildx build --output type=oci,dest={path}`"
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: String,
    },
    /// Its content is not what its digests say.
    #[error("{path}: {digest} has {found} in it: the archive is damaged, build it again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The digest that is named.
        digest: String,
        /// The one that was computed, or how many bytes there are.
        found: String,
    },
}

/// Something that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    #[serde(default)]
    pub media_type: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// What it runs on.
    #[serde(default)]
    pub platform: Option<Platform>,
}

/// What an image of an index runs on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Platform {
    /// `linux`, or `unknown` for what does not run: attestations.
    pub os: String,
}

impl Descriptor {
    fn runs(&self) -> bool {
        self.platform.as_ref().is_none_or(|platform| platform.os != "unknown")
    }
}

/// A manifest or an index of manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What it is.
    pub media_type: String,
    /// Of its bytes.
    pub digest: String,
    /// The text, byte for byte.
    pub text: String,
    /// Whether it is of something that runs; an attestation does not.
    pub runs: bool,
}

/// An image: what is pushed, in the order in which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Configurations and layers.
    pub blobs: Vec<Descriptor>,
    /// The images of an index; none if the image is one.
    pub children: Vec<Manifest>,
    /// What the tag names.
    pub root: Manifest,
}

impl Image {
    /// The manifests of what runs: each is scanned for itself.
    pub fn runnable(&self) -> impl Iterator<Item = &Manifest> {
        let all = self.children.iter().chain([&self.root]);
        all.filter(|manifest| manifest.runs)
    }
}

#[derive(Deserialize)]
struct Body {
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

/// An open archive.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    file: File,
    // Where each entry's bytes begin, and how many there are.
    entries: HashMap<String, (u64, u64)>,
}

impl Archive {
    /// Opens an archive and looks what is in it.
    ///
    /// # Errors
    /// A file that cannot be read as a tar file.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let read = |source| ArchiveError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let mut tar = tar::Archive::new(file.try_clone().map_err(read)?);
        let mut entries = HashMap::new();
        for entry in tar.entries_with_seek().map_err(read)? {
            let entry = entry.map_err(read)?;
            let name = entry.path().map_err(read)?.to_string_lossy().into_owned();
            entries.insert(
                name.trim_start_matches("./").to_owned(),
                (entry.raw_file_position(), entry.size()),
            );
        }
        Ok(Self { path: path.to_owned(), file, entries })
    }

    /// What the archive holds.
    ///
    /// # Errors
    /// No OCI layout of one image; a manifest that is not what its digest says; a blob that is missing or has another size.
    pub fn image(&mut self) -> Result<Image, ArchiveError> {
        let index = self.entry("index.json")?;
        let index: Body = self.parse("index.json", &index)?;
        let [root] = index.manifests.as_slice() else {
            return Err(self.layout(format!(
                "index.json names {} images instead of one",
                index.manifests.len()
            )));
        };
        let (root, body) = self.manifest(root)?;
        let mut children = Vec::new();
        let mut blobs: Vec<Descriptor> = Vec::new();
        let mut bodies = vec![body];
        while let Some(body) = bodies.pop() {
            for descriptor in body.config.into_iter().chain(body.layers) {
                let there = self.entries.get(&entry_of(&descriptor.digest));
                match there {
                    Some((_, size)) if *size == descriptor.size => {}
                    Some((_, size)) => {
                        return Err(self.damaged(&descriptor.digest, format!("{size} bytes")));
                    }
                    None => return Err(self.layout(format!("no blob {}", descriptor.digest))),
                }
                // Images of an index share layers.
                if !blobs.iter().any(|known| known.digest == descriptor.digest) {
                    blobs.push(descriptor);
                }
            }
            for descriptor in &body.manifests {
                let (child, body) = self.manifest(descriptor)?;
                children.push(child);
                bodies.push(body);
            }
        }
        // What is inside comes before what names it, also where an index names an index.
        children.reverse();
        Ok(Image { blobs, children, root })
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// Bytes that are not those of the digest; a file that cannot be read.
    pub fn blob(&mut self, descriptor: &Descriptor) -> Result<Bytes, ArchiveError> {
        let bytes = self.entry(&entry_of(&descriptor.digest))?;
        let found = digest(&bytes);
        if found != descriptor.digest {
            return Err(self.damaged(&descriptor.digest, found));
        }
        Ok(bytes.into())
    }

    fn manifest(&mut self, descriptor: &Descriptor) -> Result<(Manifest, Body), ArchiveError> {
        if descriptor.size > LARGEST_MANIFEST {
            return Err(self.layout(format!(
                "a manifest of {} bytes, at most {LARGEST_MANIFEST} are taken",
                descriptor.size
            )));
        }
        let bytes = self.blob(descriptor)?;
        let body = self.parse(&descriptor.digest, &bytes)?;
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| self.layout(format!("{} is not UTF-8", descriptor.digest)))?;
        let manifest = Manifest {
            media_type: descriptor.media_type.clone(),
            digest: descriptor.digest.clone(),
            text,
            runs: descriptor.runs() && body.manifests.is_empty(),
        };
        Ok((manifest, body))
    }

    fn entry(&mut self, name: &str) -> Result<Vec<u8>, ArchiveError> {
        let &(from, size) =
            self.entries.get(name).ok_or_else(|| self.layout(format!("no {name}")))?;
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(from))
            .and_then(|_| (&self.file).take(size).read_to_end(&mut bytes))
            .map_err(|source| ArchiveError::Read { path: self.path.clone(), source })?;
        Ok(bytes)
    }

    fn parse(&self, name: &str, bytes: &[u8]) -> Result<Body, ArchiveError> {
        serde_json::from_slice(bytes)
            .map_err(|error| self.layout(format!("{name} cannot be read: {error}")))
    }

    fn layout(&self, what: String) -> ArchiveError {
        ArchiveError::Layout { path: self.path.clone(), what }
    }

    fn damaged(&self, digest: &str, found: String) -> ArchiveError {
        ArchiveError::Damaged { path: self.path.clone(), digest: digest.to_owned(), found }
    }
}

/// The digests of the images that run of those that a manifest names; none if it is no index.
///
/// # Errors
/// A text that is no manifest.
pub fn children(manifest: &str) -> Result<Vec<String>, serde_json::Error> {
    let body: Body = serde_json::from_str(manifest)?;
    let children = body.manifests.into_iter().filter(Descriptor::runs);
    Ok(children.map(|child| child.digest).collect())
}

fn entry_of(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// The digest of some bytes, as OCI writes it.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
