//! Makes the tables in the empty database that `WTS_DATABASE_URL` names, `ours` or those of a `wts-v3` database, and
//! fills them with a campus of as many tickets as the second argument says; a third one, `long`, adds long histories. For
//! `cargo xtask bench`.

use anyhow::{Context, bail};
use wts_testkit::{Kind, Size};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("WTS_DATABASE_URL").context("WTS_DATABASE_URL")?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (tables, tickets, long) = match arguments.as_slice() {
        [tables, tickets] => (tables, tickets, false),
        [tables, tickets, long] if long == "long" => (tables, tickets, true),
        _ => bail!("expected `ours` or `wts-v3`, how many tickets, and perhaps `long`"),
    };
    let kind = match tables.as_str() {
        "wts-v3" => Kind::WtsV3,
        "ours" if url.starts_with("sqlite:") => Kind::Sqlite,
        "ours" => Kind::Postgres,
        _ => bail!("expected `ours` or `wts-v3`, not {tables}"),
    };
    let tickets = tickets.parse()?;
    wts_testkit::fill(kind, &url, Size { tickets, long }).await
}
