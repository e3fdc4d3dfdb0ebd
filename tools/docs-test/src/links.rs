//! Links between Markdown files.

use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The links of a Markdown text, pictures and `src`, `srcset` and `href` of its HTML included.
#[must_use]
pub fn links(markdown: &str) -> Vec<String> {
    let mut links = Vec::new();
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(dest_url.into_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                for attribute in [" src=\"", " srcset=\"", " href=\""] {
                    let values = html.split(attribute).skip(1);
                    links.extend(
                        values.filter_map(|rest| rest.split('"').next()).map(str::to_owned),
                    );
                }
            }
            _ => {}
        }
    }
    links
}

/// The anchors of a Markdown text, as GitHub makes them of its headings.
#[must_use]
pub fn anchors(markdown: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let before = anchors.iter().filter(|anchor| **anchor == slug).count();
                anchors.push(if before == 0 { slug } else { format!("{slug}-{before}") });
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The links of `markdown`, which stands at `path` (relative to `root`), that lead to no file or to
/// no heading in one. Links to other sites are not followed.
#[must_use]
pub fn broken(root: &Path, path: &Path, markdown: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for link in links(markdown) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) =
            link.split_once('#').map_or((link.as_str(), None), |(f, a)| (f, Some(a)));
        let target = if file.is_empty() { path.to_owned() } else { beside(path, file) };
        let found = root.join(&target);
        let sound = target.components().all(|part| matches!(part, Component::Normal(_)));
        if !sound || (!file.is_empty() && !found.exists()) {
            broken.push(format!("{}: {link} leads to no file", path.display()));
        } else if let Some(anchor) =
            anchor.filter(|_| target.extension().is_some_and(|e| e == "md"))
        {
            let text = if file.is_empty() {
                markdown.to_owned()
            } else {
                std::fs::read_to_string(&found).unwrap_or_default()
            };
            if !anchors(&text).iter().any(|known| known == anchor) {
                broken.push(format!("{}: {link} leads to no heading", path.display()));
            }
        }
    }
    broken
}

/// `link` as seen from the file `path`, with `..` resolved.
fn beside(path: &Path, link: &str) -> PathBuf {
    let mut target = path.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir if target.pop() => {}
            Component::CurDir => {}
            other => target.push(other),
        }
    }
    target
}
