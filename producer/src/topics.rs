//! The topics that Verdict needs.

use verdict_kafka_io::topics::TopicSpec;
use verdict_messages::topic::{REVIEW_PARTITIONS, catalogue};

/// The topics of the catalogue, with `replication` replicas each. `partitions` are those of the
/// reviews and of what follows them; `None` is the catalogue's.
pub fn plan(replication: i32, partitions: Option<i32>) -> Vec<TopicSpec> {
    catalogue()
        .map(|plan| {
            let mut spec = TopicSpec::planned(&plan, replication);
            // What becomes of a review goes to the partition of the review: all these topics have
            // the same number.
            if plan.partitions == REVIEW_PARTITIONS {
                spec.partitions = partitions.unwrap_or(REVIEW_PARTITIONS);
            }
            spec
        })
        .into()
}

#[cfg(test)]
mod tests {
    use verdict_messages::topic::{DEAD_LETTERS, LABELS, REVIEWS, UNSURE, VERDICTS};

    use super::*;

    #[test]
    fn partitions_are_those_of_the_reviews_and_what_follows_them() {
        let specs = plan(3, Some(4));
        let of = |name: &str| specs.iter().find(|spec| spec.name == name).unwrap();
        assert!(specs.iter().all(|spec| spec.replication == 3));
        for name in [REVIEWS, VERDICTS, DEAD_LETTERS, LABELS, UNSURE] {
            assert_eq!(of(name).partitions, 4, "{name}");
        }
        assert_eq!(of("models").partitions, 1);
        assert_ne!(of("reviews.replies").partitions, 4);
    }
}
