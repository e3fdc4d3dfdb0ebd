//! A token bucket for each address: a burst passes, a flood does not.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hashlink::LruCache;

/// How often one address may ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second in the long run, above 0.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// The token buckets of all addresses that asked lately.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) rate: Rate,
    buckets: Mutex<LruCache<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

// A forgotten address gets a full bucket, so all that ask within one burst must fit.
const ADDRESSES: usize = 16_384;

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::new(LruCache::new(ADDRESSES)) }
    }

    /// How many this address may send at `now`, and when it may send a whole burst again.
    pub(crate) fn left(&self, address: IpAddr, now: Instant) -> (u64, Duration) {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { tokens: self.rate.burst, at: now };
        let tokens = self.tokens(*buckets.peek(&address).unwrap_or(&full), now);
        let missing = (self.rate.burst - tokens) / self.rate.per_second;
        let full_in = Duration::try_from_secs_f64(missing).unwrap_or(Duration::MAX);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
        let whole = tokens.max(0.0) as u64;
        (whole, full_in)
    }

    fn tokens(&self, bucket: Bucket, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.rate.per_second;
        (bucket.tokens + gained).min(self.rate.burst)
    }

    /// Takes a token at `now`, or says how long until there is one.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { tokens: self.rate.burst, at: now };
        let mut bucket = buckets.peek(&address).copied().unwrap_or(full);
        bucket.tokens = self.tokens(bucket, now);
        bucket.at = now;
        let taken = if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            Ok(())
        } else {
            let missing = (1.0 - bucket.tokens) / self.rate.per_second;
            Err(Duration::try_from_secs_f64(missing).unwrap_or(Duration::MAX))
        };
        buckets.insert(address, bucket);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_a_flood_waits_and_another_address_does_not_care() {
        let buckets = Buckets::new(Rate { per_second: 10.0, burst: 3.0 });
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.take(one, now), Ok(()));
        }
        assert_eq!(buckets.left(one, now), (0, Duration::from_millis(300)));
        assert_eq!(buckets.left(other, now), (3, Duration::ZERO));
        let wait = buckets.take(one, now).expect_err("the bucket is empty");
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        assert_eq!(buckets.take(other, now), Ok(()));
        assert_eq!(buckets.take(one, now + Duration::from_millis(101)), Ok(()));
        assert!(buckets.take(one, now + Duration::from_millis(102)).is_err());
    }
}
