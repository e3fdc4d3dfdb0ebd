//! The page about the system: which service is well, and why not.

use askama::Template;

/// The values of `templates/status.html`.
#[derive(Debug, Template)]
#[template(path = "status.html")]
pub(crate) struct StatusPage {
    pub(crate) services: Vec<ServiceStatus>,
}

/// What one service says of itself.
#[derive(Debug)]
pub(crate) struct ServiceStatus {
    pub(crate) name: &'static str,
    /// Whether it is ready for work.
    pub(crate) is_ready: bool,
    /// Its checks, or why they cannot be had, a line each.
    pub(crate) lines: Vec<String>,
    /// Where its operator pages are, when they are not beside this one.
    pub(crate) address: Option<String>,
}

impl StatusPage {
    fn is_ready(&self) -> bool {
        self.services.iter().all(|service| service.is_ready)
    }
}
