//! The command `wts migrate`, which migrates the schema of the database.

use anyhow::Context;

use wts_adapter_db::MigrateError;
use wts_app::ErrorChain;

use crate::serve::{POOLER_HINT, with_hint};
use crate::{
    output::write_line,
    settings::{Settings, catalogue::DATABASE_URL},
};

pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    settings.start_logging()?;
    let names = wts_adapter_db::migrate(&settings.require(&DATABASE_URL)?)
        .await
        .map_err(|error| match error {
            MigrateError::Pooler(_) => anyhow::anyhow!("{} ({POOLER_HINT})", ErrorChain(&error)),
            MigrateError::Unusable(error) => with_hint(&error),
            error => error.into(),
        })
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let migrated = names.iter().map(|name| format!("migrated: {name}\n"));
    let report = migrated.collect::<Vec<_>>().concat() + "the database is up to date";
    write_line(&report).with_context(|| report.replace('\n', "; "))
}
