//! Every setting, in the order in which the README lists them.
//!
//! Whoever adds one adds it here, and to the README's table, which a test compares with this list.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use tracing_subscriber::EnvFilter;
use wts_adapter_db::DatabaseUrl;
use wts_adapter_http::{AllowedOrigins, KeySetUrl, Order, Secret as JwtSecret, TrustedProxies};

use super::setting::{
    Default::{Is, Words},
    Described,
    Secrecy::{Open, Partly, Secret},
    Setting, Wrong, any_text, count, duration, duration_or_none, masked, parsed, parsed_or_told,
    rate, switch,
};
use crate::{
    logging::LogFormat,
    spans::{CollectorUrl, Ratio},
};

/// Declares each setting as a constant, and [`ALL`] of them.
macro_rules! settings {
    ($($(#[$doc:meta])* $setting:ident: $type:ty { $($field:ident: $value:expr,)+ })+) => {
        $($(#[$doc])* pub(crate) const $setting: Setting<$type> = Setting { $($field: $value,)+ };)+

        /// All of them.
        pub(crate) const ALL: &[&dyn Described] = &[$(&$setting),+];
    };
}

settings! {
    DATABASE_URL: DatabaseUrl {
        name: "database_url",
        help: "`postgres://USER:PASSWORD@HOST:PORT/DATABASE` or `sqlite:PATH`",
        expected: "postgres://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:PATH",
        default: Words("none"),
        secrecy: Secret(redacted_url),
        read: parsed_or_told,
    }
    JWT_SECRET: JwtSecret {
        name: "jwt_secret",
        help: "the secret that tokens are signed with under HS256, 32 random bytes or more",
        expected: "the HS256 secret that tokens are signed with, 32 bytes or more",
        default: Words("none"),
        secrecy: Secret(masked),
        read: |value| JwtSecret::new(value.to_vec()).map_err(|weak| Wrong::Because(weak.to_string())),
    }
    JWT_PUBLIC_KEYS_FILE: PathBuf {
        name: "jwt_public_keys_file",
        help: "public keys in PEM: P-256 for ES256, Ed25519 for EdDSA, RSA of 2048 bits or more for RS256",
        expected: "a file's path",
        default: Words("none"),
        secrecy: Open,
        read: parsed,
    }
    JWT_JWKS_FILE: PathBuf {
        name: "jwt_jwks_file",
        help: "keys as a JSON Web Key Set, each found by its `kid`; also secrets (`oct`), so keep it to yourself",
        expected: "a file's path",
        default: Words("none"),
        secrecy: Open,
        read: parsed,
    }
    JWT_JWKS_URL: KeySetUrl {
        name: "jwt_jwks_url",
        help: "where the sign-in service publishes its public keys as a JSON Web Key Set, `https://…`",
        expected: "https://… without a user, or http://… on this machine",
        default: Words("none"),
        secrecy: Partly(without_query),
        read: parsed,
    }
    JWT_JWKS_REFRESH: Duration {
        name: "jwt_jwks_refresh",
        help: "how often a key set is read again, be it file or URL; also when a token names a key that is not in it",
        expected: "a duration, such as 5m",
        default: Is("5m"),
        secrecy: Open,
        read: duration,
    }
    JWT_ISSUER: String {
        name: "jwt_issuer",
        help: "the `iss` that every token must have",
        expected: "a text",
        default: Words("any"),
        secrecy: Open,
        read: any_text,
    }
    JWT_AUDIENCE: String {
        name: "jwt_audience",
        help: "the audience that a token with an `aud` must name",
        expected: "a text",
        default: Words("none: a token with an `aud` is refused"),
        secrecy: Open,
        read: any_text,
    }
    RECHECK_ACCESS: bool {
        name: "recheck_access",
        help: "`on`: a rank counts only as far as the database has it too, and who is not in it may read nothing",
        expected: "on or off",
        default: Is("off"),
        secrecy: Open,
        read: switch,
    }
    LISTEN: SocketAddr {
        name: "listen",
        help: "address and port to serve on; port 0 takes a free one",
        expected: "ADDRESS:PORT, such as 127.0.0.1:8080",
        default: Is("127.0.0.1:8080"),
        secrecy: Open,
        read: parsed,
    }
    DEFAULT_ORDER: Order {
        name: "default_order",
        help: "`asc` or `desc`, where a caller asks for neither",
        expected: "asc or desc",
        default: Is("asc"),
        secrecy: Open,
        read: parsed,
    }
    TRUSTED_PROXIES: TrustedProxies {
        name: "trusted_proxies",
        help: "addresses and networks of the proxies whose `X-Request-Id` and `X-Forwarded-For` are believed, such as `127.0.0.1, 10.0.0.0/8`",
        expected: "addresses and networks with commas between them, such as 127.0.0.1, 10.0.0.0/8",
        default: Words("none: every request gets an id of its own"),
        secrecy: Open,
        read: parsed,
    }
    WORKERS: NonZeroUsize {
        name: "workers",
        help: "how many threads serve connections",
        expected: "a number, 1 or more",
        default: Words("one per core"),
        secrecy: Open,
        read: count,
    }
    MAX_CONNECTIONS: NonZeroUsize {
        name: "max_connections",
        help: "how many connections are served at once, half of them of one address; one more ends the longest idle or is answered with 503",
        expected: "a number, 1 or more",
        default: Is("4096"),
        secrecy: Open,
        read: count,
    }
    MAX_IN_FLIGHT: NonZeroUsize {
        name: "max_in_flight",
        help: "how many requests are worked on at once; the others are answered with 503",
        expected: "a number, 1 or more",
        default: Is("1024"),
        secrecy: Open,
        read: count,
    }
    HEAD_TIMEOUT: Duration {
        name: "head_timeout",
        help: "how long a client may take to send a request's head, a second or more",
        expected: "a duration of a second or more, such as 5s",
        default: Is("5s"),
        secrecy: Open,
        read: a_second_or_more,
    }
    REQUEST_TIMEOUT: Duration {
        name: "request_timeout",
        help: "how long a request may take until its answer begins",
        expected: "a duration from 1ms to 24days, such as 2500ms",
        default: Is("2500ms"),
        secrecy: Open,
        read: milliseconds,
    }
    WRITE_TIMEOUT: Duration {
        name: "write_timeout",
        help: "how long a client may take nothing of an answer",
        expected: "a duration, such as 10s",
        default: Is("10s"),
        secrecy: Open,
        read: duration,
    }
    ANSWER_TIMEOUT: Duration {
        name: "answer_timeout",
        help: "how long a client may take over the whole of a long answer",
        expected: "a duration, such as 1m",
        default: Is("1m"),
        secrecy: Open,
        read: duration,
    }
    KEEP_ALIVE: Duration {
        name: "keep_alive",
        help: "how long a connection may wait for its next request",
        expected: "a duration, such as 75s",
        default: Is("75s"),
        secrecy: Open,
        read: duration,
    }
    SHUTDOWN_DELAY: Duration {
        name: "shutdown_delay",
        help: "how long requests are still taken after SIGTERM, while `/readyz` already says no",
        expected: "a duration, such as 1s, or 0s",
        default: Is("1s"),
        secrecy: Open,
        read: duration_or_none,
    }
    SHUTDOWN_TIMEOUT: Duration {
        name: "shutdown_timeout",
        help: "how long requests in flight may take to finish after that",
        expected: "a duration, such as 30s",
        default: Is("30s"),
        secrecy: Open,
        read: duration,
    }
    DATABASE_READ_URLS: Vec<DatabaseUrl> {
        name: "database_read_urls",
        help: "PostgreSQL's streaming replicas to read from, separated by spaces",
        expected: "postgres://… URLs, separated by spaces",
        default: Words("none"),
        secrecy: Secret(redacted_urls),
        read: urls,
    }
    REPLICA_MAX_LAG: Duration {
        name: "replica_max_lag",
        help: "how stale an answer from a replica may be; one that is further behind is not read from",
        expected: "a duration, such as 2s",
        default: Is("2s"),
        secrecy: Open,
        read: duration,
    }
    REPLICA_TIMEOUT: Duration {
        name: "replica_timeout",
        help: "how long a replica may be silent while a read waits for it before the primary is asked",
        expected: "a duration, such as 300ms",
        default: Is("300ms"),
        secrecy: Open,
        read: duration,
    }
    DATABASE_CONNECTIONS: NonZeroUsize {
        name: "database_connections",
        help: "how many connections a database is read over, and two more",
        expected: "a number, 1 or more",
        default: Words("one per core, up to 8"),
        secrecy: Open,
        read: count,
    }
    CONNECT_TIMEOUT: Duration {
        name: "connect_timeout",
        help: "how long a host of the database may take to let us in",
        expected: "a duration, such as 1s",
        default: Is("1s"),
        secrecy: Open,
        read: duration,
    }
    STATEMENT_TIMEOUT: Duration {
        name: "statement_timeout",
        help: "how long PostgreSQL may work on a read, or wait for a lock, before it ends that by itself",
        expected: "a duration from 1ms to 24days, such as 1500ms",
        default: Is("1500ms"),
        secrecy: Open,
        read: milliseconds,
    }
    DATABASE_TIMEOUT: Duration {
        name: "database_timeout",
        help: "how long the database may be silent while it is waited for",
        expected: "a duration, such as 2s",
        default: Is("2s"),
        secrecy: Open,
        read: duration,
    }
    QUEUE_TIMEOUT: Duration {
        name: "queue_timeout",
        help: "how long a read may wait to be sent before it is answered with 503; four times as long behind long histories",
        expected: "a duration, such as 500ms",
        default: Is("500ms"),
        secrecy: Open,
        read: duration,
    }
    QUEUE: NonZeroUsize {
        name: "queue",
        help: "how many reads may wait for each connection to the database",
        expected: "a number, 1 or more",
        default: Is("1024"),
        secrecy: Open,
        read: count,
    }
    PROBE_INTERVAL: Duration {
        name: "probe_interval",
        help: "how often the database is asked whether it answers, for `/readyz`",
        expected: "a duration, such as 1s",
        default: Is("1s"),
        secrecy: Open,
        read: duration,
    }
    STARTUP_TIMEOUT: Duration {
        name: "startup_timeout",
        help: "how long to wait at the start for a database or a key server that is not there yet",
        expected: "a duration, such as 10s, or 0s",
        default: Is("10s"),
        secrecy: Open,
        read: duration_or_none,
    }
    METRICS_LISTEN: SocketAddr {
        name: "metrics_listen",
        help: "address and port of another listener, for `/metrics` and health, not for everyone",
        expected: "ADDRESS:PORT, such as 127.0.0.1:9090",
        default: Words("none"),
        secrecy: Open,
        read: parsed,
    }
    LOG_FORMAT: LogFormat {
        name: "log_format",
        help: "`text`, or `json` for one object a line",
        expected: "text or json",
        default: Is("text"),
        secrecy: Open,
        read: parsed,
    }
    OTLP_ENDPOINT: CollectorUrl {
        name: "otlp_endpoint",
        help: "the OpenTelemetry collector that is told of each request as a span, over OTLP/HTTP: `http://HOST:4318`",
        expected: "http://HOST:PORT of a collector, without user and query",
        default: Words("none"),
        secrecy: Open,
        read: parsed,
    }
    OTLP_SAMPLING: Ratio {
        name: "otlp_sampling",
        help: "the part of the requests that it is told of, unless their `traceparent` decides",
        expected: "a number from 0 to 1",
        default: Is("1"),
        secrecy: Open,
        read: parsed,
    }
    CALLER_RATE_LIMIT: Option<NonZeroU32> {
        name: "caller_rate_limit",
        help: "how many requests a second one caller may make, on average, and ten times as many at once; `off` for any number",
        expected: "a number of requests a second, or off",
        default: Is("off"),
        secrecy: Open,
        read: rate,
    }
    ADDRESS_RATE_LIMIT: Option<NonZeroU32> {
        name: "address_rate_limit",
        help: "the same for requests without a good token, of one address; who has a token is never refused for them",
        expected: "a number of requests a second, or off",
        default: Is("1000"),
        secrecy: Open,
        read: rate,
    }
    CORS_ORIGINS: AllowedOrigins {
        name: "cors_origins",
        help: "whose pages may read answers, `https://wts.example` and so on, with commas between them",
        expected: "origins, such as https://wts.example",
        default: Words("none"),
        secrecy: Open,
        read: parsed_or_told,
    }
    LOG: EnvFilter {
        name: "log",
        help: "what to log: a level, or [directives](https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html#directives)",
        expected: "a level or directives, such as info or info,wts_adapter_http=debug",
        default: Is("info"),
        secrecy: Open,
        read: directives,
    }
}

/// What to log.
fn directives(value: &[u8]) -> Result<EnvFilter, Wrong> {
    let text = str::from_utf8(value).map_err(|_| Wrong::Unexpected)?;
    crate::logging::filter(text).map_err(|_| Wrong::Unexpected)
}

/// What PostgreSQL can count: whole milliseconds, of which none would mean no limit at all.
fn milliseconds(value: &[u8]) -> Result<Duration, Wrong> {
    duration(value).and_then(|duration| match i32::try_from(duration.as_millis()) {
        Ok(1..) => Ok(duration),
        _ => Err(Wrong::Unexpected),
    })
}

/// The server looks at its clock every half second.
fn a_second_or_more(value: &[u8]) -> Result<Duration, Wrong> {
    duration(value).and_then(|duration| {
        if duration < Duration::from_secs(1) {
            Err(Wrong::Unexpected)
        } else {
            Ok(duration)
        }
    })
}

/// Addresses of databases, separated by white space, or by commas that another address follows.
fn urls(value: &[u8]) -> Result<Vec<DatabaseUrl>, Wrong> {
    let text = str::from_utf8(value).map_err(|_| Wrong::Unexpected)?;
    text.replace(",postgres", " postgres")
        .split_whitespace()
        .map(|url| parsed_or_told(url.as_bytes()))
        .collect()
}

fn redacted_urls(value: &[u8]) -> String {
    match urls(value) {
        Ok(urls) => {
            let urls: Vec<_> = urls.iter().map(DatabaseUrl::redacted).collect();
            urls.join(" ")
        }
        Err(_) => masked(value),
    }
}

/// The address of a key set without what may be a password or a token.
fn without_query(url: &[u8]) -> String {
    parsed(url).map_or_else(|_| masked(url), |url: KeySetUrl| url.to_string())
}

/// The address of a database without the password in it.
fn redacted_url(url: &[u8]) -> String {
    str::from_utf8(url)
        .ok()
        .and_then(|url| url.parse().ok())
        .map_or_else(|| masked(url), |url: DatabaseUrl| url.redacted())
}
