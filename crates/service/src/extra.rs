//! Operator pages that a service adds: what they say is the service's own matter.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

type Body = Arc<dyn Fn() -> String + Send + Sync>;

/// Pages beside `/metrics`, `/healthz` and `/readyz`; clones share them.
#[derive(Clone, Default)]
pub struct Pages(Arc<RwLock<BTreeMap<&'static str, (&'static str, Body)>>>);

impl Pages {
    /// Shows `body()` at `path` from now on, as `content_type`; a page that was there before is replaced. `body` is called for
    /// each request, on the server's thread, and must not wait for anything.
    pub fn add(
        &self,
        path: &'static str,
        content_type: &'static str,
        body: impl Fn() -> String + Send + Sync + 'static,
    ) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        pages.insert(path, (content_type, Arc::new(body)));
    }

    /// Content type and body of the page at `path`.
    pub(crate) fn at(&self, path: &str) -> Option<(&'static str, String)> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (content_type, body) = pages.get(path)?;
        let (content_type, body) = (*content_type, Arc::clone(body));
        drop(pages);
        Some((content_type, body()))
    }

    /// Where pages are.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'static str> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        pages.keys().copied().collect::<Vec<_>>().into_iter()
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths()).finish()
    }
}
