//! Checks of the database and its replicas.

use std::time::{Duration, SystemTime};

use wts_adapter_db::{
    Database, DatabaseMetrics, DatabaseUrl, Inspection, OpenError, Schema, inspect,
};
use wts_app::ErrorChain;

use super::Finding;
use crate::{
    serve::{RANKS_HINT, hint, use_cases},
    settings::{
        Settings,
        catalogue::{DATABASE_READ_URLS, DATABASE_URL},
    },
};

/// The largest accepted difference between the clocks. The leeway of tokens is larger.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5);
/// The longest expected duration of a read from a nearby database.
const MAX_LATENCY: Duration = Duration::from_millis(50);

/// Checks the database.
pub(super) async fn primary(settings: &Settings) -> Vec<Finding> {
    let url = match settings.require(&DATABASE_URL) {
        Ok(url) => url,
        Err(error) => {
            let text = format!("{error:#}");
            return vec![Finding::fail(text, "set it, or WTS_DATABASE_URL_FILE")];
        }
    };
    let found = match inspect(&url).await {
        Ok(found) => found,
        Err(error) => return vec![unreadable(&url, &error)],
    };
    let mut findings = inspected(&url, &found);
    findings.extend(startup_error(settings, &url).await);
    findings
}

fn inspected(url: &DatabaseUrl, found: &Inspection) -> Vec<Finding> {
    let (url, version) = (url.redacted(), &found.version);
    let latency = format!("a read takes {:?}", found.latency);
    let schema = match found.schema {
        Schema::Ours { pending: 0 } => Finding::ok("its schema is up to date"),
        Schema::Ours { pending } => Finding::warn(
            format!("{pending} migrations are yet to be run"),
            "run `wts migrate`, as the owner of the database",
        ),
        Schema::Existing => Finding::ok("its schema is an existing one, served as it stands"),
        Schema::Unknown => {
            Finding::ok("its schema can be read; the role does not see which migrations were run")
        }
    };
    let mut findings = vec![
        Finding::ok(format!("histories can be read from {url}, {version}")),
        Finding::warn(&latency, "run the service near its database")
            .unless(found.latency <= MAX_LATENCY, &latency),
        schema,
        Finding::warn(
            "every read looks through all traces: there is no index on the traces' tid",
            "create index concurrently on wts.ticket_traces (tid, updated_at, opid)",
        )
        .unless(found.has_index, "a ticket's traces are found by an index"),
    ];
    if let Some(privileges) = &found.extra_privileges {
        let warning = Finding::warn(
            format!("the role may more than read: {}", privileges.join(", ")),
            "serve with a role that may select what the README lists, and nothing else",
        );
        findings.push(warning.unless(
            privileges.is_empty(),
            "the role may read and change nothing",
        ));
    }
    if let Some((database, machine)) = found.clocks {
        let later = |a: SystemTime, b: SystemTime| a.duration_since(b).unwrap_or_default();
        let skew = later(database, machine).max(later(machine, database));
        let seconds = skew.as_secs();
        let warning = Finding::warn(
            format!("this machine's clock and the database's are {seconds} s apart"),
            "set both by NTP: tokens are valid by this machine's clock",
        );
        findings.push(warning.unless(
            skew <= MAX_CLOCK_SKEW,
            "this machine's clock agrees with the database's",
        ));
    }
    findings.extend(found.encrypted.map(|encrypted| {
        Finding::ok(if encrypted {
            "the connection is encrypted"
        } else {
            "the connection is not encrypted, which is for this machine and for networks that are trusted"
        })
    }));
    findings
}

/// Opens the database as `wts serve` does, and returns the failures as findings.
async fn startup_error(settings: &Settings, url: &DatabaseUrl) -> Option<Finding> {
    // Invalid settings are already reported as findings.
    let reading = settings.reading().ok()?;
    match Database::open(url, &reading, &DatabaseMetrics::default()).await {
        Ok(database) => use_cases(settings, &database)
            .await
            .err()
            .map(|error| Finding::fail(format!("{error:#}"), RANKS_HINT)),
        Err(error) => Some(unreadable(url, &error)),
    }
}

/// Checks whether each replica can be read, and is a replica.
pub(super) async fn replicas(settings: &Settings) -> Vec<Finding> {
    let urls = settings.get(&DATABASE_READ_URLS).ok().flatten();
    let mut findings = Vec::new();
    for url in urls.unwrap_or_default() {
        let shown = url.redacted();
        findings.push(match inspect(&url).await {
            Ok(found) => Finding::warn(
                format!("{shown} is no replica, and is not read from"),
                "take it out of WTS_DATABASE_READ_URLS, or set it up as a standby",
            )
            .unless(
                found.is_standby,
                format!("{shown} is a replica that can be read"),
            ),
            // The service works without the replica.
            Err(error) => Finding::warn(
                format!("replica: {shown}: {}", ErrorChain(&error)),
                "is it running, and may the role read there?",
            ),
        });
    }
    findings
}

fn unreadable(url: &DatabaseUrl, error: &OpenError) -> Finding {
    let text = format!("{}: {}", url.redacted(), ErrorChain(error));
    Finding::fail(text, hint(error))
}
