//! `ecr-publish`: see the library.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser;
use verdict_ecr_publish::cli::{Cli, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Two TLS clients in one process, AWS's and the registry's, with one cryptography.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("ecr-publish: another cryptography is installed already");
        return ExitCode::FAILURE;
    }
    match run(cli).await {
        Ok(output) => match io::stdout().write_all(output.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("ecr-publish: what was done could not be told: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("ecr-publish: {error:#}");
            ExitCode::FAILURE
        }
    }
}
