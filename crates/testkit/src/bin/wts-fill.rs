//! Makes the tables in the empty database that `WTS_DATABASE_URL` names, `ours` or those of a `wts-v3` database, and
//! fills them with a campus of as many tickets as the second argument says. For `cargo xtask bench`.

use anyhow::{Context, bail};
use wts_testkit::Kind;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("WTS_DATABASE_URL").context("WTS_DATABASE_URL")?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [tables, tickets] = arguments.as_slice() else {
        bail!("expected `ours` or `wts-v3`, and how many tickets");
    };
    let kind = match tables.as_str() {
        "wts-v3" => Kind::WtsV3,
        "ours" if url.starts_with("sqlite:") => Kind::Sqlite,
        "ours" => Kind::Postgres,
        _ => bail!("expected `ours` or `wts-v3`, not {tables}"),
    };
    wts_testkit::fill(kind, &url, tickets.parse()?).await
}
