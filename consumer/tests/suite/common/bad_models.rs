//! Everything that can be wrong with a model or its pointer.

use std::path::Path;

use sha2::{Digest, Sha256};
use verdict_messages::ModelPointer;
use verdict_sentiment::sha256_hex;

use super::{
    artifact_of,
    pointers::{NAME, pointer_to},
};

/// What is written where, the pointer to it, and what becomes of that.
pub(crate) struct Bad {
    pub(crate) what: &'static str,
    pub(crate) value: Vec<u8>,
    pub(crate) outcome: &'static str,
}

/// Where things stand in the file of [`artifact_of`], as `artifact.rs` of crate `sentiment` lays
/// them out: three terms and a name of nine bytes.
const VERSION: usize = 8;
const LENGTH: usize = 12;
const TERMS: usize = 20;
const INTERCEPT: usize = 40;
const SLOPE: usize = 48;
const ABOUT_LENGTH: usize = 72;
const WEIGHTS: usize = 84 + NAME.len() + 3 * 4;
const TERM_TEXT: usize = WEIGHTS + 2 * 3 * 4;
const CHECKSUM: usize = 32;

pub(crate) fn cases(place: &Path, serving: &ModelPointer) -> Vec<Bad> {
    let good = artifact_of(NAME, 0.6);
    let mut cases = Vec::new();
    let mut case = |what: &'static str, outcome: &'static str, bytes: &[u8], told: &[u8]| {
        let path = place.join(format!("bad-{}", cases.len()));
        std::fs::write(&path, bytes).unwrap();
        cases.push(Bad { what, value: pointer_to(&path, told, "6").encode().unwrap(), outcome });
    };

    // Bytes that are not those that were published.
    for at in [0, VERSION, TERM_TEXT, good.len() / 2, good.len() - 1] {
        case("a flipped bit", "checksum", &flipped(&good, at), &good);
    }
    for length in [0, 1, good.len() / 2, good.len() - 1] {
        case("cut short", "size", &good[..length], &good);
    }
    let longer = [&good[..], b"\0"].concat();
    case("one byte more", "size", &longer, &good);

    // Bytes that were published so: their size and checksum are as the pointer says.
    let mut published = |what, outcome, bytes: &[u8]| case(what, outcome, bytes, bytes);
    published("empty", "format", b"");
    published("half a model", "format", &good[..good.len() / 2]);
    published("a model without its end", "format", &good[..good.len() - 1]);
    published("another format", "format", b"PK\x03\x04 an archive of something");
    published("a program, as pickle has it", "format", b"\x80\x04cos\nsystem\n.");
    let flipped_inside = flipped(&good, TERM_TEXT);
    published("a bit flipped before it was published", "checksum", &flipped_inside);
    let sealed = |at, bytes: &[u8]| resealed(&good, at, bytes);
    published("a wrong magic", "format", &sealed(0, b"verdict\x1a"));
    published("a newer format", "format", &sealed(VERSION, &2u32.to_le_bytes()));
    let ten_gb = 10_000_000_000_u64.to_le_bytes();
    published("a length of 10 GB", "format", &sealed(LENGTH, &ten_gb));
    published("a length of all ones", "format", &sealed(LENGTH, &[0xff; 8]));
    published("four billion terms", "format", &sealed(TERMS, &[0xff; 4]));
    published("four more terms", "format", &sealed(TERMS, &7u32.to_le_bytes()));
    published("an about of 4 GB", "format", &sealed(ABOUT_LENGTH, &[0xff; 4]));
    let f32s = |x: f32| x.to_le_bytes();
    published("a weight that is not a number", "format", &sealed(WEIGHTS, &f32s(f32::NAN)));
    published("an infinite weight", "format", &sealed(WEIGHTS, &f32s(f32::INFINITY)));
    published("a weight of 1e30", "format", &sealed(WEIGHTS, &f32s(1e30)));
    let f64s = |x: f64| x.to_le_bytes();
    published("an intercept that is not a number", "format", &sealed(INTERCEPT, &f64s(f64::NAN)));
    published("a calibration that turns round", "format", &sealed(SLOPE, &f64s(-1.0)));
    published("terms that are not text", "format", &sealed(TERM_TEXT, &[0xff]));
    published("terms out of order", "format", &sealed(TERM_TEXT, b"z"));
    published("other weights than it was made with", "example", &sealed(WEIGHTS + 8, &f32s(-2.25)));
    published("another intercept than it was made with", "example", &sealed(INTERCEPT, &f64s(3.0)));
    published("a model of another name", "name", &artifact_of("other", 0.6));

    // Pointers that lie, or are none.
    let path = place.join("good");
    std::fs::write(&path, &good).unwrap();
    let honest = pointer_to(&path, &good, "6");
    let mut pointer = |what, outcome, edit: fn(&mut ModelPointer)| {
        let mut pointer = honest.clone();
        edit(&mut pointer);
        cases.push(Bad { what, value: pointer.encode().unwrap(), outcome });
    };
    pointer("a wrong checksum", "checksum", |p| p.sha256 = sha256_hex(b"other"));
    pointer("no checksum", "checksum", |p| p.sha256.clear());
    pointer("a wrong size", "size", |p| p.bytes += 1);
    pointer("a size of 10 GB", "size", |p| p.bytes = 10_000_000_000);
    pointer("a file without end", "size", |p| p.uri = "/dev/zero".into());
    pointer("a missing file", "unreachable", |p| p.uri.push_str(".missing"));
    pointer("a directory without a model", "unreachable", |p| p.uri = "/".into());
    pointer("a registry that is not known", "unreachable", |p| p.uri = "ftp://x/y".into());
    pointer("no place at all", "unreachable", |p| p.uri.clear());
    pointer("another name than the key's", "name", |p| p.name = "other".into());
    pointer("an older version", "older", |p| p.version = "4".into());
    let mut conflicting = honest.clone();
    conflicting.version.clone_from(&serving.version);
    let values: [(&str, &str, Vec<u8>); 6] = [
        ("other bytes under the version that serves", "conflict", conflicting.encode().unwrap()),
        ("a pointer to what serves", "same", serving.encode().unwrap()),
        ("another message", "pointer", br#"{"id":"r1","text":"A fine film."}"#.to_vec()),
        ("a pointer without its size", "pointer", without(&honest, "bytes")),
        ("not JSON", "pointer", b"models/7".to_vec()),
        ("nothing", "pointer", Vec::new()),
    ];
    cases.extend(values.map(|(what, outcome, value)| Bad { what, value, outcome }));
    cases
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at] ^= 0x10;
    flipped
}

/// The file with other bytes at `at`, and the checksum that it has then.
fn resealed(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut body = file[..file.len() - CHECKSUM].to_vec();
    body[at..at + bytes.len()].copy_from_slice(bytes);
    let checksum = Sha256::digest(&body);
    body.extend(checksum);
    body
}

fn without(pointer: &ModelPointer, field: &str) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(&pointer.encode().unwrap()).unwrap();
    value.as_object_mut().unwrap().remove(field).unwrap();
    serde_json::to_vec(&value).unwrap()
}
