//! `ecr-publish`: see the library.

use std::process::ExitCode;

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
        Ok(output) => {
            print!("{output}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("ecr-publish: {error:#}");
            ExitCode::FAILURE
        }
    }
}
