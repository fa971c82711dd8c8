//! Opening a connection.

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use super::{
    Server,
    tls::{Tls, TlsError},
};

/// How long one host may take to accept a connection and to let us in, where nobody said otherwise.
const HOST_TIMEOUT: Duration = Duration::from_secs(1);
/// How long data that was sent may go without an acknowledgement before the connection counts as lost.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a connection and says `greeting` to it, statements without results.
pub(crate) async fn connect(
    server: &Server,
    greeting: &str,
) -> Result<AsyncPgConnection, ConnectError> {
    connect_within(server, HOST_TIMEOUT, greeting).await
}

/// The same, where each host may take `host_timeout` to accept it and to let us in. What the address says of timeouts and
/// names goes before our own.
pub(super) async fn connect_within(
    server: &Server,
    host_timeout: Duration,
    greeting: &str,
) -> Result<AsyncPgConnection, ConnectError> {
    let (config, limit) = with_our_own(server, host_timeout);
    timeout(limit, open(&config, server.tls.as_ref(), greeting))
        .await
        .map_err(|_| ConnectError::Silent(limit))?
}

/// The same as [`connect`], as the driver gives it, which can `COPY`.
pub(super) async fn client(server: &Server, greeting: &str) -> Result<Client, ConnectError> {
    let (config, limit) = with_our_own(server, HOST_TIMEOUT);
    timeout(limit, open_client(&config, server.tls.as_ref(), greeting))
        .await
        .map_err(|_| ConnectError::Silent(limit))?
}

/// The address with our own timeouts and name, and how long all of its hosts may take together.
fn with_our_own(server: &Server, host_timeout: Duration) -> (Config, Duration) {
    let mut config = Config::clone(server);
    let for_each = *config.get_connect_timeout().unwrap_or(&host_timeout);
    config.connect_timeout(for_each);
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("wts");
    }
    // The driver's own limit ends when a host has accepted, and a host may fall silent afterwards.
    let hosts = u32::try_from(config.get_hosts().len().max(1)).unwrap_or(u32::MAX);
    (config, for_each.saturating_mul(hosts))
}

async fn open_client(
    config: &Config,
    tls: Option<&Tls>,
    greeting: &str,
) -> Result<Client, ConnectError> {
    // The driver ends when the client is dropped, and what goes wrong on the connection the client is told.
    let client = if let Some(tls) = tls {
        let (client, driver) = config.connect(tls.connector()?).await?;
        tokio::spawn(driver);
        client
    } else {
        let (client, driver) = config.connect(NoTls).await?;
        tokio::spawn(driver);
        client
    };
    client.batch_execute(greeting).await?;
    Ok(client)
}

/// Where there is to be TLS, not even the user's name is said before the server has proved who it is.
async fn open(
    config: &Config,
    tls: Option<&Tls>,
    greeting: &str,
) -> Result<AsyncPgConnection, ConnectError> {
    let mut connection = if let Some(tls) = tls {
        let (client, driver) = config.connect(tls.connector()?).await?;
        AsyncPgConnection::try_from_client_and_connection(client, driver).await?
    } else {
        let (client, driver) = config.connect(NoTls).await?;
        AsyncPgConnection::try_from_client_and_connection(client, driver).await?
    };
    connection.batch_execute(greeting).await?;
    Ok(connection)
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no connection within {0:?}")]
    Silent(Duration),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Refused(#[from] tokio_postgres::Error),
    #[error("setting the connection up")]
    Setup(#[from] ConnectionError),
    #[error("setting the connection up")]
    Greeting(#[from] diesel::result::Error),
}

impl ConnectError {
    /// Whether another attempt may succeed. A server that has refused us, for our password or because there is no such
    /// database, will do so again; not so one that is starting or has no connection to spare.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Silent(_) => true,
            Self::Refused(error) => error.as_db_error().is_none_or(|refusal| {
                ["57P", "53", "08"]
                    .iter()
                    .any(|class| refusal.code().code().starts_with(class))
            }),
            Self::Tls(_) | Self::Setup(_) | Self::Greeting(_) => false,
        }
    }
}
