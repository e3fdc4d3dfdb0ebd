//! A suite as it was typed, and what it means.

use super::fill::{Lists, fill};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use verdict_learning::behaviour::{Capability, Decided, Expected, Kind, Move, Suite, Test};
use verdict_params::{Check, ParamsError};

/// The file as it was typed.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSuite {
    #[serde(default = "unsure_within")]
    unsure_within: f64,
    #[serde(default)]
    lists: Lists,
    capabilities: Vec<RawCapability>,
}

fn unsure_within() -> f64 {
    0.15
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCapability {
    name: String,
    kind: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    known_failure: bool,
    tolerance: Option<f64>,
    tests: Vec<RawTests>,
}

/// Tests of which the same is expected.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTests {
    expect: Option<OneOrMore>,
    at_most: Option<f64>,
    texts: Vec<OneOrMore>,
}

/// A text, or a list of texts.
#[derive(Debug, Clone, PartialEq)]
struct OneOrMore(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a text or a list of texts (in quotes, where YAML takes it for something else)",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<OneOrMore, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = texts.next_element()? {
                    all.push(text);
                }
                Ok(OneOrMore(all))
            }
        }
        // By `any`, so that an error has the line of the text.
        deserializer.deserialize_any(Either)
    }
}

impl RawSuite {
    pub(super) fn check(self, file: &str) -> Result<Suite, ParamsError> {
        let mut check = Check::new(file);
        let within = self.unsure_within;
        check.that((0.0..=0.5).contains(&within), "unsure_within", "from 0 to 0.5", within);
        for (name, values) in &self.lists {
            let key = format!("lists.{name}");
            check.that(!values.is_empty(), &key, "at least one value", "an empty list");
        }
        let some = !self.capabilities.is_empty();
        check.that(some, "capabilities", "at least one capability", "an empty list");
        let mut names = BTreeSet::new();
        let mut capabilities = Vec::new();
        for (i, raw) in self.capabilities.into_iter().enumerate() {
            let name = raw.name.trim();
            let key = format!("capabilities[{i}].name");
            check.that(!name.is_empty(), &key, "a name", "a blank one");
            check.that(names.insert(name.to_owned()), &key, "another than those before it", name);
            capabilities.push(raw.check(&mut check, &self.lists));
        }
        let suite = Suite { name: file.to_owned(), unsure_within: within, capabilities };
        check.finish(Some(suite))
    }
}

impl RawCapability {
    fn check(self, check: &mut Check<'_>, lists: &Lists) -> Capability {
        let place = format!("capabilities.{}", self.name);
        let kinds = [Kind::Minimum, Kind::Invariance, Kind::Direction];
        let kind = check.word(
            &self.kind,
            &format!("{place}.kind"),
            kinds.map(|kind| (kind.as_str(), kind)),
        );
        if let Some(tolerance) = self.tolerance {
            let key = format!("{place}.tolerance");
            let is_fraction = (0.0..=1.0).contains(&tolerance);
            check.that(is_fraction, &key, "from 0 to 1", tolerance);
            let bound = "left out, as kind minimum has none";
            check.that(kind != Kind::Minimum, &key, bound, tolerance);
        }
        let key = format!("{place}.tests");
        check.that(!self.tests.is_empty(), &key, "at least one group of texts", "an empty list");
        let mut tests = Vec::new();
        for (i, raw) in self.tests.iter().enumerate() {
            let place = format!("{place}.tests[{i}]");
            let some = !raw.texts.is_empty();
            check.that(some, &format!("{place}.texts"), "at least one text", "an empty list");
            let expected = raw.expected(check, &place, kind, self.tolerance);
            for (j, texts) in raw.texts.iter().enumerate() {
                let place = format!("{place}.texts[{j}]");
                tests.extend(texts.tests(check, &place, kind, lists, &expected));
            }
        }
        let Self { name, description, known_failure, .. } = self;
        Capability { name: name.trim().to_owned(), kind, description, known_failure, tests }
    }
}

impl RawTests {
    fn expected(
        &self,
        check: &mut Check<'_>,
        place: &str,
        kind: Kind,
        tolerance: Option<f64>,
    ) -> Expected {
        let key = format!("{place}.expect");
        let words = self.expect.as_ref().map_or(&[][..], |words| &words.0);
        let got = || if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        if let Some(at_most) = self.at_most {
            let key = format!("{place}.at_most");
            let is_probability = (0.5..=1.0).contains(&at_most);
            check.that(is_probability, &key, "from 0.5 to 1", at_most);
            let bound = "left out, as only kind minimum has it";
            check.that(kind == Kind::Minimum, &key, bound, at_most);
        }
        match kind {
            Kind::Minimum => {
                let bound = "one or more of positive, negative and unsure";
                check.that(!words.is_empty(), &key, bound, got());
                let known = [Decided::Positive, Decided::Negative, Decided::Unsure];
                let known = known.map(|decided| (decided.as_str(), decided));
                let any_of = words.iter().map(|word| check.word(word, &key, known)).collect();
                Expected::Decision { any_of, at_most: self.at_most.unwrap_or(1.0) }
            }
            Kind::Invariance => {
                check.that(words.is_empty(), &key, "left out, as kind invariance has none", got());
                Expected::Same { tolerance: tolerance.unwrap_or(0.1) }
            }
            Kind::Direction => {
                let known = [Move::Up, Move::Down, Move::NotUp, Move::NotDown];
                let known = known.map(|to| (to.as_str(), to));
                let to = check.word(&got(), &key, known);
                Expected::Moves { to, tolerance: tolerance.unwrap_or(0.0) }
            }
        }
    }
}

impl OneOrMore {
    /// The tests that a text and its variations are, one for each filling.
    fn tests(
        &self,
        check: &mut Check<'_>,
        place: &str,
        kind: Kind,
        lists: &Lists,
        expected: &Expected,
    ) -> Vec<Test> {
        let texts = &self.0;
        let blank = texts.is_empty() || texts.iter().any(|text| text.trim().is_empty());
        check.that(!blank, place, "a text, or a list of texts", "a blank one");
        let rows = match fill(texts, lists) {
            Ok(rows) => rows,
            Err((bound, got)) => {
                check.that(false, place, bound, got);
                return Vec::new();
            }
        };
        // A template by itself: its fillings are the variations of each other.
        let rows = match texts.len() {
            1 if kind == Kind::Invariance => vec![rows.into_iter().flatten().collect()],
            _ => rows,
        };
        let mut tests = Vec::new();
        for row in rows {
            let n = row.len();
            let (holds, bound) = match kind {
                Kind::Minimum => (n == 1, "one text, as kind minimum has no variations"),
                Kind::Invariance => {
                    (n > 1, "[text, variation, …], or a template with a list of several values")
                }
                Kind::Direction => (n > 1, "[text, variation, …]"),
            };
            check.that(holds, place, bound, format_args!("{n}: {}", row.join(" | ")));
            let mut row = row.into_iter();
            if let Some(text) = row.next() {
                tests.push(Test { text, variations: row.collect(), expected: expected.clone() });
            }
        }
        tests
    }
}
