//! Starts a throw-away PostgreSQL server, prints the URL of its superuser, and removes the server at the end of standard
//! input.
#![expect(clippy::print_stdout, reason = "the URL is this program's output")]

use std::io;

use wts_test_postgres::PostgresServer;

fn main() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[])?;
    println!("{}", server.url("postgres"));
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
