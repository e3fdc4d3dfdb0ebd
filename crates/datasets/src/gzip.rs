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

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(text).unwrap();
        gz.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Gzip::new(bytes).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn members_follow_each_other_and_zeros_stand_behind_any() {
        let zeros = |n| vec![0; n];
        for (parts, expected) in [
            (vec![gzip(b"one")], "one"),
            (vec![gzip(b"one"), gzip(b""), gzip(b" two")], "one two"),
            (vec![gzip(b"one"), zeros(512)], "one"),
            (vec![gzip(b"one"), zeros(200_000)], "one"),
            (vec![gzip(b"one"), zeros(3), gzip(b" two"), zeros(1)], "one two"),
        ] {
            assert_eq!(read(&parts.concat()).unwrap(), expected);
        }
    }

    #[test]
    fn anything_else_behind_a_member_is_named_by_its_place() {
        let member = gzip(b"one");
        for (rubbish, offset, byte) in
            [(&b"\r\n"[..], 0, "0x0d"), (b"\0\0x", 2, "0x78"), (b"PK\x03\x04", 0, "0x50")]
        {
            let error = read(&[&member, rubbish].concat()).unwrap_err().to_string();
            let at = format!("got {byte} at byte {}", member.len() + offset);
            assert!(error.contains(&at), "{error}");
        }
    }

    #[test]
    fn a_member_cut_short_is_an_error() {
        let two = [gzip(b"one"), gzip(b"two")].concat();
        for cut in [two.len() - 1, two.len() - 9, gzip(b"one").len() + 5] {
            assert!(read(&two[..cut]).is_err(), "{cut}");
        }
    }
}
