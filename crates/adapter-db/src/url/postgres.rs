//! The configuration in a `postgres://…` URL: hosts, role and TLS.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    ops::Deref,
    path::PathBuf,
    str::FromStr,
};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, LoadBalanceHosts, SslMode},
};

use super::{InvalidDatabaseUrl, Tls};

/// The hosts of a `postgres://…` URL, which are tried until one accepts a connection, and the connection parameters.
///
/// This crate verifies certificates and tries the hosts itself, because the driver does not verify certificates, and
/// does not try the next host if a host accepts the connection but then sends nothing.
#[derive(Clone)]
pub(crate) struct PostgresConfig {
    config: Config,
    pub(crate) tls: Option<Tls>,
    /// Whether the URL has `pool_mode=session`: a pooler reserves a server connection for each client.
    pub(crate) is_session_mode: bool,
}

impl Deref for PostgresConfig {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

impl FromStr for PostgresConfig {
    type Err = InvalidDatabaseUrl;

    /// Parses the URL. The TLS parameters are not passed to the driver, which supports neither verification nor
    /// certificate authorities.
    fn from_str(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authorities, mut others) = (None, None, Vec::new());
        let mut is_session_mode = false;
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let value = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
            match parameter.split_once('=') {
                Some(("sslmode", text)) => mode = Some(value(text)),
                Some(("sslrootcert", text)) => authorities = Some(value(text)),
                Some(("pool_mode", text)) if value(text) == "session" => is_session_mode = true,
                Some(("pool_mode", _)) => return Err(InvalidDatabaseUrl::PoolMode),
                _ => others.push(parameter),
            }
        }
        let mut config: Config = format!("{address}?{}", others.join("&"))
            .parse()
            .map_err(|_| InvalidDatabaseUrl::Postgres)?;
        let hosts = config.get_hosts().len();
        if hosts == 0 {
            return Err(InvalidDatabaseUrl::NoHost);
        }
        let (addresses, ports) = (config.get_hostaddrs().len(), config.get_ports().len());
        if addresses > 0 && addresses != hosts || ports > 1 && ports != hosts {
            return Err(InvalidDatabaseUrl::Postgres);
        }
        let is_encrypted = match mode.as_deref() {
            Some("disable") => false,
            // `require` and `verify-ca` are treated like `verify-full`.
            Some("require" | "verify-ca" | "verify-full") => true,
            // `allow` and `prefer` would let an attacker on the network turn TLS off, so they are treated like no
            // `sslmode`.
            Some("allow" | "prefer") | None => authorities.is_some() || !is_local(&config),
            Some(_) => return Err(InvalidDatabaseUrl::SslMode),
        };
        config.ssl_mode(if is_encrypted {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let authorities = authorities.filter(|file| file != "system");
        Ok(Self {
            config,
            tls: is_encrypted.then(|| Tls::new(authorities.map(PathBuf::from))),
            is_session_mode,
        })
    }
}

/// Returns whether all hosts are on this machine, so that no data is sent over a network.
fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    }) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

impl PostgresConfig {
    /// Returns one configuration for each host, in the order in which the hosts are tried.
    pub(crate) fn hosts(&self) -> Vec<Config> {
        let mut numbers: Vec<_> = (0..self.config.get_hosts().len()).collect();
        if self.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            // Every `RandomState` has different random keys, so the order is random.
            numbers.sort_by_cached_key(|number| RandomState::new().hash_one(number));
        }
        numbers
            .into_iter()
            .map(|number| self.host(number))
            .collect()
    }

    /// Returns the configuration with only one of the hosts.
    fn host(&self, number: usize) -> Config {
        let from = &self.config;
        let mut host = Config::new();
        match from.get_hosts().get(number) {
            Some(Host::Tcp(name)) => host.host(name),
            Some(Host::Unix(directory)) => host.host_path(directory),
            None => &mut host,
        };
        let (addresses, ports) = (from.get_hostaddrs(), from.get_ports());
        addresses.get(number).map(|address| host.hostaddr(*address));
        let port = ports.get(number).or(ports.first());
        port.map(|port| host.port(*port));
        from.get_user().map(|user| host.user(user));
        from.get_password().map(|password| host.password(password));
        from.get_dbname().map(|name| host.dbname(name));
        from.get_options().map(|options| host.options(options));
        let name = from.get_application_name();
        name.map(|name| host.application_name(name));
        let timeout = from.get_connect_timeout();
        timeout.map(|timeout| host.connect_timeout(*timeout));
        let timeout = from.get_tcp_user_timeout();
        timeout.map(|timeout| host.tcp_user_timeout(*timeout));
        let interval = from.get_keepalives_interval();
        interval.map(|interval| host.keepalives_interval(interval));
        let retries = from.get_keepalives_retries();
        retries.map(|retries| host.keepalives_retries(retries));
        host.keepalives(from.get_keepalives())
            .keepalives_idle(from.get_keepalives_idle())
            .ssl_mode(from.get_ssl_mode())
            .ssl_negotiation(from.get_ssl_negotiation())
            .channel_binding(from.get_channel_binding())
            .target_session_attrs(from.get_target_session_attrs())
            .load_balance_hosts(from.get_load_balance_hosts());
        host
    }

    /// Returns the URL with `***` in place of the password.
    pub(crate) fn redacted(&self) -> String {
        let config = &self.config;
        let user = config.get_user().unwrap_or_default();
        let password = config.get_password().map_or("", |_| ":***");
        let at = if user.is_empty() && password.is_empty() {
            ""
        } else {
            "@"
        };
        let ports = config.get_ports();
        let hosts: Vec<_> = config
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(number, host)| {
                let host = match host {
                    Host::Tcp(host) if host.contains(':') => format!("[{host}]"),
                    Host::Tcp(host) => host.clone(),
                    Host::Unix(directory) => directory.display().to_string().replace('/', "%2F"),
                };
                match ports.get(number).or(ports.first()) {
                    Some(port) => format!("{host}:{port}"),
                    None => host,
                }
            })
            .collect();
        let database = config
            .get_dbname()
            .map(|name| format!("/{name}"))
            .unwrap_or_default();
        let mut parameters = match &self.tls {
            Some(tls) => tls.to_string(),
            None if is_local(config) => String::new(),
            None => "?sslmode=disable".to_owned(),
        };
        if self.is_session_mode {
            parameters.push(if parameters.is_empty() { '?' } else { '&' });
            parameters.push_str("pool_mode=session");
        }
        format!(
            "postgres://{user}{password}{at}{}{database}{parameters}",
            hosts.join(",")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> PostgresConfig {
        url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn network_connections_are_encrypted_by_default() {
        for (url, encrypted) in [
            ("postgres://localhost/wts", false),
            ("postgres://127.0.0.1/wts", false),
            ("postgres://127.9.9.9/wts", false),
            ("postgres://[::1]/wts", false),
            ("postgres://%2Frun%2Fpostgresql/wts", false),
            ("postgres://localhost,127.0.0.1/wts?sslmode=prefer", false),
            ("postgres://localhost/wts?sslmode=require", true),
            ("postgres://localhost/wts?sslrootcert=ca.pem", true),
            (
                "postgres://localhost/wts?sslrootcert=ca.pem&sslmode=disable",
                false,
            ),
            ("postgres://db.example/wts", true),
            ("postgres://postgres/wts", true),
            ("postgres://192.0.2.1/wts", true),
            ("postgres://[2001:db8::1]/wts", true),
            ("postgres://localhost.example/wts", true),
            ("postgres://localhost,db.example/wts", true),
            ("postgres://localhost/wts?hostaddr=192.0.2.1", true),
            ("postgres://db.example/wts?hostaddr=127.0.0.1", true),
            ("postgres://db.example/wts?sslmode=prefer", true),
            ("postgres://db.example/wts?sslmode=allow", true),
            ("postgres://db.example/wts?sslmode=verify-ca", true),
            (
                "postgres://db.example/wts?sslmode=verify-full&application_name=a",
                true,
            ),
            (
                "postgres://db.example/wts?application_name=a&sslmode=disable",
                false,
            ),
        ] {
            let server = server(url);
            assert_eq!(server.tls.is_some(), encrypted, "{url}");
            let mode = if encrypted {
                SslMode::Require
            } else {
                SslMode::Disable
            };
            assert_eq!(server.get_ssl_mode(), mode, "{url}");
        }
        assert_eq!(
            server("postgres://db.example/wts?application_name=a").get_application_name(),
            Some("a")
        );
    }

    #[test]
    fn every_host_has_all_url_parameters() {
        let parameters_of_url = "application_name=a&options=-c%20b%3Dc&connect_timeout=3&tcp_user_timeout=4&keepalives=0\
                    &keepalives_idle=5&keepalives_interval=6&keepalives_retries=7&channel_binding=require\
                    &target_session_attrs=read-write&sslnegotiation=direct&sslmode=require";
        let several = server(&format!("postgres://u:p@a:1,b:2,c:3/d?{parameters_of_url}"));
        let alone = ["a:1", "b:2", "c:3"]
            .map(|host| server(&format!("postgres://u:p@{host}/d?{parameters_of_url}")).config);
        assert_eq!(several.hosts(), alone);

        let addresses = "postgres://a,b/d?hostaddr=192.0.2.1,192.0.2.2";
        let hosts = server(addresses).hosts();
        let second = server("postgres://b/d?hostaddr=192.0.2.2").config;
        assert_eq!(hosts.get(1), Some(&second));
        let random = server("postgres://a,b/d?load_balance_hosts=random");
        assert!((0..1_000).any(|_| random.hosts()[0].get_hosts() == [Host::Tcp("b".to_owned())]));
    }

    #[test]
    fn url_with_mismatched_host_and_port_counts_is_rejected() {
        for url in [
            "postgres://a,b/d?hostaddr=192.0.2.1",
            "postgres://a,b,c/d?port=1,2",
        ] {
            assert!(url.parse::<PostgresConfig>().is_err(), "{url}");
        }
    }

    #[test]
    fn redacted_url_parses_to_the_same_url() {
        for url in [
            "postgres://wts:***@db.example:5432/wts?sslmode=verify-full",
            "postgres://wts:***@db.example:5432/wts?sslmode=verify-full&sslrootcert=/etc/wts/our%20ca.pem",
            "postgres://wts@db.example:5432/wts?sslmode=disable",
            "postgres://wts@localhost:5432/wts",
            "postgres://wts@localhost:5432/wts?pool_mode=session",
            "postgres://wts@db.example:5432/wts?sslmode=disable&pool_mode=session",
        ] {
            assert_eq!(server(url).redacted(), url);
        }
    }
}
