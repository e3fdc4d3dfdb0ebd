//! How much memory the monitor's join takes when it is full, and how fast it goes on then:
//! `cargo run --release -p verdict-monitor --example join_memory -- 1000000`.

use std::time::Instant;

use anyhow::Context as _;
use verdict_monitor::join::{Join, Labelled, PartitionOffset, Scored};
use verdict_telemetry::output;

fn main() -> anyhow::Result<()> {
    let remember: u64 = match std::env::args().nth(1) {
        Some(typed) => typed.parse().context("records to remember of each kind")?,
        None => 1_000_000,
    };
    let mut join = Join::new(usize::try_from(remember)?);
    let at = |n: u64| -> anyhow::Result<PartitionOffset> {
        Ok(PartitionOffset { partition: i32::try_from(n % 12)?, offset: i64::try_from(n / 12)? })
    };
    for round in 0..4_u64 {
        let started = Instant::now();
        // Of each three reviews one has verdict and label, one a verdict, and one a label.
        for n in round * 3 * remember..(round + 1) * 3 * remember {
            let id = format!("review-{n:012}");
            if n % 3 != 2 {
                join.verdict(&Scored {
                    id: &id,
                    version: "1",
                    probability: 0.75,
                    is_decided: true,
                    source: at(n)?,
                    written_ms: 0,
                });
            }
            if n % 3 != 1 {
                join.label(&Labelled { id: &id, is_positive: Some(n % 2 == 0), position: at(n)? });
            }
        }
        let took = started.elapsed();
        let status =
            std::fs::read_to_string("/proc/self/status").context("reading its own size")?;
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        output::line(format_args!(
            "{} records in {took:.2?}, {} waiting, {} labelled, {} labels waiting, resident {}",
            4 * remember,
            join.waiting_verdicts(),
            join.versions().first().map_or(0, |(_, tally)| tally.n()),
            join.waiting_labels(),
            resident.trim(),
        ))?;
    }
    Ok(())
}
