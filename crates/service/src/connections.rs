//! Which connections are open, and which of them gives way to a new one.
//!
//! A connection *waits* while the next move is its client's: the head of a request, the rest of a
//! body, or the reading of an answer. Whoever waits for nothing of ours can go, so no number of
//! idle or slow clients keeps another one out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// Why a connection was closed though its client did nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// A new one: all that its address may have are at work.
    PerAddress,
    /// An old one that waited for its client: a new one took its place.
    Displaced,
}

/// What one connection is doing; shared by its stream, its bodies and its service.
#[derive(Debug)]
pub(crate) struct Activity {
    waits: Mutex<Waits>,
    close: Notify,
}

#[derive(Debug)]
struct Waits {
    /// No request is in hand.
    head: Option<Instant>,
    body: Option<Instant>,
    reader: Option<Instant>,
    /// All of the last answer was written.
    is_flushed: bool,
    /// An answer was given before the request was read.
    is_unread: bool,
}

impl Activity {
    pub(crate) fn new() -> Self {
        let waits = Waits {
            head: Some(Instant::now()),
            body: None,
            reader: None,
            is_flushed: true,
            is_unread: false,
        };
        Self { waits: Mutex::new(waits), close: Notify::new() }
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn request_begins(&self) {
        let mut waits = self.waits();
        (waits.head, waits.is_flushed) = (None, false);
    }

    pub(crate) fn request_ended(&self) {
        let mut waits = self.waits();
        (waits.head, waits.body) = (Some(Instant::now()), None);
    }

    pub(crate) fn body_waits(&self, waits: bool) {
        let mut now = self.waits();
        now.body = waits.then(|| now.body.unwrap_or_else(Instant::now));
    }

    pub(crate) fn reader_waits(&self, waits: bool) {
        let mut now = self.waits();
        now.reader = waits.then(|| now.reader.unwrap_or_else(Instant::now));
    }

    pub(crate) fn left_unread(&self) {
        self.waits().is_unread = true;
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.waits().is_unread
    }

    pub(crate) fn flushed(&self) {
        let mut waits = self.waits();
        waits.is_flushed = waits.head.is_some();
    }

    /// Whether no request is in hand and none of an answer is still to be written: what hyper
    /// writes now is about a head that it could not read.
    pub(crate) fn is_between_requests(&self) -> bool {
        let waits = self.waits();
        waits.head.is_some() && waits.is_flushed
    }

    /// Since when it waits for its client.
    fn since(&self) -> Option<Instant> {
        let waits = self.waits();
        [waits.head, waits.body, waits.reader].into_iter().flatten().min()
    }

    /// Ends when the connection is to be closed.
    pub(crate) async fn displaced(&self) {
        self.close.notified().await;
    }
}

/// The open connections of a server.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    most_per_address: usize,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    by_address: HashMap<IpAddr, Vec<Arc<Activity>>>,
    count: usize,
}

/// One counted connection; dropping it counts it off.
#[derive(Debug)]
pub(crate) struct Entered {
    connections: Connections,
    address: IpAddr,
    pub(crate) activity: Arc<Activity>,
    /// How many gave way to it.
    pub(crate) displaced: usize,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    ForAddress,
    ForAnybody,
}

impl Connections {
    pub(crate) fn new(most: usize, most_per_address: usize) -> Self {
        let open = Mutex::default();
        Self(Arc::new(Shared { most, most_per_address, open, freed: Notify::new() }))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self) -> usize {
        self.open().count
    }

    /// Counts a connection in; the one that waits longest gives way where there is no room.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Entered, NoRoom> {
        let mut open = self.open();
        let mut displaced = 0;
        let of_address = open.by_address.get(&address).map_or(0, Vec::len);
        if of_address >= self.0.most_per_address {
            if !open.displace(Some(address)) {
                return Err(NoRoom::ForAddress);
            }
            displaced += 1;
        }
        if open.count >= self.0.most {
            if !open.displace(None) {
                return Err(NoRoom::ForAnybody);
            }
            displaced += 1;
        }
        let activity = Arc::new(Activity::new());
        open.by_address.entry(address).or_default().push(Arc::clone(&activity));
        open.count += 1;
        Ok(Entered { connections: self.clone(), address, activity, displaced })
    }

    /// Ends when a connection has ended, or after a moment, since one may have begun to wait.
    pub(crate) async fn room(&self) {
        let moment = Duration::from_millis(10);
        let _either = tokio::time::timeout(moment, self.0.freed.notified()).await;
    }
}

impl Open {
    /// Closes the connection that waits longest, of this address or of all; false if none waits.
    fn displace(&mut self, address: Option<IpAddr>) -> bool {
        let all = self.by_address.iter().filter(|(of, _)| address.is_none_or(|only| only == **of));
        let longest = all
            .flat_map(|(of, open)| open.iter().map(move |activity| (*of, activity)))
            .filter_map(|(of, activity)| Some((activity.since()?, of, activity)))
            .min_by_key(|(since, ..)| *since)
            .map(|(_, of, activity)| (of, Arc::clone(activity)));
        let Some((of, activity)) = longest else { return false };
        self.remove(of, &activity);
        activity.close.notify_one();
        true
    }

    fn remove(&mut self, address: IpAddr, activity: &Arc<Activity>) {
        let Some(open) = self.by_address.get_mut(&address) else { return };
        let before = open.len();
        open.retain(|other| !Arc::ptr_eq(other, activity));
        self.count -= before - open.len();
        // The map must not remember everybody who ever called.
        if open.is_empty() {
            self.by_address.remove(&address);
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.connections.open().remove(self.address, &self.activity);
        self.connections.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn is_open(entered: &Entered) -> bool {
        let open = entered.connections.open();
        let of_address = open.by_address.get(&entered.address);
        of_address.is_some_and(|all| all.iter().any(|one| Arc::ptr_eq(one, &entered.activity)))
    }

    #[test]
    fn connections_at_work_keep_their_place_and_leave_no_trace_when_they_are_gone() {
        let connections = Connections::new(3, 2);
        let [first, second] = [(); 2].map(|()| connections.enter(ONE).expect("room"));
        first.activity.request_begins();
        second.activity.request_begins();
        assert_eq!(connections.enter(ONE).err(), Some(NoRoom::ForAddress));
        let third = connections.enter(OTHER).expect("room");
        third.activity.request_begins();
        assert_eq!(connections.enter(OTHER).err(), Some(NoRoom::ForAnybody));
        drop(first);
        assert_eq!(connections.enter(ONE).expect("room again").displaced, 0);
        drop((second, third));
        assert_eq!(connections.count(), 0);
        assert!(connections.open().by_address.is_empty());
    }

    #[test]
    fn the_connection_that_waits_longest_gives_way_whatever_it_waits_for() {
        for what in ["head", "body", "reader"] {
            let connections = Connections::new(8, 2);
            let old = connections.enter(ONE).expect("room");
            if what != "head" {
                old.activity.request_begins();
            }
            old.activity.body_waits(what == "body");
            old.activity.reader_waits(what == "reader");
            let newer = connections.enter(ONE).expect("room");
            let new = connections.enter(ONE).expect("the old one gives way");
            assert_eq!(
                (is_open(&old), is_open(&newer), is_open(&new)),
                (false, true, true),
                "{what}"
            );
            drop(old);
            assert_eq!(connections.count(), 2, "{what}");
        }
    }

    #[test]
    fn when_all_places_are_taken_any_address_gives_way() {
        let connections = Connections::new(2, 2);
        let idle = connections.enter(ONE).expect("room");
        let at_work = connections.enter(ONE).expect("room");
        at_work.activity.request_begins();
        let new = connections.enter(OTHER).expect("the idle one gives way");
        assert_eq!((is_open(&idle), is_open(&at_work), new.displaced), (false, true, 1));
    }
}
