//! What any layout may come in: gzip, encodings, standard input; and how the layout is found out.

use std::io::{Cursor, Read};

use crate::gzip;
use crate::rows::{any, required, say};
use verdict_datasets::{Kind, OpenOptions, Source};

#[test]
fn gzip_is_told_from_the_bytes_and_the_layout_from_the_name_or_the_first_line() {
    let csv = "review,sentiment\nGood,positive\n";
    let json = "{\"text\":\"Good\",\"label\":\"positive\"}\n";
    for (name, text, kind) in [
        ("r.csv", csv, Kind::Csv),
        ("r.csv.gz", csv, Kind::Csv),
        ("r.bin", csv, Kind::Csv),
        ("stdin", csv, Kind::Csv),
        ("r.jsonl.gz", json, Kind::JsonLines),
        ("stdin", json, Kind::JsonLines),
        ("stdin", "Good\n", Kind::Lines),
        ("stdin", "A review, text and all\n", Kind::Lines),
        ("r.csv.txt", json, Kind::JsonLines),
        ("r.csv.txt", "Good\n", Kind::Lines),
    ] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let source =
                Source::from_reader(name, Cursor::new(bytes), &OpenOptions::default()).unwrap();
            assert_eq!(source.kind(), kind, "{name}: {text}");
            let reviews: Vec<_> = source.map(Result::unwrap).collect();
            assert_eq!(reviews.len(), 1);
        }
    }
}

#[test]
fn gzip_cut_short_is_an_error_after_what_could_be_read() {
    let csv: String =
        "review,sentiment\n".to_owned() + &"Good and good again,positive\n".repeat(5_000);
    let gz = gzip(csv.as_bytes());
    let said = say("r.csv.gz", &gz[..gz.len() - 9], &required());
    let last = said.last().unwrap();
    assert!(last.starts_with("!r.csv.gz: the gzip stream is broken or cut short: "), "{last}");
    assert!(said[..said.len() - 1].iter().all(|row| row.contains(" | + | ")));
}

#[test]
fn an_empty_source_is_an_error() {
    for (name, text) in [
        ("r.csv", ""),
        ("r.csv", "review,sentiment\n"),
        ("r.jsonl", "\n \n"),
        ("stdin", ""),
        ("r.txt", "\n"),
    ] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            assert_eq!(say(name, bytes, &any()), [format!("!{name}: holds no review")]);
        }
    }
}

#[test]
fn typed_lines_are_seen_one_by_one() {
    /// A reader that fails once more is asked of it than the first line.
    struct OneLine(bool);
    impl Read for OneLine {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            assert!(
                !std::mem::replace(&mut self.0, true),
                "asked for a second line before the first was handed out"
            );
            (&b"Typed.\n"[..]).read(buffer)
        }
    }
    for kind in [None, Some(Kind::Lines)] {
        let options = OpenOptions { kind, ..OpenOptions::default() };
        let mut source = Source::from_reader("stdin", OneLine(false), &options).unwrap();
        assert_eq!(source.next().unwrap().unwrap().text, "Typed.");
    }
}

#[test]
fn progress_counts_stored_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.txt.gz");
    let gz = gzip("Good.\n".repeat(1_000).as_bytes());
    std::fs::write(&path, &gz).unwrap();
    let mut source = Source::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(source.progress().total, Some(gz.len() as u64));
    assert_eq!(source.by_ref().count(), 1_000);
    assert_eq!(source.progress().done, gz.len() as u64);
}

#[test]
fn other_encodings_are_refused_as_a_whole_and_named() {
    for text in ["review,sentiment\r\nGood,1\r\n", "{\"text\":\"Good\"}\r\n", "Good\r\n"] {
        for name in ["r.csv", "r.jsonl", "r.txt", "stdin"] {
            let units: Vec<u16> = text.encode_utf16().collect();
            let le: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let be: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for (bytes, says) in [
                ([&b"\xff\xfe"[..], &le].concat(), "is UTF-16LE, by the mark"),
                ([&b"\xfe\xff"[..], &be].concat(), "is UTF-16BE, by the mark"),
                (gzip(&[&b"\xff\xfe"[..], &le].concat()), "is UTF-16LE, by the mark"),
                (b"\xff\xfe\0\0x\0\0\0".to_vec(), "is UTF-32LE, by the mark"),
                (le, "byte 1 (counted from 0) is a NUL"),
                (be, "byte 0 (counted from 0) is a NUL"),
            ] {
                let said = say(name, bytes, &any());
                assert_eq!(said.len(), 1, "{said:?}");
                assert!(said[0].starts_with('!') && said[0].contains(says), "{said:?}");
            }
        }
    }
}

#[test]
fn a_nul_is_in_no_review() {
    let nul = "byte 2 of it (counted from 0) is one";
    for (name, text) in [
        ("r.txt", "Good\nBa\0d\nFine\n"),
        ("r.csv", "review\nBa\0d\nFine\n"),
        ("r.jsonl", "{\"text\":\"Ba\\u0000d\"}\n{\"text\":\"Fine\"}\n"),
    ] {
        let said = say(name, text, &any());
        let expected = if name == "r.jsonl" { "byte 2 is one" } else { nul };
        assert!(said.iter().any(|row| row.contains(expected)), "{said:?}");
        assert!(said.last().unwrap().ends_with("Fine"), "{said:?}");
    }
}

#[test]
fn a_mark_before_any_text_is_no_character_of_it() {
    for (name, text) in [
        ("r.txt", "\u{feff}Good\n"),
        ("r.csv", "\u{feff}\"review\"\nGood\n"),
        ("r.csv", "\u{feff}review;stars\nGood;5\n"),
        ("r.jsonl", "\u{feff}{\"text\":\"Good\"}\n"),
        ("stdin", "\u{feff}Good\n"),
    ] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let said = say(name, bytes, &any());
            assert!(said[0].ends_with(" | - | Good"), "{said:?}");
        }
    }
    assert_eq!(say("r.txt", "\u{feff}", &any()), ["!r.txt: holds no review"]);
}

#[test]
fn gzip_is_read_as_gzip_reads_it() {
    let csv = b"review,label\nGood,1\n";
    let zeros = vec![0; 512];
    for parts in [
        [gzip(csv), gzip(b""), vec![0; 200_000]].concat(),
        [gzip(&csv[..9]), zeros.clone(), gzip(&csv[9..]), zeros].concat(),
    ] {
        assert_eq!(say("r.csv.gz", parts, &required()), ["r.csv.gz:2 | + | Good"]);
    }
    let member = gzip(csv);
    for (rubbish, offset, byte) in
        [(&b"\r\n"[..], 0, "0x0d"), (b"\0\0x", 2, "0x78"), (&member[..5], 0, "")]
    {
        let said = say("r.csv.gz", [&member, rubbish].concat(), &required());
        let at = format!("only zeros may stand, got {byte} at byte {}", member.len() + offset);
        let expected = if byte.is_empty() { "broken or cut short" } else { &at };
        assert!(said.last().unwrap().contains(expected), "{said:?}");
    }
}

#[test]
fn what_looks_like_another_layout_is_never_taken_for_plain_lines() {
    for (start, says) in [
        ("1\tA fine film\n", "looks like a table with tabs"),
        ("\"A fine film\",1\n", "looks like a table with quotes"),
        ("__label__1 A fine film\n", "looks like a file of fastText"),
        ("<?xml version=\"1.0\"?>\n", "looks like XML"),
        ("PAR1\u{15}", "looks like Parquet"),
        ("sentence\tlabel\nA fine film\t1\n", "must have a column \"review\" (or \"text\")"),
        ("[\"r0\",\"1\",\"A fine film\"]\n", "a line must be a JSON object, got an array"),
        ("[{\"text\":\"A\"},{\"text\":\"B\"}]", "a line must be a JSON object, got an array"),
        ("[\n{\"text\":\"A\"}\n]\n", "not JSON"),
    ] {
        for name in ["stdin", "reviews.txt"] {
            let said = say(name, start, &any());
            assert!(said[0].contains(says), "{start:?}: {said:?}");
        }
    }
    let lines = OpenOptions { kind: Some(Kind::Lines), ..OpenOptions::default() };
    assert_eq!(say("r.txt", "1\tGood\n", &lines), ["r.txt:1 | - | 1\tGood"]);
    for text in ["[Spoilers] A fine film", "\"Great\" film", "A text, a review"] {
        let said = say("r.txt", text, &any());
        assert_eq!(said, [format!("r.txt:1 | - | {text}")]);
    }
}
