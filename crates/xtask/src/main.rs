//! The development tasks of this project, run as `cargo xtask NAME`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tasks print for the person who runs them"
)]

mod bench;
mod browser;
mod command;
mod dependency_rules;
mod faults;
mod fuzz;
mod install;
mod minimum_rust;
mod module_cycles;
mod postgres;
mod schemathesis;
mod supply_chain;
mod test;

use std::process::ExitCode;

use clap::Parser;

/// Development tasks of this project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Run all checks, with a temporary PostgreSQL server
    Test(test::Args),
    /// Check the dependencies between crates and between modules
    Layers,
    /// Run the fuzz targets, which pass random inputs to the parsers of untrusted data
    Fuzz(fuzz::Args),
    /// Measure the throughput of the service, compared with the database alone and with a route that only checks the
    /// token
    Bench(bench::Args),
    /// Run the long tests of database failures and overload, and print the results of clients
    Faults(faults::Args),
    /// Test the pages in headless Chromium, and check them with axe-core
    Browser(browser::Args),
    /// Test the service with schemathesis, a Python program that generates requests from the OpenAPI description
    Schemathesis(schemathesis::Args),
    /// Measure event streams: memory, CPU time, statements, the time from a commit to its event, and pages of the feed
    BenchStreams(bench::streams::Args),
    /// Measure imports and exports, compared with the programs of PostgreSQL
    BenchData(bench::transfer::Args),
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Test(arguments) => test::run_steps(&arguments),
        Task::Layers => dependency_rules::check().and_then(|()| module_cycles::check()),
        Task::Fuzz(arguments) => fuzz::run_targets(&arguments),
        Task::Bench(arguments) => bench::run_benchmarks(&arguments),
        Task::Faults(arguments) => faults::run_tests(&arguments),
        Task::Browser(arguments) => browser::run_tests(&arguments),
        Task::Schemathesis(arguments) => schemathesis::run_at_length(&arguments),
        Task::BenchStreams(arguments) => bench::streams::run_benchmarks(&arguments),
        Task::BenchData(arguments) => bench::transfer::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
