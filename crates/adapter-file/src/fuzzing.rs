//! The fuzz target for import files. A unit test runs it with every input of the fuzzing corpus.

use std::io::Cursor;

use wts_app::{BatchSender, HistorySource};

use crate::FileSource;

/// Reads a file and returns whether the file is valid and complete.
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
    fn only_complete_corpus_files_are_accepted() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/import");
        for input in fs::read_dir(corpus).unwrap() {
            let path = input.unwrap().path();
            let input = fs::read(&path).unwrap();
            let is_complete = path.file_stem().unwrap() == "whole";
            assert_eq!(super::import(&input), is_complete, "{}", path.display());
            for end in 0..input.len() {
                // The last bytes of a compressed file are a checksum; without them, the content may still be complete.
                assert!(
                    !super::import(&input[..end]) || path.extension().is_some(),
                    "{} truncated at {end}",
                    path.display()
                );
            }
        }
    }
}
