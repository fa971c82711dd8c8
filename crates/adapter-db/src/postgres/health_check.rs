//! Opens a PostgreSQL database with its replicas, and checks the health of each.

use std::{sync::Arc, time::Instant};

use tokio_postgres::config::Host;
use wts_app::{HistoryRepository, Repositories};

use super::{
    connection::{ConnectError, PoolerCheck},
    feed::PostgresFeed,
    loader::{self, open_lazily},
    reader::Reader,
    reader_slot::{ReadTimeouts, ReaderSlot},
    wal_lag::PrimaryWalHistory,
};
use crate::{
    backend::OpenBackend,
    error::{Cause, OpenError},
    health::{DatabaseHealth, Probe, spawn_health_check},
    metrics::DatabaseMetrics,
    replicas::{Replica, ReplicaRouter},
    settings::ReadSettings,
    url::PostgresConfig,
};

/// Opens the database and its replicas, and starts their health checks.
pub(super) async fn open(
    config: &PostgresConfig,
    settings: &ReadSettings,
    metrics: &DatabaseMetrics,
    health: DatabaseHealth,
) -> Result<OpenBackend, OpenError> {
    let primary = loader::open(config, settings, &health).await?;
    let primary: Arc<dyn HistoryRepository> = Arc::new(primary);
    let feed = Arc::new(PostgresFeed::new(config, settings, &health));
    let mut histories = Arc::clone(&primary);
    let mut health_checks = Vec::new();
    let mut spawn = |config: &PostgresConfig, role, health| {
        let probe = PostgresProbe {
            slot: ReaderSlot::new(config, ReadTimeouts::shared(settings), &health),
            ranks: settings.ranks,
            role,
        };
        // The lag is checked more often than the maximum lag, so that a replica is excluded in time.
        let interval = if settings.replicas.is_empty() {
            settings.probe_interval
        } else {
            settings.probe_interval.min(settings.replica_max_lag / 4)
        };
        health_checks.push(spawn_health_check(probe, health, interval));
    };
    if settings.replicas.is_empty() {
        spawn(config, Role::Alone, health);
    } else {
        let wal: Arc<PrimaryWalHistory> = Arc::default();
        spawn(config, Role::Primary(Arc::clone(&wal)), health);
        let mut replicas = Vec::new();
        for url in &settings.replicas {
            let config = url.postgres().ok_or(OpenError::ReplicasUnsupported)?;
            let health = DatabaseHealth::new(&name_of(config), metrics);
            let repository = Arc::new(open_lazily(config, settings, &health));
            let replica = Replica::new(repository, health.clone(), settings.replica_max_lag);
            let role = Role::Replica(replica.clone(), Arc::clone(&wal));
            spawn(config, role, health);
            replicas.push(replica);
        }
        let router = ReplicaRouter::new(histories, replicas, settings.replica_timeout);
        histories = Arc::new(router);
    }
    health_checks.push(feed.spawn_observer());
    Ok(OpenBackend {
        repositories: Repositories {
            histories,
            primary_histories: primary,
            watch: feed.clone(),
            feed,
        },
        health_checks,
    })
}

/// Returns the name of a replica: its host and port.
fn name_of(config: &PostgresConfig) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(directory)) => directory.display().to_string(),
        None => String::new(),
    };
    let port = config.get_ports().first().unwrap_or(&5432);
    format!("{host}:{port}")
}

/// The role of a database in streaming replication.
enum Role {
    Alone,
    /// The primary, whose WAL positions the health check records.
    Primary(Arc<PrimaryWalHistory>),
    /// A replica, whose WAL position the health check compares with the recorded positions of the primary.
    Replica(Replica, Arc<PrimaryWalHistory>),
}

/// A probe with a separate connection to the database.
struct PostgresProbe {
    slot: ReaderSlot,
    /// Whether the probe also reads a rank.
    ranks: bool,
    role: Role,
}

impl PostgresProbe {
    async fn probe_with(&self, mut reader: Reader) -> Result<(), Cause> {
        reader.probe(self.ranks).await?;
        match &self.role {
            Role::Alone => {}
            Role::Primary(wal) => {
                // The time is taken before the query: the primary may have this position already now, and a higher one
                // afterwards.
                let now = Instant::now();
                wal.record(now, reader.wal_position().await?.at());
            }
            Role::Replica(replica, wal) => {
                let position = reader.wal_position().await?;
                // A promoted replica no longer replays the log of the primary.
                let caught_up_at = position
                    .is_standby
                    .then(|| wal.caught_up_at(position.at()))
                    .flatten();
                replica.set_caught_up_at(caught_up_at);
            }
        }
        self.slot.keep(reader);
        Ok(())
    }
}

impl Probe for PostgresProbe {
    async fn probe(&self) -> Result<(), Cause> {
        // If an idle connection fails, the probe is repeated on a new one, because the database itself may be readable.
        let is_suspect = self.slot.health().take_new_connection_required();
        if let Some(reader) = self.slot.take()
            && !is_suspect
            && self.probe_with(reader).await.is_ok()
        {
            return Ok(());
        }
        let check = if is_suspect {
            PoolerCheck::Always
        } else {
            PoolerCheck::UnlessSessionMode
        };
        self.probe_with(self.slot.connect(check).await?).await
    }

    fn is_conclusive(&self, cause: &Cause) -> bool {
        // A pooler may by chance reserve a server connection, and then reads still succeed.
        matches!(cause.downcast_ref(), Some(ConnectError::Pooler))
    }

    fn on_failure(&self) {
        if let Role::Replica(replica, _) = &self.role {
            replica.set_caught_up_at(None);
        }
    }
}
