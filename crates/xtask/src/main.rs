//! The project's own tasks, run as `cargo xtask NAME`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a task prints is for the person who runs it"
)]

mod account;
mod bench;
mod bench_data;
mod faults;
mod fuzz;
mod install;
mod layers;
mod minimum_rust;
mod module_cycles;
mod postgres;
mod programs;
mod schemathesis;
mod supply;
mod test;
mod warden;

use std::process::ExitCode;

use clap::Parser;

/// The project's own tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Check everything that can be checked, on a PostgreSQL of its own
    Test(test::Args),
    /// Check which crates and which modules depend on each other
    Layers,
    /// Feed made-up inputs to whatever reads what others wrote, and see whether anything breaks
    Fuzz(fuzz::Args),
    /// Measure the service beside the database alone and beside a route that does nothing
    Bench(bench::Args),
    /// Let the database fail in many ways, and ask for too much, for minutes; print what clients saw
    Faults,
    /// Ask the service for all that its description allows and much that it does not, with the Python program schemathesis
    Schemathesis(schemathesis::Args),
    /// Measure histories in and out beside PostgreSQL's own programs
    BenchData(bench_data::Args),
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Test(args) => test::run(&args),
        Task::Layers => layers::check().and_then(|()| module_cycles::check()),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Faults => faults::run(),
        Task::Schemathesis(args) => schemathesis::run(&args),
        Task::BenchData(args) => bench_data::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
