//! The declaration of every setting, grouped.
//!
//! A new setting is declared here and read in `settings.rs`; `--help` and `wts config` list it by themselves, and
//! `cargo test -p wts-server settings_md` writes it into the reference, SETTINGS.md.

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
    ADDRESS, COUNT, DURATION, DURATION_OR_ZERO, Declaration,
    DefaultValue::{Unset, Value},
    FILE, Kind, MILLISECONDS, ParseError, RATE, SWITCH, Setting, TEXT,
    Visibility::{Redacted, Secret},
    masked, parsed, parsed_or_reason, text,
};
use crate::{
    logging::{self, LogFormat},
    otel::CollectorUrl,
};

/// Declares each setting as a constant: its help, its names, the type and the kind of its values, its default.
macro_rules! settings {
    ($($group:literal {
        $($(#[doc = $help:literal])+ $setting:ident($name:literal): $type:ty = $kind:expr, $default:expr;)+
    })+) => {
        $($($(#[doc = $help])+ pub(crate) const $setting: Setting<$type> = {
            const KIND: Kind<$type> = $kind;
            Setting {
                declaration: Declaration {
                    group: $group,
                    name: $name,
                    help: concat!($($help),+).trim_ascii_start(),
                    expected: KIND.expected,
                    default: $default,
                    visibility: KIND.visibility,
                    check: |value| (KIND.parse)(value).map(drop),
                },
                parse: KIND.parse,
            }
        };)+)+

        /// All settings, in the order of the reference.
        pub(crate) const ALL: &[&Declaration] = &[$($(&$setting.declaration),+),+];
    };
}

settings! {
    "Database" {
        /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` or `sqlite:PATH`
        DATABASE_URL("database_url"): DatabaseUrl = URL, Unset("none");
        /// PostgreSQL's streaming replicas to read from, separated by spaces
        DATABASE_READ_URLS("database_read_urls"): Vec<DatabaseUrl> = URLS, Unset("none");
        /// how stale a response from a replica may be; a replica that is further behind is not read from
        REPLICA_MAX_LAG("replica_max_lag"): Duration = DURATION, Value("2s");
        /// how many connections a database is read over, and two more
        DATABASE_CONNECTIONS("database_connections"): NonZeroUsize = COUNT, Unset("one per core, up to 8");
        /// how long PostgreSQL may work on a read, or wait for a lock, before it cancels the read; half a second later the
        /// connection is given up
        STATEMENT_TIMEOUT("statement_timeout"): Duration = MILLISECONDS, Value("1500ms");
    }
    "Tokens" {
        /// the secret that tokens are signed with under HS256, 32 random bytes or more
        JWT_SECRET("jwt_secret"): JwtSecret = SIGNING_SECRET, Unset("none");
        /// public keys in PEM: P-256 for ES256, Ed25519 for EdDSA, RSA of 2048 bits or more for RS256
        JWT_PUBLIC_KEYS_FILE("jwt_public_keys_file"): PathBuf = FILE, Unset("none");
        /// keys as a JSON Web Key Set, each found by its `kid`; also secrets (`oct`), so keep it to yourself
        JWT_JWKS_FILE("jwt_jwks_file"): PathBuf = FILE, Unset("none");
        /// where the sign-in service publishes its public keys as a JSON Web Key Set, `https://…`
        JWT_JWKS_URL("jwt_jwks_url"): KeySetUrl = KEY_SET_URL, Unset("none");
        /// the `iss` that every token must have
        JWT_ISSUER("jwt_issuer"): String = TEXT, Unset("any");
        /// the audience that a token with an `aud` must name
        JWT_AUDIENCE("jwt_audience"): String = TEXT, Unset("none: a token with an `aud` is rejected");
        /// `on`: a rank counts only as far as the database has it too, and a caller who is not in it may read nothing
        RECHECK_ACCESS("recheck_access"): bool = SWITCH, Value("off");
    }
    "HTTP" {
        /// address and port to serve on; port 0 picks a free one
        LISTEN("listen"): SocketAddr = ADDRESS, Value("127.0.0.1:8080");
        /// addresses and networks of the proxies whose `X-Request-Id` and `X-Forwarded-For` are trusted, such as
        /// `127.0.0.1, 10.0.0.0/8`
        TRUSTED_PROXIES("trusted_proxies"): TrustedProxies =
            Kind::public("addresses and networks with commas between them, such as 127.0.0.1, 10.0.0.0/8", parsed),
            Unset("none: every request gets an id of its own");
        /// the origins whose pages may read responses, `https://wts.example` and so on, with commas between them
        CORS_ORIGINS("cors_origins"): AllowedOrigins =
            Kind::public("origins, such as https://wts.example", parsed_or_reason), Unset("none");
        /// `asc` or `desc`, for requests that name no order
        DEFAULT_ORDER("default_order"): Order =
            Kind::public("asc or desc", parsed), Value("asc");
        /// how long a request may take until its response begins
        REQUEST_TIMEOUT("request_timeout"): Duration = MILLISECONDS, Value("2500ms");
        /// how long a connection may wait for its next request
        KEEP_ALIVE("keep_alive"): Duration = DURATION, Value("75s");
    }
    "Limits" {
        /// how many connections are served at once, half of them of one address; one more evicts the longest idle or gets 503
        MAX_CONNECTIONS("max_connections"): NonZeroUsize = COUNT, Value("4096");
        /// how many requests are worked on at once; others get 503
        MAX_IN_FLIGHT("max_in_flight"): NonZeroUsize = COUNT, Value("1024");
        /// how many requests a second one caller may send, on average, and ten times as many at once; `off` for any number
        CALLER_RATE_LIMIT("caller_rate_limit"): Option<NonZeroU32> = RATE, Value("off");
        /// the same for requests without a valid token, of one address; a caller with a valid token is never rejected for them
        ADDRESS_RATE_LIMIT("address_rate_limit"): Option<NonZeroU32> = RATE, Value("1000");
    }
    "Start and end" {
        /// how long the start waits for a database or a key server that is not there yet
        STARTUP_TIMEOUT("startup_timeout"): Duration = DURATION_OR_ZERO, Value("10s");
        /// how long requests are still accepted after SIGTERM, while `/readyz` already returns 503
        SHUTDOWN_DELAY("shutdown_delay"): Duration = DURATION_OR_ZERO, Value("1s");
        /// how long requests in flight may take to finish after that
        SHUTDOWN_TIMEOUT("shutdown_timeout"): Duration = DURATION, Value("30s");
    }
    "Observation" {
        /// address and port of another listener, for `/metrics` and health, not for everyone
        METRICS_LISTEN("metrics_listen"): SocketAddr = ADDRESS, Unset("none");
        /// what to log: a level, or
        /// [directives](https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html#directives)
        LOG("log"): EnvFilter = DIRECTIVES, Value("info");
        /// `text`, or `json` for one object a line
        LOG_FORMAT("log_format"): LogFormat =
            Kind::public("text or json", parsed), Value("text");
        /// the OpenTelemetry collector that gets a span of each request, over OTLP/HTTP: `http://HOST:4318`
        OTLP_ENDPOINT("otlp_endpoint"): CollectorUrl =
            Kind::public("http://HOST:PORT of a collector, without user and query", parsed),
            Unset("none");
        /// the part of the requests that it gets spans of, unless their `traceparent` decides
        OTLP_SAMPLING("otlp_sampling"): f64 = RATIO, Value("1");
    }
}

/// Settings of the past. They are constants now, and ignored with a warning.
pub(super) const RETIRED: [&str; 11] = [
    "answer_timeout",
    "connect_timeout",
    "database_timeout",
    "head_timeout",
    "jwt_jwks_refresh",
    "probe_interval",
    "queue",
    "queue_timeout",
    "replica_timeout",
    "workers",
    "write_timeout",
];

const URL: Kind<DatabaseUrl> = Kind {
    expected: "postgres://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:PATH",
    visibility: Secret(|url| {
        parsed(url).map_or_else(|_| masked(url), |url: DatabaseUrl| url.redacted())
    }),
    parse: parsed_or_reason,
};
const URLS: Kind<Vec<DatabaseUrl>> = Kind {
    expected: "postgres://… URLs, separated by spaces",
    visibility: Secret(|value| {
        let Ok(urls) = urls(value) else {
            return masked(value);
        };
        let urls: Vec<_> = urls.iter().map(DatabaseUrl::redacted).collect();
        urls.join(" ")
    }),
    parse: urls,
};
const SIGNING_SECRET: Kind<JwtSecret> = Kind {
    expected: "the HS256 secret that tokens are signed with, 32 bytes or more",
    visibility: Secret(masked),
    parse: |value| {
        JwtSecret::new(value.to_vec()).map_err(|weak| ParseError::Because(weak.to_string()))
    },
};
const KEY_SET_URL: Kind<KeySetUrl> = Kind {
    expected: "https://… without a user, or http://… on this machine",
    // Without the query, which may be a password.
    visibility: Redacted(|url| {
        parsed(url).map_or_else(|_| masked(url), |url: KeySetUrl| url.to_string())
    }),
    parse: parsed,
};
const RATIO: Kind<f64> = Kind::public("a number from 0 to 1", |value| match parsed(value)? {
    ratio @ 0.0..=1.0 => Ok(ratio),
    _ => Err(ParseError::Unexpected),
});
const DIRECTIVES: Kind<EnvFilter> = Kind::public(
    "a level or directives, such as info or info,wts_adapter_http=debug",
    |value| logging::filter(text(value)?).map_err(|_| ParseError::Unexpected),
);

/// Parses URLs that are separated by white space, or by commas that another URL follows.
fn urls(value: &[u8]) -> Result<Vec<DatabaseUrl>, ParseError> {
    text(value)?
        .replace(",postgres", " postgres")
        .split_whitespace()
        .map(|url| parsed_or_reason(url.as_bytes()))
        .collect()
}
