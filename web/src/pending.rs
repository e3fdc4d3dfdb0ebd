//! Requests that wait for their reply, and the replies that came lately.
//!
//! A request is entered here *before* its review is published, so that no reply can come too early.
//! A reply is delivered only when its 128-bit correlation id is one of ours *and* it is about the
//! review that this id was made for. Everything else is dropped, and the return value says why.
//! A request that gave up leaves an entry, so that its late verdict can still be fetched by review
//! id, but that verdict never reaches another request. Every collection is bounded.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hashlink::LruCache;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use verdict_kafka_io::{PublishError, Record};
use verdict_messages::{Problem, ReplyAddress, Verdict, headers};
use verdict_telemetry::labels::ReplyReceived;

use crate::{
    ids::{CorrelationId, ReviewId},
    remembered::Remembered,
};
use room::Room;

/// The consumer's reply to one review.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// A verdict, as the JSON it came as. It was decoded once, so it is valid.
    Verdict(Bytes),
    /// The review could not be scored, and why.
    Problem(Problem),
}

/// An `Idempotency-Key` with the hash of the body it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Idempotency {
    /// The header's value.
    pub(crate) key: String,
    /// SHA-256 of the request's body.
    pub(crate) body: [u8; 32],
}

/// How much is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingLimits {
    /// Reviews that requests wait for at once.
    pub pending: usize,
    /// Replies, abandoned reviews and idempotency keys remembered, each.
    pub remembered: usize,
    /// Bytes of replies remembered.
    pub remembered_bytes: usize,
}

/// Why a request cannot wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// As many requests as the limit allows wait already.
    Full(usize),
    /// The idempotency key came before, with another body.
    KeyReused,
}

/// Ids are remembered for longer than replies: an id whose reply is here is never taken.
const NAMES: usize = 4;

/// Whose an id is that a client chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// Nobody had it.
    New,
    /// The same text has it.
    Known,
    /// Another text has it.
    Taken,
}

/// What a request has to do.
#[derive(Debug)]
pub(crate) enum Opened {
    /// Nobody asked this before: publish, then wait.
    New(Waiter),
    /// The same request is under way: only wait.
    Joined(Waiter),
    /// The same request was answered before.
    Answered(ReviewId, Arc<Reply>),
}

/// The requests that wait; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct PendingReplies(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    // One who waits for room may look again.
    freed: Notify,
}

// What is remembered is forgotten in the order in which it was inserted: reading does not renew it.
#[derive(Debug)]
struct State {
    waiting: HashMap<CorrelationId, Slot>,
    room: Room,
    // Reviews whose requests ended without their verdict.
    abandoned: LruCache<CorrelationId, Abandoned>,
    replies: Remembered<Arc<Reply>>,
    keys: LruCache<String, Keyed>,
    // Texts, hashed, of the ids that clients chose.
    named: LruCache<ReviewId, [u8; 32]>,
}

type Outcome = Option<Result<Arc<Reply>, PublishError>>;

#[derive(Debug)]
struct Slot {
    review_id: ReviewId,
    key: Option<String>,
    waiters: usize,
    fetched_later: bool,
    opened: Instant,
    // Requests that waited then, this one among them.
    waiting_then: usize,
    outcome: watch::Sender<Outcome>,
}

#[derive(Debug)]
struct Abandoned {
    review_id: ReviewId,
    fetched_later: bool,
}

#[derive(Debug, Clone)]
struct Keyed {
    body: [u8; 32],
    review_id: ReviewId,
    correlation: CorrelationId,
}

impl PendingReplies {
    /// As many wait as are answered `within` a time, which is less than their deadline.
    pub(crate) fn new(limits: PendingLimits, within: Duration) -> Self {
        let state = Mutex::new(State {
            waiting: HashMap::new(),
            room: Room::new(limits.pending, within),
            abandoned: LruCache::new(limits.remembered),
            replies: Remembered::new(limits.remembered, limits.remembered_bytes),
            keys: LruCache::new(limits.remembered),
            named: LruCache::new(limits.remembered.saturating_mul(NAMES)),
        });
        Self(Arc::new(Shared { state, freed: Notify::new() }))
    }

    /// Enters a request for `review_id`. With an idempotency key that came before, it joins the
    /// earlier request instead.
    ///
    /// # Errors
    /// [`OpenError`] when too many wait, or when the key came with another body.
    pub(crate) fn open(
        &self,
        correlation: CorrelationId,
        review_id: &ReviewId,
        idempotency: Option<Idempotency>,
    ) -> Result<Opened, OpenError> {
        let mut state = self.lock();
        if let Some(asked) = &idempotency
            && let Some(before) = state.keys.peek(&asked.key).cloned()
        {
            if before.body != asked.body {
                return Err(OpenError::KeyReused);
            }
            if let Some(reply) = state.replies.get(&before.review_id) {
                return Ok(Opened::Answered(before.review_id, reply));
            }
            if let Some(waiter) = self.join(&mut state, &before)? {
                return Ok(Opened::Joined(waiter));
            }
            // Forgotten by now: asked anew.
        }
        self.check_room(&state)?;
        let key = idempotency.map(|asked| {
            let keyed = Keyed { body: asked.body, review_id: review_id.clone(), correlation };
            state.keys.insert(asked.key.clone(), keyed);
            asked.key
        });
        Ok(Opened::New(self.enter(&mut state, correlation, review_id, key)))
    }

    /// Takes an id that a client chose for the text with this hash, as far as is remembered here.
    pub(crate) fn name(&self, review_id: &ReviewId, text: [u8; 32]) -> Name {
        let mut state = self.lock();
        match state.named.get(review_id) {
            Some(before) if *before == text => Name::Known,
            Some(_) => Name::Taken,
            None => {
                state.named.insert(review_id.clone(), text);
                Name::New
            }
        }
    }

    /// Frees an id whose review is not stored.
    pub(crate) fn forget_name(&self, review_id: &ReviewId) {
        self.lock().named.remove(review_id);
    }

    /// Whether half of the room is taken: the rest is for those who come one by one.
    pub(crate) fn is_half_full(&self) -> bool {
        let state = self.lock();
        state.waiting.len() >= state.room.limit().div_ceil(2)
    }

    /// Ends when one request less waits than before, or at once if that was so since the last call.
    pub(crate) async fn freed(&self) {
        self.0.freed.notified().await;
    }

    /// Delivers the reply to the request it belongs to, or says why not.
    pub(crate) fn deliver(&self, record: Record) -> ReplyReceived {
        let size = record.value.as_ref().map_or(0, Vec::len);
        let Some((correlation, review_id, reply)) = decode(record) else {
            return ReplyReceived::Unreadable;
        };
        let mut state = self.lock();
        let waiting = state.waiting.get(&correlation).map(|slot| &slot.review_id);
        let expected =
            waiting.or_else(|| state.abandoned.peek(&correlation).map(|entry| &entry.review_id));
        match expected {
            None => return ReplyReceived::Late,
            Some(expected) if expected.as_str() != review_id => return ReplyReceived::Mismatched,
            Some(_) => {}
        }
        let reply = Arc::new(reply);
        state.replies.insert(ReviewId::new(&review_id), Arc::clone(&reply), size);
        if let Some(slot) = state.waiting.remove(&correlation) {
            state.room.answered(slot.opened.elapsed(), slot.waiting_then);
            slot.outcome.send_replace(Some(Ok(reply)));
            self.0.freed.notify_one();
            return ReplyReceived::Delivered;
        }
        match state.abandoned.remove(&correlation) {
            Some(entry) if entry.fetched_later => ReplyReceived::Kept,
            _ => ReplyReceived::Late,
        }
    }

    /// The review was not published: reports it to all requests that wait, and frees its key.
    pub(crate) fn fail(&self, correlation: CorrelationId, error: PublishError) {
        let mut state = self.lock();
        let Some(slot) = state.waiting.get_mut(&correlation) else {
            return;
        };
        let may_be_stored = matches!(error, PublishError::Unknown { .. });
        slot.outcome.send_replace(Some(Err(error)));
        if let Some(key) = slot.key.take() {
            state.keys.remove(&key);
        }
        if !may_be_stored {
            state.waiting.remove(&correlation);
            self.0.freed.notify_one();
        }
    }

    /// The reply to a review, when it came lately.
    pub(crate) fn find(&self, review_id: &ReviewId) -> Option<Arc<Reply>> {
        self.lock().replies.get(review_id)
    }

    fn join(&self, state: &mut State, before: &Keyed) -> Result<Option<Waiter>, OpenError> {
        if let Some(slot) = state.waiting.get_mut(&before.correlation) {
            slot.waiters += 1;
            return Ok(Some(Waiter {
                pending: self.clone(),
                correlation: before.correlation,
                review_id: before.review_id.clone(),
                outcome: slot.outcome.subscribe(),
            }));
        }
        // Its request gave up, or never waited: from now on somebody does again.
        if !state.abandoned.contains_key(&before.correlation) {
            return Ok(None);
        }
        self.check_room(state)?;
        state.abandoned.remove(&before.correlation);
        Ok(Some(self.enter(state, before.correlation, &before.review_id, None)))
    }

    fn check_room(&self, state: &State) -> Result<(), OpenError> {
        let limit = state.room.limit();
        if state.waiting.len() < limit { Ok(()) } else { Err(OpenError::Full(limit)) }
    }

    fn enter(
        &self,
        state: &mut State,
        correlation: CorrelationId,
        review_id: &ReviewId,
        key: Option<String>,
    ) -> Waiter {
        let (sender, outcome) = watch::channel(None);
        let review_id = review_id.clone();
        let slot = Slot {
            review_id: review_id.clone(),
            key,
            waiters: 1,
            fetched_later: false,
            opened: Instant::now(),
            waiting_then: state.waiting.len() + 1,
            outcome: sender,
        };
        state.waiting.insert(correlation, slot);
        Waiter { pending: self.clone(), correlation, review_id, outcome }
    }

    // Nothing panics while it holds the lock, and the state is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request that waits. Dropping it, for whatever reason, ends the wait.
#[derive(Debug)]
pub(crate) struct Waiter {
    pending: PendingReplies,
    /// The id that the review's reply has to carry.
    pub(crate) correlation: CorrelationId,
    /// The review whose reply is awaited.
    pub(crate) review_id: ReviewId,
    outcome: watch::Receiver<Outcome>,
}

impl Waiter {
    /// Ends the wait on purpose: the client knows where to fetch the verdict later.
    pub(crate) fn fetch_later(self) {
        if let Some(slot) = self.pending.lock().waiting.get_mut(&self.correlation) {
            slot.fetched_later = true;
        }
    }

    /// Waits for the reply, without a deadline of its own. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`PublishError`] when the review did not reach the topic.
    pub(crate) async fn reply(&mut self) -> Result<Arc<Reply>, PublishError> {
        let outcome = self.outcome.wait_for(Option::is_some).await;
        // A slot is only removed after its outcome was sent, so the sender is never gone before.
        outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or_else(|| {
            Err(PublishError::Unknown { reason: "its entry is gone".to_owned() })
        })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.pending.lock();
        let Some(slot) = state.waiting.get_mut(&self.correlation) else {
            return;
        };
        slot.waiters -= 1;
        if slot.waiters == 0
            && let Some(Slot { review_id, fetched_later, opened, waiting_then, .. }) =
                state.waiting.remove(&self.correlation)
        {
            state.room.unanswered(opened.elapsed(), waiting_then);
            self.pending.0.freed.notify_one();
            state.abandoned.insert(self.correlation, Abandoned { review_id, fetched_later });
        }
    }
}

/// Correlation id, review id and content of a reply; `None` when it is not one.
fn decode(record: Record) -> Option<(CorrelationId, String, Reply)> {
    let correlation = ReplyAddress::correlation_id_of(&record.headers)?;
    let correlation = CorrelationId::from_bytes(correlation)?;
    let media = record.headers.text(headers::CONTENT_TYPE).unwrap_or_default();
    let key = record.key.map(String::from_utf8).transpose().ok()?;
    let value = record.value?;
    let (named, reply) = if media.starts_with(Problem::MEDIA_TYPE) {
        let problem = Problem::decode(&value).ok()?;
        (problem.review_id.clone(), Reply::Problem(problem))
    } else {
        let id = Verdict::decode(&value).ok()?.id.into_owned();
        (Some(id), Reply::Verdict(value.into()))
    };
    // Where both name a review they must agree; where neither does, nothing ties the reply to one.
    match (named, key) {
        (Some(named), Some(key)) if named != key => None,
        (Some(id), _) | (None, Some(id)) => Some((correlation, id, reply)),
        (None, None) => None,
    }
}

mod room;
#[cfg(test)]
mod tests;
