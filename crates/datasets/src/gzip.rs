//! Gzip, read as the program gzip and Python read it.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

const BUFFER: usize = 64 << 10;
const MAGIC: u8 = 0x1f;

/// Members may follow each other, with zeros after each, as tapes and block stores leave them.
/// Anything else after a member is an error that names the byte.
pub(crate) struct Gzip<R: Read> {
    /// `None` only while one member gives way to the next.
    member: Option<GzDecoder<Counted<R>>>,
    ended: bool,
}

impl<R: Read> Gzip<R> {
    pub(crate) fn new(input: R) -> Self {
        let input = Counted { inner: BufReader::with_capacity(BUFFER, input), taken: 0 };
        Self { member: Some(GzDecoder::new(input)), ended: false }
    }

    /// Goes on to the next member, or to the end.
    fn next_member(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else {
            return Ok(());
        };
        let mut input = member.into_inner();
        let next = loop {
            let buffer = input.fill_buf()?;
            let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
            match buffer.get(zeros) {
                Some(byte) => break Some((zeros, *byte)),
                None if buffer.is_empty() => break None,
                None => input.consume(zeros),
            }
        };
        match next {
            None => self.ended = true,
            Some((zeros, MAGIC)) => input.consume(zeros),
            Some((zeros, byte)) => {
                let at = input.taken + zeros as u64;
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "after the last member only zeros may stand, got 0x{byte:02x} at byte {at}"
                    ),
                ));
            }
        }
        self.member = Some(GzDecoder::new(input));
        Ok(())
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let Some(member) = &mut self.member else {
                break;
            };
            match member.read(buffer)? {
                0 => self.next_member()?,
                n => return Ok(n),
            }
        }
        Ok(0)
    }
}

/// Knows how many bytes were consumed.
struct Counted<R> {
    inner: BufReader<R>,
    taken: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.taken += n as u64;
        Ok(n)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.taken += n as u64;
        self.inner.consume(n);
    }
}
