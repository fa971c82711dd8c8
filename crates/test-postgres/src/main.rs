//! Starts a temporary PostgreSQL server, prints the URL of its superuser and its directory, and removes the server when
//! standard input ends.
#![expect(clippy::print_stdout, reason = "this is the program's output")]

use std::io;

use wts_test_postgres::PostgresServer;

fn main() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[])?;
    println!(
        "{}\n{}",
        server.url("postgres"),
        server.directory().display()
    );
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
