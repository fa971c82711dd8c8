//! Migrates the database that `WTS_DATABASE_URL` names and fills it with a campus of as many tickets as its argument says.
//! For `cargo xtask bench`.

use anyhow::Context;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("WTS_DATABASE_URL").context("WTS_DATABASE_URL")?;
    let tickets = std::env::args()
        .nth(1)
        .context("how many tickets?")?
        .parse()?;
    let parsed = url
        .parse()
        .map_err(|_| anyhow::anyhow!("WTS_DATABASE_URL is no URL of a database"))?;
    wts_adapter_db::migrate(&parsed).await?;
    wts_testkit::fill(&url, tickets).await
}
