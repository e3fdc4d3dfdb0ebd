//! The pages' style sheet, script and icon.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::response::{Response, respond, set};

const STYLE: &str = include_str!("../../assets/verdict.css");
const SCRIPT: &str = include_str!("../../assets/verdict.js");
const ICON: &str = include_str!("../../assets/icon.svg");

/// Whether there is an asset of this name.
pub(crate) fn exists(name: &str) -> bool {
    file(name).is_some()
}

fn file(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "verdict.css" => Some(("text/css; charset=utf-8", STYLE)),
        "verdict.js" => Some(("text/javascript; charset=utf-8", SCRIPT)),
        "icon.svg" => Some(("image/svg+xml", ICON)),
        _ => None,
    }
}

/// The asset, or "not modified" when the client has this version already.
pub(crate) fn asset(name: &str, headers: &HeaderMap) -> Option<Response> {
    let (media, content) = file(name)?;
    let digest = Sha256::digest(content.as_bytes());
    let tag: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let unchanged =
        headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
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
