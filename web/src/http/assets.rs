//! The pages' style sheet, script and icon.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::response::{Response, respond, set};

const STYLE: &str = include_str!("../../assets/verdict.css");
const SCRIPT: &str = include_str!("../../assets/verdict.js");
const ICON: &str = include_str!("../../assets/icon.svg");

// There is nothing to find for a search engine.
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

/// Whether there is an asset of this name.
pub(crate) fn exists(name: &str) -> bool {
    file(name).is_some()
}

fn file(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "verdict.css" => Some(("text/css; charset=utf-8", STYLE)),
        "verdict.js" => Some(("text/javascript; charset=utf-8", SCRIPT)),
        "icon.svg" | "favicon.ico" => Some(("image/svg+xml", ICON)),
        "robots.txt" => Some(("text/plain; charset=utf-8", ROBOTS)),
        _ => None,
    }
}

/// The asset, or "not modified" when the client has this version already.
pub(crate) fn asset(name: &str, headers: &HeaderMap) -> Option<Response> {
    let (media, content) = file(name)?;
    let digest = Sha256::digest(content.as_bytes());
    let tag: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // Weak, since the same content may come compressed.
    let tag = format!("W/\"{tag}\"");
    let unchanged = has_one_of(headers, &tag);
    let mut response = if unchanged {
        respond(StatusCode::NOT_MODIFIED, media, Bytes::new())
    } else {
        respond(StatusCode::OK, media, content)
    };
    // The same for everybody, but asked about each time: a new version shows at once.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    set(&mut response, header::ETAG, &tag);
    Some(response)
}

/// Whether `If-None-Match` has this tag in one of its lists, or any (RFC 9110, section 13.1.2).
fn has_one_of(headers: &HeaderMap, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lists = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    tags.any(|found| found.trim() == "*" || strong(found) == strong(tag))
}
