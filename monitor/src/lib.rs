//! `consumer audit` and `consumer monitor`: read what the consumers wrote, beside them, and report
//! how right it was and whether all of it is there.
//!
//! - [`audit`] reads the topics again and proves that every review has exactly one outcome.
//! - [`join`] pairs verdicts with labels by the id of the review, in bounded memory; [`tally`]
//!   counts how right each model version was. Both are pure, and what they give does not depend on
//!   the order of the records.
//! - [`monitor`] feeds the join with the records of both topics; [`run`] follows them, and
//!   publishes as metrics what it knows. A thread beside it repeats the audit of the reviews that
//!   the group is done with.
//!
//! Scoring does not wait for any of it: the monitor is a process of its own that only reads
//! (docs/decisions/0016). The consumer's program calls this library, so that one image has both.

pub mod audit;
mod auditor;
mod exact;
pub mod join;
pub mod monitor;
pub mod report;
pub mod run;
pub mod settings;
pub mod tally;
pub mod topics;

use std::process::ExitCode;

use verdict_service::{Grace, Pages, Shutdown, Worker, bad_input, start};
use verdict_telemetry::{Service, logs, output};

use self::{monitor::Monitor, settings::MonitorArgs};

/// `consumer monitor`: runs until SIGINT or SIGTERM; with `--once`, prints what there is and ends.
///
/// # Errors
/// Settings that cannot be used, an address that is taken, or Kafka being away when it is to read
/// once.
pub fn command(args: &MonitorArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let settings = args.check().map_err(bad_input)?;
    if args.once {
        let report = Monitor::read(&settings)?.report();
        if args.json {
            output::line(report.json())?;
        } else {
            output::line(report.text().trim_end())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let telemetry = start(Service::Monitor, settings.price)?;
    let (shutdown, pages) = (Shutdown::default(), Pages::default());
    let (shared, shown, flag) = (telemetry.clone(), pages.clone(), shutdown.clone());
    let worker = Worker {
        name: "monitor",
        listen: settings.listen,
        checks: &run::CHECKS,
        grace: Grace::Bounded,
    };
    worker.run(&telemetry, &pages, &shutdown, move || run::run(&settings, &shared, &shown, &flag))
}
