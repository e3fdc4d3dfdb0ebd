//! The part of the page that answers: the label, how sure, which words, and the sum that gives the score.

use verdict_messages::{Problem, Sentiment, TermContribution, Verdict};

use super::{escape::Html, highlight};

// The list beside the text; all terms stand in the table below it.
const STRONGEST: usize = 8;

/// One line: `Positive, 97.3 %`.
pub(super) fn summary(verdict: &Verdict<'_>) -> String {
    let sure = match verdict.label {
        Sentiment::Positive => verdict.probability,
        Sentiment::Negative => 1.0 - verdict.probability,
    };
    format!("{}, {}", word(verdict.label), percent(sure))
}

pub(super) fn problem(html: &mut Html, problem: &Problem, location: Option<&str>) {
    html.raw("<section class=\"card alert\" role=\"alert\" aria-labelledby=\"problem\">\n<h1 id=\"problem\">");
    html.text(&problem.title).raw("</h1>\n");
    if let Some(detail) = &problem.detail {
        html.raw("<p dir=\"auto\">").text(sentence(detail)).raw("</p>\n");
    }
    if let Some(location) = location {
        html.raw("<p><a href=\"").text(location).raw("\">Ask for the verdict again</a></p>\n");
    }
    html.raw("</section>\n");
}

/// Thanks for a label.
pub(super) fn labelled(html: &mut Html, label: Sentiment) {
    html.raw("<section class=\"card\" role=\"status\" aria-labelledby=\"noted\">\n<h1 id=\"noted\">Noted: ");
    html.text(word(label))
        .raw("</h1>\n<p>Thank you. The next model learns from it.</p>\n</section>\n");
}

pub(super) fn verdict(html: &mut Html, text: &str, verdict: &Verdict<'_>) {
    html.raw(match verdict.label {
        Sentiment::Positive => {
            "<section class=\"card result positive\" aria-labelledby=\"verdict\">\n"
        }
        Sentiment::Negative => {
            "<section class=\"card result negative\" aria-labelledby=\"verdict\">\n"
        }
    });
    html.raw("<div class=\"says\"><span class=\"face\" aria-hidden=\"true\">");
    html.raw(match verdict.label {
        Sentiment::Positive => FACE_UP,
        Sentiment::Negative => FACE_DOWN,
    });
    html.raw("</span><div><h1 id=\"verdict\">").text(word(verdict.label));
    html.raw("</h1><p>").text(confidence(verdict)).raw("</p></div></div>\n");
    gauge(html, verdict.probability);
    feedback(html, verdict);
    let terms = verdict.explanation.as_deref().unwrap_or_default();
    marked_text(html, text, terms);
    if !terms.is_empty() {
        strongest(html, terms);
    }
    arithmetic(html, verdict, terms);
    html.raw("</section>\n");
}

const FACE_UP: &str = "<svg viewBox=\"0 0 48 48\" width=\"56\" height=\"56\"><circle cx=\"24\" cy=\"24\" r=\"22\"/>\
    <path d=\"M14 28c3 7 17 7 20 0M17 18v2M31 18v2\"/></svg>";
const FACE_DOWN: &str = "<svg viewBox=\"0 0 48 48\" width=\"56\" height=\"56\"><circle cx=\"24\" cy=\"24\" r=\"22\"/>\
    <path d=\"M14 34c3-7 17-7 20 0M17 18v2M31 18v2\"/></svg>";

fn confidence(verdict: &Verdict<'_>) -> String {
    let (sure, label) = match verdict.label {
        Sentiment::Positive => (verdict.probability, "positive"),
        Sentiment::Negative => (1.0 - verdict.probability, "negative"),
    };
    let how = match sure {
        sure if sure >= 0.95 => "Very clear",
        sure if sure >= 0.8 => "Clear",
        sure if sure >= 0.6 => "Leaning",
        _ => "Close to a coin toss",
    };
    format!("{how}: {label} with a probability of {}", percent(sure))
}

/// Two buttons: the verdict is right, or it is wrong. What they send is the label itself, so nothing has to be remembered.
fn feedback(html: &mut Html, verdict: &Verdict<'_>) {
    let other = match verdict.label {
        Sentiment::Positive => Sentiment::Negative,
        Sentiment::Negative => Sentiment::Positive,
    };
    html.raw("<form class=\"feedback\" method=\"post\" action=\"/label\">\n<input type=\"hidden\" name=\"id\" value=\"");
    html.text(&verdict.id)
        .raw("\"><p class=\"quiet\">Is that so? The next model learns from your answer.</p>\n");
    html.raw("<button class=\"chip\" name=\"label\" value=\"");
    html.text(verdict.label)
        .raw("\">Right</button>\n<button class=\"chip\" name=\"label\" value=\"");
    html.text(other).raw("\">Wrong: it is ").text(other);
    html.raw("</button>\n</form>\n");
}

/// A bar that both classes share, negative on the left; the side that lost is pale.
fn gauge(html: &mut Html, probability: f64) {
    let negative = ((1.0 - probability) * 100.0).clamp(0.0, 100.0);
    html.raw("<div class=\"gauge\" role=\"img\" aria-label=\"");
    html.text(percent(probability));
    html.raw(
        " probability of positive\"><span aria-hidden=\"true\">negative</span>\
        <svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
        <rect class=\"yes\" width=\"100\" height=\"8\"/><rect class=\"no\" width=\"",
    );
    html.text(format_args!("{negative:.2}"));
    html.raw("\" height=\"8\"/></svg><span aria-hidden=\"true\">positive</span></div>\n");
}

fn marked_text(html: &mut Html, text: &str, terms: &[TermContribution<'_>]) {
    let spans = highlight::spans(text, terms);
    let strongest = spans
        .iter()
        .filter_map(|span| span.weight)
        .fold(0.0_f64, |strongest, weight| strongest.max(weight.abs()));
    html.raw("<h2>What it read</h2>\n<blockquote class=\"read\" dir=\"auto\">");
    for span in spans {
        let marked = span.weight.and_then(|weight| Some((weight, strength(weight, strongest)?)));
        let Some((weight, class)) = marked else {
            html.text(span.text);
            continue;
        };
        html.raw("<mark class=\"").raw(class).raw("\" title=\"");
        html.text(signed(weight)).raw("\">").text(span.text).raw("</mark>");
    }
    html.raw("</blockquote>\n");
    if strongest > 0.0 {
        html.raw(
            "<p class=\"legend quiet\"><mark class=\"p3\">solid line</mark> speaks for positive, \
             <mark class=\"n3\">dashed line</mark> for negative; the stronger the colour, the heavier the word.</p>\n",
        );
    }
}

/// The class of a marked word: sign and one of four strengths, relative to the strongest word. Words that hardly weigh
/// anything beside it are not marked: with every "the" underlined nobody would see what matters.
fn strength(weight: f64, strongest: f64) -> Option<&'static str> {
    let step = match weight.abs() / strongest {
        share if share > 0.66 => 4,
        share if share > 0.33 => 3,
        share if share > 0.15 => 2,
        share if share > 0.07 => 1,
        _ => return None,
    };
    Some(match (weight > 0.0, step) {
        (true, 4) => "p4",
        (true, 3) => "p3",
        (true, 2) => "p2",
        (true, _) => "p1",
        (false, 4) => "n4",
        (false, 3) => "n3",
        (false, 2) => "n2",
        (false, _) => "n1",
    })
}

fn strongest(html: &mut Html, terms: &[TermContribution<'_>]) {
    let heaviest = terms.iter().fold(0.0_f64, |heaviest, term| heaviest.max(term.weight.abs()));
    html.raw("<h2>What decided it</h2>\n<div class=\"sides\">\n");
    let (positive, negative): (Vec<_>, Vec<_>) =
        terms.iter().filter(|term| term.weight.abs() > 0.0).partition(|term| term.weight > 0.0);
    side(html, "<h3>For positive</h3>\n<ul class=\"terms plus\">\n", &positive, heaviest);
    side(html, "<h3>For negative</h3>\n<ul class=\"terms minus\">\n", &negative, heaviest);
    html.raw("</div>\n");
}

fn side(html: &mut Html, start: &'static str, terms: &[&TermContribution<'_>], heaviest: f64) {
    html.raw("<div>").raw(start);
    for term in terms.iter().take(STRONGEST) {
        html.raw("<li><bdi>").text(&term.term).raw("</bdi><span>").text(signed(term.weight));
        html.raw("</span><svg viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"");
        html.text(format_args!("{:.1}", 100.0 * term.weight.abs() / heaviest));
        html.raw("\" height=\"4\"/></svg></li>\n");
    }
    if terms.is_empty() {
        html.raw("<li class=\"quiet\">nothing in this text</li>\n");
    }
    html.raw("</ul></div>\n");
}

fn arithmetic(html: &mut Html, verdict: &Verdict<'_>, terms: &[TermContribution<'_>]) {
    html.raw("<details><summary>The arithmetic</summary>\n");
    if let (Some(intercept), Some(rest)) = (verdict.intercept, verdict.rest) {
        html.raw(
            "<table><caption>Log-odds, added up. Above 0 is positive.</caption>\n<thead><tr><th scope=\"col\">Term</th>\
             <th scope=\"col\">Weight</th></tr></thead>\n<tbody>\n<tr><td><i>any review (intercept)</i></td><td>",
        );
        html.text(signed(intercept)).raw("</td></tr>\n");
        for term in terms {
            html.raw("<tr><td><bdi>").text(&term.term).raw("</bdi></td><td>");
            html.text(signed(term.weight)).raw("</td></tr>\n");
        }
        html.raw("<tr><td><i>all weaker terms</i></td><td>")
            .text(signed(rest))
            .raw("</td></tr>\n</tbody>\n");
        html.raw("<tfoot><tr><th scope=\"row\">Score</th><td>").text(signed(verdict.score));
        html.raw("</td></tr></tfoot></table>\n");
    }
    html.raw("<dl><dt>Model</dt><dd>")
        .text(&verdict.model.name)
        .raw(" ")
        .text(&verdict.model.version);
    html.raw(" <code>").text(verdict.model.sha256.get(..12).unwrap_or(&verdict.model.sha256));
    html.raw("</code></dd><dt>Review</dt><dd><a href=\"");
    html.text(crate::problems::location(&crate::pending::ReviewId::new(&verdict.id)));
    html.raw("\"><code>").text(&verdict.id).raw("</code></a>, ").text(&verdict.source.topic);
    html.raw(" partition ")
        .text(verdict.source.partition)
        .raw(", offset ")
        .text(verdict.source.offset);
    html.raw("</dd><dt>Scored at</dt><dd>")
        .text(&verdict.scored_at)
        .raw("</dd></dl>\n</details>\n");
}

fn word(label: Sentiment) -> &'static str {
    match label {
        Sentiment::Positive => "Positive",
        Sentiment::Negative => "Negative",
    }
}

/// Never "100 %" or "0 %": no model is that sure.
pub(super) fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent > 99.9 {
        "over 99.9 %".to_owned()
    } else if percent < 0.1 {
        "under 0.1 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// With its sign, and a real minus.
fn signed(weight: f64) -> String {
    if weight < 0.0 { format!("\u{2212}{:.3}", -weight) } else { format!("+{weight:.3}") }
}

/// Details are written to stand behind a colon; on a page they are sentences.
fn sentence(detail: &str) -> String {
    let mut chars = detail.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if detail.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}
