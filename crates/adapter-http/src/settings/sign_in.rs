//! The URL of the sign-in service, to which the web pages link.

use std::str::FromStr;

/// The URL at which a visitor signs in: `https://…`, or an absolute path on this server. `{return}` in it is replaced
/// with the percent-encoded URL of the page to which the visitor returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInUrl(String);

/// The error for a string that is neither an `https` URL nor an absolute path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected https://… or an absolute path such as /login?return={{return}}")]
pub struct InvalidSignInUrl;

impl SignInUrl {
    /// Returns the URL, in which `{return}` is not replaced.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SignInUrl {
    type Err = InvalidSignInUrl;

    fn from_str(url: &str) -> Result<Self, InvalidSignInUrl> {
        let has_valid_characters = url.bytes().all(|byte| byte.is_ascii_graphic());
        // Browsers interpret `//host` and `/\host` as another server.
        let is_path = url.starts_with('/') && !url.starts_with("//") && !url.contains('\\');
        let has_host = url.strip_prefix("https://").is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
        });
        if has_valid_characters && (is_path || has_host) {
            Ok(Self(url.to_owned()))
        } else {
            Err(InvalidSignInUrl)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_url_and_path_are_accepted() {
        for url in ["https://sso.example/login?back={return}", "/login", "/"] {
            assert_eq!(url.parse().as_ref().map(SignInUrl::as_str), Ok(url));
        }
    }

    #[test]
    fn url_that_runs_script_or_leaves_https_is_rejected() {
        for url in [
            "",
            "login",
            "//evil.example",
            "/\\evil.example",
            "http://sso.example",
            "javascript:alert(1)",
            "https:///x",
            "https://sso.example/a b",
            "https://sso.example/\n",
            "data:text/html,x",
        ] {
            assert_eq!(url.parse::<SignInUrl>(), Err(InvalidSignInUrl), "{url}");
        }
    }
}
