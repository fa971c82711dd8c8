//! The program `wts`, which serves the histories of repair tickets.

mod cli;
mod config;
mod demo;
mod doctor;
mod logging;
mod migrate;
mod otel;
mod panics;
mod serve;
mod settings;
mod show;
mod signals;
mod token;
mod transfer;

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use clap::Parser;
use tokio::runtime::Runtime;
use wts_app::ErrorChain;
use wts_app::GetTracesError;

use crate::{
    cli::{Arguments, Command},
    settings::{Flags, Settings},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The timeout for threads with blocking work when the process ends.
const BLOCKING_TIMEOUT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    panics::install_panic_hook();
    let arguments = Arguments::parse();
    let outcome = Runtime::new()
        .context("cannot start the async runtime")
        .and_then(|runtime| {
            let outcome = runtime.block_on(run(arguments));
            // Such a thread may be waiting for a server that does not respond.
            runtime.shutdown_timeout(BLOCKING_TIMEOUT);
            outcome
        });
    match outcome {
        Ok(()) => {
            logging::end();
            ExitCode::SUCCESS
        }
        Err(error) => {
            report(&error);
            exit_code(&error)
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let with = |flags: &Flags| Settings::read(flags, arguments.config.as_deref());
    let settings = || with(&Flags::default());
    match arguments.command {
        Command::Serve(flags) => serve::run(&with(&flags)?).await,
        Command::Config(flags) => config::run(&with(&flags)?),
        Command::Doctor(flags) => doctor::run(&with(&flags)?).await,
        Command::Migrate => migrate::run(&settings()?).await,
        Command::Export(arguments) => transfer::export(&settings()?, arguments).await,
        Command::Import(arguments) => transfer::import(&settings()?, arguments).await,
        Command::Generate(arguments) => transfer::generate(&settings()?, arguments).await,
        Command::Verify(arguments) => transfer::verify(&settings()?, arguments).await,
        Command::Demo { port } => demo::run(port).await,
        Command::Openapi => openapi(),
        Command::Show(arguments) => show::run(&settings()?, arguments).await,
        Command::Token(subject) => token::run(&settings()?, subject),
    }
}

#[expect(clippy::print_stdout, reason = "the output of the command")]
#[expect(clippy::unnecessary_wraps, reason = "all commands return a result")]
fn openapi() -> anyhow::Result<()> {
    print!("{}", wts_adapter_http::openapi_document());
    Ok(())
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref() {
        Some(GetTracesError::NoSuchTicket(_)) => ExitCode::from(show::NO_SUCH_TICKET),
        _ => ExitCode::FAILURE,
    }
}

#[expect(
    clippy::print_stderr,
    reason = "errors are printed on standard error with every log filter"
)]
fn report(error: &anyhow::Error) {
    let cause = ErrorChain(&**error).to_string();
    if logging::is_json() {
        tracing::error!(cause, "the command failed");
        logging::end();
    } else {
        logging::end();
        eprintln!("wts: {cause}");
    }
}
