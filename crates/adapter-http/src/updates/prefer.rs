//! The preference `wait` (RFC 7240 4.3), by which a client asks for a response that waits for changes.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// The response header that contains the preference that was applied.
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Returns the time that the client prefers to wait, at most `max`, in whole seconds. Returns `None` if the preference is
/// missing, malformed or zero. Of several preferences with this name, the first applies.
pub(crate) fn preferred_wait(headers: &HeaderMap, max: Duration) -> Option<Duration> {
    let mut is_quoted = false;
    let preference = headers
        .get_all("prefer")
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| {
            field.split(move |character| {
                is_quoted ^= character == '"';
                character == ',' && !is_quoted
            })
        })
        .find_map(wait_value)?;
    let is_number = !preference.is_empty() && preference.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = preference.parse().unwrap_or(u64::MAX).min(max.as_secs());
    (is_number && seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Returns the value of a preference if its name is `wait`.
fn wait_value(preference: &str) -> Option<&str> {
    // The parameters of a preference follow a semicolon.
    let preference = preference.split(';').next()?;
    let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
    let value = value.trim();
    let unquoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    name.trim()
        .eq_ignore_ascii_case("wait")
        .then_some(unquoted.unwrap_or(value))
}

/// Returns the header `Preference-Applied` for a request that waited up to `wait`.
pub(crate) fn applied(wait: Duration) -> (HeaderName, HeaderValue) {
    let value = HeaderValue::try_from(format!("wait={}", wait.as_secs()));
    let value = value.unwrap_or(HeaderValue::from_static("wait"));
    (PREFERENCE_APPLIED, value)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn wait(fields: &[&str]) -> Option<u64> {
        let fields = fields.iter().map(|field| {
            let name = HeaderName::from_static("prefer");
            (name, HeaderValue::from_str(field).unwrap())
        });
        let wait = preferred_wait(&fields.collect(), Duration::from_secs(45));
        wait.map(|wait| wait.as_secs())
    }

    #[test]
    fn wait_is_parsed_and_limited() {
        for (field, expected) in [
            ("wait=10", 10),
            ("wait=1", 1),
            ("WAIT=10", 10),
            ("wait = 10", 10),
            ("wait=\"10\"", 10),
            ("wait=010", 10),
            ("respond-async, wait=10", 10),
            ("wait=10; x=y, wait=20", 10),
            ("x=\"a, wait=5\", wait=7", 7),
            ("wait=45", 45),
            ("wait=46", 45),
            ("wait=99999999999999999999999", 45),
        ] {
            assert_eq!(wait(&[field]), Some(expected), "{field}");
        }
        assert_eq!(wait(&["respond-async", "wait=10"]), Some(10));
    }

    #[test]
    fn missing_malformed_or_zero_wait_is_ignored() {
        for field in [
            "",
            "wait",
            "wait=",
            "wait=0",
            "wait=00",
            "wait=-1",
            "wait=+1",
            "wait=1.5",
            "wait=1s",
            "wait=\"",
            "await=10",
            "x=wait=10",
            "wait=ten",
            "wait=10 20",
        ] {
            assert_eq!(wait(&[field]), None, "{field}");
        }
        assert_eq!(wait(&[]), None);
    }
}
