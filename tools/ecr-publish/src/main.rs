//! `ecr-publish`: see the library.

use std::process::ExitCode;

use clap::Parser;
use verdict_ecr_publish::cli::{Cli, run};
use verdict_telemetry::output;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Two TLS clients in one process, AWS's and the registry's, with one cryptography.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        output::note("ecr-publish: another cryptography is installed already");
        return ExitCode::FAILURE;
    }
    let done = run(cli).await;
    match done.and_then(|told| Ok(output::buffered(|out| out.write_all(told.as_bytes()))?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("ecr-publish: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
