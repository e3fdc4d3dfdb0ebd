use std::borrow::Cow;

use verdict_messages::{ModelRef, Position, TermContribution, Verdict};

use super::{verdict::percent, *};

const STYLE: &str = include_str!("../../assets/verdict.css");

fn verdict(label: Sentiment, probability: f64, terms: &[(&'static str, f64)]) -> Verdict<'static> {
    let terms = terms.iter();
    let contribution = |&(term, weight): &_| TermContribution { term: Cow::Borrowed(term), weight };
    Verdict {
        id: "r/1".into(),
        label,
        probability,
        score: 1.5,
        model: ModelRef {
            name: "default".into(),
            version: "7".into(),
            sha256: "0123456789abcdef".into(),
        },
        explanation: Some(terms.map(contribution).collect()),
        intercept: Some(0.1),
        rest: Some(-0.2),
        source: Position::new("reviews", 3, 41),
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    }
}

fn page(text: &str, outcome: Outcome<'_>) -> String {
    Page { text, max_chars: 20_000, outcome }.render().expect("renders")
}

fn page_of(text: &str, verdict: &Verdict<'_>) -> String {
    page(text, Outcome::Verdict(Box::new(VerdictView::new(text, verdict))))
}

#[test]
fn words_are_marked_by_sign_and_strength() {
    let shown = verdict(Sentiment::Positive, 0.9, &[("great", 2.0), ("dull", -0.2)]);
    let html = page_of("Great but dull.", &shown);
    assert!(html.contains("<mark class=\"p4\" title=\"+2.000\">Great</mark> but "), "{html}");
    assert!(html.contains("<mark class=\"n1\" title=\"\u{2212}0.200\">dull</mark>."), "{html}");
    assert!(html.contains("<bdi>great</bdi><span>+2.000</span>"), "{html}");
}

#[test]
fn the_buttons_send_the_label_and_its_opposite() {
    for (label, right, wrong) in [
        (Sentiment::Positive, "positive", "negative"),
        (Sentiment::Negative, "negative", "positive"),
    ] {
        let shown = verdict(label, 0.9, &[]);
        let html = page_of("x", &shown);
        for part in [
            "name=\"id\" value=\"r/1\"".to_owned(),
            format!("name=\"label\" value=\"{right}\">Right<"),
            format!("name=\"label\" value=\"{wrong}\">Wrong: it is {wrong}<"),
        ] {
            assert!(html.contains(&part), "{part} is not in\n{html}");
        }
    }
}

#[test]
fn nothing_that_came_from_outside_becomes_markup() {
    let evil = "\"><script>alert(1)</script><textarea></textarea>&'";
    let mut shown = verdict(Sentiment::Negative, 0.2, &[("script", -1.0)]);
    shown.id = evil.into();
    shown.model.name = evil.into();
    shown.explanation = Some(vec![TermContribution { term: evil.into(), weight: -1.0 }]);
    let problem = Problem::new(422, evil).with_detail(evil);
    for outcome in [
        Outcome::None,
        Outcome::Verdict(Box::new(VerdictView::new(evil, &shown))),
        Outcome::Labelled(Sentiment::Positive),
        Outcome::Problem(&problem, Some(evil)),
    ] {
        let html = page(evil, outcome);
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("alert(1)</s"), "{html}");
        assert_eq!(html.matches("<textarea").count(), 1, "{html}");
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
    }
}

#[test]
fn the_page_obeys_its_own_content_security_policy() {
    let shown = verdict(Sentiment::Positive, 0.9, &[("great", 2.0)]);
    let html = page_of("great", &shown);
    for forbidden in
        ["<script", "style=", "<style", "onclick", "javascript:", "http://www", "https://"]
    {
        assert!(!html.contains(forbidden), "{forbidden} is in\n{html}");
    }
}

#[test]
fn the_text_stays_in_the_form_with_its_first_line_break() {
    let html = page("\nTwo\nlines", Outcome::None);
    assert!(html.contains("English\">\n\nTwo\nlines</textarea>"), "{html}");
}

#[test]
fn every_class_of_the_markup_has_a_style() {
    let shown = verdict(Sentiment::Positive, 0.9, &[("great", 2.0), ("dull", -0.2)]);
    let problem = Problem::new(504, "late");
    let pages = [
        page_of("great and dull", &shown),
        page("", Outcome::Labelled(Sentiment::Negative)),
        page("", Outcome::Problem(&problem, Some("/x"))),
    ];
    for html in pages {
        for classes in html.split("class=\"").skip(1) {
            for class in classes.split('"').next().unwrap_or_default().split(' ') {
                assert!(STYLE.contains(&format!(".{class}")), ".{class}");
            }
        }
    }
}

#[test]
fn no_probability_is_shown_as_certain() {
    for (probability, shown) in
        [(1.0, "over 99.9 %"), (0.9994, "over 99.9 %"), (0.5, "50.0 %"), (0.0, "under 0.1 %")]
    {
        assert_eq!(percent(probability), shown);
    }
    for (max_chars, shown) in [(20_000, "20,000"), (999, "999"), (1_234_567, "1,234,567")] {
        let page = Page { text: "", max_chars, outcome: Outcome::None };
        assert_eq!(page.grouped_max_chars(), shown);
    }
}

#[test]
fn a_verdict_without_explanation_still_makes_a_page() {
    let explained = verdict(Sentiment::Negative, 0.4, &[]);
    let shown = Verdict { explanation: None, intercept: None, rest: None, ..explained };
    let html = page_of("some text", &shown);
    assert!(html.contains(">some text</blockquote>"), "{html}");
    assert!(!html.contains("What decided it"), "{html}");
}

#[test]
fn no_template_turns_escaping_off() {
    for template in
        [include_str!("../../templates/page.html"), include_str!("../../templates/verdict.html")]
    {
        assert!(!template.contains("safe") && !template.contains("escape"), "{template}");
    }
}
