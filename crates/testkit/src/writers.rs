//! Concurrent writers of traces, whose transactions do not commit in the order of their ids.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::sleep};
use tokio_postgres::{Client, NoTls};

/// The first ticket of the writers. Each writer has a ticket of its own.
const FIRST_TICKET: i64 = 1_000;

/// SQL for a trigger: an insert with the remark `hang` waits after it has a trace id and before its transaction has an id.
const HANG: &str = "
    create function wts.hang() returns trigger language plpgsql as $$ begin
        if new.remark = 'hang' then perform pg_sleep(0.2 + 0.2 * random()); end if;
        return new;
    end $$;
    create trigger hang before insert on wts.ticket_traces for each row execute function wts.hang()";

/// The ways in which writers end their transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endings {
    /// Transactions commit or roll back.
    OnePhase,
    /// Transactions can also be prepared and committed later (two-phase commit), which the server must allow.
    TwoPhase,
}

/// Writers that insert traces until they are stopped. They connect again when their connection breaks.
pub struct TraceWriters {
    stop: Arc<AtomicBool>,
    committed: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<()>>,
}

impl TraceWriters {
    /// Prepares the database at `url` for `count` writers: creates a ticket for each, and a trigger.
    pub async fn prepare(url: &str, count: usize, issuer: &str) {
        let client = connect(url)
            .await
            .expect("the database accepts connections");
        let tickets = format!(
            "insert into wts.tickets (tid, issuer, submitted_at, category, description) overriding system value
             select {FIRST_TICKET} + n, '{issuer}', now(), 'others', '' from generate_series(1, {count}) n"
        );
        client
            .batch_execute(&tickets)
            .await
            .expect("the tickets are inserted");
        client
            .batch_execute(HANG)
            .await
            .expect("the trigger is made");
    }

    /// Starts `count` writers. The trigger that [`prepare`](Self::prepare) creates delays most inserts of the first one.
    /// A writer calls `url` every time it connects.
    pub fn start(
        url: impl Fn() -> String + Clone + Send + Sync + 'static,
        count: usize,
        endings: Endings,
    ) -> Self {
        let (stop, committed) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let tasks = (0..count).map(|number| {
            let writer = Writer {
                number,
                endings,
                stop: Arc::clone(&stop),
                committed: Arc::clone(&committed),
            };
            tokio::spawn(writer.run(url.clone()))
        });
        let mut tasks: Vec<_> = tasks.collect();
        if endings == Endings::TwoPhase {
            tasks.push(tokio::spawn(commit_abandoned(url, Arc::clone(&stop))));
        }
        Self {
            stop,
            committed,
            tasks,
        }
    }

    /// Returns the number of committed transactions.
    pub fn committed(&self) -> u64 {
        self.committed.load(Relaxed)
    }

    /// Stops the writers, and waits until they have ended their transactions.
    pub async fn stop(self) {
        self.stop.store(true, Relaxed);
        for task in self.tasks {
            task.await.expect("no writer panics");
        }
    }
}

struct Writer {
    number: usize,
    endings: Endings,
    stop: Arc<AtomicBool>,
    committed: Arc<AtomicU64>,
}

impl Writer {
    async fn run(self, url: impl Fn() -> String) {
        let mut transactions = 0_u64;
        while !self.stop.load(Relaxed) {
            let Ok(client) = connect(&url()).await else {
                sleep(Duration::from_millis(20)).await;
                continue;
            };
            // After a failed statement, the state of the connection is unknown, so a new connection is opened.
            while !self.stop.load(Relaxed) {
                transactions += 1;
                if self.transaction(&client, transactions).await.is_err() {
                    break;
                }
            }
        }
    }

    async fn transaction(
        &self,
        client: &Client,
        transaction: u64,
    ) -> Result<(), tokio_postgres::Error> {
        client.batch_execute("begin").await?;
        for _ in 0..fastrand::u8(1..=3) {
            match fastrand::u8(0..10) {
                0 => {
                    client.batch_execute("savepoint s").await?;
                    self.insert(client, "rolled back").await?;
                    client.batch_execute("rollback to savepoint s").await?;
                }
                _ if self.number == 0 => self.insert(client, "hang").await?,
                _ => self.insert(client, "").await?,
            }
            pause(20).await;
        }
        match fastrand::u8(0..10) {
            0..3 => return client.batch_execute("rollback").await,
            3..5 if self.endings == Endings::TwoPhase => {
                let name = format!("{}-{transaction}-{}", self.number, fastrand::u32(..));
                client
                    .batch_execute(&format!("prepare transaction '{name}'"))
                    .await?;
                pause(50).await;
                client
                    .batch_execute(&format!("commit prepared '{name}'"))
                    .await?;
            }
            _ => client.batch_execute("commit").await?,
        }
        self.committed.fetch_add(1, Relaxed);
        pause(10).await;
        Ok(())
    }

    async fn insert(&self, client: &Client, remark: &str) -> Result<(), tokio_postgres::Error> {
        let ticket = FIRST_TICKET + 1 + i64::try_from(self.number).unwrap_or_default();
        client
            .batch_execute(&format!(
                "insert into wts.ticket_traces (tid, op, remark) values ({ticket}, '-1', '{remark}')"
            ))
            .await
    }
}

/// Commits prepared transactions whose writers have lost their connections. Ends when the writers have ended and none is left.
async fn commit_abandoned(url: impl Fn() -> String, stop: Arc<AtomicBool>) {
    const ABANDONED: &str =
        "select gid from pg_prepared_xacts where prepared < now() - interval '2 s'";
    loop {
        sleep(Duration::from_millis(500)).await;
        let is_last = stop.load(Relaxed);
        let Ok(client) = connect(&url()).await else {
            continue;
        };
        let Ok(rows) = client.query(ABANDONED, &[]).await else {
            continue;
        };
        for row in &rows {
            let name: String = row.get(0);
            let _ = client
                .batch_execute(&format!("commit prepared '{name}'"))
                .await;
        }
        let all = client.query("select from pg_prepared_xacts", &[]).await;
        if is_last && all.is_ok_and(|all| all.is_empty()) {
            return;
        }
    }
}

/// Waits for a random time of at most `most` milliseconds.
async fn pause(most: u64) {
    sleep(Duration::from_micros(fastrand::u64(0..most * 1_000))).await;
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, driver) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(driver);
    Ok(client)
}
