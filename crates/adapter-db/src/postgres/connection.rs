//! Opening a connection.

use std::{io, time::Duration};

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use tokio::{net::lookup_host, time::timeout};
use tokio_postgres::{Client, Config, NoTls, config::Host};

use crate::{
    error::OpenError,
    url::{PostgresConfig, Tls, TlsError},
};

/// How long one host may take to accept a connection and to authenticate us, unless a setting or the URL says otherwise.
const HOST_TIMEOUT: Duration = Duration::from_secs(1);
/// How long data that was sent may go without an acknowledgement before the connection counts as lost.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a connection of diesel's, and runs `setup` on it, statements without results.
pub(super) async fn connect(
    config: &PostgresConfig,
    setup: &str,
) -> Result<AsyncPgConnection, ConnectError> {
    connect_within(config, HOST_TIMEOUT, setup).await
}

/// Opens a connection of diesel's, for which each host may take `host_timeout`. Timeouts and names in the URL take
/// precedence.
pub(super) async fn connect_within(
    config: &PostgresConfig,
    host_timeout: Duration,
    setup: &str,
) -> Result<AsyncPgConnection, ConnectError> {
    let client = connect_first_available(config, host_timeout, setup).await?;
    Ok(AsyncPgConnection::try_from(client).await?)
}

/// Opens a connection of the driver's, which can `COPY`.
pub(super) async fn client(config: &PostgresConfig, setup: &str) -> Result<Client, ConnectError> {
    connect_first_available(config, HOST_TIMEOUT, setup).await
}

/// Tries one host after the other, and each of a host's addresses. A host that is silent, before it has accepted or after,
/// does not prevent the next attempt.
async fn connect_first_available(
    config: &PostgresConfig,
    host_timeout: Duration,
    setup: &str,
) -> Result<Client, ConnectError> {
    let mut failure = ConnectError::Timeout(host_timeout);
    for mut host in config.hosts() {
        let limit = *host.get_connect_timeout().unwrap_or(&host_timeout);
        if host.get_tcp_user_timeout().is_none() {
            host.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
        }
        if host.get_application_name().is_none() {
            host.application_name("wts");
        }
        let addresses = match timeout(limit, addresses(&host)).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => {
                failure = ConnectError::Unresolved(error);
                continue;
            }
            Err(_elapsed) => {
                failure = ConnectError::Timeout(limit);
                continue;
            }
        };
        // An address that does not even accept leaves the others their share.
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        for mut address in addresses {
            // The driver's own limit ends when the server has accepted, and it may fall silent afterwards.
            address.connect_timeout(share);
            // The future is large, and rarely needed.
            let attempt = Box::pin(open(&address, config.tls.as_ref(), setup));
            match timeout(limit, attempt).await {
                Ok(Ok(client)) => return Ok(client),
                Ok(Err(error)) => failure = error,
                Err(_elapsed) => failure = ConnectError::Timeout(limit),
            }
        }
    }
    Err(failure)
}

/// A host at each of its addresses.
async fn addresses(host: &Config) -> io::Result<Vec<Config>> {
    let (Some(Host::Tcp(name)), []) = (host.get_hosts().first(), host.get_hostaddrs()) else {
        return Ok(vec![host.clone()]);
    };
    let port = *host.get_ports().first().unwrap_or(&5432);
    let found = lookup_host((name.as_str(), port)).await?;
    Ok(found
        .map(|address| {
            let mut host = host.clone();
            host.hostaddr(address.ip());
            host
        })
        .collect())
}

/// Connects to one address. With TLS, not even the user's name is sent before the server has proved its identity.
async fn open(config: &Config, tls: Option<&Tls>, setup: &str) -> Result<Client, ConnectError> {
    // The driver's task ends when the client is dropped, and the client returns the connection's errors.
    let client = if let Some(tls) = tls {
        let (client, driver) = config.connect(tls.connector()?).await?;
        tokio::spawn(driver);
        client
    } else {
        let (client, driver) = config.connect(NoTls).await?;
        tokio::spawn(driver);
        client
    };
    client.batch_execute(setup).await?;
    Ok(client)
}

/// Why no host could be connected to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no connection within {0:?}")]
    Timeout(Duration),
    #[error("the host's name cannot be resolved")]
    Unresolved(#[source] io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Refused(#[from] tokio_postgres::Error),
    #[error("setting the connection up")]
    Setup(#[from] ConnectionError),
}

impl ConnectError {
    /// Whether another attempt may succeed. A server that has rejected our password or has no such database will do so
    /// again; not so one that is starting or has no connection to spare.
    fn is_transient(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::Unresolved(_) => true,
            Self::Refused(error) => error.as_db_error().is_none_or(|refusal| {
                ["57P", "53", "08"]
                    .iter()
                    .any(|class| refusal.code().code().starts_with(class))
            }),
            Self::Tls(_) | Self::Setup(_) => false,
        }
    }
}

impl From<ConnectError> for OpenError {
    fn from(error: ConnectError) -> Self {
        Self::Unreachable {
            is_transient: error.is_transient(),
            cause: error.into(),
        }
    }
}
