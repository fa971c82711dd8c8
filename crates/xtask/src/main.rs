//! The project's own tasks, run as `cargo xtask NAME`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a task prints is for the person who runs it"
)]

mod bench;
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

/// The project's own tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Check everything that can be checked, on a PostgreSQL of its own
    Test(test::Args),
    /// Check which crates and which modules depend on each other
    Layers,
    /// Feed random inputs to the code that reads foreign data, and see whether anything breaks
    Fuzz(fuzz::Args),
    /// Measure the service beside the database alone and beside a route that only checks the token
    Bench(bench::Args),
    /// Let the database fail in many ways, and send too many requests, for minutes; print what clients saw
    Faults,
    /// Send the service all that its description allows and much that it does not, with the Python program schemathesis
    Schemathesis(schemathesis::Args),
    /// Measure histories in and out beside PostgreSQL's own programs
    BenchData(bench::transfer::Args),
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Test(arguments) => test::run_steps(&arguments),
        Task::Layers => dependency_rules::check().and_then(|()| module_cycles::check()),
        Task::Fuzz(arguments) => fuzz::run_targets(&arguments),
        Task::Bench(arguments) => bench::run_benchmarks(&arguments),
        Task::Faults => faults::run_tests(),
        Task::Schemathesis(arguments) => schemathesis::run_at_length(&arguments),
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
