//! `prune`: which images may go. Pure.

use std::collections::BTreeSet;

use crate::ecr::Tagged;

/// The images that are neither among the `keep` newest nor pinned, oldest first.
#[must_use]
pub fn doomed(mut images: Vec<Tagged>, keep: usize, pinned: &BTreeSet<String>) -> Vec<Tagged> {
    // Equally old ones in the order of their digests, so that the answer is always the same.
    images.sort_by(|a, b| b.pushed_at.cmp(&a.pushed_at).then_with(|| a.digest.cmp(&b.digest)));
    let mut old: Vec<_> =
        images.into_iter().skip(keep).filter(|image| !pinned.contains(&image.digest)).collect();
    old.reverse();
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_and_the_pinned_stay() {
        let image = |pushed_at: i64| Tagged {
            digest: format!("sha256:{pushed_at}"),
            tags: vec![format!("r{pushed_at}")],
            pushed_at,
        };
        let images = || [3, 1, 5, 2, 4].map(image).to_vec();
        let gone = |keep, pinned: &[&str]| {
            let pinned = pinned.iter().map(|digest| (*digest).to_owned()).collect();
            let gone = doomed(images(), keep, &pinned);
            gone.iter().map(|image| image.pushed_at).collect::<Vec<_>>()
        };
        assert_eq!(gone(2, &[]), [1, 2, 3]);
        assert_eq!(gone(2, &["sha256:2", "sha256:5"]), [1, 3]);
        assert_eq!(gone(5, &[]), [0_i64; 0]);
        assert_eq!(gone(0, &["sha256:5"]), [1, 2, 3, 4]);
    }
}
