//! A few connections, kept.

use std::time::Duration;

use deadpool::{
    Runtime,
    managed::{self, BuildError, Metrics, RecycleError, RecycleResult},
};
use diesel_async::{AsyncPgConnection, pooled_connection::PoolableConnection};
use tokio::runtime::Handle;
use tokio_postgres::Config;

use super::{connect, connection::ConnectError};

/// What a read costs PostgreSQL grows with the number of connections, so they are few.
const CONNECTIONS: usize = 4;
/// How long a read may wait for a free connection.
const WAIT_TIMEOUT: Duration = Duration::from_millis(500);
/// Said to every new connection. The server ends by itself what takes too long: a client that merely stops waiting
/// would leave it at work, on a connection that no longer counts. And nothing that is read changes anything.
const GREETING: &str = "set statement_timeout = 1500; set default_transaction_read_only = on";

pub(super) type Pool = managed::Pool<Connections>;
pub(super) type PoolError = managed::PoolError<ConnectError>;

/// Makes connections for the pool.
pub(super) struct Connections {
    config: Config,
    /// Drives all connections. Whoever asks first may be on a runtime that has other things to do, or ends before.
    runtime: Handle,
}

impl managed::Manager for Connections {
    type Type = AsyncPgConnection;
    type Error = ConnectError;

    async fn create(&self) -> Result<AsyncPgConnection, ConnectError> {
        let config = self.config.clone();
        let connecting = self
            .runtime
            .spawn(async move { connect(&config, GREETING).await });
        connecting.await.map_err(ConnectError::Abandoned)?
    }

    /// A connection that was closed is noticed without asking it anything.
    async fn recycle(
        &self,
        connection: &mut AsyncPgConnection,
        _: &Metrics,
    ) -> RecycleResult<ConnectError> {
        if connection.is_broken() {
            return Err(RecycleError::message("closed"));
        }
        Ok(())
    }
}

/// An empty pool, whose connections are driven by the runtime that calls this.
pub(super) fn pool(config: &Config) -> Result<Pool, BuildError> {
    let connections = Connections {
        config: config.clone(),
        runtime: Handle::current(),
    };
    Pool::builder(connections)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .build()
}
