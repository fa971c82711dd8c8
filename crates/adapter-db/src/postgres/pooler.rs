//! Detects connection poolers that run the statements of one connection on different server connections.
//!
//! In transaction or statement mode, a pooler such as PgBouncer assigns a server connection to a client for each
//! transaction only. Prepared statements are then missing on the next server connection, and the settings of a session
//! remain on server connections that serve other clients.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use diesel::result::Error::{self as QueryError, DatabaseError};
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage, error::SqlState};

/// The maximum number of rounds in which each of two connections queries its server process.
const ROUNDS: usize = 4;
const SERVER_PROCESS: &str = "select pg_backend_pid()";
/// The name of the setting that identifies a session. PostgreSQL accepts any setting whose name has a prefix.
const SESSION_ID: &str = "wts.session";

/// The settings of a session, sent as startup options.
///
/// PostgreSQL itself always applies startup options, and no other session can inherit them. A pooler rejects or ignores
/// them, or passes them on to a server connection that other clients share. Reading a random value back distinguishes
/// these cases.
pub(super) struct StartupOptions {
    id: String,
    text: String,
}

impl StartupOptions {
    /// Returns the options for these settings, whose values must not contain spaces, after the `options` of the URL.
    pub(super) fn new(config: &Config, settings: &[(&str, String)]) -> Self {
        let id = format!("{:016x}", RandomState::new().hash_one(SESSION_ID));
        let mut options = vec![config.get_options().unwrap_or_default().to_owned()];
        options.extend(
            settings
                .iter()
                .map(|(name, value)| format!("-c {name}={value}")),
        );
        options.push(format!("-c {SESSION_ID}={id}"));
        let text = options.join(" ");
        Self { id, text }
    }

    /// Returns the value of the startup parameter `options`.
    pub(super) fn as_str(&self) -> &str {
        self.text.trim_start()
    }

    /// Returns whether the server has applied the options to this session.
    pub(super) async fn are_applied(&self, client: &Client) -> Result<bool, Error> {
        let id = query_value(client, "select current_setting('wts.session', true)").await?;
        Ok(id.as_deref() == Some(&self.id))
    }
}

/// Returns whether a connection failed because the server does not support startup options: PgBouncer reports 08P01,
/// RDS Proxy 0A000.
pub(super) fn rejects_options(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::PROTOCOL_VIOLATION,
            SqlState::FEATURE_NOT_SUPPORTED,
        ]
        .contains(code)
    })
}

/// Returns whether a pooler runs the statements of two open connections on server connections that it does not reserve
/// for them.
///
/// A pooler that prefers the server connection that was released last uses it for both connections. A pooler that uses
/// its server connections in turn changes the one of the first connection between two statements.
pub(super) async fn is_multiplexed(first: &Client, second: &Client) -> Result<bool, Error> {
    let (mut of_first, mut of_second) = (HashSet::new(), HashSet::new());
    for _ in 0..ROUNDS {
        for _ in 0..2 {
            of_first.insert(query_value(first, SERVER_PROCESS).await?);
        }
        for _ in 0..2 {
            of_second.insert(query_value(second, SERVER_PROCESS).await?);
        }
        if of_first.len() > 1 || of_second.len() > 1 || of_first == of_second {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs a query without a prepared statement, and returns its only value.
async fn query_value(client: &Client, sql: &str) -> Result<Option<String>, Error> {
    let messages = client.simple_query(sql).await?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.and_then(|row| row.get(0)).map(str::to_owned))
}

/// The message of the error for a pooler in an unsupported mode.
pub(super) const NO_SESSION: &str = "a connection pooler in transaction or statement mode does not support prepared statements: \
     use session mode, or connect to PostgreSQL directly";

/// Returns whether a query failed on a prepared statement that is missing, exists already, or is another one: SQLSTATE
/// 26000, 42P05 or 08P01. Directly connected to PostgreSQL, the driver prevents all three.
pub(super) fn is_foreign_session(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::INVALID_SQL_STATEMENT_NAME,
            SqlState::DUPLICATE_PSTATEMENT,
            SqlState::PROTOCOL_VIOLATION,
        ]
        .contains(code)
    })
}

/// Returns what [`is_foreign_session`] returns, for an error of diesel, which has no SQLSTATE. In every language, the
/// message has the name of the prepared statement: the driver names them `s0`, `s1` and so on.
pub(super) fn is_foreign_session_in_diesel(error: &QueryError) -> bool {
    let DatabaseError(_, information) = error else {
        return false;
    };
    let mut words = information
        .message()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.any(|word| {
        word.strip_prefix('s').is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;

    use super::*;

    #[test]
    fn errors_of_prepared_statements_are_recognized() {
        for (message, expected) in [
            (r#"prepared statement "s12" does not exist"#, true),
            (r#"prepared statement "s0" already exists"#, true),
            (
                r#"bind message supplies 2 parameters, but prepared statement "s1" requires 1"#,
                true,
            ),
            ("准备好的语句\"s3\"不存在", true),
            ("l'instruction préparée « s4 » n'existe pas", true),
            ("permission denied for table tickets", false),
            (r#"column "s" does not exist"#, false),
            (r#"relation "wts.s1_tickets" does not exist"#, false),
        ] {
            let error = DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()));
            assert_eq!(is_foreign_session_in_diesel(&error), expected, "{message}");
        }
    }

    #[test]
    fn startup_options_follow_those_of_the_url() {
        let mut config = Config::new();
        let settings = [("lock_timeout", "1s".to_owned())];
        let options = StartupOptions::new(&config, &settings);
        assert!(
            options
                .as_str()
                .starts_with("-c lock_timeout=1s -c wts.session=")
        );

        config.options("-c work_mem=1MB");
        let options = StartupOptions::new(&config, &settings);
        assert!(
            options
                .as_str()
                .starts_with("-c work_mem=1MB -c lock_timeout=1s -c ")
        );
    }
}
