//! Opening a connection.

use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use tokio_postgres::{Config, NoTls};

/// How long one host may take to answer.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long data that was sent may go without an acknowledgement before the connection counts as lost.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a connection. What the address says of timeouts and names goes before our own.
pub(crate) async fn connect(config: &Config) -> ConnectionResult<AsyncPgConnection> {
    let mut config = config.clone();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("wts");
    }
    let (client, connection) = config.connect(NoTls).await.map_err(refused)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

fn refused(error: tokio_postgres::Error) -> ConnectionError {
    ConnectionError::CouldntSetupConfiguration(diesel::result::Error::QueryBuilderError(
        error.into(),
    ))
}
