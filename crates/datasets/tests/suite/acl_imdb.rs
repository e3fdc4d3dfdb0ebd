//! The Large Movie Review Dataset as folder and archive; every text here was written for these
//! tests.

use std::fs;
use std::path::Path;

use crate::gzip;
use verdict_datasets::{Kind, OpenOptions, Progress, ReadError, Review, Source, Split};

pub(crate) type File = (&'static str, &'static [u8]);

pub(crate) const FILES: [File; 9] = [
    ("aclImdb/README", b"not a review"),
    ("aclImdb/imdb.vocab", b"the\nand\n"),
    ("aclImdb/train/neg/0_2.txt", b"A long evening."),
    ("aclImdb/train/neg/._0_2.txt", b"\x00\x05\x16\x07 what macOS leaves"),
    ("aclImdb/train/pos/1_9.txt", "Gro\u{df}artig, every minute of it.".as_bytes()),
    ("aclImdb/train/pos/0_8.txt", b"Warm and witty.<br /><br />See it."),
    ("aclImdb/train/unsup/0_0.txt", b"Nobody said what this one is."),
    ("aclImdb/test/pos/0_10.txt", b"The best of the year."),
    ("aclImdb/test/neg/0_1.txt", b"I want my money back."),
];

pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub(crate) fn unpack(root: &Path, files: &[(&str, &[u8])]) {
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn split(split: Split) -> OpenOptions {
    OpenOptions { split, ..OpenOptions::default() }
}

pub(crate) fn from_bytes(bytes: Vec<u8>, options: &OpenOptions) -> Vec<Result<Review, ReadError>> {
    match Source::from_reader("reviews.tar.gz", std::io::Cursor::new(bytes), options) {
        Ok(source) => source.collect(),
        Err(error) => vec![Err(error)],
    }
}

pub(crate) fn ids(rows: Vec<Result<Review, ReadError>>) -> Vec<String> {
    rows.into_iter().map(|row| row.unwrap().id).collect()
}

pub(crate) fn only_error(mut rows: Vec<Result<Review, ReadError>>) -> String {
    let error = rows.pop().unwrap().unwrap_err();
    assert!(error.is_fatal(), "{error}");
    assert!(rows.iter().all(Result::is_ok), "{rows:?}");
    error.to_string()
}

#[test]
fn a_folder_and_its_archive_hold_the_same_reviews() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path(), &FILES);
    for (wanted, expected) in [(Split::Train, 3), (Split::Test, 2), (Split::All, 5)] {
        let mut all = Vec::new();
        for path in [dir.path().to_owned(), dir.path().join("aclImdb")] {
            let source = Source::open(&path, &split(wanted)).unwrap();
            assert_eq!(source.kind(), Kind::AclImdb);
            all.push(source.map(Result::unwrap).collect::<Vec<_>>());
        }
        for bytes in [tar_of(&FILES), gzip(&tar_of(&FILES))] {
            all.push(from_bytes(bytes, &split(wanted)).into_iter().map(Result::unwrap).collect());
        }
        let plain = all.into_iter().map(|mut reviews| {
            reviews.sort_by(|a, b| a.id.cmp(&b.id));
            reviews.into_iter().map(|r| (r.id, r.label, r.text)).collect::<Vec<_>>()
        });
        let plain: Vec<_> = plain.collect();
        assert_eq!(plain[0].len(), expected);
        assert!(plain.iter().all(|reviews| *reviews == plain[0]), "{plain:?}");
    }
}

#[test]
fn a_review_keeps_its_text_its_label_and_its_name() {
    let rows = from_bytes(tar_of(&FILES), &split(Split::Train));
    let review = rows
        .into_iter()
        .map(Result::unwrap)
        .find(|review| review.id == "aclImdb/train/pos/1_9")
        .unwrap();
    assert_eq!(review.text, "Großartig, every minute of it.");
    assert_eq!(review.label, Some(true));
    assert_eq!(review.location.to_string(), "reviews.tar.gz (aclImdb/train/pos/1_9.txt)");
}

#[test]
fn a_folder_is_read_part_by_part_in_byte_order() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path(), &FILES);
    let mut source = Source::open(dir.path(), &split(Split::All)).unwrap();
    assert_eq!(source.progress(), Progress { done: 0, total: Some(5) });
    let ids = ids(source.by_ref().collect());
    assert_eq!(
        ids,
        ["train/pos/0_8", "train/pos/1_9", "train/neg/0_2", "test/pos/0_10", "test/neg/0_1"]
            .map(|id| format!("aclImdb/{id}"))
    );
    assert_eq!(source.progress(), Progress { done: 5, total: Some(5) });
}

#[test]
fn a_bad_review_is_named_and_the_next_one_read() {
    let files: [(&str, &[u8]); 4] = [
        ("aclImdb/train/pos/0_8.txt", b"Fine \xff."),
        ("aclImdb/train/pos/1_8.txt", b" \n "),
        ("aclImdb/train/pos/2_8.txt", b"0123456789x"),
        ("aclImdb/train/neg/0_1.txt", b"Poor."),
    ];
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path(), &files);
    let options = OpenOptions { max_review_bytes: 10, ..OpenOptions::default() };
    let folder: Vec<_> = Source::open(dir.path(), &options).unwrap().collect();
    for rows in [from_bytes(tar_of(&files), &options), folder] {
        let said: Vec<String> = rows
            .into_iter()
            .map(|row| match row {
                Ok(review) => review.text,
                Err(error) => {
                    assert!(!error.is_fatal());
                    error.to_string().split_once(" (").unwrap().1.to_owned()
                }
            })
            .collect();
        assert_eq!(
            said,
            [
                "aclImdb/train/pos/0_8.txt): the text must be UTF-8, but byte 5 of it (counted from 0) is not",
                "aclImdb/train/pos/1_8.txt): the text must not be blank",
                "aclImdb/train/pos/2_8.txt): a review must have at most 10 bytes, got 11",
                "Poor.",
            ]
        );
    }
}

#[test]
fn half_a_data_set_is_an_error() {
    let cases: [(&[File], Split, &str); 4] = [
        (
            &FILES[..3],
            Split::All,
            "must have the layout of aclImdb, but has no review in train/pos",
        ),
        (&FILES[7..], Split::Train, "holds no review in the split train"),
        (
            &FILES[..2],
            Split::All,
            "must have the layout of aclImdb, but has no review in train/pos, train/neg, test/pos, test/neg",
        ),
        (&FILES[..6], Split::Test, "holds no review in the split test"),
    ];
    for (files, wanted, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        unpack(dir.path(), files);
        let error = Source::open(dir.path(), &split(wanted)).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: {expected}", dir.path().display()));
        let error = only_error(from_bytes(tar_of(files), &split(wanted)));
        assert_eq!(error, format!("reviews.tar.gz: {expected}"));
    }
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    let error = Source::open("no/such/reviews.csv", &OpenOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("no/such/reviews.csv: cannot be read: "), "{error}");
}
