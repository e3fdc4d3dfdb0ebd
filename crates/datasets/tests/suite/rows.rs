//! CSV, JSON lines and plain lines; every text here was written for these tests.

use std::io::Cursor;

use verdict_datasets::{Labels, OpenOptions, Source};

/// Each row as `id | label | text`, each error as it reads, fatal ones with a `!`.
pub(crate) fn say(name: &str, bytes: impl AsRef<[u8]>, options: &OpenOptions) -> Vec<String> {
    let source = match Source::from_reader(name, Cursor::new(bytes.as_ref().to_vec()), options) {
        Ok(source) => source,
        Err(error) => return vec![format!("!{error}")],
    };
    source
        .map(|row| match row {
            Ok(review) => {
                let label =
                    review.label.map_or("-", |positive| if positive { "+" } else { "\u{2212}" });
                format!("{} | {label} | {}", review.id, review.text)
            }
            Err(error) if error.is_fatal() => format!("!{error}"),
            Err(error) => error.to_string(),
        })
        .collect()
}

pub(crate) fn any() -> OpenOptions {
    OpenOptions::default()
}

pub(crate) fn required() -> OpenOptions {
    OpenOptions { labels: Labels::Required, ..OpenOptions::default() }
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
        let said = say("r.csv", csv, &any());
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
    assert_eq!(say("r.csv", csv, &required()), ["abc | + | Good", "r.csv:3 | − | Bad"]);
}

#[test]
fn a_bad_csv_row_is_named_and_the_next_one_read() {
    let mut csv =
        b"review,sentiment\nFine,great\nlonely\nBad\xffbyte,positive\n ,negative\nNone,\n".to_vec();
    csv.extend_from_slice("x".repeat(50).as_bytes());
    csv.extend_from_slice(b",positive\nGood,positive\n");
    let options = OpenOptions { max_review_bytes: 40, ..required() };
    assert_eq!(
        say("r.csv", csv, &options),
        [
            "r.csv:2: the label must be positive or negative (or pos/neg, 1/0, 1.0/0.0, true/false), got \"great\"",
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
        say("r.csv", "stars,body\n5,Good\n", &any()),
        ["!r.csv:1: the header must have a column \"review\" (or \"text\"), got \"stars,body\""]
    );
    assert_eq!(
        say("r.csv", "review,stars\nGood,5\n", &required()),
        [
            "!r.csv:1: the header must have a column \"sentiment\" (or \"label\"), got \"review,stars\""
        ]
    );
    assert_eq!(say("r.csv", "review,stars\nGood,5\n", &any()), ["r.csv:2 | - | Good"]);
}

#[test]
fn a_quote_that_is_never_closed_does_not_take_all_memory() {
    let mut csv = String::from("review,sentiment\nGood,positive\n\"open,positive\n");
    csv.push_str(&"and on and on,positive\n".repeat(20_000));
    let options = OpenOptions { max_review_bytes: 1_000, ..required() };
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
        say("r.jsonl", json, &any()),
        ["r.jsonl:1 | + | A", "r.jsonl:3 | − | B é\n", "c-1 | + | C", "r.jsonl:5 | - | D",]
    );
}

#[test]
fn a_bad_json_line_is_named_and_the_next_one_read() {
    let mut json =
        b"{\"text\":\"A\"}\n{\"text\":\nnull\n{\"label\":1}\n{\"text\":\"B\",\"label\":7}\n"
            .to_vec();
    json.extend_from_slice(b"{\"text\":\"\xff\",\"label\":1}\n{\"text\":\"\\t\",\"label\":1}\n");
    json.extend_from_slice(
        b"{\"text\":\"far too long for the limit\",\"label\":1}\n{\"text\":\"C\",\"label\":1}\n[\"r0\",\"1\",\"D\"]\n",
    );
    let said = say("r.jsonl", json, &OpenOptions { max_review_bytes: 30, ..required() });
    let starts = [
        "r.jsonl:1: the review has no label, and labels are required",
        "r.jsonl:2: not JSON: EOF while parsing",
        "r.jsonl:3: a line must be a JSON object, got null",
        "r.jsonl:4: text (or review) is missing",
        "r.jsonl:5: label must be positive or negative (or pos/neg, 1/0, 1.0/0.0, true/false), got 7",
        "r.jsonl:6: the text must be UTF-8, but byte 9 of it (counted from 0) is not",
        "r.jsonl:7: text must not be blank",
        "r.jsonl:8: a review must have at most 30 bytes, got 47",
        "r.jsonl:9 | + | C",
        "r.jsonl:10: a line must be a JSON object, got an array",
    ];
    assert_eq!(said.len(), starts.len(), "{said:#?}");
    for (said, start) in said.iter().zip(starts) {
        assert!(said.starts_with(start), "{said}\n{start}");
    }
}

#[test]
fn plain_lines_have_no_labels() {
    let text = "First.\n\n  \nSecond \u{1f600}\r\n";
    assert_eq!(say("r.txt", text, &any()), ["r.txt:1 | - | First.", "r.txt:4 | - | Second 😀"]);
    assert_eq!(
        say("r.txt", text, &required()),
        ["!r.txt: labels are required, and the format lines has none"]
    );
    assert_eq!(
        say("r.txt", b"ok\nna\xefve\n", &any()),
        [
            "r.txt:1 | - | ok",
            "r.txt:2: the text must be UTF-8, but byte 2 of it (counted from 0) is not",
        ]
    );
}

#[test]
fn a_table_is_read_with_the_separator_and_the_quotes_that_its_writer_used() {
    let expected = ["7_8 | + | a \"b\" c, d", "8_2 | − | e\tf; g|h \\ i"];
    for (name, table) in [
        (
            "labeledTrainData.tsv",
            "id\tsentiment\treview\n\"7_8\"\t1\t\"a \\\"b\\\" c, d\"\n\"8_2\"\t0\t\"e\tf; g|h \\ i\"\n",
        ),
        (
            "stdin",
            "id;sentiment;review\r\n7_8;1.0;\"a \"\"b\"\" c, d\"\r\n8_2;0.0;\"e\tf; g|h \\ i\"\r\n",
        ),
        (
            "reviews.data",
            "\u{feff}\"review\"|\"label\"|\"id\"\n\"a \"\"b\"\" c, d\"|True|7_8\n\"e\tf; g|h \\ i\"|False|8_2\n",
        ),
        ("spark.csv", "review,label,id\n\"a \\\"b\\\" c, d\",1,7_8\n\"e\tf; g|h \\ i\",0,8_2\n"),
        ("reviews.txt", "review,label,id\n\"a \"\"b\"\" c, d\",1,7_8\n\"e\tf; g|h \\ i\",0,8_2\n"),
    ] {
        assert_eq!(say(name, table, &required()), expected, "{name}");
    }
    let unquoted = "sentiment\ttext\n1\t\"Great\" film\n0\tnot \"good\"\n";
    assert_eq!(
        say("glue.tsv", unquoted, &required()),
        ["glue.tsv:2 | + | \"Great\" film", "glue.tsv:3 | − | not \"good\""]
    );
    assert_eq!(say("unlabelled.data", "id,review\nr0,Good\n", &any()), ["r0 | - | Good"]);
    assert_eq!(say("one.data", "text\nGood\n", &any()), ["one.data:2 | - | Good"]);
}

#[test]
fn a_quote_out_of_place_refuses_its_row_and_no_other() {
    let csv = "review,label\n\"He said \"\"wow\"\"\",1\n\"He said \"wow\", twice\",1\nGood,1\n\"Two\nlines\" x,0\nBad,0\n";
    let fault = "a quote stands within a quoted cell, neither doubled nor escaped as in the rest of the table";
    assert_eq!(
        say("r.csv", csv, &required()),
        [
            "r.csv:2 | + | He said \"wow\"".to_owned(),
            format!("r.csv:3: {fault}"),
            "r.csv:4 | + | Good".to_owned(),
            format!("r.csv:5: {fault}"),
            "r.csv:7 | − | Bad".to_owned(),
        ]
    );
}

#[test]
fn labels_and_ids_are_one_list_for_every_layout() {
    let csv = "id,review,label\n5000,A,1.0\n5001,B,0.0\n5002,C,True\n5003,D,False\n5004,E,pos\n";
    let json = "{\"id\":5000,\"text\":\"A\",\"label\":1.0}\n{\"id\":5001,\"text\":\"B\",\"label\":0.0}\n{\"review_id\":\"5002\",\"review\":\"C\",\"sentiment\":true}\n{\"id\":5003,\"text\":\"D\",\"label\":\"False\"}\n{\"id\":5004,\"text\":\"E\",\"label\":\"pos\"}\n";
    let said = say("r.csv", csv, &required());
    assert_eq!(said, say("r.jsonl", json, &required()));
    assert_eq!(said[0], "5000 | + | A");
    for bad in ["0.5", "2.0", "nan"] {
        let row = say("r.csv", format!("review,label\nA,{bad}\n"), &required());
        assert!(row[0].contains("the label must be"), "{row:?}");
        let row = say("r.jsonl", format!("{{\"text\":\"A\",\"label\":\"{bad}\"}}\n"), &required());
        assert!(row[0].contains("label must be"), "{row:?}");
    }
    let both = say("r.jsonl", "{\"text\":\"A\",\"review\":\"A\",\"label\":1}\n", &required());
    assert!(both[0].contains("text and review are two names of one thing"), "{both:?}");
}
