//! How a table is written: what separates its columns, and what its quotes mean.
//!
//! Both are derived from the table itself, since no two tools agree. The separator is the one that
//! makes the most known names of the header. Of quotes there are three uses: doubled within a
//! quoted cell (RFC 4180), escaped there by a backslash (Kaggle's `labeledTrainData.tsv`, Spark),
//! or none at all (GLUE's `.tsv`). Each is tried on the start of the table, and the first that
//! finds no quote out of place is taken.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// Names of the columns that are read, in lower case.
pub(crate) const TEXT_COLUMNS: [&str; 2] = ["review", "text"];
pub(crate) const LABEL_COLUMNS: [&str; 2] = ["sentiment", "label"];
pub(crate) const ID_COLUMNS: [&str; 2] = ["id", "review_id"];

const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    pub(crate) quotes: Quotes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    Doubled,
    Escaped,
    None,
}

impl Dialect {
    /// The dialect of a table that begins with `start`, some rows if they are there.
    pub(crate) fn of(start: &[u8]) -> Self {
        let header = first_line(start);
        let known =
            |separator: &u8| names(header, *separator).filter(|name| is_known(name)).count();
        let separator = SEPARATORS
            .into_iter()
            // The first of several, which `max_by_key` would not give.
            .rev()
            .max_by_key(known)
            .unwrap_or(b',');
        let tried = [Quotes::Doubled, Quotes::Escaped, Quotes::None];
        let quotes = tried
            .into_iter()
            // A comma stands in most texts: without quotes the columns would shift.
            .filter(|quotes| *quotes != Quotes::None || separator == b'\t')
            .min_by_key(|quotes| {
                let mut scan = Scan::new(Self { separator, quotes: *quotes });
                start.iter().for_each(|byte| scan.step(*byte));
                scan.faults.len()
            })
            .unwrap_or(Quotes::Doubled);
        Self { separator, quotes }
    }
}

/// Whether the first line of `start` is the header of a table: a known name among others that look
/// like names, two known ones, or the name of the text alone.
pub(crate) fn has_header(start: &[u8]) -> bool {
    let header = first_line(start);
    SEPARATORS.into_iter().any(|separator| {
        let names: Vec<String> = names(header, separator).collect();
        let known = names.iter().filter(|name| is_known(name)).count();
        let is_name = |name: &String| {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            name.chars().all(plain)
        };
        match names.as_slice() {
            [only] => TEXT_COLUMNS.contains(&only.as_str()),
            _ => known >= 2 || (known == 1 && names.iter().all(is_name)),
        }
    })
}

/// The first line that is not blank.
pub(crate) fn first_line(start: &[u8]) -> &[u8] {
    start
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

fn names(header: &[u8], separator: u8) -> impl Iterator<Item = String> {
    header.split(move |byte| *byte == separator).map(column_name)
}

/// The name of a column, as names are compared.
pub(crate) fn column_name(cell: &[u8]) -> String {
    let name = String::from_utf8_lossy(cell);
    name.trim_matches(|c: char| c == '"' || c.is_whitespace()).to_lowercase()
}

fn is_known(name: &str) -> bool {
    [TEXT_COLUMNS, LABEL_COLUMNS, ID_COLUMNS].iter().any(|names| names.contains(&name))
}

/// Scans a table byte by byte and records the lines with a quote out of place.
struct Scan {
    dialect: Dialect,
    state: State,
    line: u64,
    faults: VecDeque<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Unquoted,
    Quoted,
    /// Behind a backslash in a quoted cell.
    Backslash,
    /// Behind a quote in a quoted cell: its end, or the first of two.
    Quote,
}

impl Scan {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, state: State::CellStart, line: 1, faults: VecDeque::new() }
    }

    fn step(&mut self, byte: u8) {
        use State::{Backslash, CellStart, Quote, Quoted, Unquoted};
        let Dialect { separator, quotes } = self.dialect;
        let ends_cell = byte == separator || byte == b'\n';
        self.state = match (self.state, byte) {
            (Quoted, b'"') => Quote,
            (Quoted, b'\\') if quotes == Quotes::Escaped => Backslash,
            (Quoted | Backslash, _) => Quoted,
            (Quote, b'"') => Quoted,
            (_, _) if ends_cell => CellStart,
            (CellStart, b'"') if quotes != Quotes::None => Quoted,
            (Quote, b'\r' | b' ') => Quote,
            (Quote, _) => {
                self.faults.push_back(self.line);
                Unquoted
            }
            (CellStart | Unquoted, _) => Unquoted,
        };
        self.line += u64::from(byte == b'\n');
    }
}

/// Rewrites a table for the CSV reader: escaped quotes become doubled ones.
///
/// The CSV reader has an option for the backslash, but then drops it before every other character
/// too, where the writers of such tables keep it.
pub(crate) struct Requoted<R> {
    input: R,
    scan: Scan,
}

impl<R: BufRead> Requoted<R> {
    pub(crate) fn new(input: R, dialect: Dialect) -> Self {
        Self { input, scan: Scan::new(dialect) }
    }

    /// Whether a quote is out of place in any line up to `last` that was not asked for yet.
    pub(crate) fn is_faulty(&mut self, last: u64) -> bool {
        let faults = &mut self.scan.faults;
        let within = faults.iter().take_while(|line| **line <= last).count();
        faults.drain(..within).count() > 0
    }
}

impl<R: BufRead> Read for Requoted<R> {
    /// `out` must have room for two bytes: a held backslash, and what follows it.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().saturating_sub(1);
        let mut places = out.iter_mut();
        let mut written = 0;
        let mut put = |byte| {
            if let Some(place) = places.next() {
                *place = byte;
                written += 1;
            }
            written
        };
        loop {
            let input = self.input.fill_buf()?;
            if input.is_empty() {
                let held = self.scan.state == State::Backslash;
                self.scan.state = State::Quoted;
                return Ok(if held { put(b'\\') } else { 0 });
            }
            let (mut used, mut done) = (0, 0);
            for &byte in input {
                if done >= most {
                    break;
                }
                used += 1;
                let held = self.scan.state == State::Backslash;
                self.scan.step(byte);
                if held {
                    done = put(if byte == b'"' { b'"' } else { b'\\' });
                }
                if self.scan.state != State::Backslash {
                    done = put(byte);
                }
            }
            self.input.consume(used);
            if done > 0 {
                return Ok(done);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn a_dialect_is_told_from_the_table() {
        use Quotes::{Doubled, Escaped, None};
        for (table, separator, quotes) in [
            ("review,sentiment\nGood,1\n", b',', Doubled),
            ("review;sentiment\nGood, yes;1\n", b';', Doubled),
            ("review|label\n\"a \"\"b\"\" c\"|1\n", b'|', Doubled),
            ("\n\"id\"\t\"review\"\n\"a\"\t\"b\"\n", b'\t', Doubled),
            ("id\treview\na\t\"b \\\"c\\\" d\"\n", b'\t', Escaped),
            ("text,label\n\"b \\\"c, d\\\" e\",1\n", b',', Escaped),
            ("id\treview\na\t\"b\" c\n", b'\t', None),
            ("text,label\n\"b\" c,1\n", b',', Doubled),
            ("C:\\,text\n\"C:\\\",\"b\"\n", b',', Doubled),
            ("stars,body\n5,Good\n", b',', Doubled),
        ] {
            assert_eq!(Dialect::of(table.as_bytes()), Dialect { separator, quotes }, "{table:?}");
        }
    }

    #[test]
    fn escaped_quotes_are_doubled_and_other_backslashes_stay() {
        let table = r#"text,label
"a \"b\" c:\d e\\f",1
g \"h,0
"open \"#;
        let dialect = Dialect { separator: b',', quotes: Quotes::Escaped };
        let expected = r#"text,label
"a ""b"" c:\d e\\f",1
g \"h,0
"open \"#;
        for (from, into) in [(1, 2), (2, 3), (3, 64), (64, 2), (64, 64)] {
            let mut reader =
                Requoted::new(BufReader::with_capacity(from, table.as_bytes()), dialect);
            let (mut text, mut out) = (Vec::new(), vec![0; into]);
            loop {
                let n = reader.read(&mut out).unwrap();
                if n == 0 {
                    break;
                }
                text.extend_from_slice(&out[..n]);
            }
            assert_eq!(String::from_utf8(text).unwrap(), expected, "{from} {into}");
        }
    }

    #[test]
    fn a_header_is_known_by_its_names() {
        for (line, is_header) in [
            ("id\tsentiment\treview", true),
            ("id,review", true),
            ("\"Text\";\"stars\"", true),
            ("review", true),
            ("sentence\tlabel", true),
            ("Good, text and all", false),
            ("The review, a label and an id", false),
            ("label", false),
            ("A fine film", false),
            ("", false),
        ] {
            assert_eq!(has_header(line.as_bytes()), is_header, "{line}");
        }
    }
}
