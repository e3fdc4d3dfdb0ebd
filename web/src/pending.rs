//! The desk: who waits for which verdict, and which verdicts are known.
//!
//! A request takes a place here *before* its review is published, so that no reply can come too early. A reply is handed
//! out only when its 128-bit correlation id is one of ours *and* it speaks of the review that this id was made for;
//! everything else is dropped and named. A request that gave up leaves a note, so that a late verdict can still be
//! asked for by review id, but it never reaches another request. Every collection is bounded.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::watch;
use verdict_messages::{Headers, Problem, ReplyAddress, Verdict, headers};
use verdict_telemetry::labels::ReplyReceived;

pub use crate::ids::{CorrelationId, ReviewId};
use crate::{publish::PublishError, ring::Ring};

/// The consumer's answer to one review.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A verdict, as the JSON it came as; it was read once and found whole.
    Verdict(Bytes),
    /// The review could not be scored, and why.
    Problem(Problem),
}

/// A record of the reply partition.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The record's key.
    pub key: Option<Bytes>,
    /// The record's value.
    pub value: Option<Bytes>,
    /// The record's headers.
    pub headers: Headers,
}

/// An `Idempotency-Key` with the hash of the body it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeatable {
    /// The header's value.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body: [u8; 32],
}

/// How much the desk remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskLimits {
    /// Reviews that requests wait for at once.
    pub pending: usize,
    /// Verdicts, given-up reviews and idempotency keys remembered, each.
    pub remembered: usize,
    /// Bytes of verdicts remembered.
    pub remembered_bytes: usize,
}

/// Why a request got no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// So many reviews are waited for already: the limit.
    Full(usize),
    /// The idempotency key came before, with another body.
    OtherBody,
}

/// What a request finds at the desk.
#[derive(Debug)]
pub enum Place {
    /// Nobody asked this before: publish, then wait.
    New(Waiter),
    /// The same request is under way: only wait.
    Joined(Waiter),
    /// The same request was answered before.
    Answered(ReviewId, Arc<Reply>),
}

/// The desk; clones share it.
#[derive(Debug, Clone)]
pub struct Desk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: DeskLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    waiting: HashMap<CorrelationId, Slot>,
    // Reviews whose requests ended without their verdict.
    given_up: Ring<CorrelationId, GivenUp>,
    verdicts: Ring<ReviewId, Arc<Reply>>,
    keys: Ring<String, Keyed>,
}

type Told = Option<Result<Arc<Reply>, PublishError>>;

#[derive(Debug)]
struct Slot {
    review_id: ReviewId,
    key: Option<String>,
    waiters: usize,
    asked_for_later: bool,
    tell: watch::Sender<Told>,
}

#[derive(Debug)]
struct GivenUp {
    review_id: ReviewId,
    asked_for_later: bool,
}

#[derive(Debug, Clone)]
struct Keyed {
    body: [u8; 32],
    review_id: ReviewId,
    correlation: CorrelationId,
}

impl Desk {
    /// An empty desk.
    #[must_use]
    pub fn new(limits: DeskLimits) -> Self {
        let ring = || Ring::new(limits.remembered, usize::MAX);
        Self(Arc::new(Shared {
            limits,
            state: Mutex::new(State {
                waiting: HashMap::new(),
                given_up: ring(),
                verdicts: Ring::new(limits.remembered, limits.remembered_bytes),
                keys: Ring::new(limits.remembered, usize::MAX),
            }),
        }))
    }

    /// Takes a place for `review_id`. With an idempotency key that came before, the earlier request is joined instead.
    ///
    /// # Errors
    /// [`NoPlace`] when the desk is full, or when the key came with another body.
    pub fn open(
        &self,
        correlation: CorrelationId,
        review_id: &ReviewId,
        repeatable: Option<Repeatable>,
    ) -> Result<Place, NoPlace> {
        let mut state = self.lock();
        if let Some(asked) = &repeatable
            && let Some(before) = state.keys.get(&asked.key).cloned()
        {
            if before.body != asked.body {
                return Err(NoPlace::OtherBody);
            }
            if let Some(reply) = state.verdicts.get(&before.review_id) {
                return Ok(Place::Answered(before.review_id.clone(), Arc::clone(reply)));
            }
            if let Some(waiter) = self.join(&mut state, &before) {
                return waiter.map(Place::Joined);
            }
            // Forgotten by now: asked anew.
        }
        self.room(&state)?;
        let key = repeatable.map(|asked| {
            let keyed = Keyed { body: asked.body, review_id: review_id.clone(), correlation };
            state.keys.insert(asked.key.clone(), keyed, 0);
            asked.key
        });
        Ok(Place::New(self.place(&mut state, correlation, review_id, key)))
    }

    /// Hands the reply to the request it belongs to, or says why not.
    pub fn deliver(&self, incoming: &Incoming) -> ReplyReceived {
        let Some((correlation, review_id, reply)) = read(incoming) else {
            return ReplyReceived::Unreadable;
        };
        let weight = incoming.value.as_ref().map_or(0, Bytes::len);
        let mut state = self.lock();
        if let Some(slot) = state.waiting.get(&correlation) {
            if slot.review_id.as_str() != review_id {
                return ReplyReceived::Mismatched;
            }
            let reply = Arc::new(reply);
            slot.tell.send_replace(Some(Ok(Arc::clone(&reply))));
            if let Some(slot) = state.waiting.remove(&correlation) {
                state.verdicts.insert(slot.review_id, reply, weight);
            }
            return ReplyReceived::Delivered;
        }
        match state.given_up.get(&correlation) {
            Some(expected) if expected.review_id.as_str() != review_id => ReplyReceived::Mismatched,
            Some(_) => {
                let Some(expected) = state.given_up.remove(&correlation) else {
                    return ReplyReceived::Late;
                };
                state.verdicts.insert(expected.review_id, Arc::new(reply), weight);
                if expected.asked_for_later { ReplyReceived::Kept } else { ReplyReceived::Late }
            }
            None => ReplyReceived::Late,
        }
    }

    /// The review was not published: whoever waits for it learns it, and its idempotency key is free again.
    pub fn fail(&self, correlation: CorrelationId, error: PublishError) {
        let mut state = self.lock();
        let Some(slot) = state.waiting.get_mut(&correlation) else {
            return;
        };
        slot.tell.send_replace(Some(Err(error)));
        if let Some(key) = slot.key.take() {
            state.keys.remove(&key);
        }
        if error == PublishError::NeverQueued {
            state.waiting.remove(&correlation);
        }
    }

    /// The reply to a review, when it came lately.
    #[must_use]
    pub fn find(&self, review_id: &ReviewId) -> Option<Arc<Reply>> {
        self.lock().verdicts.get(review_id).map(Arc::clone)
    }

    fn join(&self, state: &mut State, before: &Keyed) -> Option<Result<Waiter, NoPlace>> {
        if let Some(slot) = state.waiting.get_mut(&before.correlation) {
            slot.waiters += 1;
            return Some(Ok(Waiter {
                desk: self.clone(),
                correlation: before.correlation,
                review_id: before.review_id.clone(),
                told: slot.tell.subscribe(),
            }));
        }
        // Its request gave up, or never waited: from now on somebody does again.
        state.given_up.get(&before.correlation)?;
        if let Err(full) = self.room(state) {
            return Some(Err(full));
        }
        state.given_up.remove(&before.correlation);
        Some(Ok(self.place(state, before.correlation, &before.review_id, None)))
    }

    fn room(&self, state: &State) -> Result<(), NoPlace> {
        if state.waiting.len() >= self.0.limits.pending {
            return Err(NoPlace::Full(self.0.limits.pending));
        }
        Ok(())
    }

    fn place(
        &self,
        state: &mut State,
        correlation: CorrelationId,
        review_id: &ReviewId,
        key: Option<String>,
    ) -> Waiter {
        let (tell, told) = watch::channel(None);
        let slot =
            Slot { review_id: review_id.clone(), key, waiters: 1, asked_for_later: false, tell };
        state.waiting.insert(correlation, slot);
        Waiter { desk: self.clone(), correlation, review_id: review_id.clone(), told }
    }

    fn leave(&self, correlation: CorrelationId) {
        let mut state = self.lock();
        let Some(slot) = state.waiting.get_mut(&correlation) else {
            return;
        };
        slot.waiters -= 1;
        if slot.waiters == 0
            && let Some(slot) = state.waiting.remove(&correlation)
        {
            let given_up =
                GivenUp { review_id: slot.review_id, asked_for_later: slot.asked_for_later };
            state.given_up.insert(correlation, given_up, 0);
        }
    }

    // Nothing panics while it holds the lock, and the state is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's place at the desk. Dropping it, for whatever reason, gives the place up.
#[derive(Debug)]
pub struct Waiter {
    desk: Desk,
    correlation: CorrelationId,
    review_id: ReviewId,
    told: watch::Receiver<Told>,
}

impl Waiter {
    /// The id that the review's reply has to carry.
    #[must_use]
    pub fn correlation(&self) -> CorrelationId {
        self.correlation
    }

    /// The review that is waited for.
    #[must_use]
    pub fn review_id(&self) -> &ReviewId {
        &self.review_id
    }

    /// Leaves the place on purpose: the client was told where to ask for the verdict later.
    pub fn ask_later(self) {
        if let Some(slot) = self.desk.lock().waiting.get_mut(&self.correlation) {
            slot.asked_for_later = true;
        }
    }

    /// Waits for the reply, without an end of its own. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`PublishError`] when the review did not reach the log.
    pub async fn reply(&mut self) -> Result<Arc<Reply>, PublishError> {
        match self.told.wait_for(Option::is_some).await {
            Ok(told) => told.clone().unwrap_or(Err(PublishError::Unknown)),
            // The place is only taken away after its waiters were told.
            Err(_gone) => Err(PublishError::Unknown),
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.desk.leave(self.correlation);
    }
}

/// Correlation id, review id and content of a reply; `None` when it is not one.
fn read(incoming: &Incoming) -> Option<(CorrelationId, String, Reply)> {
    let correlation = ReplyAddress::correlation_id_of(&incoming.headers)?;
    let correlation = CorrelationId::from_bytes(correlation)?;
    let value = incoming.value.as_ref()?;
    let is_problem = incoming
        .headers
        .text(headers::CONTENT_TYPE)
        .is_some_and(|media| media.starts_with(Problem::MEDIA_TYPE));
    let key = incoming.key.as_deref().map(std::str::from_utf8).transpose().ok()?;
    let (named, reply) = if is_problem {
        let problem = Problem::decode(value).ok()?;
        (problem.review_id.clone(), Reply::Problem(problem))
    } else {
        let verdict = Verdict::decode(value).ok()?;
        (Some(verdict.id.into_owned()), Reply::Verdict(value.clone()))
    };
    // Where both name a review they must agree; where neither does, nothing ties the reply to one.
    match (named, key) {
        (Some(named), Some(key)) if named != key => None,
        (Some(named), _) => Some((correlation, named, reply)),
        (None, Some(key)) => Some((correlation, key.to_owned(), reply)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests;
