//! Every layout of reviews at rest; every text here was written for these tests.
#![cfg(test)]

mod acl_imdb;
mod archives;
mod rows;
mod streams;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, bytes).unwrap();
    gz.finish().unwrap()
}
