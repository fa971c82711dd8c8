//! The catalogue of settings: the declaration of every setting, in groups.
//!
//! A new setting is declared here and read in `settings.rs`. `--help` and `wts config` then include it, and `cargo test
//! -p wts-server settings_md` writes it into SETTINGS.md.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use tracing_subscriber::EnvFilter;
use wts_adapter_db::DatabaseUrl;
use wts_adapter_http::{
    AllowedOrigins, KeySetUrl, Order, Secret as JwtSecret, SignInUrl, TrustedProxies,
};

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

/// Declares a constant for each setting, with its help text, its name, the type and the kind of its values, and its
/// default.
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
        /// Database URL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE` or `sqlite:PATH`
        DATABASE_URL("database_url"): DatabaseUrl = URL, Unset("none");
        /// URLs of PostgreSQL streaming replicas to read from, separated by spaces
        DATABASE_READ_URLS("database_read_urls"): Vec<DatabaseUrl> = URLS, Unset("none");
        /// Maximum replica lag; a replica with a larger lag is not read from
        REPLICA_MAX_LAG("replica_max_lag"): Duration = DURATION, Value("2s");
        /// Size of the connection pool of each database; one more connection reads long histories, and one runs health checks
        DATABASE_CONNECTIONS("database_connections"): NonZeroUsize = COUNT, Unset("one per core, up to 8");
        /// Statement timeout of PostgreSQL for reads, including waits for locks; 500 ms later the connection is closed
        STATEMENT_TIMEOUT("statement_timeout"): Duration = MILLISECONDS, Value("1500ms");
    }
    "Tokens" {
        /// Secret that tokens are signed with (HS256), at least 32 random bytes
        JWT_SECRET("jwt_secret"): JwtSecret = SIGNING_SECRET, Unset("none");
        /// File of public keys in PEM: P-256 for ES256, Ed25519 for EdDSA, RSA with at least 2048 bits for RS256
        JWT_PUBLIC_KEYS_FILE("jwt_public_keys_file"): PathBuf = FILE, Unset("none");
        /// File of keys as a JSON Web Key Set, selected by `kid`; protect it if it contains secrets (`oct`)
        JWT_JWKS_FILE("jwt_jwks_file"): PathBuf = FILE, Unset("none");
        /// URL of the JSON Web Key Set of the sign-in service, `https://…`
        JWT_JWKS_URL("jwt_jwks_url"): KeySetUrl = KEY_SET_URL, Unset("none");
        /// Required issuer (`iss`) of tokens
        JWT_ISSUER("jwt_issuer"): String = TEXT, Unset("any");
        /// Audience that a token with an `aud` must contain
        JWT_AUDIENCE("jwt_audience"): String = TEXT, Unset("none: a token with an `aud` is rejected");
        /// Check ranks against the database, `on` or `off`: the lower rank applies, and unknown callers are rejected
        RECHECK_ACCESS("recheck_access"): bool = SWITCH, Value("off");
    }
    "HTTP" {
        /// Listen address; port 0 selects a free port
        LISTEN("listen"): SocketAddr = ADDRESS, Value("127.0.0.1:8080");
        /// Addresses and networks of proxies whose `X-Request-Id` and `X-Forwarded-For` are trusted, separated by commas,
        /// such as `127.0.0.1, 10.0.0.0/8`
        TRUSTED_PROXIES("trusted_proxies"): TrustedProxies =
            Kind::public("addresses and networks separated by commas, such as 127.0.0.1, 10.0.0.0/8", parsed),
            Unset("none: every request gets a new request id");
        /// Origins whose pages can read responses (CORS), separated by commas, such as `https://wts.example`
        CORS_ORIGINS("cors_origins"): AllowedOrigins =
            Kind::public("origins, such as https://wts.example", parsed_or_reason), Unset("none");
        /// Address where visitors of the pages sign in, `https://…` or a path; `{return}` stands for the page to return to
        SIGN_IN_URL("sign_in_url"): SignInUrl =
            Kind::public("https://… or an absolute path", parsed_or_reason), Unset("none: the pages show no link");
        /// Key in the browser's `localStorage` under which the pages find the token of another page of this origin, or `off`
        TOKEN_STORAGE_KEY("token_storage_key"): Option<String> =
            Kind::public("a text, or off", |value| match value {
                b"off" => Ok(None),
                key => parsed(key).map(Some),
            }), Value("jwt");
        /// Order of traces if the request specifies none, `asc` or `desc`
        DEFAULT_ORDER("default_order"): Order =
            Kind::public("asc or desc", parsed), Value("asc");
        /// Request timeout: the longest time until the response begins
        REQUEST_TIMEOUT("request_timeout"): Duration = MILLISECONDS, Value("2500ms");
        /// Keep-alive timeout: the longest time for which a connection may be idle between requests
        KEEP_ALIVE("keep_alive"): Duration = DURATION, Value("75s");
    }
    "Limits" {
        /// Connection limit, half of which one address can use; a connection over the limit evicts the longest idle one, or
        /// gets 503 if none is idle
        MAX_CONNECTIONS("max_connections"): NonZeroUsize = COUNT, Value("4096");
        /// Concurrency limit: the maximum number of requests in flight; further requests get 503
        MAX_IN_FLIGHT("max_in_flight"): NonZeroUsize = COUNT, Value("1024");
        /// Maximum number of long-polling and event-stream requests; further requests get 503. A caller can have at most 16
        /// of them, and one more ends the oldest
        MAX_LONG_LIVED("max_long_lived"): NonZeroUsize = COUNT, Unset("three quarters of the connection limit");
        /// Longest time for which a request can wait for changes (`Prefer: wait`); a longer wait is shortened
        MAX_WAIT("max_wait"): Duration = DURATION, Value("45s");
        /// Rate limit of each caller with a valid token, in requests per second, with bursts of ten times the rate, or `off`
        CALLER_RATE_LIMIT("caller_rate_limit"): Option<NonZeroU32> = RATE, Value("off");
        /// Rate limit of each address, in requests per second, with bursts of ten times the rate, or `off`; it counts requests
        /// without a valid token, and requests whose token has an unknown `kid`, for which a key set must be fetched first
        ADDRESS_RATE_LIMIT("address_rate_limit"): Option<NonZeroU32> = RATE, Value("1000");
    }
    "Startup and shutdown" {
        /// Startup timeout while the database or the key server is unavailable
        STARTUP_TIMEOUT("startup_timeout"): Duration = DURATION_OR_ZERO, Value("10s");
        /// Shutdown delay after SIGTERM, during which requests are still accepted but `/readyz` returns 503
        SHUTDOWN_DELAY("shutdown_delay"): Duration = DURATION_OR_ZERO, Value("1s");
        /// Shutdown timeout for requests in flight, which begins after the shutdown delay
        SHUTDOWN_TIMEOUT("shutdown_timeout"): Duration = DURATION, Value("30s");
    }
    "Observability" {
        /// Listen address of `/metrics` and the health checks; keep it private
        METRICS_LISTEN("metrics_listen"): SocketAddr = ADDRESS, Unset("none");
        /// Log level or
        /// [directives](https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html#directives)
        LOG("log"): EnvFilter = DIRECTIVES, Value("info");
        /// Log format: `text`, or `json` with one object per line
        LOG_FORMAT("log_format"): LogFormat =
            Kind::public("text or json", parsed), Value("text");
        /// URL of the OpenTelemetry collector that receives a span of each request over OTLP/HTTP, `http://HOST:4318`
        OTLP_ENDPOINT("otlp_endpoint"): CollectorUrl =
            Kind::public("http://HOST:PORT of a collector, without a username or query", parsed),
            Unset("none");
        /// Ratio of requests that are exported as spans, unless their `traceparent` decides
        OTLP_SAMPLING("otlp_sampling"): f64 = RATIO, Value("1");
    }
}

/// The retired settings. Their values are constants now, and the settings are ignored with a warning.
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
    expected: "the HS256 secret with which tokens are signed, 32 bytes or more",
    visibility: Secret(masked),
    parse: |value| {
        JwtSecret::new(value.to_vec()).map_err(|weak| ParseError::Because(weak.to_string()))
    },
};
const KEY_SET_URL: Kind<KeySetUrl> = Kind {
    expected: "https://… without a username, or http://… on this machine",
    // The query is omitted, because it can contain a password.
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
    |value| logging::filter(text(value)?).map_err(|error| ParseError::Because(error.to_string())),
);

/// Parses URLs that are separated by white space, or by a comma before the next URL.
fn urls(value: &[u8]) -> Result<Vec<DatabaseUrl>, ParseError> {
    text(value)?
        .replace(",postgres", " postgres")
        .split_whitespace()
        .map(|url| parsed_or_reason(url.as_bytes()))
        .collect()
}
