//! Loading of the keys for token verification, from files and from a key server (JWKS refresh).

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use wts_adapter_http::{Key, KeySource, KeySourceError, Keyring, RefreshPolicy, TokenSettings};

use super::{
    Settings,
    catalogue::{
        JWT_AUDIENCE, JWT_ISSUER, JWT_JWKS_FILE, JWT_JWKS_URL, JWT_PUBLIC_KEYS_FILE, JWT_SECRET,
    },
    setting::Declaration,
};

/// The interval of the JWKS refresh. A token with an unknown `kid` causes an earlier refresh.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// The minimum interval between two refreshes because of unknown `kid`s.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

impl Settings {
    /// Loads the keys for token verification.
    ///
    /// # Errors
    ///
    /// Returns an error if no keys are configured, or if a key is invalid. The error names the setting.
    pub(crate) async fn keyring(&self) -> anyhow::Result<Keyring> {
        let keys = self.configured_keys()?;
        let (file, url) = (self.get(&JWT_JWKS_FILE)?, self.get(&JWT_JWKS_URL)?);
        ensure!(
            !keys.is_empty() || file.is_some() || url.is_some(),
            "WTS_JWT_SECRET is not set, nor is WTS_JWT_SECRET_FILE, WTS_JWT_PUBLIC_KEYS_FILE, WTS_JWT_JWKS_FILE or \
             WTS_JWT_JWKS_URL: expected what tokens are signed with, 32 bytes or more, or the public keys for it"
        );
        let has_file = file.is_some();
        let mut sources = Vec::from_iter(file.map(KeySource::File));
        sources.extend(url.map(KeySource::Url));
        if sources.is_empty() {
            return Keyring::fixed(keys).with_context(|| self.origin(&JWT_PUBLIC_KEYS_FILE));
        }
        let policy = RefreshPolicy {
            interval: REFRESH_INTERVAL,
            min_interval: MIN_REFRESH_INTERVAL,
        };
        Keyring::refreshing(keys, sources, policy)
            .await
            .map_err(|error| {
                let setting: &Declaration = match error {
                    KeySourceError::Url(..) => &JWT_JWKS_URL,
                    _ if has_file => &JWT_JWKS_FILE,
                    _ => &JWT_JWKS_URL,
                };
                anyhow::Error::new(error).context(self.origin(setting))
            })
    }

    /// Reads the secret and the files of keys again, and the key sets, for a service that uses `keyring`.
    ///
    /// # Errors
    ///
    /// Returns an error if a key is invalid or a file cannot be read. The error names the setting, and the previous keys
    /// remain in use.
    pub(crate) async fn reload_keys(&self, keyring: &Keyring) -> anyhow::Result<()> {
        let keys = self.configured_keys()?;
        Ok(keyring.reload(keys).await?)
    }

    /// Reads the secret and the file of public keys.
    fn configured_keys(&self) -> anyhow::Result<Vec<Key>> {
        let secret = self.get(&JWT_SECRET)?.map(|secret| Key::shared(&secret));
        let mut keys = Vec::from_iter(secret);
        if let Some(path) = self.get(&JWT_PUBLIC_KEYS_FILE)? {
            keys.extend(pem(&path).with_context(|| self.origin(&JWT_PUBLIC_KEYS_FILE))?);
        }
        Ok(keys)
    }

    /// Returns the issuer and the audience that tokens must have.
    pub(crate) fn token(&self) -> anyhow::Result<TokenSettings> {
        Ok(TokenSettings {
            issuer: self.get(&JWT_ISSUER)?,
            audience: self.get(&JWT_AUDIENCE)?,
        })
    }
}

fn pem(path: &Path) -> anyhow::Result<Vec<Key>> {
    let shown = path.display();
    let file = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    Key::from_pem(&file).with_context(|| shown.to_string())
}
