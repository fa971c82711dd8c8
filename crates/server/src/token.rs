//! The command `wts token`, which creates a token for development or administration.

use std::time::SystemTime;

use anyhow::{Context, ensure};
use wts_adapter_http::{TokenSigner, TokenSubject};

use crate::{
    cli::Subject,
    output::write_line,
    settings::{Settings, catalogue::JWT_SECRET},
};

pub(crate) fn run(settings: &Settings, subject: Subject) -> anyhow::Result<()> {
    ensure!(
        !subject.sid.is_empty() || subject.access.is_operator(),
        "--sid: expected a student number, found none: a caller with the rank {} can read only their own tickets",
        subject.access
    );
    let signer = TokenSigner::new(&settings.require(&JWT_SECRET)?, settings.token()?);
    let ttl = subject.ttl;
    Ok(write_line(signer.sign(&subject.into(), now()?, ttl)?)?)
}

/// Returns the current time in seconds since 1970.
pub(crate) fn now() -> anyhow::Result<i64> {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .context("the system clock is before 1970")?;
    Ok(since_1970.as_secs().try_into()?)
}

impl From<Subject> for TokenSubject {
    fn from(subject: Subject) -> Self {
        Self {
            openid: subject.openid,
            sid: subject.sid,
            username: subject.username,
            avatar: subject.avatar,
            access: subject.access,
            name: subject.name,
        }
    }
}
