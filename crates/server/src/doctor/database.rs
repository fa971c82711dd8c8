//! The checks of the database and of its replicas.

use std::time::{Duration, SystemTime};

use wts_adapter_db::{
    Database, DatabaseMetrics, DatabaseSizes, DatabaseUrl, Inspection, LabelDifference, OpenError,
    Schema, TraceIds, inspect,
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

/// The maximum difference between the clocks of the database and of this machine. Token verification accepts a larger
/// difference.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5);
/// The maximum duration of a read from a nearby database.
const MAX_LATENCY: Duration = Duration::from_millis(50);

/// Checks the primary database.
pub(super) async fn primary(settings: &Settings) -> Vec<Finding> {
    if settings.get(&DATABASE_URL).is_err() {
        // The check of the settings has reported the URL.
        return Vec::new();
    }
    let url = match settings.require(&DATABASE_URL) {
        Ok(url) => url,
        Err(error) => {
            let text = format!("{error:#}");
            return vec![Finding::fail(
                text,
                "set WTS_DATABASE_URL or WTS_DATABASE_URL_FILE",
            )];
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
    let latency = format!(
        "a database read takes {:.3} ms",
        found.latency.as_secs_f64() * 1_000.0
    );
    let schema = match found.schema {
        Schema::Migrated { pending: 0 } => Finding::ok("the schema is up to date"),
        Schema::Migrated { pending } => Finding::warn(
            format!("{pending} migrations have not been run"),
            "run `wts migrate`, as the owner of the database",
        ),
        Schema::Existing => Finding::ok("the schema is that of an existing WTS v3 database"),
        Schema::Unknown => {
            Finding::ok("the schema can be read, but the role cannot read the list of migrations")
        }
    };
    let mut findings = vec![
        Finding::ok(format!("histories can be read from {url}, {version}")),
        Finding::warn(&latency, "run the service closer to the database")
            .unless(found.latency <= MAX_LATENCY, &latency),
        schema,
        Finding::warn(
            "every read scans all traces, because there is no index on wts.ticket_traces (tid)",
            "create index concurrently on wts.ticket_traces (tid, updated_at, opid)",
        )
        .unless(found.has_index, "reads use an index on the traces"),
        trace_ids(found.trace_ids),
    ];
    findings.extend(found.sizes.map(cache_size));
    if found.is_standby {
        findings.push(Finding::warn(
            "it is a standby, from which the feed cannot be read",
            "set WTS_DATABASE_URL to the primary",
        ));
    }
    if let Some(privileges) = &found.extra_privileges {
        let warning = Finding::warn(
            format!(
                "the role has more than read privileges: {}",
                privileges.join(", ")
            ),
            "use a role that has only the select privileges that OPERATIONS.md lists",
        );
        findings.push(warning.unless(privileges.is_empty(), "the role has read privileges only"));
    }
    if let Some((database, machine)) = found.clocks {
        let later = |a: SystemTime, b: SystemTime| a.duration_since(b).unwrap_or_default();
        let skew = later(database, machine).max(later(machine, database));
        let seconds = skew.as_secs();
        let warning = Finding::warn(
            format!("the clocks of this machine and of the database differ by {seconds} s"),
            "synchronize both with NTP; the clock of this machine decides whether a token is valid",
        );
        findings.push(warning.unless(
            skew <= MAX_CLOCK_SKEW,
            "the clocks of this machine and of the database agree",
        ));
    }
    findings.extend(label_findings(&found.labels));
    if found.is_pooled {
        findings.push(Finding::ok(
            "the connection goes through a pooler in session mode",
        ));
    }
    findings.extend(found.encrypted.map(|encrypted| {
        Finding::ok(if encrypted {
            "the connection is encrypted"
        } else {
            "the connection is not encrypted, which is acceptable only on this machine or in a trusted network"
        })
    }));
    findings
}

/// Checks whether the server reads histories from its own memory.
fn cache_size(sizes: DatabaseSizes) -> Finding {
    let mib = |bytes: u64| bytes / 1_048_576;
    let (histories, buffers) = (mib(sizes.histories), mib(sizes.shared_buffers));
    let warning = Finding::warn(
        format!("the tickets and traces take {histories} MiB, and shared_buffers is {buffers} MiB"),
        "set shared_buffers to more, at most a quarter of the server's memory, so that reads copy fewer pages",
    );
    warning.unless(
        histories <= buffers,
        "the tickets and traces fit into shared_buffers",
    )
}

fn trace_ids(ids: TraceIds) -> Finding {
    match ids {
        TraceIds::Ascending => {
            Finding::ok("traces get ascending ids, so that the feed misses none")
        }
        TraceIds::Reserved => Finding::warn(
            "the feed can miss traces: sessions reserve ids of traces in advance",
            "alter table wts.ticket_traces alter column opid set cache 1, and let all writers connect again",
        ),
        TraceIds::Unknown => Finding::warn(
            "the feed can miss traces: their ids do not come from an ascending sequence",
            "in a database that `wts migrate` created, run it again; in an existing one, make opid an identity column",
        ),
    }
}

/// Compares the labels of the database with those of this version.
fn label_findings(differences: &[LabelDifference]) -> Vec<Finding> {
    if differences.is_empty() {
        let text =
            "the labels of statuses, priorities, categories and ranks are those of this version";
        return vec![Finding::ok(text)];
    }
    let mut findings = Vec::new();
    for LabelDifference {
        name,
        unknown,
        missing,
    } in differences
    {
        if !unknown.is_empty() {
            let effect = if name.ends_with("access") {
                "WTS_RECHECK_ACCESS=on rejects callers with such a rank"
            } else {
                "requests for tickets with such a trace get 500"
            };
            findings.push(Finding::warn(
                format!("{name} has labels that this version does not know: {}", unknown.join(", ")),
                format!("{effect}, and exports fail: list the records with `wts verify`, and install a version that knows the labels"),
            ));
        }
        if !missing.is_empty() {
            findings.push(Finding::warn(
                format!("{name} lacks labels of this version: {}", missing.join(", ")),
                "the histories can be served; histories with these labels cannot be imported into this database",
            ));
        }
    }
    findings
}

/// Opens the database in the same way as `wts serve`. Returns a finding if that fails.
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

/// Checks that each replica can be read and is a standby.
pub(super) async fn replicas(settings: &Settings) -> Vec<Finding> {
    let urls = settings.get(&DATABASE_READ_URLS).ok().flatten();
    let mut findings = Vec::new();
    for url in urls.unwrap_or_default() {
        let shown = url.redacted();
        findings.push(match inspect(&url).await {
            Ok(found) => Finding::warn(
                format!("{shown} is not a replica, so it is not used"),
                "remove it from WTS_DATABASE_READ_URLS, or set it up as a standby",
            )
            .unless(
                found.is_standby,
                format!("{shown} is a replica that can be read"),
            ),
            // Without this replica, the service still works.
            Err(error) => Finding::warn(
                format!("replica: {shown}: {}", ErrorChain(&error)),
                "check that it is running and that the role can read from it",
            ),
        });
    }
    findings
}

fn unreadable(url: &DatabaseUrl, error: &OpenError) -> Finding {
    let text = format!("{}: {}", url.redacted(), ErrorChain(error));
    Finding::fail(text, hint(error))
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Severity, *};

    #[test]
    fn histories_larger_than_shared_buffers_are_a_warning() {
        let finding = |histories| {
            cache_size(DatabaseSizes {
                histories,
                shared_buffers: 128 << 20,
            })
        };
        assert_eq!(finding(128 << 20).severity, Severity::Ok);
        let warning = finding(300 << 20);
        assert_eq!(warning.severity, Severity::Warn);
        assert!(warning.to_string().contains("take 300 MiB"), "{warning}");
    }
}
