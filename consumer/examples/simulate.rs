//! Many schedules of the simulation of transactional delivery, or one in words.

#[path = "../tests/suite/simulation/mod.rs"]
mod simulation;

use std::{io, process::ExitCode, time::Instant};

use clap::Parser;
use simulation::{COUNTED, Counts, Variant, caught, explain, run};
use verdict_telemetry::output;

/// Simulates transactional delivery in many schedules, whose seeds follow each other.
#[derive(Debug, Parser)]
struct Cli {
    /// How many schedules. A single one is printed in words.
    #[arg(long, default_value_t = 1_000_000)]
    schedules: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Instead, run drivers that are wrong on purpose until a schedule catches each.
    #[arg(long)]
    controls: bool,
}

fn main() -> io::Result<ExitCode> {
    let Cli { schedules, seed, controls } = Cli::parse();
    if controls {
        for variant in Variant::WRONG {
            let result = caught(variant, schedules).map_or_else(
                || format!("not caught in {schedules} schedules"),
                |(after, broken)| format!("caught after {after} schedules: {broken}"),
            );
            output::line(format!("{variant:?}: {result}"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (started, mut counts, mut broken) = (Instant::now(), Counts::default(), 0_u64);
    for done in 1..=schedules {
        let seed = seed + done - 1;
        let is_broken = run(seed, Variant::Right, &mut counts).is_err();
        broken += u64::from(is_broken);
        if is_broken || schedules == 1 {
            output::line(explain(seed, Variant::Right))?;
        }
        if done % 500_000 == 0 || done == schedules {
            output::line(format!(
                "{done} schedules in {:.0?}, {broken} broken",
                started.elapsed()
            ))?;
        }
    }
    for (what, count) in COUNTED.iter().zip(counts) {
        output::line(format!("{count} {what}"))?;
    }
    Ok(ExitCode::from(u8::from(broken > 0)))
}
