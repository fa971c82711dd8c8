//! The entry point of the fuzzer, whose corpus every test run replays.

use std::io::Cursor;

use wts_app::{BatchSender, HistorySource};

use crate::FileSource;

/// Reads a file and returns whether it was whole.
pub fn import(bytes: &[u8]) -> bool {
    let Ok(source) = FileSource::reading(Cursor::new(bytes.to_vec())) else {
        return false;
    };
    let mut deliver = |_| Ok(());
    Box::new(source)
        .read(&mut BatchSender::new(&mut deliver))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn only_whole_files_of_the_corpus_are_taken_as_whole() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/import");
        for input in fs::read_dir(corpus).unwrap() {
            let path = input.unwrap().path();
            let input = fs::read(&path).unwrap();
            let is_whole = path.file_stem().unwrap() == "whole";
            assert_eq!(super::import(&input), is_whole, "{}", path.display());
            for end in 0..input.len() {
                // The last bytes of a compressed file are a checksum that the content does not need.
                assert!(
                    !super::import(&input[..end]) || path.extension().is_some(),
                    "{} cut at {end}",
                    path.display()
                );
            }
        }
    }
}
