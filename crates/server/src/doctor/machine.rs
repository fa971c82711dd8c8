//! The settings, the secret and the machine.

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

/// What the process opens besides connections.
const OTHER_FILES: usize = 64;

/// Whether every setting can be used.
pub(super) fn settings(settings: &Settings) -> Vec<Finding> {
    let errors = settings
        .effective()
        .filter_map(|setting| setting.line.err());
    let mut findings: Vec<_> = errors
        .map(|error| Finding::broken(error, "`wts config` shows all settings in effect"))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::well("every setting can be read"));
    }
    findings.extend(settings.ignored().iter().map(|origin| {
        Finding::unwise(
            format!("{origin} is not a setting any more"),
            "leave it out",
        )
    }));
    findings
}

/// Whether tokens can be checked, with keys that nobody can guess or sign for, each found by its `kid`.
pub(super) async fn keys(settings: &Settings) -> Vec<Finding> {
    let keys = match settings.keyring().await {
        Ok(keys) => keys,
        Err(error) => {
            return vec![Finding::broken(
                format!("tokens cannot be checked: {error:#}"),
                "a secret is made by `openssl rand -hex 32`, and the sign-in service needs the same",
            )];
        }
    };
    let duplicates = keys.duplicate_kids().into_iter().map(|kid| {
        Finding::unwise(
            format!("several keys of one type have the kid {kid:?}"),
            "give each key of a set a kid of its own (RFC 7517 4.5)",
        )
    });
    let well = Finding::well("tokens can be checked, and no key is known to be weak");
    [well].into_iter().chain(duplicates).collect()
}

/// Whether others on this machine can read the files that hold secrets, or write to those that the service believes.
pub(super) fn files(settings: &Settings) -> Vec<Finding> {
    let open_to_all = |path: &Path, how: u32| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & how != 0)
    };
    settings
        .files()
        .into_iter()
        .filter_map(|file| {
            let path = file.path.display();
            if open_to_all(&file.path, 0o002) {
                Some(Finding::unwise(
                    format!("everyone on this machine may write to {path}"),
                    format!("chmod o= {path}"),
                ))
            } else if file.is_secret && open_to_all(&file.path, 0o005) {
                Some(Finding::unwise(
                    format!("everyone on this machine may read {path}"),
                    format!("chmod o= {path}"),
                ))
            } else {
                file.is_secret
                    .then(|| Finding::well(format!("not everyone may read {path}")))
            }
        })
        .collect()
}

/// Whether the service can listen, on both addresses at the same time.
pub(super) fn listeners(settings: &Settings) -> Vec<Finding> {
    let mut taken = Vec::new();
    let mut findings = Vec::new();
    for setting in [&LISTEN, &METRICS_LISTEN] {
        let Ok(Some(address)) = settings.get(setting) else {
            continue;
        };
        let name = settings.origin(setting);
        findings.push(match listen(address) {
            Ok(listener) => {
                taken.push(listener);
                Finding::well(format!("{address} is free to listen on"))
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                // Where it is free without the other, that is what takes it.
                let by_us = !taken.is_empty() && {
                    taken.clear();
                    listen(address).is_ok()
                };
                if by_us {
                    Finding::broken(
                        format!("the service itself listens on {address} already, for clients"),
                        format!("set {name} to another"),
                    )
                } else {
                    Finding::unwise(
                        format!("somebody listens on {address} already"),
                        format!("if that is not the service itself, set {name} to another"),
                    )
                }
            }
            Err(error) => Finding::broken(
                format!("nobody can listen on {address}: {error}"),
                format!("set {name} to an address of this machine, with a port above 1023"),
            ),
        });
    }
    findings
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
