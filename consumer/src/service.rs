//! `consumer run` and `consumer healthcheck`.

use std::{process::ExitCode, sync::Arc};

use arc_swap::ArcSwap;
use verdict_service::{Pages, ProbeArgs, Shutdown, bad_input, serve, start};
use verdict_telemetry::{Service, logs, output};

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
    let (shared, flag, checks) = (telemetry.clone(), shutdown.clone(), &health::CHECKS);
    serve(settings.listen, &telemetry, &pages, &shutdown, "consumer", checks, move || {
        run::run(&settings, &models, observer, &shared, &flag)
    })
}

/// `consumer healthcheck`: asks a running consumer, as a container's health check does.
///
/// # Errors
/// None: a consumer that is not ready is the answer 1, and standard error says why.
pub fn healthcheck(args: &ProbeArgs) -> anyhow::Result<ExitCode> {
    Ok(match args.run(PAGES_PORT) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("consumer: {error}"));
            ExitCode::from(1)
        }
    })
}
