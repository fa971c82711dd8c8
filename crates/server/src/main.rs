//! The program `wts`, which serves the histories of repair tickets.

mod cli;
mod config;
mod demo;
mod doctor;
mod logging;
mod migrate;
mod otel;
mod output;
mod panics;
mod serve;
mod settings;
mod show;
mod signals;
mod tail;
mod terminal;
mod token;
mod transfer;

use std::{io, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::Parser;
use tokio::runtime::Runtime;
use wts_app::{ErrorChain, GetTracesError};

use crate::{
    cli::{Arguments, Command},
    output::OutputError,
    settings::{Flags, Settings},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of a program that SIGPIPE ended, as shells report it.
const CLOSED_PIPE: u8 = 128 + 13;
/// The timeout for threads with blocking work when the process ends.
const BLOCKING_TIMEOUT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    disable_huge_pages();
    panics::install_panic_hook();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => return print_usage(&message),
    };
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
            let code = exit_code(&error);
            if code == ExitCode::from(CLOSED_PIPE) {
                logging::end();
            } else {
                report(&error);
            }
            code
        }
    }
}

/// Disables transparent huge pages of 2 MiB, which the allocator requests. They double the memory of the process and make
/// requests no cheaper.
#[cfg(target_os = "linux")]
fn disable_huge_pages() {
    // If this fails, the process only uses more memory.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
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
        Command::Openapi => {
            let description = wts_adapter_http::openapi_document();
            Ok(output::write(io::stdout(), description.as_bytes())?)
        }
        Command::Show(arguments) => show::run(&settings()?, arguments).await,
        Command::Tail(arguments) => tail::run(&settings()?, arguments).await,
        Command::Token(subject) => token::run(&settings()?, subject),
    }
}

/// Prints the help, the version or the error of invalid arguments.
#[expect(clippy::print_stderr, reason = "the log is not started yet")]
fn print_usage(message: &clap::Error) -> ExitCode {
    match message.print() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("wts: cannot write to standard output: {error}");
            ExitCode::FAILURE
        }
        _ => u8::try_from(message.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from),
    }
}

/// Returns the exit code of a command that failed. If the reader of the output has closed the pipe, the output is incomplete,
/// as if SIGPIPE had ended the program. An error with a context is not such an error: it reports what the command has
/// changed.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    if let Some(GetTracesError::NoSuchTicket(_)) = error.downcast_ref() {
        return ExitCode::from(show::NO_SUCH_TICKET);
    }
    match (**error).downcast_ref::<OutputError>() {
        Some(error) if error.is_closed_pipe() => ExitCode::from(CLOSED_PIPE),
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
