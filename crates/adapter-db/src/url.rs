//! The URL of a database.

mod postgres;
mod tls;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

pub(crate) use self::{
    postgres::PostgresConfig,
    tls::{Tls, TlsError},
};

/// The URL of a database: `postgres://…` (also `postgresql://…`) or `sqlite:PATH`.
///
/// The URL may contain a password, so neither the `Debug` output nor an error contains the URL.
#[derive(Clone)]
pub struct DatabaseUrl(Address);

#[derive(Clone)]
pub(crate) enum Address {
    Postgres(Box<PostgresConfig>),
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Returns the URL of the SQLite database in this file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self(Address::Sqlite(file.into()))
    }

    /// Returns the URL with `***` in place of the password.
    pub fn redacted(&self) -> String {
        match &self.0 {
            Address::Sqlite(file) => format!("sqlite:{}", file.display()),
            Address::Postgres(config) => config.redacted(),
        }
    }

    /// Returns the file of a SQLite database; `None` for PostgreSQL.
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.0 {
            Address::Sqlite(file) => Some(file),
            Address::Postgres(_) => None,
        }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0
    }

    /// Returns the configuration of a PostgreSQL database; `None` for SQLite.
    pub(crate) fn postgres(&self) -> Option<&PostgresConfig> {
        match &self.0 {
            Address::Postgres(config) => Some(config),
            Address::Sqlite(_) => None,
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Address::Postgres(_) => "DatabaseUrl(postgres://…)",
            Address::Sqlite(_) => "DatabaseUrl(sqlite:…)",
        })
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sqlite_file(path).map(Self::sqlite);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self(Address::Postgres(Box::new(url.parse()?))));
        }
        Err(InvalidDatabaseUrl::Scheme)
    }
}

/// Parses the path after `sqlite:`. Percent-encoding is not decoded. `:memory:` and `//host` are rejected, because
/// other programs interpret them differently.
fn sqlite_file(path: &str) -> Result<PathBuf, InvalidDatabaseUrl> {
    if path.is_empty() || path.contains('\0') {
        return Err(InvalidDatabaseUrl::NoFile);
    }
    if path == ":memory:" {
        return Err(InvalidDatabaseUrl::InMemory);
    }
    match path.strip_prefix("//") {
        // In `sqlite:///var/lib/wts.db`, an empty authority precedes an absolute path.
        Some(absolute) if absolute.starts_with('/') => Ok(absolute.into()),
        Some(_) => Err(InvalidDatabaseUrl::RelativeAuthority),
        None => Ok(path.into()),
    }
}

/// The reason why a database URL is invalid. It does not contain the URL, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// The URL starts with neither `postgres://`, `postgresql://` nor `sqlite:`.
    #[error("expected postgres://… or sqlite:PATH")]
    Scheme,
    /// The part of a PostgreSQL URL after the scheme is invalid.
    #[error(
        "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters percent-encoded, and only \
         supported parameters"
    )]
    Postgres,
    /// The parameter `sslmode` has an unknown value.
    #[error("expected sslmode=verify-full or sslmode=disable")]
    SslMode,
    /// The parameter `pool_mode` has another value than `session`.
    #[error("expected pool_mode=session, the only mode of a connection pooler that is supported")]
    PoolMode,
    /// A PostgreSQL URL has no host.
    #[error("expected a host in postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    NoHost,
    /// No path follows `sqlite:`.
    #[error("expected a file path after sqlite:")]
    NoFile,
    /// The URL is `sqlite::memory:`.
    #[error("expected a file path after sqlite:, found :memory:, which is always empty")]
    InMemory,
    /// The URL has the form `sqlite://file`, which other programs read as a host name or as a relative path.
    #[error("expected sqlite:relative/path or sqlite:/absolute/path, without //")]
    RelativeAuthority,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse_error(url: &str) -> InvalidDatabaseUrl {
        url.parse::<DatabaseUrl>().expect_err(url)
    }

    #[test]
    fn postgresql_and_sqlite_urls_are_parsed() {
        for url in [
            "postgres://wts:secret@db.example:5432/wts",
            "postgresql://wts@localhost/wts?sslmode=disable",
            "postgres://%2Fvar%2Frun%2Fpostgresql/wts",
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert!(matches!(url.address(), Address::Postgres(_)));
        }
        for (url, file) in [
            ("sqlite:wts.db", "wts.db"),
            ("sqlite:/var/lib/wts.db", "/var/lib/wts.db"),
            ("sqlite:///var/lib/wts.db", "/var/lib/wts.db"),
            ("sqlite:odd ?#%.db", "odd ?#%.db"),
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert!(matches!(url.address(), Address::Sqlite(path) if path == Path::new(file)));
        }
    }

    #[test]
    fn invalid_urls_are_rejected() {
        assert_eq!(parse_error(""), InvalidDatabaseUrl::Scheme);
        assert_eq!(
            parse_error("mysql://localhost/wts"),
            InvalidDatabaseUrl::Scheme
        );
        assert_eq!(parse_error("wts.db"), InvalidDatabaseUrl::Scheme);
        assert_eq!(
            parse_error("postgres://localhost:port/wts"),
            InvalidDatabaseUrl::Postgres
        );
        assert_eq!(
            parse_error("postgres://localhost/wts?colour=blue"),
            InvalidDatabaseUrl::Postgres
        );
        assert_eq!(
            parse_error("postgres://localhost/wts?sslmode=sometimes"),
            InvalidDatabaseUrl::SslMode
        );
        assert_eq!(
            parse_error("postgres://localhost/wts?pool_mode=transaction"),
            InvalidDatabaseUrl::PoolMode
        );
        assert_eq!(parse_error("postgres:///wts"), InvalidDatabaseUrl::NoHost);
        assert_eq!(parse_error("sqlite:"), InvalidDatabaseUrl::NoFile);
        assert_eq!(parse_error("sqlite::memory:"), InvalidDatabaseUrl::InMemory);
        assert_eq!(
            parse_error("sqlite://wts.db"),
            InvalidDatabaseUrl::RelativeAuthority
        );
    }

    #[test]
    fn password_is_never_shown() {
        let url: DatabaseUrl = "postgres://wts:hunter2@localhost/wts".parse().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
        for (given, shown) in [
            (
                "postgres://wts:hunter2@db.example:5433/wts",
                "postgres://wts:***@db.example:5433/wts?sslmode=verify-full",
            ),
            (
                "postgres://wts@a,b/wts?password=hunter2",
                "postgres://wts:***@a:5432,b:5432/wts?sslmode=verify-full",
            ),
            (
                "postgres://%2Fvar%2Frun/wts",
                "postgres://%2Fvar%2Frun:5432/wts",
            ),
            ("sqlite:wts.db", "sqlite:wts.db"),
        ] {
            assert_eq!(given.parse::<DatabaseUrl>().unwrap().redacted(), shown);
        }
        assert!(
            !parse_error("postgres://wts:hunter2@localhost:x/wts")
                .to_string()
                .contains("hunter2")
        );
    }
}
