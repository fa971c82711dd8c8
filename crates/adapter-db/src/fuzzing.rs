//! The fuzz target of this crate. Every test run replays the corpus.

use crate::DatabaseUrl;

/// From a text to the address of a database.
///
/// # Panics
///
/// If a password is shown.
pub fn database_url(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(url) = text.parse::<DatabaseUrl>() {
        let shown = url.redacted() + &format!("{url:?}");
        if let Some((_, after)) = text.split_once("://wts:")
            && let Some((password, _)) = after.split_once('@')
            && password.len() > 8
        {
            assert!(!shown.contains(password), "{shown}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn the_fuzzers_inputs_break_no_promise() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/settings");
        for input in fs::read_dir(corpus).unwrap() {
            let input = fs::read(input.unwrap().path()).unwrap();
            for end in 0..=input.len() {
                super::database_url(&input[..end]);
            }
        }
    }
}
