//! How outcomes reach Kafka: what is promised, and the transactions that keep it.

use std::time::Duration;

use super::declare::*;
use crate::labels::{Promise, TransactionEnd};

// A transaction of one review takes some five round trips to the broker.
const TRANSACTION_SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

instruments! { delivery;
    /// Always 1: what this consumer promises of each review, its outcome exactly once or at least
    /// once
    Gauge<u64> "verdict.delivery.promise" as "verdict_delivery_promise" in "", by &[Consumer],
        shows |shown| shown.promise.map(|it| (1, it.labels("promise"))).into_iter().collect(),
        labels ["promise"];

    /// Batches by what became of their transaction: committed; aborted (read again); unknown (its
    /// outcome was asked of the group by a new producer)
    Counter<u64> "verdict.transactions" as "verdict_transactions_total" in "{transaction}",
        by &[Consumer],
        pub fn record_transactions[outcome: TransactionEnd](n: u64) { n };

    /// Producers that took the place of another one of this consumer (new epochs)
    Counter<u64> "verdict.transaction.epochs" as "verdict_transaction_epochs_total" in "{epoch}",
        by &[Consumer],
        pub fn record_epochs[](n: u64) { n };

    /// From the beginning of a transaction to its end
    Histogram<f64> "verdict.transaction.duration" as "verdict_transaction_duration_seconds"
        in ("s", TRANSACTION_SECONDS), by &[Consumer],
        pub fn record_transaction[](took: Duration) { took.as_secs_f64() };
}

impl Metrics {
    /// What this consumer promises from now on.
    pub fn set_promise(&self, promise: Promise) {
        self.shown().promise = Some(promise);
    }
}
