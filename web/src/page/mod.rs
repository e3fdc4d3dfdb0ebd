//! The pages: a form, and for each review what the model says of it and why. They need no
//! JavaScript and load nothing from elsewhere. The markup is in `templates/`, the style and the one
//! script, which adds what is live to the home page, in `assets/`.

mod curves;
mod docs;
mod escape;
mod flip;
mod model;
mod read;
mod status;
mod timeline;
mod verdict;

use askama::Template;
use flip::Flip;
use read::Leaning;
use serde_json::Value;
use verdict_messages::{Problem, Sentiment};

pub(crate) use docs::Docs;
pub(crate) use model::{ModelPage, serving};
pub(crate) use status::{ServiceStatus, StatusPage};
use verdict::capitalised;
pub(crate) use verdict::{VerdictView, knows_nothing};

use crate::ids::ReviewId;

/// The page with what it shows. No value can become markup: the template escapes each one.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    /// What the form holds.
    pub(crate) text: &'a str,
    /// Most characters that the form takes.
    pub(crate) max_chars: usize,
    /// What stands above the form.
    pub(crate) outcome: Outcome<'a>,
}

/// What became of the form.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    /// Nothing was asked yet; what is known of the model that serves.
    Home(Option<String>),
    /// The verdict on the text.
    Verdict(Box<VerdictView<'a>>),
    /// The label of the last review was stored.
    Labelled(Sentiment),
    /// There is no verdict, and where to ask again, if that makes sense.
    Problem(&'a Problem, Option<&'a str>),
}

impl Page<'_> {
    /// The second line, for people with curl: the answer, before all the markup.
    fn answer(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Home(_) | Outcome::Labelled(_) => None,
            Outcome::Verdict(shown) => Some(shown.summary()),
            Outcome::Problem(problem, _) => Some(problem.status.to_string()),
        }
    }

    fn title(&self) -> String {
        match &self.outcome {
            Outcome::Home(_) => "Verdict: what does this review say?".to_owned(),
            Outcome::Verdict(shown) => format!("{} · Verdict", shown.summary()),
            Outcome::Labelled(_) => "Noted · Verdict".to_owned(),
            Outcome::Problem(problem, _) => format!("{} · Verdict", problem.title),
        }
    }

    /// What the form holds. Where the text is shown above already it stands there alone.
    fn form_text(&self) -> &str {
        if matches!(self.outcome, Outcome::Verdict(_)) { "" } else { self.text }
    }

    /// With its thousands grouped: `20,000`.
    fn grouped_max_chars(&self) -> String {
        let mut digits = self.max_chars.to_string();
        let len = digits.len();
        for at in (1..len).rev().filter(|at| (len - at).is_multiple_of(3)) {
            digits.insert(at, ',');
        }
        digits
    }
}

/// The page of a review.
pub(crate) fn address(review_id: &str) -> String {
    page_of(&ReviewId::new(review_id).location())
}

/// The page for what the interface for programs has at `location`.
fn page_of(location: &str) -> String {
    location.replacen("/api/v1/reviews/", "/r/", 1)
}

/// Details are written to stand behind a colon; on a page they are sentences.
fn sentence(detail: &str) -> String {
    let mut chars = detail.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if detail.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// What is at this JSON pointer; null when there is nothing.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
