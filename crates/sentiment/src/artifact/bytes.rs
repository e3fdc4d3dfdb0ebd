//! Reading and writing little-endian numbers with their place in the file.

use crate::error::ArtifactError;

/// A place in the bytes of a file. Every read states what it was for, so that an error can.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, len: usize, what: &str) -> Result<&'a [u8], ArtifactError> {
        let taken = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        let truncated = || ArtifactError::truncated(what, self.at, len, self.remaining());
        let taken = taken.ok_or_else(truncated)?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], ArtifactError> {
        let at = self.at;
        let taken = self.take(N, what)?;
        taken.try_into().map_err(|_| ArtifactError::truncated(what, at, N, taken.len()))
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, ArtifactError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &str) -> Result<u64, ArtifactError> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn f64(&mut self, what: &str) -> Result<f64, ArtifactError> {
        self.array(what).map(f64::from_le_bytes)
    }

    /// `n` numbers of four bytes each. The bytes are there before memory is taken for them.
    pub(crate) fn numbers<T>(
        &mut self,
        n: usize,
        what: &str,
        number: impl Fn([u8; 4]) -> T,
    ) -> Result<Vec<T>, ArtifactError> {
        let taken = self.take(n.saturating_mul(4), what)?;
        Ok(taken.chunks_exact(4).filter_map(|chunk| chunk.try_into().ok()).map(number).collect())
    }

    pub(crate) fn text(&mut self, len: usize, what: &str) -> Result<&'a str, ArtifactError> {
        let at = self.at;
        let taken = self.take(len, what)?;
        std::str::from_utf8(taken).map_err(|error| {
            let at = at + error.valid_up_to();
            ArtifactError::Invalid(format!("{what} is not UTF-8 at byte {at}"))
        })
    }
}
