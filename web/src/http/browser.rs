//! What only a browser is sent: the right to label in a cookie, and the way to a page.

use http::{StatusCode, header};
use verdict_messages::Sentiment;

use super::response::{Response, respond, set};
use crate::{ids::ReviewId, page::address};

/// The cookie with the token to label a review, which its page has in its buttons: so the address
/// of the page can be given away without it.
pub(super) const LABEL_TOKEN: &str = "label_token";

/// Lets the browser label the review at its page, for 90 days.
pub(super) fn let_label(response: &mut Response, id: &ReviewId, token: &str, behind_tls: bool) {
    let page = address(id.as_str());
    let path = page.split('?').next().unwrap_or_default();
    let secure = if behind_tls { "; Secure" } else { "" };
    let cookie = format!(
        "{LABEL_TOKEN}={token}; Path={path}; Max-Age=7776000; HttpOnly; SameSite=Lax{secure}"
    );
    set(response, header::SET_COOKIE, &cookie);
}

/// Sends a browser from what it posted to the page of the review, which it can reload, keep and go
/// back from.
pub(super) fn see_page(id: &ReviewId, labelled: Option<Sentiment>) -> Response {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    let query = labelled.map_or_else(String::new, |label| format!("?labelled={label}"));
    set(&mut response, header::LOCATION, &format!("{}{query}", address(id.as_str())));
    response
}
