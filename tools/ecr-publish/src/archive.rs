//! An image as BuildKit writes it: an OCI image layout in a tar file. Every digest is computed from
//! the bytes.

use std::{
    collections::HashMap,
    fmt::Display,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciImageIndex, OciManifest};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// A manifest is far smaller; ECR takes up to 4 MiB.
const LARGEST_MANIFEST: i64 = 4 << 20;

/// A manifest or an index of manifests.
pub(crate) struct Manifest {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    /// Byte for byte as in the archive, else it would have another digest.
    pub(crate) text: String,
    /// Whether it is of something that runs: an index and an attestation do not.
    pub(crate) runs: bool,
}

/// An image: what is pushed, in the order in which it is pushed.
pub(crate) struct Image {
    /// Configurations and layers.
    pub(crate) blobs: Vec<OciDescriptor>,
    /// The images of an index, each before what names it.
    pub(crate) children: Vec<Manifest>,
    /// What the tag names.
    pub(crate) root: Manifest,
}

impl Image {
    /// The manifests of what runs: each is scanned for itself.
    pub(crate) fn runnable(&self) -> impl Iterator<Item = &Manifest> {
        self.children.iter().chain([&self.root]).filter(|manifest| manifest.runs)
    }
}

/// An open archive.
pub(crate) struct Archive {
    path: PathBuf,
    file: File,
    /// Where the bytes of each entry begin, and how many there are.
    entries: HashMap<String, (u64, u64)>,
}

impl Archive {
    /// # Errors
    /// A file that cannot be read as a tar file.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let at = || path.display().to_string();
        let file = File::open(path).with_context(at)?;
        let mut tar = tar::Archive::new(file.try_clone().with_context(at)?);
        let mut entries = HashMap::new();
        for entry in tar.entries_with_seek().with_context(at)? {
            let entry = entry.with_context(at)?;
            let name = entry.path().with_context(at)?.to_string_lossy().into_owned();
            let bytes = (entry.raw_file_position(), entry.size());
            entries.insert(name.trim_start_matches("./").to_owned(), bytes);
        }
        Ok(Self { path: path.to_owned(), file, entries })
    }

    /// What the archive holds.
    ///
    /// # Errors
    /// No OCI layout of one image; a manifest that is not what its digest says; a blob that is
    /// missing or has another size.
    pub(crate) fn image(&mut self) -> anyhow::Result<Image> {
        let index = self.entry("index.json")?;
        let index: OciImageIndex = self.parse("index.json", &index)?;
        let [root] = index.manifests.as_slice() else {
            let n = index.manifests.len();
            return Err(self.no_layout(format!("index.json names {n} images instead of one")));
        };
        let (mut blobs, mut children) = (Vec::new(), Vec::new());
        let root = self.manifest(root, &mut blobs, &mut children)?;
        Ok(Image { blobs, children, root })
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// Bytes that have another digest; a file that cannot be read.
    pub(crate) fn blob(&mut self, named: &str) -> anyhow::Result<Bytes> {
        let bytes = self.entry(&entry_of(named))?;
        let found = format!("sha256:{:x}", Sha256::digest(&bytes));
        ensure!(found == named, self.damaged(named, found));
        Ok(bytes.into())
    }

    fn manifest(
        &mut self,
        entry: &ImageIndexEntry,
        blobs: &mut Vec<OciDescriptor>,
        children: &mut Vec<Manifest>,
    ) -> anyhow::Result<Manifest> {
        let ImageIndexEntry { media_type, digest, size, .. } = entry.clone();
        if size > LARGEST_MANIFEST {
            let what = format!("a manifest of {size} bytes, at most {LARGEST_MANIFEST} are taken");
            return Err(self.no_layout(what));
        }
        let bytes = self.blob(&digest)?;
        let is_image = match self.parse(&digest, &bytes)? {
            OciManifest::Image(image) => {
                for blob in std::iter::once(image.config).chain(image.layers) {
                    self.check(&blob)?;
                    // Images of an index share layers.
                    if !blobs.iter().any(|known| known.digest == blob.digest) {
                        blobs.push(blob);
                    }
                }
                true
            }
            OciManifest::ImageIndex(index) => {
                for entry in &index.manifests {
                    let child = self.manifest(entry, blobs, children)?;
                    children.push(child);
                }
                false
            }
        };
        let text = String::from_utf8(bytes.into())
            .map_err(|_| self.no_layout(format!("{digest} is not UTF-8")))?;
        Ok(Manifest { media_type, digest, text, runs: is_image && runs(entry) })
    }

    fn check(&self, blob: &OciDescriptor) -> anyhow::Result<()> {
        let Some((_, size)) = self.entries.get(&entry_of(&blob.digest)) else {
            return Err(self.no_layout(format!("no blob {}", blob.digest)));
        };
        let is_whole = u64::try_from(blob.size).is_ok_and(|named| named == *size);
        ensure!(is_whole, self.damaged(&blob.digest, format!("{size} bytes")));
        Ok(())
    }

    fn entry(&mut self, name: &str) -> anyhow::Result<Vec<u8>> {
        let entry = self.entries.get(name).copied();
        let (from, size) = entry.ok_or_else(|| self.no_layout(format!("no {name}")))?;
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(from))
            .and_then(|_| (&self.file).take(size).read_to_end(&mut bytes))
            .with_context(|| self.path.display().to_string())?;
        Ok(bytes)
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> anyhow::Result<T> {
        serde_json::from_slice(bytes)
            .map_err(|error| self.no_layout(format!("{name} cannot be read: {error}")))
    }

    fn no_layout(&self, what: impl Display) -> anyhow::Error {
        let path = self.path.display();
        anyhow!(
            "{path}: no OCI image layout ({what}): write it with `docker buildx build --output type=oci,dest={path}`"
        )
    }

    fn damaged(&self, digest: &str, found: impl Display) -> anyhow::Error {
        let path = self.path.display();
        anyhow!("{path}: {digest} has {found} in it: the archive is damaged, build it again")
    }
}

/// The digests of the images that run, of those that a manifest names; none if it is no index.
///
/// # Errors
/// A text that is no manifest.
pub(crate) fn children(manifest: &str) -> Result<Vec<String>, serde_json::Error> {
    Ok(match serde_json::from_str(manifest)? {
        OciManifest::Image(_) => Vec::new(),
        OciManifest::ImageIndex(index) => {
            index.manifests.into_iter().filter(runs).map(|entry| entry.digest).collect()
        }
    })
}

/// BuildKit names the platform of an attestation `unknown`.
fn runs(entry: &ImageIndexEntry) -> bool {
    entry.platform.as_ref().is_none_or(|platform| platform.os.to_string() != "unknown")
}

fn entry_of(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}
