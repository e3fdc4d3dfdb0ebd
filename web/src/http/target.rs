//! What a request asks for: its target in each form of RFC 9112, section 3.2, and its host.

use http::{
    HeaderMap, HeaderValue, Method, Request, Uri, Version, header,
    uri::{Authority, PathAndQuery},
};
use verdict_service::Page;

use super::hosts::AllowedHosts;
use crate::problems::{self, HttpProblem};

/// Checks target and host, and leaves the target in origin form, without a slash at its end.
///
/// # Errors
/// 400 for what is no target or host, 421 for a host that nobody allowed.
pub(super) fn read<B>(request: &mut Request<B>, hosts: &AllowedHosts) -> Result<(), HttpProblem> {
    let uri = request.uri();
    if request.method() == Method::CONNECT {
        return Err(problems::bad_request("CONNECT is for proxies, and this is none"));
    }
    let named = match (uri.scheme_str(), uri.authority(), uri.path()) {
        (None, None, "*") if request.method() == Method::OPTIONS => None,
        (None, None, path) if path.starts_with('/') => None,
        (Some("http" | "https"), Some(authority), _) => Some(authority.clone()),
        _ => {
            let detail = format!("the target must be a path or an http URL, got {uri}");
            return Err(problems::bad_request(detail));
        }
    };
    let host = host(request.headers(), request.version())?;
    // The host of a whole URL is what is asked for, whatever the header says.
    if let Some(named) = named {
        without_user(&named)?;
        if let Ok(value) = HeaderValue::from_str(named.as_str()) {
            request.headers_mut().insert(header::HOST, value);
        }
        check(&named, uri_path(request), hosts)?;
    } else if let Some(host) = host {
        check(&host, uri_path(request), hosts)?;
    }
    to_origin_form(request);
    Ok(())
}

fn uri_path<B>(request: &Request<B>) -> &str {
    request.uri().path()
}

/// The one valid `Host`; clients before HTTP/1.1 may have none.
fn host(headers: &HeaderMap, version: Version) -> Result<Option<Authority>, HttpProblem> {
    let mut all = headers.get_all(header::HOST).iter();
    let (first, second) = (all.next(), all.next());
    let Some(value) = first.filter(|_| second.is_none()) else {
        if first.is_none() && version < Version::HTTP_11 {
            return Ok(None);
        }
        let count = headers.get_all(header::HOST).iter().count();
        return Err(problems::bad_request(format!("one Host header is needed, got {count}")));
    };
    let authority = value.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
    let has_good_port = |authority: &Authority| {
        let rest = authority.as_str().strip_prefix(authority.host());
        rest.is_some_and(|rest| rest.is_empty() || authority.port_u16().is_some())
    };
    match authority.filter(has_good_port) {
        Some(authority) => without_user(&authority).map(|()| Some(authority)),
        None => Err(problems::bad_request(format!("Host is no host with a port: {value:?}"))),
    }
}

fn without_user(authority: &Authority) -> Result<(), HttpProblem> {
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(problems::bad_request("a host is needed, without a user before it"));
    }
    Ok(())
}

/// Probes and Prometheus come by an address that nobody can know beforehand, and read only.
fn check(host: &Authority, path: &str, hosts: &AllowedHosts) -> Result<(), HttpProblem> {
    if hosts.allows(host.host()) || Page::at(path).is_some() {
        Ok(())
    } else {
        Err(problems::misdirected(host.host()))
    }
}

fn to_origin_form<B>(request: &mut Request<B>) {
    let uri = request.uri();
    let path = uri.path();
    let shorter = path.strip_suffix('/').filter(|rest| !rest.is_empty() && !rest.ends_with('/'));
    if uri.scheme().is_none() && shorter.is_none() {
        return;
    }
    let target = match uri.query() {
        Some(query) => format!("{}?{query}", shorter.unwrap_or(path)),
        None => shorter.unwrap_or(path).to_owned(),
    };
    // It is a part of what was a target.
    if let Ok(target) = target.parse::<PathAndQuery>() {
        *request.uri_mut() = Uri::from(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_left_in_origin_form() {
        let hosts = AllowedHosts::new([127, 0, 0, 1].into(), &[]).expect("good");
        for (target, expected) in [
            ("/", "/"),
            ("/predict/", "/predict"),
            ("/predict/?a=b/", "/predict?a=b/"),
            ("//", "//"),
            ("/a//", "/a//"),
            ("http://localhost", "/"),
            ("http://localhost:1/healthz?x", "/healthz?x"),
        ] {
            let mut request =
                Request::get(target).header("host", "localhost").body(()).expect("good");
            read(&mut request, &hosts).expect("a target");
            assert_eq!(request.uri(), expected, "{target}");
        }
    }
}
