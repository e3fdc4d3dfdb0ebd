//! Model files that were cut, damaged or forged, in each format.

use crate::{format_2::FORMAT_2, model::FORMAT_1};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use verdict_sentiment::Model;

/// Mends the checksum, as somebody would who means harm.
pub(crate) fn mended(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 32;
    let checksum = Sha256::digest(&bytes[..body]);
    bytes[body..].copy_from_slice(&checksum);
    bytes
}

/// `original` with other bytes at `at`.
pub(crate) fn forged(original: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    bytes[at..at + value.len()].copy_from_slice(value);
    mended(bytes)
}

/// Byte, value and what the error says; nothing where nobody can tell that it is wrong.
pub(crate) fn assert_refused(original: &[u8], cases: &[(usize, &[u8], &str)]) {
    for &(at, value, expected) in cases {
        let error = Model::from_bytes(&forged(original, at, value)).err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(error.is_empty(), expected.is_empty(), "byte {at}: {error}, not {expected}");
        assert!(error.contains(expected), "byte {at}: {error}, not {expected}");
    }
}

#[test]
fn every_truncation_is_refused() {
    for bytes in [FORMAT_1, FORMAT_2] {
        for length in 0..bytes.len() {
            let read = Model::from_bytes(&bytes[..length]);
            assert!(read.is_err(), "{length} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for bytes in [FORMAT_1, FORMAT_2] {
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = Model::from_bytes(&flipped);
            assert!(read.is_err(), "bit {bit} of {} bytes", bytes.len());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Model::from_bytes(&bytes).is_err());
        for original in [FORMAT_1, FORMAT_2] {
            let with_version = [&original[..12], &bytes].concat();
            prop_assert!(Model::from_bytes(&with_version).is_err());
        }
    }
}
