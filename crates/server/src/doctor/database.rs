//! The database and its replicas.

use std::time::{Duration, SystemTime};

use wts_adapter_db::{
    Database, DatabaseMetrics, DatabaseUrl, Inspection, OpenError, Schema, inspect,
};

use super::Finding;
use crate::{
    serve::{RANKS_REMEDY, get_traces, remedy},
    settings::{
        Settings,
        catalogue::{DATABASE_READ_URLS, DATABASE_URL},
    },
};

/// A token counts as valid for so long before and after. Clocks may differ by less.
const SKEW: Duration = Duration::from_secs(5);
/// A read takes a fraction of it where the database is near.
const FAR: Duration = Duration::from_millis(50);

/// All about the database that is read.
pub(super) async fn primary(settings: &Settings) -> Vec<Finding> {
    let url = match settings.require(&DATABASE_URL) {
        Ok(url) => url,
        Err(error) => {
            return vec![Finding::broken(
                format!("{error:#}"),
                "set it, or WTS_DATABASE_URL_FILE",
            )];
        }
    };
    let found = match inspect(&url).await {
        Ok(found) => found,
        Err(error) => return vec![unreadable(&url, error)],
    };
    let mut findings = vec![
        Finding::well(format!(
            "histories can be read from {}, {}",
            url.redacted(),
            found.version
        )),
        latency(&found),
        schema(&found),
        index(&found),
    ];
    findings.extend(privileges(&found));
    findings.extend(unservable(settings, &url).await);
    findings.extend(clock(&found));
    findings.extend(encryption(&found));
    findings
}

/// What would keep the service from it at its start, found in the way that the start takes.
async fn unservable(settings: &Settings, url: &DatabaseUrl) -> Option<Finding> {
    // Whichever cannot be read has been found already.
    let reading = settings.reading().ok()?;
    match Database::open(url, &reading, &DatabaseMetrics::default()).await {
        Ok(database) => get_traces(settings, &database)
            .await
            .err()
            .map(|error| Finding::broken(format!("{error:#}"), RANKS_REMEDY)),
        Err(error) => Some(unreadable(url, error)),
    }
}

/// Whether each replica can be read, and is one.
pub(super) async fn replicas(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    for url in settings
        .get(&DATABASE_READ_URLS)
        .ok()
        .flatten()
        .unwrap_or_default()
    {
        findings.push(match inspect(&url).await {
            Ok(found) if found.is_standby => {
                Finding::well(format!("{} is a replica that can be read", url.redacted()))
            }
            Ok(_) => Finding::unwise(
                format!("{} is no replica, and is not read from", url.redacted()),
                "take it out of WTS_DATABASE_READ_URLS, or set it up as a standby",
            ),
            // The service does without it.
            Err(error) => Finding::unwise(
                format!("replica: {}", told(&url, error)),
                "is it running, and may the role read there?",
            ),
        });
    }
    findings
}

fn unreadable(url: &DatabaseUrl, error: OpenError) -> Finding {
    let remedy = remedy(&error);
    Finding::broken(told(url, error), remedy)
}

fn told(url: &DatabaseUrl, error: OpenError) -> String {
    format!("{}: {:#}", url.redacted(), anyhow::Error::new(error))
}

fn latency(found: &Inspection) -> Finding {
    let took = format!("a read takes {:?}", found.latency);
    if found.latency > FAR {
        Finding::unwise(took, "run the service near its database")
    } else {
        Finding::well(took)
    }
}

fn schema(found: &Inspection) -> Finding {
    match found.schema {
        Schema::Ours { pending: 0 } => Finding::well("its schema is up to date"),
        Schema::Ours { pending } => Finding::unwise(
            format!("{pending} migrations are yet to be run"),
            "run `wts migrate`, as the owner of the database",
        ),
        Schema::Existing => Finding::well("its schema is an existing one, served as it stands"),
        Schema::Unknown => {
            Finding::well("its schema can be read; the role does not see which migrations were run")
        }
    }
}

fn index(found: &Inspection) -> Finding {
    if found.has_index {
        Finding::well("a ticket's traces are found by an index")
    } else {
        Finding::unwise(
            "every read looks through all traces: there is no index on the traces' tid",
            "create index concurrently on wts.ticket_traces (tid, updated_at, opid)",
        )
    }
}

fn privileges(found: &Inspection) -> Option<Finding> {
    let excess = found.extra_privileges.as_ref()?;
    Some(if excess.is_empty() {
        Finding::well("the role may read and change nothing")
    } else {
        Finding::unwise(
            format!("the role may more than read: {}", excess.join(", ")),
            "serve with a role that may select what the README lists, and nothing else",
        )
    })
}

fn clock(found: &Inspection) -> Option<Finding> {
    let (theirs, ours) = found.clocks?;
    let apart = |a: SystemTime, b: SystemTime| a.duration_since(b).unwrap_or_default();
    let skew = apart(theirs, ours).max(apart(ours, theirs));
    Some(if skew > SKEW {
        Finding::unwise(
            format!(
                "this machine's clock and the database's are {} s apart",
                skew.as_secs()
            ),
            "set both by NTP: tokens are valid by this machine's clock",
        )
    } else {
        Finding::well("this machine's clock agrees with the database's")
    })
}

fn encryption(found: &Inspection) -> Option<Finding> {
    found.encrypted.map(|encrypted| {
        Finding::well(if encrypted {
            "the connection is encrypted"
        } else {
            "the connection is not encrypted, which is for this machine and for networks that are trusted"
        })
    })
}
