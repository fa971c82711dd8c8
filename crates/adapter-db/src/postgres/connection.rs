//! Opens connections to PostgreSQL.

use std::{io, time::Duration};

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use tokio::{net::lookup_host, time::timeout};
use tokio_postgres::{Client, Config, NoTls, config::Host};

use super::pooler::{StartupOptions, is_multiplexed, rejects_options};
use crate::{
    error::OpenError,
    url::{PostgresConfig, Tls, TlsError},
};

/// The default timeout for connecting to one host and authenticating. A setting or the URL may override it.
const HOST_TIMEOUT: Duration = Duration::from_secs(1);
/// The `tcp_user_timeout`: the longest that sent data may stay unacknowledged before the connection is closed.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of a session: names and values.
pub(super) type SessionSettings = [(&'static str, String)];

/// Whether a connection through a pooler is checked for transaction or statement mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PoolerCheck {
    /// The connection is checked unless the URL has `pool_mode=session`.
    UnlessSessionMode,
    /// The connection is always checked, because a statement failed in the way that is typical of these modes.
    Always,
}

/// Opens a diesel connection with `settings`.
pub(super) async fn connect(
    config: &PostgresConfig,
    settings: &SessionSettings,
) -> Result<AsyncPgConnection, ConnectError> {
    connect_within(
        config,
        HOST_TIMEOUT,
        settings,
        PoolerCheck::UnlessSessionMode,
    )
    .await
}

/// Opens a diesel connection like [`connect`], with `host_timeout` for each host. Values in the URL override the timeout
/// and the application name.
pub(super) async fn connect_within(
    config: &PostgresConfig,
    host_timeout: Duration,
    settings: &SessionSettings,
    check: PoolerCheck,
) -> Result<AsyncPgConnection, ConnectError> {
    let client = connect_first_available(config, host_timeout, settings, check).await?;
    Ok(AsyncPgConnection::try_from(client).await?)
}

/// Opens a `tokio_postgres` connection, which supports `COPY`.
pub(super) async fn client(
    config: &PostgresConfig,
    settings: &SessionSettings,
) -> Result<Client, ConnectError> {
    let check = PoolerCheck::UnlessSessionMode;
    connect_first_available(config, HOST_TIMEOUT, settings, check).await
}

/// Connects to the first available host, trying each address of each host in turn. The timeout also applies to a host
/// that accepts the connection but then sends nothing.
async fn connect_first_available(
    config: &PostgresConfig,
    host_timeout: Duration,
    settings: &SessionSettings,
    check: PoolerCheck,
) -> Result<Client, ConnectError> {
    let is_checked = check == PoolerCheck::Always || !config.is_session_mode;
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
        // The TCP timeout is divided by the number of addresses, so that an unreachable address leaves time for the
        // others.
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        for mut address in addresses {
            // `connect_timeout` of the driver covers only the TCP connection, so `timeout` below also covers the
            // startup messages.
            address.connect_timeout(share);
            // The future is boxed because it is large and rarely needed.
            let attempt = Box::pin(open(&address, config.tls.as_ref(), settings, is_checked));
            match timeout(limit, attempt).await {
                Ok(Ok(client)) => return Ok(client),
                Ok(Err(error)) => failure = error,
                Err(_elapsed) => failure = ConnectError::Timeout(limit),
            }
        }
    }
    Err(failure)
}

/// Resolves the name of a host, and returns one configuration for each of its addresses.
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

/// Connects to one address, with `settings`.
///
/// PostgreSQL receives them as startup options, so that they end with the session. A pooler does not apply startup
/// options, and receives the settings as statements, but only after it has been found to reserve a server connection
/// for each client: otherwise the settings would apply to other clients.
async fn open(
    config: &Config,
    tls: Option<&Tls>,
    settings: &SessionSettings,
    is_pooler_checked: bool,
) -> Result<Client, ConnectError> {
    let mut with_options = config.clone();
    let options = StartupOptions::new(config, settings);
    with_options.options(options.as_str());
    let (accepted, client) = match start(&with_options, tls).await {
        Ok(client) if options.are_applied(&client).await? => return Ok(client),
        Ok(client) => (&with_options, client),
        Err(ConnectError::Refused(error)) if rejects_options(&error) => {
            (config, start(config, tls).await?)
        }
        Err(error) => return Err(error),
    };
    if is_pooler_checked && is_multiplexed(&client, &start(accepted, tls).await?).await? {
        return Err(ConnectError::Pooler);
    }
    let statements: Vec<_> = settings
        .iter()
        .map(|(name, value)| format!("set {name} = '{value}'"))
        .collect();
    client.batch_execute(&statements.join("; ")).await?;
    Ok(client)
}

/// Starts a session. With TLS, the user name is sent only after the certificate of the server has been verified.
async fn start(config: &Config, tls: Option<&Tls>) -> Result<Client, ConnectError> {
    // The driver task ends when the client is dropped. Connection errors are returned by the client.
    Ok(if let Some(tls) = tls {
        let (client, driver) = config.connect(tls.connector()?).await?;
        tokio::spawn(driver);
        client
    } else {
        let (client, driver) = config.connect(NoTls).await?;
        tokio::spawn(driver);
        client
    })
}

/// The error if no host accepts a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no connection to PostgreSQL within {0:?}")]
    Timeout(Duration),
    #[error("cannot resolve the host name")]
    Unresolved(#[source] io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Refused(#[from] tokio_postgres::Error),
    #[error(
        "the connection goes through a pooler in transaction or statement mode: use session mode, or connect to PostgreSQL \
         directly"
    )]
    Pooler,
    #[error("cannot set up the connection")]
    Setup(#[from] ConnectionError),
}

impl ConnectError {
    /// Returns whether a retry may succeed: the server is starting or has no free connection. A wrong password or a
    /// missing database fails again.
    fn is_transient(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::Unresolved(_) => true,
            Self::Refused(error) => error.as_db_error().is_none_or(|db_error| {
                ["57P", "53", "08"]
                    .iter()
                    .any(|class| db_error.code().code().starts_with(class))
            }),
            Self::Tls(_) | Self::Setup(_) | Self::Pooler => false,
        }
    }
}

impl From<ConnectError> for OpenError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Pooler => Self::Pooler(error.into()),
            error => Self::Unreachable {
                is_transient: error.is_transient(),
                cause: error.into(),
            },
        }
    }
}
