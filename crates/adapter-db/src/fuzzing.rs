//! The fuzz target for database URLs. A unit test runs it with every input of the fuzzing corpus.

use crate::DatabaseUrl;

/// Parses a database URL and checks that the redacted URL does not contain the password.
///
/// # Panics
///
/// Panics if the redacted URL contains the password.
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
    fn fuzz_corpus_passwords_are_redacted() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/settings");
        for input in fs::read_dir(corpus).unwrap() {
            let input = fs::read(input.unwrap().path()).unwrap();
            for end in 0..=input.len() {
                super::database_url(&input[..end]);
            }
        }
    }
}
