//! Looks after a PostgreSQL, and after its replicas.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio_postgres::config::Host;
use wts_app::HistoryRepository;

use super::{
    Server,
    loader::{open_lazily, timeouts},
    positions::Positions,
    reader::{ReadTimeouts, Reader},
};
use crate::{
    OpenError,
    error::Cause,
    metrics::{DatabaseMetrics, NodeMetrics},
    monitor::{self, Background, Probe, Pulse},
    replicas::{Replica, ReplicaRouter},
    settings::ReadSettings,
    url::Address,
};

/// The histories of a primary that is looked after, and of its replicas where there are any.
pub(crate) fn looked_after(
    name: &str,
    server: &Server,
    primary: Arc<dyn HistoryRepository>,
    settings: &ReadSettings,
    metrics: &DatabaseMetrics,
    pulse: Pulse,
) -> Result<(Arc<dyn HistoryRepository>, Vec<Background>), OpenError> {
    let positions: Option<Arc<Positions>> = (!settings.replicas.is_empty()).then(Arc::default);
    let mut background = Vec::new();
    let mut look_after = |name: &str, server: &Server, role, pulse| {
        let metrics = metrics.of(name);
        let probe = Connected {
            server: server.clone(),
            timeouts: timeouts(settings),
            ranks: settings.ranks,
            metrics: metrics.clone(),
            role,
            idle: Mutex::default(),
        };
        // Replicas are to be found out soon after they fall behind.
        let interval = if settings.replicas.is_empty() {
            settings.probe_interval
        } else {
            settings.probe_interval.min(settings.replica_max_lag / 4)
        };
        background.push(Background::run(monitor::watch(
            name.to_owned(),
            probe,
            pulse,
            interval,
            metrics,
        )));
    };
    let role = positions.clone().map_or(Role::Alone, Role::Primary);
    look_after(name, server, role, pulse);
    let Some(positions) = positions else {
        return Ok((primary, background));
    };
    let mut replicas = Vec::new();
    for url in &settings.replicas {
        let Address::Postgres(server) = url.address() else {
            return Err(OpenError::NoReplicas);
        };
        let (name, pulse) = (name_of(server), Pulse::new());
        let node = metrics.of(&name);
        let histories = open_lazily(server, settings, &node, &pulse);
        let replica = Replica::new(
            Arc::new(histories),
            pulse.clone(),
            settings.replica_max_lag,
            metrics.of_replica(&name),
        );
        let role = Role::Replica(replica.clone(), Arc::clone(&positions));
        look_after(&name, server, role, pulse);
        replicas.push(replica);
    }
    let router = ReplicaRouter::new(primary, replicas, settings.replica_timeout);
    Ok((Arc::new(router), background))
}

/// What a replica is called: where it is.
fn name_of(server: &Server) -> String {
    let host = match server.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(directory)) => directory.display().to_string(),
        None => String::new(),
    };
    let port = server.get_ports().first().unwrap_or(&5432);
    format!("{host}:{port}")
}

/// What a database is to the others.
enum Role {
    Alone,
    /// It says how far it is.
    Primary(Arc<Positions>),
    /// It is compared with that.
    Replica(Replica, Arc<Positions>),
}

/// Asks over a connection of its own.
struct Connected {
    server: Server,
    timeouts: ReadTimeouts,
    /// Whether it has to tell ranks, too.
    ranks: bool,
    metrics: NodeMetrics,
    role: Role,
    idle: Mutex<Option<Reader>>,
}

impl Connected {
    async fn ask(&self, mut reader: Reader) -> Result<(), Cause> {
        reader.probe().await?;
        if self.ranks {
            reader.probe_ranks().await?;
        }
        match &self.role {
            Role::Alone => {}
            Role::Primary(positions) => {
                // Taken before it is asked: it may be that far already then, and later it is further.
                let now = Instant::now();
                positions.primary_was_at(now, reader.wal_position().await?.at());
            }
            Role::Replica(replica, positions) => {
                let position = reader.wal_position().await?;
                // One that was promoted goes its own way.
                let fresh_as_of = position
                    .replays
                    .then(|| positions.fresh_as_of(position.at()))
                    .flatten();
                replica.set_caught_up_at(fresh_as_of);
            }
        }
        *self.idle() = Some(reader);
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Option<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probe for Connected {
    async fn probe(&self) -> Result<(), Cause> {
        let idle = self.idle().take();
        // A connection that does not work any more says nothing of the database.
        if let Some(reader) = idle
            && self.ask(reader).await.is_ok()
        {
            return Ok(());
        }
        let reader = Reader::connect(&self.server, self.timeouts, &self.metrics).await?;
        self.ask(reader).await
    }

    fn failed(&self) {
        if let Role::Replica(replica, _) = &self.role {
            replica.set_caught_up_at(None);
        }
    }
}
