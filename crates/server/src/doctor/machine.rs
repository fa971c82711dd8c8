//! Checks of the settings, the keys and the machine.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::{
    serve::listen,
    settings::{
        Settings,
        catalogue::{LISTEN, MAX_CONNECTIONS, METRICS_LISTEN},
    },
};

/// The number of files that the process opens in addition to connections.
const OTHER_FILES: usize = 64;

/// Checks whether every setting can be used.
pub(super) fn settings(settings: &Settings) -> Vec<Finding> {
    let errors = settings.effective().filter_map(|(_, line)| line.err());
    let mut findings: Vec<_> = errors
        .map(|error| Finding::fail(error, "`wts config` shows all settings in effect"))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok("every setting can be read"));
    }
    findings.extend(settings.ignored().iter().map(|origin| {
        let text = format!("{origin} is not a setting any more");
        Finding::warn(text, "leave it out")
    }));
    findings
}

/// Checks whether tokens can be verified, with keys that are hard to guess, each found by its `kid`.
pub(super) async fn keys(settings: &Settings) -> Vec<Finding> {
    let keys = match settings.keyring().await {
        Ok(keys) => keys,
        Err(error) => {
            return vec![Finding::fail(
                format!("tokens cannot be checked: {error:#}"),
                "a secret is made by `openssl rand -hex 32`, and the sign-in service needs the same",
            )];
        }
    };
    let mut findings = vec![Finding::ok(
        "tokens can be checked, and no key is known to be weak",
    )];
    findings.extend(keys.duplicate_kids().into_iter().map(|kid| {
        Finding::warn(
            format!("several keys of one type have the kid {kid:?}"),
            "give each key of a set a kid of its own (RFC 7517 4.5)",
        )
    }));
    findings
}

/// Checks whether other users can read the files that hold secrets, or write to those that the service trusts.
pub(super) fn files(settings: &Settings) -> Vec<Finding> {
    let is_open = |path: &Path, mode: u32| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & mode != 0)
    };
    let check = |(file, is_secret): (_, bool)| {
        let file: &Path = file;
        let path = file.display();
        let warning = |what| {
            let text = format!("everyone on this machine may {what} {path}");
            Some(Finding::warn(text, format!("chmod o= {path}")))
        };
        if is_open(file, 0o002) {
            warning("write to")
        } else if is_secret && is_open(file, 0o005) {
            warning("read")
        } else {
            is_secret.then(|| Finding::ok(format!("not everyone may read {path}")))
        }
    };
    let files = settings.files();
    let files = files.iter().map(|(file, is_secret)| (&**file, *is_secret));
    files.filter_map(check).collect()
}

/// Checks whether the service can listen, on both addresses at the same time.
pub(super) fn listeners(settings: &Settings) -> Vec<Finding> {
    let mut listening = Vec::new();
    let mut findings = Vec::new();
    for setting in [&LISTEN, &METRICS_LISTEN] {
        let Ok(Some(address)) = settings.get(setting) else {
            continue;
        };
        let name = settings.origin(setting);
        let error = match listen(address) {
            Ok(listener) => {
                listening.push(listener);
                findings.push(Finding::ok(format!("{address} is free to listen on")));
                continue;
            }
            Err(error) => error,
        };
        // If the address is free without the other listener, the other listener uses it.
        let was_first = listening.is_empty();
        listening.clear();
        findings.push(if error.kind() != io::ErrorKind::AddrInUse {
            Finding::fail(
                format!("cannot listen on {address}: {error}"),
                format!("set {name} to an address of this machine, with a port above 1023"),
            )
        } else if was_first || listen(address).is_err() {
            Finding::warn(
                format!("{address} is in use already"),
                format!("if not by the service itself, set {name} to another"),
            )
        } else {
            Finding::fail(
                format!("the service itself listens on {address} already, for clients"),
                format!("set {name} to another"),
            )
        });
    }
    findings
}

/// Checks whether the limit of open files is high enough for the configured connection limit.
pub(super) fn open_files(settings: &Settings) -> Option<Finding> {
    let connections = settings.get(&MAX_CONNECTIONS).ok().flatten()?.get();
    // Connections over the connection limit are open until they are rejected.
    let needed = u64::try_from(2 * connections + OTHER_FILES).unwrap_or(u64::MAX);
    let max = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let warning = Finding::warn(
        format!("{max} files may be open, and {connections} connections need {needed}"),
        "raise it (LimitNOFILE of systemd, `ulimit -n`), or lower WTS_MAX_CONNECTIONS",
    );
    Some(warning.unless(
        max >= needed,
        format!("{connections} connections may be open"),
    ))
}
