//! A model of a consumer group: members, a generation, who holds which partition, and positions. A
//! partition moves to another member only after its holder gave it up in a poll (cooperative), or
//! was expelled.

use super::broker::{MAX, Positions};

/// What a producer says of its consumer when it sends positions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Membership {
    /// Member and generation. None is what a client sends that was expelled and knows it.
    pub(super) seat: Option<(u32, u32)>,
    /// `group.instance.id`.
    pub(super) instance: Option<usize>,
}

#[derive(Debug)]
struct Seat {
    id: u32,
    instance: Option<usize>,
    has_joined: bool,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    Generation(u32),
    /// The group has expelled this member.
    Unknown,
    /// Another process has its `group.instance.id`.
    Fenced,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) committed: Vec<u32>,
    /// Positions in open transactions, by `transactional.id`.
    pub(super) pending: Vec<Option<Positions>>,
    generation: u32,
    is_rebalancing: bool,
    next_id: u32,
    seats: Vec<Seat>,
    // By partition: who holds it, and who is to hold it.
    holders: Vec<Option<u32>>,
    targets: Vec<Option<u32>>,
}

impl Group {
    pub(super) fn new(partitions: usize) -> Self {
        Self {
            committed: vec![0; partitions],
            holders: vec![None; partitions],
            targets: vec![None; partitions],
            ..Self::default()
        }
    }

    /// A new member. One that is known by its instance takes over the seat without a rebalance.
    pub(super) fn join(&mut self, instance: Option<usize>) -> u32 {
        self.next_id += 1;
        let id = self.next_id;
        let known = self.seats.iter_mut().find(|s| instance.is_some() && s.instance == instance);
        if let Some(seat) = known {
            let old = std::mem::replace(&mut seat.id, id);
            // The new process holds nothing yet, but what the seat was to hold is its own.
            self.holders.iter_mut().filter(|one| **one == Some(old)).for_each(|one| *one = None);
            self.targets
                .iter_mut()
                .filter(|one| **one == Some(old))
                .for_each(|one| *one = Some(id));
        } else {
            self.seats.push(Seat { id, instance, has_joined: false });
            self.rebalance(id);
        }
        id
    }

    /// Every member must join anew; `by` has.
    fn rebalance(&mut self, by: u32) {
        self.is_rebalancing = true;
        self.seats.iter_mut().for_each(|seat| seat.has_joined = seat.id == by);
        self.complete();
    }

    pub(super) fn heartbeat(&mut self, id: u32, instance: Option<usize>) -> Beat {
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.id == id) else {
            let is_replaced = |seat: &Seat| instance.is_some() && seat.instance == instance;
            return if self.seats.iter().any(is_replaced) { Beat::Fenced } else { Beat::Unknown };
        };
        if self.is_rebalancing {
            seat.has_joined = true;
            self.complete();
        }
        Beat::Generation(self.generation)
    }

    /// Ends a rebalance that all have joined. Partitions stay where they are, as far as that is
    /// balanced.
    fn complete(&mut self) {
        if self.seats.iter().any(|seat| !seat.has_joined) {
            return;
        }
        self.is_rebalancing = false;
        self.generation += 1;
        let most = self.holders.len().div_ceil(self.seats.len().max(1));
        self.targets.fill(None);
        for partition in 0..self.holders.len() {
            let holder = self.holders[partition];
            if holder.is_some_and(|id| self.load(id) < most) {
                self.targets[partition] = holder;
            }
        }
        for partition in 0..self.targets.len() {
            if self.targets[partition].is_none() {
                let idle = self.seats.iter().map(|seat| seat.id).min_by_key(|id| self.load(*id));
                self.targets[partition] = idle;
            }
        }
    }

    fn load(&self, id: u32) -> usize {
        self.targets.iter().filter(|target| **target == Some(id)).count()
    }

    /// Expels a member, or lets it leave.
    pub(super) fn expel(&mut self, id: u32) {
        if !self.seats.iter().any(|seat| seat.id == id) {
            return;
        }
        self.seats.retain(|seat| seat.id != id);
        for one in self.holders.iter_mut().chain(&mut self.targets) {
            one.take_if(|holder| *holder == id);
        }
        self.rebalance(id);
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u32> {
        self.seats.iter().map(|seat| seat.id)
    }

    /// Whether `id` is to give this partition up.
    pub(super) fn is_revoked(&self, id: u32, partition: usize) -> bool {
        !self.is_rebalancing && self.targets[partition] != Some(id)
    }

    pub(super) fn release(&mut self, id: u32, partition: usize) {
        self.holders[partition].take_if(|holder| *holder == id);
        self.rebalance(id);
    }

    /// Gives a partition to `id`, if it is its turn and its position is stable.
    pub(super) fn acquire(&mut self, id: u32, partition: usize) -> Option<u32> {
        let is_free = self.holders[partition].is_none_or(|holder| holder == id);
        if self.is_rebalancing || self.targets[partition] != Some(id) || !is_free {
            return None;
        }
        let position = self.stable(partition)?;
        self.holders[partition] = Some(id);
        Some(position)
    }

    /// The committed position, unless a transaction that is not decided may move it.
    pub(super) fn stable(&self, partition: usize) -> Option<u32> {
        let mut pending = self.pending.iter().flatten();
        let is_stable = pending.all(|positions| positions[partition].is_none());
        is_stable.then(|| self.committed[partition])
    }

    /// Whether positions of such a member are taken, as `ClassicGroup.validateOffsetCommit` says.
    pub(super) fn admits(&self, member: Membership) -> bool {
        match member.seat {
            Some((id, generation)) => {
                generation == self.generation && self.seats.iter().any(|seat| seat.id == id)
            }
            None => member.instance.is_none() || self.seats.is_empty(),
        }
    }

    /// Writes the marker of a transaction.
    ///
    /// # Errors
    /// A position went back.
    pub(super) fn mark(&mut self, tid: usize, commit: bool) -> Result<(), String> {
        let pending = self.pending[tid].take();
        for partition in 0..MAX {
            let Some(to) = pending.and_then(|positions| positions[partition]).filter(|_| commit)
            else {
                continue;
            };
            let from = std::mem::replace(&mut self.committed[partition], to);
            if to < from {
                return Err(format!("the position of p{partition} went back from {from} to {to}"));
            }
        }
        Ok(())
    }
}
