//! Drivers that are wrong on purpose: a simulation that cannot fail would prove nothing.

use verdict_consumer::deliver::decide::{Answer, Decisions, End, Step};

/// How a driver is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Not at all.
    Right,
    /// Commits the positions before the outputs, in a transaction of their own.
    PositionsFirst,
    /// Takes an unknown commit for a failed one: aborts, and goes on with the same producer.
    AbortsUnknown,
    /// Reads on after a batch that is void.
    ForgetsRewind,
    /// Goes on with the same producer after a late answer.
    KeepsEpoch,
    /// Goes on with the same producer after a refusal that came late.
    AbortsLate,
    /// Delivers records of a partition that was revoked in the same poll.
    CountsRevoked,
    /// Replies before the commit.
    RepliesFirst,
    /// Sends positions though the group has expelled the member and the client knows it.
    SendsWithoutSeat,
}

impl Variant {
    /// Every wrong one.
    pub(crate) const WRONG: [Self; 8] = [
        Self::PositionsFirst,
        Self::AbortsUnknown,
        Self::ForgetsRewind,
        Self::KeepsEpoch,
        Self::AbortsLate,
        Self::CountsRevoked,
        Self::RepliesFirst,
        Self::SendsWithoutSeat,
    ];

    /// Whether this driver looks for repeated requests when a step has this answer.
    pub(super) fn notices(self, answer: Answer) -> bool {
        self != Self::KeepsEpoch && (self != Self::AbortsLate || answer != Answer::Refused)
    }

    /// The step that this driver takes next.
    pub(super) fn next(self, decisions: &mut Decisions, step: Step, answer: Answer) -> Step {
        match (self, step, answer) {
            (Self::AbortsUnknown, Step::Commit, Answer::Again) => Step::Abort,
            (Self::AbortsUnknown, Step::Abort, Answer::Again) => Step::End(End::Void),
            _ => decisions.next(step, answer),
        }
    }
}
