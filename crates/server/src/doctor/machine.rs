//! The checks of the settings, the keys and the machine.

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

/// The number of files that the process opens in addition to its connections.
const OTHER_FILES: usize = 64;

/// Checks that every setting is valid.
pub(super) fn settings(settings: &Settings) -> Vec<Finding> {
    let errors = settings.effective().filter_map(|(_, line)| line.err());
    let mut findings: Vec<_> = errors
        .map(|error| Finding::fail(error, "`wts config` shows all settings in effect"))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok("every setting is valid"));
    }
    findings.extend(settings.ignored().iter().map(|origin| {
        let text = format!("{origin} is a retired setting, which is ignored");
        Finding::warn(text, "remove it")
    }));
    findings
}

/// Checks that the keys for token verification can be loaded, that none of them is known to be weak, and that no `kid`
/// is ambiguous.
pub(super) async fn keys(settings: &Settings) -> Vec<Finding> {
    let keys = match settings.keyring().await {
        Ok(keys) => keys,
        Err(error) => {
            return vec![Finding::fail(
                format!("tokens cannot be verified: {error:#}"),
                "generate a secret with `openssl rand -hex 32`, and configure the same secret in the sign-in service",
            )];
        }
    };
    let mut findings = vec![Finding::ok(
        "tokens can be verified, and no key is known to be weak",
    )];
    findings.extend(keys.duplicate_kids().into_iter().map(|kid| {
        Finding::warn(
            format!("several keys of one type have the kid {kid:?}"),
            "give every key of the set a different kid (RFC 7517 4.5)",
        )
    }));
    findings
}

/// Checks the permissions of files: other users must not read files that contain secrets, or write to any file of the
/// service.
pub(super) fn files(settings: &Settings) -> Vec<Finding> {
    let is_open = |path: &Path, mode: u32| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & mode != 0)
    };
    let check = |(file, is_secret): (_, bool)| {
        let file: &Path = file;
        let path = file.display();
        let warning = |what| {
            let text = format!("all users of this machine can {what} {path}");
            Some(Finding::warn(text, format!("chmod o= {path}")))
        };
        if is_open(file, 0o002) {
            warning("write to")
        } else if is_secret && is_open(file, 0o005) {
            warning("read")
        } else {
            is_secret.then(|| Finding::ok(format!("{path} cannot be read by all users")))
        }
    };
    let files = settings.files();
    let files = files.iter().map(|(file, is_secret)| (&**file, *is_secret));
    files.filter_map(check).collect()
}

/// Checks that the service can listen on both addresses at the same time.
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
                findings.push(Finding::ok(format!("{address} is available")));
                continue;
            }
            Err(error) => error,
        };
        // If the address becomes available when the other listener is closed, the other listener uses it.
        let was_first = listening.is_empty();
        listening.clear();
        findings.push(if error.kind() != io::ErrorKind::AddrInUse {
            Finding::fail(
                format!("cannot listen on {address}: {error}"),
                format!("set {name} to an address of this machine, with a port above 1023"),
            )
        } else if was_first || listen(address).is_err() {
            Finding::warn(
                format!("{address} is already in use"),
                format!("unless the service itself uses it, set {name} to another address"),
            )
        } else {
            Finding::fail(
                format!("{address} is also the listen address for clients"),
                format!("set {name} to another address"),
            )
        });
    }
    findings
}

/// Checks that the limit of open files is large enough for the connection limit.
pub(super) fn open_files(settings: &Settings) -> Option<Finding> {
    let connections = settings.get(&MAX_CONNECTIONS).ok().flatten()?.get();
    // Connections over the connection limit are also open until they are rejected.
    let needed = u64::try_from(2 * connections + OTHER_FILES).unwrap_or(u64::MAX);
    let max = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let warning = Finding::warn(
        format!("the limit of open files is {max}, but {connections} connections need {needed}"),
        "raise the limit (LimitNOFILE of systemd, `ulimit -n`), or lower WTS_MAX_CONNECTIONS",
    );
    Some(warning.unless(
        max >= needed,
        format!("the limit of open files is large enough for {connections} connections"),
    ))
}
