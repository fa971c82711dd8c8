//! What tokens are checked with.

use std::{fs, path::PathBuf};

use anyhow::{Context, anyhow};
use wts_adapter_http::{InvalidKey, Key, Keyring, Secrets, TokenSettings};

use super::{
    Settings,
    catalogue::{JWT_AUDIENCE, JWT_ISSUER, JWT_JWKS_FILE, JWT_PUBLIC_KEYS_FILE, JWT_SECRET},
    setting::Setting,
};

impl Settings {
    /// The keys that tokens are checked with.
    pub(crate) fn keyring(&self) -> anyhow::Result<Keyring> {
        let secret = self.get(&JWT_SECRET)?.map(|secret| Key::shared(&secret));
        let mut keys = Vec::from_iter(secret);
        keys.extend(self.keys_in(&JWT_PUBLIC_KEYS_FILE, Key::from_pem)?);
        keys.extend(self.keys_in(&JWT_JWKS_FILE, |file| {
            Key::from_jwks(file, Secrets::Allowed)
        })?);
        Keyring::fixed(keys).map_err(|error| match error {
            InvalidKey::None => anyhow!(
                "WTS_JWT_SECRET is not set, nor is WTS_JWT_SECRET_FILE, WTS_JWT_PUBLIC_KEYS_FILE or WTS_JWT_JWKS_FILE: \
                 expected what tokens are signed with, 32 bytes or more, or the public keys for it"
            ),
            other => anyhow!("WTS_JWT_PUBLIC_KEYS_FILE and WTS_JWT_JWKS_FILE: {other}"),
        })
    }

    /// Whom tokens must name.
    pub(crate) fn token(&self) -> anyhow::Result<TokenSettings> {
        Ok(TokenSettings {
            issuer: self.get(&JWT_ISSUER)?,
            audience: self.get(&JWT_AUDIENCE)?,
        })
    }

    fn keys_in(
        &self,
        setting: &Setting<PathBuf>,
        read: impl FnOnce(&[u8]) -> Result<Vec<Key>, InvalidKey>,
    ) -> anyhow::Result<Vec<Key>> {
        let Some(path) = self.get(setting)? else {
            return Ok(Vec::new());
        };
        let (origin, shown) = (self.origin(setting), path.display());
        let file = fs::read(&path).with_context(|| format!("{origin}: cannot read {shown}"))?;
        read(&file).with_context(|| format!("{origin}: {shown}"))
    }
}
