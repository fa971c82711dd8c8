//! The URL of a database.

mod postgres;
mod tls;

use std::{fmt, path::PathBuf, str::FromStr};

pub(crate) use self::{
    postgres::PostgresConfig,
    tls::{Tls, TlsError},
};

/// The URL of a database: `postgres://…` (also `postgresql://…`) or `sqlite:PATH`.
///
/// It may contain a password, so neither its `Debug` form nor any error repeats it.
#[derive(Clone)]
pub struct DatabaseUrl(Address);

#[derive(Clone)]
pub(crate) enum Address {
    Postgres(Box<PostgresConfig>),
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// The SQLite database in this file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self(Address::Sqlite(file.into()))
    }

    /// The URL without the password.
    pub fn redacted(&self) -> String {
        match &self.0 {
            Address::Sqlite(file) => format!("sqlite:{}", file.display()),
            Address::Postgres(config) => config.redacted(),
        }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0
    }

    /// The configuration, if this is a PostgreSQL database.
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

/// Parses the path after `sqlite:`, without unescaping. `:memory:` and an authority are rejected: other programs give them
/// another meaning.
fn sqlite_file(path: &str) -> Result<PathBuf, InvalidDatabaseUrl> {
    if path.is_empty() || path.contains('\0') {
        return Err(InvalidDatabaseUrl::NoFile);
    }
    if path == ":memory:" {
        return Err(InvalidDatabaseUrl::InMemory);
    }
    match path.strip_prefix("//") {
        // `sqlite:///var/lib/wts.db`, an authority that is empty and an absolute path.
        Some(absolute) if absolute.starts_with('/') => Ok(absolute.into()),
        Some(_) => Err(InvalidDatabaseUrl::RelativeAuthority),
        None => Ok(path.into()),
    }
}

/// Why a URL is invalid. It does not repeat the URL, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// It begins with neither `postgres://`, `postgresql://` nor `sqlite:`.
    #[error("expected postgres://… or sqlite:PATH")]
    Scheme,
    /// The rest of a PostgreSQL address cannot be read.
    #[error(
        "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters percent-encoded, and only \
         parameters that the driver knows"
    )]
    Postgres,
    /// An `sslmode` that does not exist.
    #[error("expected sslmode=verify-full or sslmode=disable")]
    SslMode,
    /// A PostgreSQL address without a host.
    #[error("expected a host in postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    NoHost,
    /// `sqlite:` without a file.
    #[error("expected a file's path after sqlite:")]
    NoFile,
    /// `sqlite::memory:`.
    #[error("expected a file's path after sqlite:, a database in memory would be empty")]
    InMemory,
    /// `sqlite://file`, which other programs read as `file` on a host or as a relative path.
    #[error("expected sqlite:relative/path or sqlite:/absolute/path, without //")]
    RelativeAuthority,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn refusal(url: &str) -> InvalidDatabaseUrl {
        url.parse::<DatabaseUrl>().expect_err(url)
    }

    #[test]
    fn urls_of_both_databases_are_parsed() {
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
        assert_eq!(refusal(""), InvalidDatabaseUrl::Scheme);
        assert_eq!(refusal("mysql://localhost/wts"), InvalidDatabaseUrl::Scheme);
        assert_eq!(refusal("wts.db"), InvalidDatabaseUrl::Scheme);
        assert_eq!(
            refusal("postgres://localhost:port/wts"),
            InvalidDatabaseUrl::Postgres
        );
        assert_eq!(
            refusal("postgres://localhost/wts?colour=blue"),
            InvalidDatabaseUrl::Postgres
        );
        assert_eq!(
            refusal("postgres://localhost/wts?sslmode=sometimes"),
            InvalidDatabaseUrl::SslMode
        );
        assert_eq!(refusal("postgres:///wts"), InvalidDatabaseUrl::NoHost);
        assert_eq!(refusal("sqlite:"), InvalidDatabaseUrl::NoFile);
        assert_eq!(refusal("sqlite::memory:"), InvalidDatabaseUrl::InMemory);
        assert_eq!(
            refusal("sqlite://wts.db"),
            InvalidDatabaseUrl::RelativeAuthority
        );
    }

    #[test]
    fn a_password_is_never_shown() {
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
            !refusal("postgres://wts:hunter2@localhost:x/wts")
                .to_string()
                .contains("hunter2")
        );
    }
}
