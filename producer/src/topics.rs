//! The topics that Verdict needs.

use verdict_kafka_io::topics::TopicSpec;
use verdict_messages::topic::{DEAD_LETTERS, LABELS, REVIEWS, VERDICTS, catalogue};

/// The topics of the catalogue, with `replication` replicas each. `partitions` are those of the
/// reviews and of what follows them (verdicts, dead letters, labels); `None` is the catalogue's.
pub fn plan(replication: i32, partitions: Option<i32>) -> Vec<TopicSpec> {
    let planned = |plan| TopicSpec::planned(&plan, replication);
    let mut specs: Vec<TopicSpec> = catalogue().map(planned).into();
    for spec in &mut specs {
        // A verdict goes to the partition of its review, so these topics have the same number or none works.
        if let Some(partitions) = partitions
            && [REVIEWS, VERDICTS, DEAD_LETTERS, LABELS].contains(&spec.name.as_str())
        {
            spec.partitions = partitions;
        }
    }
    specs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_those_of_the_reviews_and_what_follows_them() {
        let specs = plan(3, Some(4));
        let of = |name: &str| specs.iter().find(|spec| spec.name == name).unwrap();
        assert!(specs.iter().all(|spec| spec.replication == 3));
        for name in [REVIEWS, VERDICTS, DEAD_LETTERS, LABELS] {
            assert_eq!(of(name).partitions, 4, "{name}");
        }
        assert_eq!(of("models").partitions, 1);
        assert_ne!(of("reviews.replies").partitions, 4);
    }
}
