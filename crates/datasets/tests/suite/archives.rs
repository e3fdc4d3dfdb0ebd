//! The Large Movie Review Dataset as an archive: cut short, with links, with later entries.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::acl_imdb::{FILES, File, from_bytes, ids, only_error, split, tar_of, unpack};
use crate::gzip;
use verdict_datasets::{Kind, OpenOptions, ReadError, Source, Split};

#[test]
fn an_archive_of_many_reviews_comes_whole_and_in_its_own_order() {
    let names: Vec<String> =
        (0..2_000).map(|i| format!("aclImdb/train/{}/{i}_9.txt", ["neg", "pos"][i % 2])).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b"Fine."[..])).collect();
    let read = ids(from_bytes(gzip(&tar_of(&files)), &split(Split::All)));
    let expected: Vec<&str> = names.iter().map(|name| name.strip_suffix(".txt").unwrap()).collect();
    assert_eq!(read, expected);
}

#[test]
fn dropping_an_archive_half_read_ends_its_thread() {
    struct Watched<R>(R, std::sync::mpsc::Sender<()>);
    impl<R: Read> Read for Watched<R> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl<R> Drop for Watched<R> {
        fn drop(&mut self) {
            self.1.send(()).ok();
        }
    }
    let names: Vec<String> = (0..20_000).map(|i| format!("aclImdb/train/neg/{i}_2.txt")).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b"Long."[..])).collect();
    let (dropped, ended) = std::sync::mpsc::channel();
    let reader = Watched(std::io::Cursor::new(tar_of(&files)), dropped);
    let mut source = Source::from_reader("a.tar", reader, &OpenOptions::default()).unwrap();
    assert!(source.next().unwrap().is_ok());
    drop(source);
    ended.recv_timeout(std::time::Duration::from_secs(10)).expect("the reader is let go");
}

#[test]
fn an_archive_cut_short_is_an_error_wherever_it_was_cut() {
    let text = "Some words that do not repeat: 0123456789 abcdefghijklmnopqrstuvwxyz. ".repeat(40);
    let files: [(&str, &[u8]); 2] = [
        ("aclImdb/train/pos/0_8.txt", text.as_bytes()),
        ("aclImdb/train/neg/0_1.txt", text.as_bytes()),
    ];
    let whole = tar_of(&files);
    let gz = gzip(&whole);
    assert_eq!(from_bytes(gz.clone(), &split(Split::All)).len(), 2);
    for length in (20..gz.len()).step_by(17).chain([gz.len() - 1]) {
        let error = only_error(from_bytes(gz[..length].to_vec(), &split(Split::All)));
        assert!(error.starts_with("reviews.tar.gz"), "{length}: {error}");
        assert!(error.contains("broken or cut short"), "{length}: {error}");
    }
    let error = only_error(from_bytes(whole[..700].to_vec(), &split(Split::All)));
    assert_eq!(
        error,
        "reviews.tar.gz (aclImdb/train/pos/0_8.txt): the archive is cut short: the entry must have 2800 bytes, got 188"
    );
}

#[test]
fn a_flipped_bit_in_the_last_checksum_is_found() {
    let mut gz = gzip(&tar_of(&FILES));
    let at = gz.len() - 6;
    gz[at] ^= 1;
    let error = only_error(from_bytes(gz, &split(Split::All)));
    assert!(
        error.starts_with("reviews.tar.gz: the gzip stream is broken or cut short: "),
        "{error}"
    );
}

#[test]
fn what_is_not_an_archive_says_so() {
    let noise = b"no tar here, only words and words and words ".repeat(30);
    let error = only_error(from_bytes(
        noise,
        &OpenOptions { kind: Some(Kind::AclImdb), ..OpenOptions::default() },
    ));
    assert!(error.starts_with("reviews.tar.gz: the archive is broken or cut short: "), "{error}");
    for (magic, name) in
        [(&b"PK\x03\x04rest"[..], "zip"), (b"\x28\xb5\x2f\xfdrest", "zstd"), (b"BZh91AY", "bzip2")]
    {
        let error = only_error(from_bytes(magic.to_vec(), &OpenOptions::default()));
        assert_eq!(
            error,
            format!(
                "reviews.tar.gz: is compressed with {name}, and only gzip is read: unpack it first"
            )
        );
    }
}

/// A review of [`FILES`], and one that is not there.
const OLD: &str = "aclImdb/train/neg/0_2.txt";
const NEW: &str = "aclImdb/train/neg/4_2.txt";

/// An entry of an archive that is no plain file: its type, its path and what it links to or holds.
type Odd = (tar::EntryType, &'static str, &'static str);

fn tar_with(odd: &[Odd]) -> Vec<u8> {
    let mut tar = tar::Builder::new(tar_of(&FILES));
    // `tar -r`: the end of what is there is written over.
    let plain = tar.get_mut();
    plain.truncate(plain.len() - 1024);
    for (kind, path, content) in odd {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if matches!(kind, tar::EntryType::Link | tar::EntryType::Symlink) {
            header.set_size(0);
            tar.append_link(&mut header, path, content).unwrap();
        } else {
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

/// What a source holds, each review as id and text, each error as it reads without the file, all
/// sorted.
fn holds(path: &Path) -> Vec<String> {
    let named = |error: ReadError| error.to_string().replace(&*path.to_string_lossy(), "");
    let mut rows: Vec<String> = match Source::open(path, &OpenOptions::default()) {
        Ok(source) => {
            source.map(|row| row.map_or_else(named, |r| format!("{} {}", r.id, r.text))).collect()
        }
        Err(error) => vec![named(error)],
    };
    rows.sort();
    rows
}

/// The archive as a file, packed and not, and the folder that `tar` makes of it.
fn archive_and_folder(odd: &[Odd]) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let bytes = tar_with(odd);
    tar::Archive::new(bytes.as_slice()).unpack(dir.path().join("folder")).unwrap();
    fs::write(dir.path().join("a.tar"), &bytes).unwrap();
    fs::write(dir.path().join("a.tar.gz"), gzip(&bytes)).unwrap();
    ["folder", "a.tar", "a.tar.gz"].iter().map(|name| holds(&dir.path().join(name))).collect()
}

#[test]
fn links_and_later_entries_count_in_an_archive_as_in_the_folder_made_of_it() {
    use tar::EntryType::{Continuous, Link, Regular, Symlink};
    let cases: [(&[Odd], usize, &str); 8] = [
        (
            &[(Link, "aclImdb/train/pos/4_9.txt", "aclImdb/train/pos/1_9.txt"), (Link, NEW, OLD)],
            7,
            "aclImdb/train/neg/4_2 A long evening.",
        ),
        (
            &[
                (Symlink, NEW, "0_2.txt"),
                (Symlink, "aclImdb/test/neg/5_2.txt", "../../train/neg/4_2.txt"),
            ],
            7,
            "aclImdb/test/neg/5_2 A long evening.",
        ),
        (&[(Regular, OLD, "A short evening.")], 5, "aclImdb/train/neg/0_2 A short evening."),
        (
            &[(Symlink, NEW, "0_2.txt"), (Regular, OLD, "A short evening.")],
            6,
            "aclImdb/train/neg/4_2 A short evening.",
        ),
        (
            &[
                (Regular, "aclImdb/extra/7.txt", "Kept elsewhere."),
                (Link, "aclImdb/train/neg/7_1.txt", "aclImdb/extra/7.txt"),
            ],
            6,
            "aclImdb/train/neg/7_1 Kept elsewhere.",
        ),
        (
            &[(Continuous, "aclImdb/train/neg/8_1.txt", "In one piece.")],
            6,
            "aclImdb/train/neg/8_1 In one piece.",
        ),
        (
            &[(Symlink, NEW, "not_there.txt")],
            6,
            " (aclImdb/train/neg/4_2.txt): must be a file, but is a link that leads to no file",
        ),
        (&[(Symlink, NEW, "../pos")], 6, " (aclImdb/train/neg/4_2.txt): must be a file, but is a "),
    ];
    for (odd, n, holds) in cases {
        let all = archive_and_folder(odd);
        for rows in &all {
            assert_eq!(rows.len(), n, "{rows:?}");
            assert!(rows.iter().any(|row| row.starts_with(holds)), "{rows:?}");
        }
        let files = |rows: &Vec<String>| {
            let is_review = |row: &&String| !row.starts_with(' ');
            rows.iter().filter(is_review).cloned().collect::<Vec<_>>()
        };
        assert!(all.iter().all(|rows| files(rows) == files(&all[0])), "{all:?}");
    }
}

#[test]
fn a_hard_link_keeps_what_stood_there_when_it_was_made() {
    use tar::EntryType::{Link, Regular};
    let odd = [(Link, NEW, OLD), (Regular, OLD, "A short evening.")];
    for rows in archive_and_folder(&odd).split_off(1) {
        let both =
            ["aclImdb/train/neg/0_2 A short evening.", "aclImdb/train/neg/4_2 A long evening."];
        assert_eq!(rows.iter().filter(|row| both.contains(&row.as_str())).count(), 2, "{rows:?}");
    }
}

#[test]
fn what_no_reader_could_tell_is_refused() {
    use tar::EntryType::{Link, Regular, Symlink};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tar");
    for (odd, says) in [
        (
            (Regular, "old/train/neg/0_2.txt", "x"),
            "in two folders, aclImdb/train/neg/0_2.txt and old",
        ),
        ((Symlink, "more/train/pos", "elsewhere"), "a symbolic link to a folder"),
        ((Symlink, "more/test", "elsewhere"), "a symbolic link to a folder"),
    ] {
        fs::write(&path, tar_with(&[odd])).unwrap();
        let rows = holds(&path);
        assert!(rows.len() == 1 && rows[0].contains(says), "{rows:?}");
    }
    for (odd, says) in [
        (
            (Link, "aclImdb/train/pos/4_9.txt", "aclImdb/train/pos/1_9.txt"),
            "(aclImdb/train/pos/4_9.txt): the entry is a link, or no file",
        ),
        ((Regular, OLD, "x"), "(aclImdb/train/neg/0_2.txt): the entry stands in the archive twice"),
    ] {
        let error = only_error(from_bytes(tar_with(&[odd]), &OpenOptions::default()));
        assert!(error.contains(says) && error.contains("give it as a file"), "{error}");
    }
}

#[test]
fn a_mark_is_no_character_of_a_review_and_other_encodings_are_no_review() {
    let files: Vec<File> = FILES
        .into_iter()
        .chain([
            ("aclImdb/train/pos/2_9.txt", "\u{feff}Marked.".as_bytes()),
            ("aclImdb/train/pos/3_9.txt", b"\xff\xfeF\0i\0n\0e\0"),
            ("aclImdb/train/pos/4_9.txt", b"F\0i\0n\0e\0"),
        ])
        .collect();
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path(), &files);
    let rows = holds(dir.path());
    assert!(rows.contains(&"aclImdb/train/pos/2_9 Marked.".to_owned()), "{rows:?}");
    for says in [
        "3_9.txt): the text must be UTF-8, but byte 0",
        "4_9.txt): the text must not hold a NUL, but byte 1",
    ] {
        assert!(rows.iter().any(|row| row.contains(says)), "{rows:?}");
    }
    fs::write(dir.path().join("a.tar"), tar_of(&files)).unwrap();
    assert_eq!(holds(&dir.path().join("a.tar")), rows);
}
