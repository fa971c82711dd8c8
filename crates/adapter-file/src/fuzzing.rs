//! What a fuzzer feeds, and every test run with the inputs that were found worth keeping.

use std::io::Cursor;

use wts_app::HistorySource;

use crate::FileSource;

/// From the lines of a file to histories. Says whether the file was whole.
///
/// # Panics
///
/// If more comes after the end.
pub fn import(bytes: &[u8]) -> bool {
    let Ok(mut source) = FileSource::reading(Cursor::new(bytes.to_vec())) else {
        return false;
    };
    loop {
        match source.next_batch() {
            Ok(Some(_)) => {}
            Ok(None) => {
                let after = source.next_batch();
                assert!(matches!(after, Ok(None) | Err(_)), "more after the end");
                return true;
            }
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn of_the_fuzzers_inputs_only_whole_files_are_taken_for_whole() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/import");
        for input in fs::read_dir(corpus).unwrap() {
            let path = input.unwrap().path();
            let input = fs::read(&path).unwrap();
            let is_whole = path.file_stem().unwrap() == "whole";
            assert_eq!(super::import(&input), is_whole, "{}", path.display());
            for end in 0..input.len() {
                // Of a compressed file the last bytes are a checksum of no consequence for what was read.
                assert!(
                    !super::import(&input[..end]) || path.extension().is_some(),
                    "{} cut at {end}",
                    path.display()
                );
            }
        }
    }
}
