//! The command `wts migrate`, which migrates the schema of the database.

use anyhow::Context;

use crate::settings::{Settings, catalogue::DATABASE_URL};

#[expect(clippy::print_stdout, reason = "the output of the command")]
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    settings.start_logging()?;
    let names = wts_adapter_db::migrate(&settings.require(&DATABASE_URL)?)
        .await
        .with_context(|| settings.origin(&DATABASE_URL))?;
    for name in &names {
        println!("migrated: {name}");
    }
    println!("the database is up to date");
    Ok(())
}
