//! CSV, JSON lines and plain lines; every text here was written for these tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use verdict_datasets::{Kind, Labels, OpenOptions, Source};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

/// Each row as `id | label | text`, each error as it reads, fatal ones with a `!`.
fn say(name: &str, bytes: impl AsRef<[u8]>, options: &OpenOptions) -> Vec<String> {
    let source = match Source::from_reader(name, Cursor::new(bytes.as_ref().to_vec()), options) {
        Ok(source) => source,
        Err(error) => return vec![format!("!{error}")],
    };
    source
        .map(|row| match row {
            Ok(review) => {
                let label = review
                    .label
                    .map_or("-", |positive| if positive { "+" } else { "\u{2212}" });
                format!("{} | {label} | {}", review.id, review.text)
            }
            Err(error) if error.is_fatal() => format!("!{error}"),
            Err(error) => error.to_string(),
        })
        .collect()
}

fn required() -> OpenOptions {
    OpenOptions {
        labels: Labels::Required,
        ..OpenOptions::default()
    }
}

#[test]
fn csv_has_quotes_line_ends_any_order_of_columns_and_a_mark_at_the_start() {
    let csv = "\u{feff}rating,Sentiment,review\r\n9,positive,\"Two\nlines, \"\"quoted\"\"\"\r\n\r\n2,0,Dull\r\n";
    assert_eq!(
        say("r.csv", csv, &required()),
        ["r.csv:2 | + | Two\nlines, \"quoted\"", "r.csv:5 | − | Dull"]
    );
}

#[test]
fn csv_rows_are_numbered_past_blank_lines_and_a_last_row_without_an_end() {
    for end in ["\n", "\r\n"] {
        let csv = ["\"text\"", "", "A", "", "", "\"B", "B\"", "C"].join(end);
        let said = say("r.csv", csv, &OpenOptions::default());
        assert_eq!(
            said,
            [
                "r.csv:3 | - | A".to_owned(),
                format!("r.csv:6 | - | B{end}B"),
                "r.csv:8 | - | C".to_owned(),
            ]
        );
    }
}

#[test]
fn csv_may_bring_its_own_ids() {
    let csv = "id,text,label\nabc,Good,1\n,Bad,0\n";
    assert_eq!(
        say("r.csv", csv, &required()),
        ["abc | + | Good", "r.csv:3 | − | Bad"]
    );
}

#[test]
fn a_bad_csv_row_is_named_and_the_next_one_read() {
    let mut csv =
        b"review,sentiment\nFine,great\nlonely\nBad\xffbyte,positive\n ,negative\nNone,\n".to_vec();
    csv.extend_from_slice("x".repeat(50).as_bytes());
    csv.extend_from_slice(b",positive\nGood,positive\n");
    let options = OpenOptions {
        max_review_bytes: 40,
        ..required()
    };
    assert_eq!(
        say("r.csv", csv, &options),
        [
            "r.csv:2: the label must be positive or negative (or pos, neg, 1, 0), got \"great\"",
            "r.csv:3: the row must have at least 2 columns, got 1",
            "r.csv:4: the text must be UTF-8, but byte 3 of it (counted from 0) is not",
            "r.csv:5: the text must not be blank",
            "r.csv:6: the review has no label, and labels are required",
            "r.csv:7: a review must have at most 40 bytes, got 58",
            "r.csv:8 | + | Good",
        ]
    );
}

#[test]
fn csv_without_the_columns_says_which_and_what_is_there() {
    assert_eq!(
        say("r.csv", "stars,body\n5,Good\n", &OpenOptions::default()),
        ["!r.csv:1: the header must have a column \"review\" (or \"text\"), got \"stars,body\""]
    );
    assert_eq!(
        say("r.csv", "review,stars\nGood,5\n", &required()),
        [
            "!r.csv:1: the header must have a column \"sentiment\" (or \"label\"), got \"review,stars\""
        ]
    );
    assert_eq!(
        say("r.csv", "review,stars\nGood,5\n", &OpenOptions::default()),
        ["r.csv:2 | - | Good"]
    );
}

#[test]
fn a_quote_that_is_never_closed_does_not_take_all_memory() {
    let mut csv = String::from("review,sentiment\nGood,positive\n\"open,positive\n");
    csv.push_str(&"and on and on,positive\n".repeat(20_000));
    let options = OpenOptions {
        max_review_bytes: 1_000,
        ..required()
    };
    let said = say("r.csv", csv, &options);
    assert_eq!(
        said,
        [
            "r.csv:2 | + | Good",
            "!r.csv:3: a row must have at most 1000 bytes, and the one that starts here has more: is a quote not closed?"
        ]
    );
}

#[test]
fn json_lines_take_words_numbers_and_truth_values_for_labels() {
    let json = concat!(
        "{\"text\":\"A\",\"label\":\"positive\"}\n\n",
        "{\"review\":\"B \\u00e9\\n\",\"sentiment\":0,\"stars\":[1,2]}\r\n",
        "{\"text\":\"C\",\"label\":true,\"id\":\"c-1\"}\n",
        "{\"text\":\"D\",\"label\":null}",
    );
    assert_eq!(
        say("r.jsonl", json, &OpenOptions::default()),
        [
            "r.jsonl:1 | + | A",
            "r.jsonl:3 | − | B é\n",
            "c-1 | + | C",
            "r.jsonl:5 | - | D",
        ]
    );
}

#[test]
fn a_bad_json_line_is_named_and_the_next_one_read() {
    let mut json =
        b"{\"text\":\"A\"}\n{\"text\":\nnull\n{\"label\":1}\n{\"text\":\"B\",\"label\":7}\n"
            .to_vec();
    json.extend_from_slice(b"{\"text\":\"\xff\",\"label\":1}\n{\"text\":\"\\t\",\"label\":1}\n");
    json.extend_from_slice(
        b"{\"text\":\"far too long for the limit\",\"label\":1}\n{\"text\":\"C\",\"label\":1}\n",
    );
    let said = say(
        "r.jsonl",
        json,
        &OpenOptions {
            max_review_bytes: 30,
            ..required()
        },
    );
    let starts = [
        "r.jsonl:1: the review has no label, and labels are required",
        "r.jsonl:2: the line must be a JSON object with the member \"text\": EOF while parsing",
        "r.jsonl:3: the line must be a JSON object with the member \"text\": invalid type: null",
        "r.jsonl:4: the line must be a JSON object with the member \"text\": missing field `text`",
        "r.jsonl:5: the label must be positive or negative (or pos, neg, 1, 0), got \"7\"",
        "r.jsonl:6: the text must be UTF-8, but byte 9 of it (counted from 0) is not",
        "r.jsonl:7: the text must not be blank",
        "r.jsonl:8: a review must have at most 30 bytes, got 47",
        "r.jsonl:9 | + | C",
    ];
    assert_eq!(said.len(), starts.len(), "{said:#?}");
    for (said, start) in said.iter().zip(starts) {
        assert!(said.starts_with(start), "{said}\n{start}");
    }
}

#[test]
fn plain_lines_have_no_labels() {
    let text = "First.\n\n  \nSecond \u{1f600}\r\n";
    assert_eq!(
        say("r.txt", text, &OpenOptions::default()),
        ["r.txt:1 | - | First.", "r.txt:4 | - | Second 😀"]
    );
    assert_eq!(
        say("r.txt", text, &required()),
        ["!r.txt: labels are required, and the format lines has none"]
    );
    assert_eq!(
        say("r.txt", b"ok\nna\xefve\n", &OpenOptions::default()),
        [
            "r.txt:1 | - | ok",
            "r.txt:2: the text must be UTF-8, but byte 2 of it (counted from 0) is not",
        ]
    );
}

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
        ("r.csv.txt", json, Kind::Lines),
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
    assert!(
        last.starts_with("!r.csv.gz: the gzip stream is broken or cut short: "),
        "{last}"
    );
    assert!(
        said[..said.len() - 1]
            .iter()
            .all(|row| row.contains(" | + | "))
    );
}

#[test]
fn two_gzip_members_are_one_stream() {
    let mut gz = gzip(b"First.\n");
    gz.extend(gzip(b"Second.\n"));
    assert_eq!(
        say("r.txt.gz", gz, &OpenOptions::default()),
        ["r.txt.gz:1 | - | First.", "r.txt.gz:2 | - | Second."]
    );
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
            assert_eq!(
                say(name, bytes, &OpenOptions::default()),
                [format!("!{name}: holds no review")]
            );
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
        let options = OpenOptions {
            kind,
            ..OpenOptions::default()
        };
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
