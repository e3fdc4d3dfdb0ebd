//! One page that holds the whole report: no script, no font, no file beside it. Prints.

mod style;
mod tables;

use super::charts::{self};
use super::evaluation::Evaluation;
use super::highlight;
use super::mistakes::Mistake;
use super::style::CHART;
use super::svg::Escaped;
use std::fmt::{self, Write};

/// Renders the page. It holds sentences of the reviews, so it is not for a repository.
#[must_use]
pub fn page(evaluation: &Evaluation<'_>) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _infallible = write_page(&mut page, evaluation);
    page
}

fn write_page(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    let identity = evaluation.model.identity();
    let (name, version) = (Escaped(&identity.name), Escaped(&identity.version));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>Evaluation of {name} {version}</title>\n<style>\n{}{CHART}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<h1>{name} <span class=\"quiet\">{version}</span></h1>\n",
        style::PAGE
    )?;
    tables::identity(out, evaluation)?;
    out.write_str("</header>\n")?;
    tables::tiles(out, evaluation)?;
    out.write_str("<section aria-label=\"Pictures\" class=\"pictures\">\n")?;
    let half = [
        charts::roc(evaluation),
        charts::precision_recall(evaluation),
        charts::reliability(evaluation),
        charts::confusion(evaluation),
    ];
    for chart in half {
        write!(out, "<figure>\n{chart}</figure>\n")?;
    }
    write!(out, "<figure class=\"wide\">\n{}</figure>\n</section>\n", charts::terms(evaluation))?;
    tables::thresholds(out, evaluation)?;
    tables::slices(out, evaluation)?;
    write_mistakes(out, evaluation)?;
    tables::model(out, evaluation)?;
    out.write_str("<footer>Written by <code>trainer evaluate --reports</code>.</footer>\n</main>\n</body>\n</html>\n")
}

fn write_mistakes(out: &mut String, evaluation: &Evaluation<'_>) -> fmt::Result {
    out.write_str(
        "<section aria-labelledby=\"mistakes\">\n<h2 id=\"mistakes\">The surest mistakes</h2>\n\
         <p class=\"quiet\">Where the model is surest and wrong: look for labels that are, for irony, and for terms that \
         mislead. <mark class=\"pro\">Blue</mark> spoke for positive, <mark class=\"con\">red and dashed</mark> for negative.</p>\n",
    )?;
    let titles = ["Called positive, labelled negative", "Called negative, labelled positive"];
    for (title, mistakes) in titles.iter().zip(&evaluation.mistakes) {
        writeln!(out, "<h3>{title}</h3>")?;
        if mistakes.is_empty() {
            out.write_str("<p>None.</p>\n")?;
        }
        for mistake in mistakes {
            write_mistake(out, mistake)?;
        }
    }
    out.write_str("</section>\n")
}

fn write_mistake(out: &mut String, mistake: &Mistake<'_>) -> fmt::Result {
    write!(
        out,
        "<article class=\"mistake\">\n<p class=\"head\"><strong>P(positive) {:.4}</strong> \
         <span class=\"quiet\">{}</span></p>\n<blockquote dir=\"auto\">",
        mistake.probability,
        Escaped(mistake.id)
    )?;
    for span in highlight::spans(mistake.text, &mistake.terms) {
        match span.weight {
            None => write!(out, "{}", Escaped(&with_line_breaks(span.text)))?,
            Some(weight) => {
                let text = Escaped(span.text);
                let class = if weight > 0.0 { "pro" } else { "con" };
                write!(out, "<mark class=\"{class}\" title=\"{weight:+.3}\">{text}</mark>")?;
            }
        }
    }
    if mistake.n_cut > 0 {
        write!(
            out,
            "… <span class=\"quiet\">({} more characters)</span>",
            charts::grouped(mistake.n_cut)
        )?;
    }
    out.write_str("</blockquote>\n<p class=\"terms\">")?;
    for term in &mistake.terms {
        let class = if term.weight > 0.0 { "pro" } else { "con" };
        let text = Escaped(term.term);
        write!(out, "<span class=\"{class}\">{text} {:+.2}</span> ", term.weight)?;
    }
    out.write_str("</p>\n</article>\n")
}

/// The line breaks of the web pages that reviews are taken from, two of which are a paragraph; the style keeps lines.
fn with_line_breaks(text: &str) -> String {
    text.replace("<br /><br />", "\n").replace("<br />", "\n")
}
