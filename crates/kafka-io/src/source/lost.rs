//! Positions that are not in the log any more.

use rdkafka::{
    Offset, TopicPartitionList, consumer::Consumer as _, error::KafkaError, types::RDKafkaErrorCode,
};

use super::{BROKER_WAIT, Source};
use crate::{Cause, Failure};

impl Source {
    /// What a failed poll means. A member that asks for an offset that is not in the log cannot go
    /// on: what was there is lost, or the topic was made anew, and a person must say where to go
    /// on.
    pub(super) fn polling_failed(&mut self, error: &KafkaError) -> Failure {
        let context = format!("polling as a member of group {}", self.options.group);
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AutoOffsetReset) {
            return Failure::of(context, error);
        }
        if let Some(reason) = self.lost() {
            return Failure::fatal(context, reason, Cause::Other);
        }
        // The broker had not said the positions when the partitions were assigned, and the client
        // has given them up. It asks for them again when it joins anew.
        match self.rejoin() {
            Ok(()) => Failure::retry(context, error.to_string(), Cause::Transport),
            Err(fatal) => fatal,
        }
    }

    fn lost(&self) -> Option<String> {
        let mut held = TopicPartitionList::new();
        for (topic, partition) in self.assignment.held() {
            held.add_partition(topic, partition);
        }
        let positions = self.positions(&held).ok()?;
        positions.elements().iter().find_map(|position| {
            let (topic, partition) = (position.topic(), position.partition());
            let Offset::Offset(next) = position.offset() else { return None };
            let (begin, end) =
                self.consumer.fetch_watermarks(topic, partition, BROKER_WAIT).ok()?;
            let what = match next {
                next if next < begin => format!("{} records were deleted unread", begin - next),
                next if next > end => "the topic was made anew or has lost records".to_owned(),
                _ => return None,
            };
            Some(format!(
                "the position {next} of {topic}-{partition} is not between its begin {begin} and \
                 its end {end}: {what}. `consumer positions set` says where to go on"
            ))
        })
    }
}
