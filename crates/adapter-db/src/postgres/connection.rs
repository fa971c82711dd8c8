//! Opening a connection.

use std::{io, time::Duration};

use diesel::ConnectionError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::{net::lookup_host, time::timeout};
use tokio_postgres::{Client, Config, NoTls, config::Host};

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
    first_that_lets_us_in(server, host_timeout, greeting).await
}

/// The same as [`connect`], as the driver gives it, which can `COPY`.
pub(super) async fn client(server: &Server, greeting: &str) -> Result<Client, ConnectError> {
    first_that_lets_us_in(server, HOST_TIMEOUT, greeting).await
}

/// Tries one host after the other, and each of a host's addresses. One that is silent, before it has accepted or after,
/// keeps nobody from the next.
async fn first_that_lets_us_in<C: Open>(
    server: &Server,
    host_timeout: Duration,
    greeting: &str,
) -> Result<C, ConnectError> {
    let mut failure = ConnectError::Silent(host_timeout);
    for mut host in server.hosts() {
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
                failure = ConnectError::Silent(limit);
                continue;
            }
        };
        // An address that does not even accept leaves the others their share.
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        for mut address in addresses {
            // The driver's own limit ends when it has accepted, and it may fall silent afterwards.
            address.connect_timeout(share);
            // It is large, and rare.
            let attempt = Box::pin(C::open(&address, server.tls.as_ref(), greeting));
            match timeout(limit, attempt).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => failure = error,
                Err(_elapsed) => failure = ConnectError::Silent(limit),
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

/// Something that is opened where there is a server.
trait Open: Sized + Send {
    /// Opens it, and says `greeting`. Where there is to be TLS, not even the user's name is said before the server has
    /// proved who it is.
    fn open(
        config: &Config,
        tls: Option<&Tls>,
        greeting: &str,
    ) -> impl Future<Output = Result<Self, ConnectError>> + Send;
}

impl Open for Client {
    async fn open(
        config: &Config,
        tls: Option<&Tls>,
        greeting: &str,
    ) -> Result<Self, ConnectError> {
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
}

impl Open for AsyncPgConnection {
    async fn open(
        config: &Config,
        tls: Option<&Tls>,
        greeting: &str,
    ) -> Result<Self, ConnectError> {
        let mut connection = if let Some(tls) = tls {
            let (client, driver) = config.connect(tls.connector()?).await?;
            Self::try_from_client_and_connection(client, driver).await?
        } else {
            let (client, driver) = config.connect(NoTls).await?;
            Self::try_from_client_and_connection(client, driver).await?
        };
        connection.batch_execute(greeting).await?;
        Ok(connection)
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no connection within {0:?}")]
    Silent(Duration),
    #[error("the host's name cannot be resolved")]
    Unresolved(#[source] io::Error),
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
            Self::Silent(_) | Self::Unresolved(_) => true,
            Self::Refused(error) => error.as_db_error().is_none_or(|refusal| {
                ["57P", "53", "08"]
                    .iter()
                    .any(|class| refusal.code().code().starts_with(class))
            }),
            Self::Tls(_) | Self::Setup(_) | Self::Greeting(_) => false,
        }
    }
}
