use std::borrow::Cow;

use verdict_messages::{Decision, ModelRef, Position, TermContribution, Verdict};

use super::{
    flip::{Flip, flip},
    read::{percent, read},
    *,
};

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
        decision: None,
        known_terms: Some(3),
        source: Position::new("reviews", 3, 41),
        read_at: None,
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    }
}

fn page(text: &str, outcome: Outcome<'_>) -> String {
    Page { text, max_chars: 20_000, outcome }.render().expect("renders")
}

fn page_of(text: &str, verdict: &Verdict<'_>) -> String {
    page(
        text,
        Outcome::Verdict(Box::new(VerdictView::new(Some(text), verdict, None, Some("t0ken")))),
    )
}

#[test]
fn only_what_decides_is_marked_by_sign_and_strength_for_eyes_and_ears() {
    let terms = [("not great", 2.0), ("great", -0.5), ("dull", -1.0), ("film", 0.25)];
    let shown = verdict(Sentiment::Positive, 0.9, &terms);
    let html = page_of("Not great, but a dull film.", &shown);
    for part in [
        "<mark class=\"p3\" title=\"+1.500\">Not great<span class=\"hidden\"> (positive, +1.500)</span>\
         </mark>, but a ",
        "<mark class=\"n3\" title=\"\u{2212}1.000\">dull<span class=\"hidden\"> (negative, \u{2212}1.000)</span>\
         </mark> film.</blockquote>",
        "<bdi>not great</bdi><span>+2.000</span>",
    ] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
    assert_eq!(html.matches("but a ").count(), 1, "the text stands there once: {html}");
}

#[test]
fn no_more_than_twelve_phrases_are_marked() {
    let words: Vec<String> = (10..50).map(|number| format!("word{number}")).collect();
    let terms = words.iter().zip(0..).map(|(word, i)| TermContribution {
        term: Cow::Borrowed(word.as_str()),
        weight: 1.0 + 0.01 * f64::from(i),
    });
    let terms: Vec<_> = terms.collect();
    let text = words.join(" ");
    let read = read(&text, &terms).sentences;
    let marks =
        read.iter().flat_map(|sentence| &sentence.pieces).filter(|piece| piece.mark.is_some());
    assert_eq!(marks.count(), 12);
}

#[test]
fn sentences_have_their_leaning_where_a_review_is_mixed() {
    let terms = [("great", 1.0), ("dull", -1.5), ("nice", 0.0625)];
    let shown = verdict(Sentiment::Positive, 0.9, &terms);
    let html = page_of("A great start. The end is dull. Nice.", &shown);
    assert_eq!(html.matches("Leans ").count(), 2, "{html}");
    assert!(html.contains("Leans positive, +1.000: </span></span>A <mark"), "{html}");
    assert!(html.contains("Leans negative, \u{2212}1.500: </span></span>The end"), "{html}");
    let html = page_of("A great start. A nice end.", &shown);
    assert!(!html.contains("Leans "), "{html}");
}

#[test]
fn what_would_change_a_verdict_are_the_fewest_phrases_that_do() {
    let phrases = |list: &[(&str, f64)]| {
        list.iter().map(|(phrase, weight)| ((*phrase).to_owned(), *weight)).collect::<Vec<_>>()
    };
    let list = phrases(&[("good", 0.5), ("bad", -1.0), ("great", 1.0), ("fine", 0.75)]);
    // intercept 0.1, rest -0.2
    let terms = [("good", 0.5), ("bad", -1.0), ("great", 1.0), ("fine", 0.75)];
    let positive = verdict(Sentiment::Positive, 0.9, &terms);
    let without = |list: &[&str]| Some(Flip::Without(list.iter().map(|&p| p.to_owned()).collect()));
    assert_eq!(flip(&positive, list.clone()), without(&["great", "fine"]));
    let negative = verdict(Sentiment::Negative, 0.1, &[("bad", -1.0), ("good", 0.5)]);
    assert_eq!(flip(&negative, list.clone()), without(&["bad"]));
    let far = verdict(Sentiment::Negative, 0.1, &[("bad", -1.0), ("awful", -9.0)]);
    assert_eq!(flip(&far, list.clone()), Some(Flip::Stays(1)));
    assert_eq!(flip(&far, phrases(&[("good", 0.5)])), None, "nothing speaks for it");
    assert_eq!(flip(&negative, phrases(&[("bad", -1.0)])), without(&["bad"]));
    let unexplained = Verdict { explanation: None, ..negative };
    assert_eq!(flip(&unexplained, list), None);
    let html = page_of("great fine good bad", &positive);
    assert!(
        html.contains(
            "Without \u{201c}great\u{201d} and \u{201c}fine\u{201d} it would be negative."
        ),
        "{html}"
    );
}

#[test]
fn a_text_without_a_known_word_is_told_so() {
    let nothing = Verdict { known_terms: Some(0), ..verdict(Sentiment::Negative, 0.494, &[]) };
    let html = page_of("...", &nothing);
    assert!(html.contains("<h1 id=\"verdict\">I know none of these words</h1>"), "{html}");
    assert!(html.contains("of any text without a word it knows: negative, 50.6 %"), "{html}");
}

#[test]
fn what_is_too_close_to_call_is_said_so_with_what_speaks_for_each_side() {
    let decided = verdict(Sentiment::Negative, 0.41, &[("dull", -0.5), ("great", 0.25)]);
    let unsure = Verdict { decision: Some(Decision::Unsure), ..decided };
    let html = page_of("dull but great", &unsure);
    for part in ["<h1 id=\"verdict\">Too close to call</h1>", "leans to negative", "59.0 %"] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
    for part in ["class=\"card result unsure\"", "<h3>For positive</h3>", "<h3>For negative</h3>"] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
    let leans = Verdict { probability: 0.125, ..unsure };
    let html = page_of("dull but great", &leans);
    for part in ["<h1 id=\"verdict\">Probably negative</h1>", "87.5 %: not sure enough to decide"] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
}

#[test]
fn a_verdict_whose_text_is_not_at_hand_is_shown_without_it() {
    let shown = verdict(Sentiment::Positive, 0.9, &[("great", 2.0)]);
    let html = page("", Outcome::Verdict(Box::new(VerdictView::new(None, &shown, None, None))));
    assert!(html.contains("text is not at hand") && !html.contains("<blockquote"), "{html}");
    assert!(html.contains("Without \u{201c}great\u{201d} it would be negative"), "{html}");
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
        Outcome::Home(Some(evil.to_owned())),
        Outcome::Verdict(Box::new(VerdictView::new(
            Some(evil),
            &shown,
            Some(Sentiment::Positive),
            None,
        ))),
        Outcome::Labelled(Sentiment::Positive),
        Outcome::Problem(&problem, Some(evil)),
    ] {
        let html = page(evil, outcome);
        assert_eq!(html.matches("<script").count(), 1, "{html}");
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
        ["<script>", "style=", "<style", "onclick", "javascript:", "http://www", "https://"]
    {
        assert!(!html.contains(forbidden), "{forbidden} is in\n{html}");
    }
}

#[test]
fn the_text_stays_in_the_form_with_its_first_line_break() {
    let html = page("\nTwo\nlines", Outcome::Home(None));
    assert!(html.contains("English\">\n\nTwo\nlines</textarea>"), "{html}");
}

#[test]
fn every_class_of_the_markup_has_a_style() {
    let shown = verdict(Sentiment::Positive, 0.9, &[("great", 2.0), ("dull", -0.9)]);
    let problem = Problem::new(504, "late");
    let pages = [
        page_of("Great. And dull.", &shown),
        page("", Outcome::Home(Some("x".to_owned()))),
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
        let page = Page { text: "", max_chars, outcome: Outcome::Home(None) };
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
    for template in [
        include_str!("../../templates/base.html"),
        include_str!("../../templates/model.html"),
        include_str!("../../templates/status.html"),
        include_str!("../../templates/page.html"),
        include_str!("../../templates/verdict.html"),
    ] {
        assert!(!template.contains("safe") && !template.contains("escape"), "{template}");
    }
}

/// Relative luminance, by WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn texts_and_edges_of_controls_stand_out_in_both_themes() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for theme in [light, dark] {
        let colour = |name: &str| {
            let (_, value) = theme.split_once(&format!("--{name}: ")).unwrap();
            luminance(&value[..7])
        };
        let contrast = |one: &str, other: &str| {
            let (one, other) = (colour(one) + 0.05, colour(other) + 0.05);
            (one / other).max(other / one)
        };
        for ground in ["card", "page"] {
            for text in ["ink", "quiet", "brand", "plus", "minus"] {
                let found = contrast(text, ground);
                assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
            }
            let found = contrast("edge", ground);
            assert!(found >= 3.0, "edge on {ground}: {found:.2}");
        }
        assert!(contrast("brand", "brand-ink") >= 4.5);
    }
}
