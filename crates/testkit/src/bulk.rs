//! Databases as large as real ones become.

use anyhow::Context;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tokio_postgres::{Config, NoTls};

/// Fills a database that was migrated by us with so many tickets, five times as many traces, and three tickets more whose
/// histories have 10, 1,000 and 100,000.
///
/// # Errors
///
/// If it is not empty or cannot be reached.
pub async fn fill(url: &str, tickets: u32) -> anyhow::Result<()> {
    match url.strip_prefix("sqlite:") {
        Some(file) => SqliteConnection::establish(file)?
            .batch_execute(&format!(
                "pragma synchronous = off; begin; {}; commit; pragma wal_checkpoint(truncate)",
                script(["", "", "788918400000000", "60000000", "9191"], tickets)
            ))
            .context("filling SQLite"),
        None => fill_postgres(&url.parse()?, tickets).await,
    }
}

async fn fill_postgres(config: &Config, tickets: u32) -> anyhow::Result<()> {
    let (client, driver) = config.connect(NoTls).await?;
    let driver = tokio::spawn(driver);
    let words = [
        "data.",
        "wts.",
        "timestamptz '2025-01-01 00:00:00Z'",
        "interval '1 minute'",
        "date '2025-03-01'",
    ];
    // Nothing it inserts refers to what is not there, so that nothing has to look.
    client
        .batch_execute("set session_replication_role = replica")
        .await?;
    client
        .batch_execute(&script(words, tickets))
        .await
        .context("filling PostgreSQL")?;
    client.batch_execute("vacuum analyze").await?;
    drop(client);
    driver.await??;
    Ok(())
}

fn script([data, wts, epoch, minute, day]: [&str; 5], tickets: u32) -> String {
    include_str!("bulk.sql")
        .replace("{data}", data)
        .replace("{wts}", wts)
        .replace("{epoch}", epoch)
        .replace("{minute}", minute)
        .replace("{day}", day)
        .replace("{tickets}", &tickets.to_string())
}
