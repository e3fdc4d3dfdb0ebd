//! What a transactional delivery does next, by what came of its last step. Pure: the steps are
//! taken by `transactional` on a real client, and by the simulation in the
//! tests on a model of one.
//!
//! The rule that everything else follows from: **an outcome that is not known ends the producer.**
//! librdkafka repeats a request whose answer is late, and the first copy may still be on its way.
//! A copy that arrives during the next transaction of the same producer ends that one, or adds old
//! positions to it (the protocol before KIP-890 cannot tell them apart). So after such a step
//! neither an abort nor a begin is sent by the same producer. A new producer with the same
//! `transactional.id` takes its place: the broker gives it a higher epoch, refuses every late copy
//! of the former one, and has ended the former one's transaction, one way or the other, before
//! `init_transactions` returns. The positions of the group then show which way.

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Replace the producer by a new one with the same id (`init_transactions`).
    Renew,
    /// Begin a transaction.
    Begin,
    /// Send the outputs and wait until all are confirmed.
    Write,
    /// Add the positions of the batch to the transaction (`send_offsets_to_transaction`).
    Offsets,
    /// Commit.
    Commit,
    /// Abort.
    Abort,
    /// Ask the group for its positions: is the batch committed?
    Positions,
    /// Nothing more: this is what became of the batch.
    End(End),
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Its outputs and positions are committed.
    Stands,
    /// Nothing of it is or will be committed: read it again from the group's positions.
    Void,
    /// It is left as it is, since this member ends. The broker or the next member aborts it.
    Left,
    /// This member cannot go on.
    Fatal,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is done, by one request that was answered at once.
    Done,
    /// It is done, but late or after its connection broke: the client may have sent it twice.
    DoneLate,
    /// It is not done yet: do it again with the same arguments.
    Again,
    /// It did not come to an end, and nobody waits for that any longer.
    Unknown,
    /// It is refused, and the transaction can only be aborted. Nothing is committed. If one of its
    /// requests was repeated, [`taint`](Decisions::taint) comes first, or before the next `begin`.
    Refused,
    /// The producer is beyond use: fenced, or in a state that it does not know.
    Broken,
    /// This member is to end and waits no longer.
    GivenUp,
    /// The group's positions are those of the batch.
    Committed,
    /// The group's positions are others.
    NotCommitted,
}

/// How often a step is done again before its outcome counts as not known.
const TRIES: u32 = 15;
/// So many batches must stand after a producer broke before another one may. Two members that
/// share a `transactional.id` break each other's producers time and again, and must not go on.
const CALM: u32 = 100;

/// The decisions of one member, from batch to batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decisions {
    // A request of the present producer may still be on its way.
    is_tainted: bool,
    // The step before a renewal may have committed the batch, or left it open.
    is_open: bool,
    tries: u32,
    // Batches that are still to stand until a broken producer is forgiven; 0 is all calm.
    calm_in: u32,
}

impl Default for Decisions {
    /// Begins without a producer: the first step is to make one.
    fn default() -> Self {
        Self { is_tainted: true, is_open: false, tries: 0, calm_in: 0 }
    }
}

impl Decisions {
    /// A producer was made, and everything it sent is answered.
    pub fn renewed(&mut self) {
        self.is_tainted = false;
    }

    /// A request of the present producer may still be on its way.
    pub fn taint(&mut self) {
        self.is_tainted = true;
    }

    /// The first step of a batch.
    pub fn begin(&mut self) -> Step {
        (self.is_open, self.tries) = (false, 0);
        if self.is_tainted { Step::Renew } else { Step::Begin }
    }

    /// The step after `step`, which was answered so.
    pub fn next(&mut self, step: Step, answer: Answer) -> Step {
        use Answer::{
            Again, Broken, Committed, Done, DoneLate, GivenUp, NotCommitted, Refused, Unknown,
        };
        if answer == Again {
            return self.again(step);
        }
        self.tries = 0;
        // A renewal leaves nothing behind: it waits for as long as it takes.
        self.is_tainted |= answer == DoneLate && step != Step::Renew;
        match (step, answer) {
            (_, GivenUp) => {
                self.is_tainted = true;
                Step::End(End::Left)
            }
            (Step::Renew, Unknown) => Step::Renew,
            (_, Unknown) => self.renew(),
            (Step::Renew, Done | DoneLate) => {
                self.renewed();
                if self.is_open { Step::Positions } else { Step::Begin }
            }
            (Step::Begin, Done | DoneLate) => Step::Write,
            (Step::Write, Done | DoneLate) => Step::Offsets,
            (Step::Offsets, Done | DoneLate) => Step::Commit,
            (Step::Commit, Done | DoneLate) => self.stands(),
            (Step::Abort, Done | DoneLate) => Step::End(End::Void),
            (Step::Positions, Committed) => self.stands(),
            (Step::Positions, NotCommitted) => Step::End(End::Void),
            (Step::Write | Step::Offsets | Step::Commit, Refused) if !self.is_tainted => {
                Step::Abort
            }
            // An abort by a tainted producer could be overtaken by its own late request.
            (Step::Write | Step::Offsets | Step::Commit, Refused) => self.renew(),
            (_, Broken) => self.broken(),
            // The client says what cannot be said of this step: it is not in the state it should
            // be.
            _ => self.broken(),
        }
    }

    fn again(&mut self, step: Step) -> Step {
        self.tries += 1;
        match step {
            // What only asks and waits is asked for ever; whoever asks gives up (`GivenUp`).
            Step::Renew | Step::Positions => step,
            _ => {
                self.is_tainted = true;
                if self.tries < TRIES { step } else { self.renew() }
            }
        }
    }

    /// A new producer, and then the group's word on what the former one did.
    fn renew(&mut self) -> Step {
        (self.is_tainted, self.is_open, self.tries) = (true, true, 0);
        Step::Renew
    }

    fn broken(&mut self) -> Step {
        if self.calm_in > 0 {
            return Step::End(End::Fatal);
        }
        self.calm_in = CALM;
        self.renew()
    }

    fn stands(&mut self) -> Step {
        self.calm_in = self.calm_in.saturating_sub(1);
        Step::End(End::Stands)
    }
}
