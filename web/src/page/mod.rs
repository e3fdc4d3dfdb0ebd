//! The page: a form, and below it what the model says and why. It needs no JavaScript and loads nothing from elsewhere.

mod escape;
mod highlight;
mod verdict;

use escape::Html;
use verdict_messages::{Problem, Sentiment, Verdict};

/// The page's style sheet, served as a route of its own: the content security policy forbids inline styles.
pub(crate) const STYLE: &str = include_str!("../../assets/verdict.css");
/// The page's icon.
pub(crate) const ICON: &str = include_str!("../../assets/icon.svg");

/// What the page shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// What stands in the form.
    pub(crate) text: &'a str,
    /// Most characters that the form takes.
    pub(crate) max_chars: usize,
    /// What stands below the form.
    pub(crate) outcome: Outcome<'a>,
}

/// What became of the form.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome<'a> {
    /// Nothing was asked yet.
    None,
    /// The verdict on the text.
    Verdict(&'a Verdict<'a>),
    /// What somebody says the last review is was noted.
    Labelled(Sentiment),
    /// There is none, and where to ask again, if that makes sense.
    Problem(&'a Problem, Option<&'a str>),
}

const EXAMPLES: [(&str, &str); 3] = [
    (
        "A rave",
        "An absolute delight from the first scene to the last. The cast is wonderful, the score is beautiful and the \
         story moved me to tears. One of the best films I have seen in years.",
    ),
    (
        "A pan",
        "What a waste of two hours. The plot makes no sense, the acting is wooden and the jokes are painfully unfunny. \
         I wanted to leave after twenty minutes, and I should have.",
    ),
    (
        "A mixed one",
        "The first half is slow and the dialogue is awkward, but the photography is stunning and the ending almost makes \
         up for it. Not bad, not great, and worth seeing once.",
    ),
];

/// The page as HTML.
pub(crate) fn render(view: &View<'_>) -> String {
    let mut html = Html::with_capacity(16 * 1024);
    head(&mut html, &view.outcome);
    html.raw("<body>\n<a class=\"skip\" href=\"#review\">Skip to the form</a>\n");
    html.raw(
        "<header class=\"top\"><a class=\"brand\" href=\"/\"><img src=\"/assets/icon.svg\" alt=\"\" width=\"36\" \
         height=\"36\"><span>Verdict</span></a>\
         <p>Is this review a rave or a pan? Every answer shows the words that decided it.</p></header>\n<main>\n",
    );
    match view.outcome {
        Outcome::None => {}
        Outcome::Verdict(verdict) => verdict::verdict(&mut html, view.text, verdict),
        Outcome::Labelled(label) => verdict::labelled(&mut html, label),
        Outcome::Problem(problem, location) => verdict::problem(&mut html, problem, location),
    }
    form(&mut html, view);
    examples(&mut html);
    html.raw("</main>\n");
    foot(&mut html);
    html.raw("</body>\n</html>\n");
    html.finish()
}

fn head(html: &mut Html, outcome: &Outcome<'_>) {
    html.raw("<!doctype html>\n");
    // The second line is for people with curl: the answer, before all the markup.
    match outcome {
        Outcome::None | Outcome::Labelled(_) => {}
        Outcome::Verdict(verdict) => {
            html.raw("<!-- ").text(verdict::summary(verdict)).raw(" -->\n");
        }
        Outcome::Problem(problem, _) => {
            html.raw("<!-- ").text(problem.status).raw(" -->\n");
        }
    }
    html.raw(
        "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>",
    );
    match outcome {
        Outcome::None => html.raw("Verdict: what does this review say?"),
        Outcome::Verdict(verdict) => html.text(verdict::summary(verdict)).raw(" · Verdict"),
        Outcome::Labelled(_) => html.raw("Noted · Verdict"),
        Outcome::Problem(problem, _) => html.text(&problem.title).raw(" · Verdict"),
    };
    html.raw(
        "</title>\n<meta name=\"description\" content=\"Reads a film review and says whether it is positive or negative, \
         how sure it is, and which words decided it.\">\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/assets/verdict.css\">\n</head>\n",
    );
}

fn form(html: &mut Html, view: &View<'_>) {
    html.raw(
        "<section class=\"card\" aria-labelledby=\"ask\">\n<form method=\"post\" action=\"/predict\">\n\
         <h2 id=\"ask\"><label for=\"review\">",
    );
    html.raw(match view.outcome {
        Outcome::None => "Your review",
        Outcome::Labelled(_) => "Another review",
        _ => "Try another, or change this one",
    });
    html.raw(
        "</label></h2>\n<textarea id=\"review\" name=\"text\" rows=\"7\" required maxlength=\"",
    );
    html.text(view.max_chars).raw("\" dir=\"auto\" aria-describedby=\"hint\"");
    if matches!(view.outcome, Outcome::None | Outcome::Labelled(_)) {
        html.raw(" autofocus");
    }
    // A line break directly behind the tag is not part of the content, so one is given away.
    html.raw(" placeholder=\"Paste or write a film review, in English\">\n");
    html.text(view.text)
        .raw("</textarea>\n<div class=\"row\"><p id=\"hint\" class=\"quiet\">Up to ");
    html.text(thousands(view.max_chars));
    html.raw(
        " characters. Reviews are kept: they are what the model learns from.</p>\
         <button type=\"submit\">Get the verdict</button></div>\n</form>\n</section>\n",
    );
}

fn examples(html: &mut Html) {
    html.raw("<section class=\"examples\" aria-label=\"Examples\">\n<p class=\"quiet\">Or see what it says about</p>\n<ul>\n");
    for (name, text) in EXAMPLES {
        html.raw("<li><form method=\"post\" action=\"/predict\"><button class=\"chip\" name=\"text\" value=\"");
        html.text(text).raw("\">").text(name).raw("</button></form></li>\n");
    }
    html.raw("</ul>\n</section>\n");
}

fn foot(html: &mut Html) {
    html.raw(
        "<footer>\n<p>From a terminal: <code>curl -d 'text=A fine film' -H 'accept: text/plain' \
         http://…/predict</code></p>\n\
         <p>For programs: <code>POST /api/v1/reviews</code> with <code>{\"text\": \"…\"}</code>. Operators: \
         <a href=\"/metrics\">metrics</a>, <a href=\"/readyz\">readiness</a>.</p>\n</footer>\n",
    );
}

fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests;
