//! What may be written in a suite, and what is said of the rest.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use verdict_learning::behaviour::{Kind, Test};

/// A suite with one capability, its lines indented by four.
fn one(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "lists: {{who: [Ann, Bo], where: [Rome, Oslo, Bern]}}\ncapabilities:\n  - name: c\n{lines}"
    )
}

fn tests_of(lines: &str) -> Vec<Test> {
    parse(&one(lines), "s.yaml").unwrap().capabilities.remove(0).tests
}

fn texts(tests: &[Test]) -> Vec<Vec<&str>> {
    let rows = tests.iter().map(|test| {
        let all = std::iter::once(&test.text).chain(&test.variations);
        all.map(String::as_str).collect()
    });
    rows.collect()
}

#[test]
fn each_combination_of_values_is_a_test_and_the_texts_of_one_test_share_them() {
    let filled = tests_of(
        "kind: minimum\ntests: [{expect: positive, texts: [\"{who} in {where}, {who}\", \"{{who}}\"]}]",
    );
    assert_eq!(
        texts(&filled),
        [
            ["Ann in Rome, Ann"],
            ["Ann in Oslo, Ann"],
            ["Ann in Bern, Ann"],
            ["Bo in Rome, Bo"],
            ["Bo in Oslo, Bo"],
            ["Bo in Bern, Bo"],
            ["{who}"]
        ]
    );
    let pairs = tests_of("kind: invariance\ntests: [{texts: [[\"{who} acts\", \"{who} atcs\"]]}]");
    assert_eq!(texts(&pairs), [["Ann acts", "Ann atcs"], ["Bo acts", "Bo atcs"]]);
    let alone = tests_of("kind: invariance\ntests: [{texts: [\"In {where}\"]}]");
    assert_eq!(texts(&alone), [["In Rome", "In Oslo", "In Bern"]]);
}

#[test]
fn what_is_wrong_is_stated_with_place_value_and_what_to_do() {
    let minimum = |texts: &str| one(&format!("kind: minimum\ntests: [{texts}]"));
    let table = [
        ("capabilities: [", &["s.yaml", "line 2"][..]),
        ("just words", &["s.yaml", "just words", "RawSuite"]),
        ("", &["s.yaml"]),
        ("tests: []", &["s.yaml", "unknown field `tests`", "`capabilities`"]),
        ("capabilities: []", &["capabilities must be at least one capability, got an empty list"]),
        ("lists: {a: []}\ncapabilities: []", &["lists.a must be at least one value"]),
        ("unsure_within: 0.6\ncapabilities: []", &["unsure_within must be from 0 to 0.5, got 0.6"]),
        (
            &one("kind: minmum\ntests: [{expect: positive, texts: [a film]}]"),
            &["capabilities.c.kind must be minimum, invariance or direction, got minmum (s.yaml)"],
        ),
        (&one("kind: minimum\ntests: []"), &["capabilities.c.tests must be at least one group"]),
        (&one("kind: minimum\ntets: []"), &["unknown field `tets`", "line 5"]),
        (
            &minimum("{expect: positive, texts: []}"),
            &["capabilities.c.tests[0].texts must be at least one text, got an empty list"],
        ),
        (&minimum("{texts: [a film]}"), &["c.tests[0].expect must be one or more of positive"]),
        (
            &minimum("{expect: good, texts: [a film]}"),
            &["c.tests[0].expect must be positive, negative or unsure, got good"],
        ),
        (
            &minimum("{expect: positive, at_most: 0.2, texts: [a film]}"),
            &["c.tests[0].at_most must be from 0.5 to 1, got 0.2"],
        ),
        (
            &minimum("{expect: positive, texts: [a film, \" \"]}"),
            &["c.tests[0].texts[1] must be a text, or a list of texts, got a blank one"],
        ),
        (
            &minimum("{expect: positive, texts: [[a film, a movie]]}"),
            &["c.tests[0].texts[0] must be one text", "got 2: a film | a movie"],
        ),
        (
            &minimum("{expect: positive, texts: [1984]}"),
            &["1984", "a text or a list of texts (in quotes"],
        ),
        (
            &minimum("{expect: positive, texts: [\"by {whom}\"]}"),
            &[
                "c.tests[0].texts[0] must be in braces the name of one of `lists` (where, who)",
                "got {whom}",
            ],
        ),
        (&minimum("{expect: positive, texts: [\"{who\"]}"), &["each { has its }", "got {who"]),
        (&minimum("{expect: positive, texts: [\"who}\"]}"), &["each { has its }", "got who}"]),
        (
            &one("kind: minimum\ntolerance: 0.1\ntests: [{expect: positive, texts: [a film]}]"),
            &["capabilities.c.tolerance must be left out"],
        ),
        (
            &one("kind: invariance\ntolerance: 2\ntests: [{texts: [[a, b]]}]"),
            &["capabilities.c.tolerance must be from 0 to 1, got 2"],
        ),
        (
            &one("kind: invariance\ntests: [{texts: [a film]}]"),
            &["c.tests[0].texts[0] must be [text, variation, …], or a template", "got 1: a film"],
        ),
        (
            &one("kind: invariance\ntests: [{expect: up, texts: [[a, b]]}]"),
            &["c.tests[0].expect must be left out, as kind invariance has none, got up"],
        ),
        (
            &one("kind: direction\ntests: [{expect: sideways, texts: [[a, b]]}]"),
            &["c.tests[0].expect must be up, down, not_up or not_down, got sideways"],
        ),
        (
            &one("kind: direction\ntests: [{expect: up, at_most: 0.9, texts: [[a, b]]}]"),
            &["c.tests[0].at_most must be left out"],
        ),
        (
            &one("kind: direction\ntests: [{texts: [a film]}]"),
            &["c.tests[0].expect must be up, down", "got nothing", "texts[0] must be [text, var"],
        ),
        (
            "capabilities:\n- {name: a, kind: invariance, tests: [{texts: [[a, b]]}]}\n\
             - {name: a, kind: invariance, tests: [{texts: [[a, b]]}]}",
            &["capabilities[1].name must be another than those before it, got a"],
        ),
    ];
    for (text, parts) in table {
        let says = parse(text, "s.yaml").unwrap_err().to_string();
        for part in parts {
            assert!(says.contains(part), "{text}\n{part:?} in {says}");
        }
    }
    let many: Vec<String> = (0..40).map(|i| format!("\"{i}\"")).collect();
    let many = many.join(", ");
    let text = format!(
        "lists: {{a: [{many}], b: [{many}]}}\ncapabilities: [{{name: c, kind: minimum, tests: \
         [{{expect: positive, texts: [\"{{a}} {{b}}\"]}}]}}]"
    );
    let says = parse(&text, "s.yaml").unwrap_err().to_string();
    assert!(says.contains("at most 1000 texts when filled in, got 1600"), "{says}");
}

#[test]
fn the_example_in_the_documentation_is_a_suite() {
    let text = include_str!("../../../docs/behaviour.md");
    let example = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let suite = parse(example.unwrap(), "the example").unwrap();
    let counts = suite.capabilities.iter().map(|one| (one.kind, one.tests.len()));
    let expected =
        [(Kind::Minimum, 5), (Kind::Invariance, 2), (Kind::Direction, 1), (Kind::Minimum, 1)];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
}

#[test]
fn the_suites_that_are_ours_have_three_hundred_texts_each_in_one_part() {
    let held_out = include_str!("../../tests/behaviour-held-out.yaml");
    let written = |yaml: &str| -> BTreeSet<String> {
        // Before they are filled in.
        fn walk(value: &serde_yaml_ng::Value, texts: &mut BTreeSet<String>) {
            match value {
                serde_yaml_ng::Value::String(text) => {
                    texts.insert(text.clone());
                }
                serde_yaml_ng::Value::Sequence(all) => all.iter().for_each(|one| walk(one, texts)),
                serde_yaml_ng::Value::Mapping(keys) => {
                    let nested = ["capabilities", "tests", "texts"];
                    let known = nested.iter().filter_map(|key| keys.get(*key));
                    known.for_each(|value| walk(value, texts));
                }
                _ => {}
            }
        }
        let mut texts = BTreeSet::new();
        walk(&serde_yaml_ng::from_str(yaml).unwrap(), &mut texts);
        texts
    };
    let (ours, theirs) = (written(include_str!("default.yaml")), written(held_out));
    assert!(ours.is_disjoint(&theirs), "{:?}", ours.intersection(&theirs));
    assert!(ours.len() >= 300 && theirs.len() >= 150, "{} and {}", ours.len(), theirs.len());
    let names = |suite: &Suite| -> Vec<(String, Kind)> {
        suite.capabilities.iter().map(|one| (one.name.clone(), one.kind)).collect()
    };
    let default = read(DEFAULT).unwrap();
    assert_eq!(names(&default), names(&parse(held_out, "held out").unwrap()));
    assert!(default.capabilities.iter().all(|one| !one.description.is_empty()));
}

proptest! {
    #[test]
    fn any_text_is_a_suite_or_an_error_that_names_its_file(text in "\\PC*|(capabilities|lists|- |: |\\[|\\{|\n|a)*") {
        if let Err(error) = parse(&text, "s.yaml") {
            prop_assert!(error.to_string().contains("s.yaml"), "{}", error);
        }
    }

    #[test]
    fn any_template_fills_or_says_why(template in "([a-z ]|\\{|\\}|\\{who\\}|\\{\\{)*") {
        let text = serde_json::to_string(&template).unwrap();
        let yaml = one(&format!("kind: minimum\ntests: [{{expect: unsure, texts: [{text}]}}]"));
        match parse(&yaml, "s.yaml") {
            Ok(suite) => {
                let n = suite.capabilities[0].tests.len();
                prop_assert_eq!(n, if template.replace("{{", "").contains("{who}") { 2 } else { 1 });
            }
            Err(error) => prop_assert!(error.to_string().contains("c.tests[0].texts[0]"), "{}", error),
        }
    }
}
