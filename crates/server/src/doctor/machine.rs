//! The settings, the secret and the machine.

use std::{fs, io, net::TcpListener, os::unix::fs::PermissionsExt};

use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::settings::{
    Settings,
    catalogue::{LISTEN, MAX_CONNECTIONS, METRICS_LISTEN},
};

/// What the process opens besides connections.
const OTHER_FILES: usize = 64;

/// Whether every setting can be read.
pub(super) fn settings(settings: &Settings) -> Vec<Finding> {
    let wrong: Vec<_> = settings
        .effective()
        .filter_map(|setting| setting.complaint)
        .map(|complaint| Finding::broken(complaint, "`wts config` shows all settings as they hold"))
        .collect();
    if wrong.is_empty() {
        vec![Finding::well("every setting can be read")]
    } else {
        wrong
    }
}

/// Whether tokens can be checked, with keys that nobody can guess.
pub(super) async fn keys(settings: &Settings) -> Finding {
    match settings.keyring().await {
        Ok(_) => Finding::well("tokens can be checked, and no key is known to be weak"),
        Err(error) => Finding::broken(
            format!("tokens cannot be checked: {error:#}"),
            "a secret is made by `openssl rand -hex 32`, and the sign-in service needs the same",
        ),
    }
}

/// Whether others on this machine can read the files that hold secrets.
pub(super) fn secret_files(settings: &Settings) -> Vec<Finding> {
    let open_to_all = |file: &str| {
        fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0)
    };
    settings
        .secret_files()
        .into_iter()
        .map(|file| {
            if open_to_all(&file) {
                Finding::unwise(
                    format!("everyone on this machine may read {file}"),
                    format!("chmod o= {file}"),
                )
            } else {
                Finding::well(format!("not everyone may read {file}"))
            }
        })
        .collect()
}

/// Whether the service can listen.
pub(super) fn listener(settings: &Settings) -> Vec<Finding> {
    let addresses = [&LISTEN, &METRICS_LISTEN].map(|setting| settings.get(setting).ok().flatten());
    addresses
        .into_iter()
        .flatten()
        .map(|address| match TcpListener::bind(address) {
            Ok(_) => Finding::well(format!("{address} is free to listen on")),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::unwise(
                format!("somebody listens on {address} already"),
                "if that is not the service itself, set WTS_LISTEN to another",
            ),
            Err(error) => Finding::broken(
                format!("nobody can listen on {address}: {error}"),
                "set WTS_LISTEN to an address of this machine, with a port above 1023",
            ),
        })
        .collect()
}

/// Whether as many connections can be open as may be.
pub(super) fn open_files(settings: &Settings) -> Option<Finding> {
    let connections = settings.get(&MAX_CONNECTIONS).ok().flatten()?.get();
    // Those that are told that they are too many are open, too.
    let needed = u64::try_from(2 * connections + OTHER_FILES).unwrap_or(u64::MAX);
    let most = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    Some(if most < needed {
        Finding::unwise(
            format!("{most} files may be open, and {connections} connections need {needed}"),
            "raise it (LimitNOFILE of systemd, `ulimit -n`), or lower WTS_MAX_CONNECTIONS",
        )
    } else {
        Finding::well(format!("{connections} connections may be open"))
    })
}
