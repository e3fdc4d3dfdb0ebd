//! What `docker-compose.yml` and the `Dockerfile` must keep to, as functions that list every breach.
//!
//! The rules are those of the CIS Docker Benchmark that apply to one machine (sections 4 and 5: users, capabilities, limits,
//! read-only root, no privileges, ports), and those that keep both files valid for every tool that a user may have. A service that
//! breaks a rule needs an entry in [`EXCEPTIONS`] with its reason; an entry that nothing needs is a breach too.
//!
//! The stack itself is tested by `run.sh` beside this crate.

mod compose;
mod dockerfile;

pub use compose::{EXCEPTIONS, Exception, compose_problems};
pub use dockerfile::dockerfile_problems;

/// Whether an image's reference is pinned: by digest, or by a tag that says which version it is.
fn is_pinned(image: &str) -> bool {
    if image.contains("@sha256:") || image == "scratch" {
        return true;
    }
    // A registry may have a port, so the tag is what follows the last colon after the last slash.
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_some_and(|(_, tag)| !tag.is_empty() && !tag.starts_with("latest"))
}

#[cfg(test)]
mod tests {
    use super::is_pinned;

    #[test]
    fn a_reference_is_pinned_by_a_version_or_a_digest() {
        for (image, pinned) in [
            ("apache/kafka:4.3.1", true),
            ("localhost:5000/kafka", false),
            ("localhost:5000/kafka:4.3.1", true),
            ("kafka", false),
            ("kafka:", false),
            ("kafka:latest", false),
            ("kafka:latest-jvm", false),
            ("kafka@sha256:00", true),
        ] {
            assert_eq!(is_pinned(image), pinned, "{image}");
        }
    }
}
