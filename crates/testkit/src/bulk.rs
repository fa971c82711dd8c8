//! Databases as large as real ones become.

use anyhow::Context;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tokio_postgres::{Config, NoTls};
use wts_adapter_db::{DatabaseUrl, migrate};

use crate::Kind;

/// How much there is to be.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How many tickets, with five times as many traces.
    pub tickets: u32,
    /// Whether there are twenty tickets more, with long histories.
    pub long: bool,
}

/// Makes the tables in an empty database, and fills them.
///
/// # Errors
///
/// If it is not empty or cannot be reached.
pub async fn fill(kind: Kind, url: &str, size: Size) -> anyhow::Result<()> {
    match kind {
        Kind::Sqlite => {
            migrate(&parsed(url)?).await?;
            let file = url.strip_prefix("sqlite:").unwrap_or(url);
            SqliteConnection::establish(file)?
                .batch_execute(&format!(
                    "pragma synchronous = off; begin; {}; commit; pragma wal_checkpoint(truncate); analyze",
                    script(SQLITE, size)
                ))
                .context("filling SQLite")
        }
        Kind::Postgres => {
            migrate(&parsed(url)?).await?;
            fill_postgres(&url.parse()?, &script(POSTGRES, size)).await
        }
        Kind::WtsV3 => {
            let script = format!("{}; {}", crate::database::WTS_V3, script(WTS_V3, size));
            fill_postgres(&url.parse()?, &script).await
        }
    }
}

async fn fill_postgres(config: &Config, script: &str) -> anyhow::Result<()> {
    let (client, driver) = config.connect(NoTls).await?;
    let driver = tokio::spawn(driver);
    // Nothing it inserts refers to what is not there, so that nothing has to look; and no trigger adds to it.
    client
        .batch_execute("set session_replication_role = replica")
        .await?;
    client
        .batch_execute(script)
        .await
        .context("filling PostgreSQL")?;
    client.batch_execute("vacuum analyze").await?;
    drop(client);
    driver.await??;
    Ok(())
}

fn parsed(url: &str) -> anyhow::Result<DatabaseUrl> {
    // The URL itself may hold a password.
    url.parse()
        .map_err(|_| anyhow::anyhow!("not the URL of a database"))
}

/// What a database spells its own way.
type Spelling = &'static [(&'static str, &'static str)];

const SQLITE: Spelling = &[
    ("{data}", ""),
    ("{wts}", ""),
    ("{epoch}", "788918400000000"),
    ("{minute}", "60000000"),
    ("{day}", "9191"),
];
const POSTGRES: Spelling = &[
    ("{data}", "data."),
    ("{wts}", "wts."),
    ("{epoch}", "timestamptz '2025-01-01 00:00:00Z'"),
    ("{minute}", "interval '1 minute'"),
    ("{day}", "date '2025-03-01'"),
];
/// Besides: enums, columns that we have no use for, and identities that give themselves.
const WTS_V3: Spelling = &[
    (
        "{users}",
        "insert into wts.users (sid, wx) select sid, sid from data.students on conflict do nothing;",
    ),
    ("{female}", ", female"),
    ("{no}", ", false"),
    ("{override}", "overriding system value"),
    ("{access}", "::wts.access"),
    ("{status}", "::wts.status"),
    ("{priority}", "::wts.priority"),
    ("{category}", "::wts.category"),
];

fn script(spelling: Spelling, size: Size) -> String {
    let mut statements = include_str!("bulk.sql").to_owned();
    if size.long {
        statements += include_str!("bulk_long.sql");
    }
    let schemas = if spelling == WTS_V3 { POSTGRES } else { &[] };
    let plain = WTS_V3.iter().map(|(name, _)| (*name, ""));
    [schemas, spelling]
        .concat()
        .into_iter()
        .chain(plain)
        .fold(statements, |script, (name, text)| {
            script.replace(name, text)
        })
        .replace("{tickets}", &size.tickets.to_string())
}
