//! The files of a report: well-formed, escaped, and numbers for any reviews.

use crate::made::reviews;
use proptest::prelude::*;
use roxmltree::{Document, Node};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use verdict_learning::corpus::Corpus;
use verdict_sentiment::Model;
use verdict_trainer::params::Params;
use verdict_trainer::report::evaluation::Evaluation;
use verdict_trainer::report::files;
use verdict_trainer::training::train;

const PICTURES: [&str; 6] = [
    "plots/roc.svg",
    "plots/precision_recall.svg",
    "plots/calibration.svg",
    "plots/confusion.svg",
    "plots/terms.svg",
    "plots/length.svg",
];

fn made(n: usize) -> Corpus {
    let rows = reviews(n).into_iter();
    Corpus::with_ids(rows.map(|review| (review.id, review.text, review.positive)))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let yaml = "feature_engineering: {max_features: 300}";
        let params = Params::from_yaml(yaml, "params.yaml").unwrap();
        // A name that would be markup if it were not escaped.
        let trained = train(&made(400), &params, "a<b>&\"c").unwrap();
        Model::from_bytes(&trained.artifact).unwrap()
    })
}

fn render(corpus: &Corpus) -> BTreeMap<&'static str, String> {
    let evaluation = Evaluation::new(model(), corpus);
    let files = files::render(&evaluation).unwrap();
    files.into_iter().map(|file| (file.path, file.text)).collect()
}

/// Reads the page as XML, which it is but for its first line.
fn page(files: &BTreeMap<&str, String>) -> String {
    let html = &files["report.html"];
    let (first, rest) = html.split_once('\n').unwrap();
    assert_eq!(first, "<!doctype html>");
    rest.to_owned()
}

fn names<'d>(document: &'d Document<'_>) -> impl Iterator<Item = &'d str> {
    document.descendants().filter(Node::is_element).map(|node| node.tag_name().name())
}

/// Nothing that runs, and nothing that is fetched.
fn assert_is_self_contained(document: &Document<'_>) {
    assert!(
        names(document)
            .all(|name| !["script", "link", "img", "iframe", "image", "use"].contains(&name))
    );
    for node in document.descendants() {
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && name != "href" && name != "src", "{name}");
        }
    }
}

#[test]
fn pictures_are_well_formed_and_say_what_they_show() {
    let files = render(&made(300));
    for path in PICTURES {
        let document = Document::parse(&files[path]).unwrap_or_else(|e| panic!("{path}: {e}"));
        let svg = document.root_element();
        assert!(svg.has_tag_name(("http://www.w3.org/2000/svg", "svg")));
        assert_eq!(svg.attribute("role"), Some("img"));
        let ids: Vec<&str> = svg.attribute("aria-labelledby").unwrap().split(' ').collect();
        for (id, tag) in ids.iter().zip(["title", "desc"]) {
            let mut nodes = svg.children().filter(|node| node.attribute("id") == Some(id));
            let node = nodes.next().unwrap();
            assert_eq!(node.tag_name().name(), tag);
            assert!(node.text().unwrap().len() > 5, "{path}");
        }
        let styles = names(&document).filter(|&name| name == "style").count();
        assert_eq!(styles, 1, "{path}");
        assert!(files[path].contains("prefers-color-scheme:dark"));
        assert!(!files[path].contains("NaN") && !files[path].contains("inf"), "{path}");
        assert_is_self_contained(&document);
    }
}

#[test]
fn the_page_holds_all_of_the_report_and_needs_nothing_else() {
    let files = render(&made(300));
    let page = page(&files);
    let document = Document::parse(&page).unwrap();
    assert_is_self_contained(&document);
    assert_eq!(names(&document).filter(|&name| name == "svg").count(), PICTURES.len());
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "no id stands twice: {ids:?}");
    for part in [
        model().identity().sha256.as_str(),
        made(300).sha256.as_str(),
        "a&lt;b&gt;&amp;&quot;c",
        "max_features",
        "Thresholds",
        "exclamation",
        "<mark class=",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn reviews_and_ids_are_text_whatever_they_hold() {
    let mut corpus = made(60);
    let text = "<script>alert(1)</script> superb </blockquote> & \"superb\" \u{1}\u{c}\u{0} superb ]]> <!--";
    for i in 0..8 {
        corpus.texts[i] = format!("{text} {i}");
        corpus.ids[i] = format!("<img src=x onerror=alert({i})>");
        corpus.labels[i] = false;
    }
    let files = render(&corpus);
    let page = page(&files);
    let document = Document::parse(&page).unwrap();
    assert_is_self_contained(&document);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is shown");
    assert!(page.contains("&lt;img src=x onerror=alert("));
    for (path, text) in &files {
        assert!(!text.contains("<script") && !text.contains("<img"), "{path}");
    }
}

#[test]
fn data_files_are_arrays_of_equal_objects_under_the_name_of_the_file() {
    let files = render(&made(400));
    for (name, keys) in [
        ("roc", vec!["fpr", "threshold", "tpr"]),
        ("precision_recall", vec!["precision", "recall", "threshold"]),
        ("calibration", vec!["actual", "n", "predicted"]),
        ("terms", vec!["side", "term", "weight"]),
    ] {
        let text = &files[format!("plots/{name}.json").as_str()];
        let value: Value = serde_json::from_str(text).unwrap();
        let rows = value[name].as_array().unwrap();
        assert!(rows.len() > 3 && rows.len() <= 400, "{name}");
        for row in rows {
            let mut found: Vec<&String> = row.as_object().unwrap().keys().collect();
            found.sort();
            assert_eq!(found, keys, "{name}");
            assert!(row.as_object().unwrap().values().all(|x| !x.is_null()), "{name}");
        }
    }
    let csv = &files["plots/confusion.csv"];
    assert_eq!(csv.lines().next(), Some("actual,predicted"));
    assert_eq!(csv.lines().count(), 401);
    let right = csv.lines().filter(|row| matches!(*row, "positive,positive" | "negative,negative"));
    let metrics: Value = serde_json::from_str(&files["metrics.json"]).unwrap();
    assert_eq!(
        right.count() as u64,
        metrics["tp"].as_u64().unwrap() + metrics["tn"].as_u64().unwrap()
    );
}

#[test]
fn one_class_and_one_review_give_a_report_without_a_number_that_is_made_up() {
    for (n, label) in [(1, true), (1, false), (40, true), (40, false)] {
        let mut corpus = made(n);
        corpus.labels.fill(label);
        let files = render(&corpus);
        for path in PICTURES {
            Document::parse(&files[path]).unwrap();
            assert!(!files[path].contains("NaN"), "{path}");
        }
        Document::parse(&page(&files)).unwrap();
        assert!(files["plots/roc.svg"].contains("needs reviews of both classes"));
        let metrics: Value = serde_json::from_str(&files["metrics.json"]).unwrap();
        assert!(metrics["auc"].is_null(), "{metrics}");
        let why = ["all reviews are negative", "all reviews are positive"][usize::from(label)];
        assert_eq!(metrics["undefined"]["auc"], why);
        let tile = format!("–</span> <span class=\"label\">Area under ROC: not defined, {why}<");
        assert!(page(&files).contains(&tile));
        assert!(files["plots/confusion.svg"].contains("no review in the row"));
        let curve = &files["plots/precision_recall.svg"];
        assert_eq!(curve.contains("needs positive reviews"), !label);
        for (name, value) in metrics.as_object().unwrap() {
            let is_told = !metrics["undefined"][name].is_null();
            assert_eq!(value.is_null(), is_told, "{name} in {metrics}");
        }
    }
}

#[test]
fn the_same_reviews_give_the_same_bytes() {
    assert_eq!(render(&made(200)), render(&made(200)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_gives_a_page_that_can_be_read(texts in prop::collection::vec(".{0,60}|(superb|awful|<b>|&|\u{0}|\u{fffe}| ){1,30}", 1..12)) {
        let rows = texts.into_iter().enumerate().map(|(i, text)| (text.clone(), text, i % 2 == 0));
        let corpus = Corpus::with_ids(rows);
        let files = render(&corpus);
        let page = page(&files);
        prop_assert!(Document::parse(&page).is_ok(), "{:?}", Document::parse(&page).err());
    }
}
