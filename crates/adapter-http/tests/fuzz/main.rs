//! Runs the fuzz targets on the inputs in their corpus.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(unreachable_pub, reason = "shared with the fuzz targets")]
mod oracles;

use std::{fs, path::Path};

/// Runs a fuzz target on every input of its corpus, and on every prefix of that input.
fn replay(target: &str, check: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut inputs = 0;
    for input in fs::read_dir(corpus.join(target)).unwrap() {
        let input = fs::read(input.unwrap().path()).unwrap();
        for end in 0..=input.len() {
            check(input.get(..end).unwrap());
        }
        inputs += 1;
    }
    assert!(inputs > 0, "the corpus of {target} is empty");
}

#[test]
fn fuzz_corpus_passes() {
    replay("authorization", oracles::authorization);
    replay("claims", oracles::claims);
    replay("query", oracles::query);
    replay("settings", oracles::settings);
}
