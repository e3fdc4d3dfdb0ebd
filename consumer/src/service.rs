//! `consumer run` and `consumer healthcheck`.

use std::{process::ExitCode, sync::Arc};

use arc_swap::ArcSwap;
use verdict_service::{Grace, Pages, ProbeArgs, Shutdown, Worker, bad_input, start};
use verdict_telemetry::{Service, logs};

use crate::{
    health,
    observe::{observer::Observer, shadow::Shadow},
    run,
    settings::RunArgs,
};

/// The port of `--listen`'s default.
const PAGES_PORT: u16 = 9101;

/// `consumer run`: scores reviews until SIGINT or SIGTERM.
///
/// # Errors
/// Settings or a model that cannot be used, an address that is taken, or a member that cannot go
/// on: [`verdict_service::exit_code`] tells them apart.
pub fn command(args: &RunArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let settings = args.check().map_err(bad_input)?;
    let model = settings.registry.load(&settings.model).map_err(bad_input)?;
    let shadow = settings.observe.shadow.as_ref().map(|uri| {
        let shadow = settings.registry.load(uri);
        shadow.map_err(|error| bad_input(format!("--shadow: {error}")))
    });
    let shadow = shadow
        .transpose()?
        .map(|model| Shadow::new(Arc::new(model), settings.observe.shadow_share));
    let telemetry = start(Service::Consumer, settings.price)?;
    let shutdown = Shutdown::default();
    let models = Arc::new(ArcSwap::from_pointee(model));
    let pages = Pages::default();
    let observer = Observer::new(&settings.observe, shadow, &telemetry, &pages);
    let (shared, flag) = (telemetry.clone(), shutdown.clone());
    let worker = Worker {
        name: "consumer",
        listen: settings.listen,
        checks: &health::CHECKS,
        grace: Grace::Bounded,
    };
    worker.run(&telemetry, &pages, &shutdown, move || {
        run::run(&settings, &models, observer, &shared, &flag)
    })
}

/// `consumer healthcheck`: asks a running consumer, as a container's health check does.
#[must_use]
pub fn healthcheck(args: &ProbeArgs) -> ExitCode {
    args.run("consumer", PAGES_PORT)
}
