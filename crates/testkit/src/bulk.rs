//! Databases as large as real ones become: the made-up campus, lying as it would if it had been written in the course of
//! time.

use anyhow::Context;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tokio_postgres::{Config, NoTls};
use wts_adapter_db::{DatabaseUrl, migrate, sink};
use wts_app::copy_histories;
use wts_generator::{Campus, CampusSource};

use crate::Kind;

/// Terms enough for a campus of any size.
const DAYS: u32 = 3 * 365;

/// How much there is to be.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How many tickets, with about five times as many traces. They have the numbers from [`FIRST_TICKET`] on.
    pub tickets: u32,
    /// Whether there are twenty tickets more, with long histories.
    pub long: bool,
}

/// The number of the first ticket.
pub const FIRST_TICKET: u32 = 123;

/// Makes the tables in an empty database, and fills them.
///
/// # Errors
///
/// If it is not empty or cannot be reached.
pub async fn fill(kind: Kind, url: &str, size: Size) -> anyhow::Result<()> {
    // The URL itself may hold a password.
    let parsed: DatabaseUrl = url
        .parse()
        .map_err(|_| anyhow::anyhow!("not the URL of a database"))?;
    migrate(&parsed).await?;
    let campus = CampusSource::new(Campus {
        seed: 1,
        tickets: size.tickets.into(),
        days: DAYS,
    });
    let sink = sink(&parsed).await?;
    tokio::task::spawn_blocking(move || copy_histories(Box::new(campus), sink, &mut ()))
        .await?
        .context("filling")?;
    let long = if size.long { LONG } else { "" };
    let last = (FIRST_TICKET + size.tickets - 1).to_string();
    match kind {
        Kind::Sqlite => {
            let file = url.strip_prefix("sqlite:").unwrap_or(url);
            let script = spelled(long, SQLITE).replace("{last}", &last);
            SqliteConnection::establish(file)?
                .batch_execute(&format!(
                    "pragma synchronous = off; begin; {script}; commit; pragma wal_checkpoint(truncate); analyze"
                ))
                .context("long histories in SQLite")
        }
        Kind::Postgres => {
            let script = IN_TIME.to_owned() + &spelled(long, POSTGRES) + NUMBERS;
            run(&url.parse()?, &script.replace("{last}", &last)).await
        }
        Kind::WtsV3 => {
            let moved = MOVED.replace("{schema}", crate::database::WTS_V3);
            let script = moved + &spelled(long, WTS_V3) + NUMBERS;
            run(&url.parse()?, &script.replace("{last}", &last)).await
        }
    }
}

async fn run(config: &Config, script: &str) -> anyhow::Result<()> {
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

/// An import writes a ticket's traces side by side. They are written again in the order in which they came about, as
/// which they lie far apart; in SQLite their numbers see to that.
const IN_TIME: &str = "
    create table wts.in_time as select * from wts.ticket_traces order by opid;
    truncate wts.ticket_traces;
    insert into wts.ticket_traces select * from wts.in_time;
    drop table wts.in_time;";

/// The same in the tables of a WTS v3 database, into which nothing can be imported.
const MOVED: &str = "
    alter schema wts rename to imported;
    alter schema data rename to people;
    drop table __diesel_schema_migrations;
    {schema};
    insert into data.students select sid, name from people.students on conflict do nothing;
    insert into wts.users (sid, wx) select sid, sid from data.students on conflict do nothing;
    insert into wts.operators (wid, sid, access, female)
    select wid, sid, access::wts.access, false from imported.operators on conflict do nothing;
    insert into wts.tickets overriding system value
    select tid, issuer, submitted_at, category::wts.category, description, occur_at, notes, appointed_at,
        priority::wts.priority, status::wts.status, last_updated_at
    from imported.tickets;
    insert into wts.ticket_traces overriding system value
    select opid, tid, updated_at, op, new_status::wts.status, new_priority::wts.priority, new_appointment,
        new_category::wts.category, remark
    from imported.ticket_traces order by opid;
    set client_min_messages = warning;
    drop schema imported, people cascade;";

/// Whoever writes after this gets a number that is free.
const NUMBERS: &str = "
    select setval(pg_get_serial_sequence('wts.ticket_traces', 'opid'), (select max(opid) from wts.ticket_traces));";

/// Histories as long as no campus has them.
const LONG: &str = include_str!("bulk_long.sql");

/// What a database spells its own way.
type Spelling = [(&'static str, &'static str); 6];

const SQLITE: Spelling = [
    ("{wts}", ""),
    ("{epoch}", "788918400000000"),
    ("{minute}", "60000000"),
    ("{category}", ""),
    ("{status}", ""),
    ("{override}", ""),
];
const POSTGRES: Spelling = [
    ("{wts}", "wts."),
    ("{epoch}", "timestamptz '2025-01-01 00:00:00Z'"),
    ("{minute}", "interval '1 minute'"),
    ("{category}", ""),
    ("{status}", ""),
    ("{override}", ""),
];
const WTS_V3: Spelling = [
    ("{wts}", "wts."),
    ("{epoch}", "timestamptz '2025-01-01 00:00:00Z'"),
    ("{minute}", "interval '1 minute'"),
    ("{category}", "::wts.category"),
    ("{status}", "::wts.status"),
    ("{override}", "overriding system value"),
];

fn spelled(statements: &str, spelling: Spelling) -> String {
    spelling
        .into_iter()
        .fold(statements.to_owned(), |script, (name, text)| {
            script.replace(name, text)
        })
}
