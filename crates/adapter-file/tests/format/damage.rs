//! Files that were cut off, reordered, doubled or changed.

use super::*;

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_recognised() {
    let file = written(&small(), None);
    let header = lines(&file)[0].len();
    for end in 0..file.len() {
        let told = complaint(&file[..end]);
        let expected = if end < header - 1 {
            "line 1: this is no file of histories"
        } else {
            "before an end record: it was cut off"
        };
        assert!(told.contains(expected), "cut at {end}: {told}");
    }
}

#[test]
fn nothing_may_follow_the_end_not_even_what_is_no_part_of_a_compressed_file() {
    let end = written(&small(), None)
        .split_inclusive(|byte| *byte == b'\n')
        .count();
    for compression in [None, Some(Compression::Gzip), Some(Compression::Zstd)] {
        let mut file = written(&small(), compression);
        file.extend(b"junk\0\xff\n");
        assert_eq!(
            complaint(&file),
            format!("line {}: nothing may come after the end record", end + 1),
            "{compression:?}"
        );
    }
}

#[test]
fn a_compressed_file_that_was_cut_off_anywhere_is_recognised() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let file = written(&small(), Some(compression));
        for end in 0..file.len() {
            complaint(&file[..end]);
        }
        let most = &file[..file.len() - 10];
        assert!(
            complaint(most).contains("it was cut off"),
            "{compression:?}"
        );
    }
}

#[test]
fn a_line_that_is_missing_doubled_or_moved_is_noticed() {
    let file = written(&small(), None);
    let lines = lines(&file);
    for at in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        complaint(&missing.concat());

        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        let told = complaint(&doubled.concat());
        assert!(told.starts_with(&format!("line {}: ", at + 2)), "{told}");

        for to in (0..lines.len()).filter(|to| *to != at) {
            let mut moved = missing.clone();
            moved.insert(to, lines[at].clone());
            complaint(&moved.concat());
        }
    }
}

#[test]
fn a_byte_that_was_changed_is_noticed_or_changes_nothing() {
    for compression in [None, Some(Compression::Gzip), Some(Compression::Zstd)] {
        let file = written(&small(), compression);
        for at in 0..file.len() {
            for flipped in [1, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[at] ^= flipped;
                // Hints for a decompressor, and bits that only fill up a byte, may mean nothing.
                if let Ok(records) = read(&changed) {
                    assert!(compression.is_some(), "byte {at} ^ {flipped}");
                    assert_eq!(records, small(), "byte {at} ^ {flipped}");
                }
            }
        }
    }
}

#[test]
fn two_files_one_after_the_other_are_no_file() {
    let file = written(&small(), None);
    assert_eq!(
        complaint(&[file.clone(), file.clone()].concat()),
        "line 8: nothing may come after the end record"
    );
    let compressed = written(&small(), Some(Compression::Gzip));
    assert!(complaint(&[compressed.clone(), compressed].concat()).starts_with("line 8: "));
}

#[test]
fn what_the_end_says_is_compared() {
    let file = String::from_utf8(written(&small(), None)).unwrap();
    assert_eq!(
        complaint(file.replace("\"traces\":2", "\"traces\":3").as_bytes()),
        "line 7: traces: the file has 2, where 3 were written: lines were lost or added"
    );
    let told = complaint(file.replace("工单已创建", "工单已創建").as_bytes());
    assert!(
        told.starts_with("line 7: sha256: the lines before have the digest "),
        "{told}"
    );
    assert!(
        told.ends_with("not the one that was written: the file was changed"),
        "{told}"
    );
}

#[test]
fn what_is_no_such_file_is_told_so() {
    for other in [
        "",
        "\n",
        "hello\n",
        "{}\n",
        "[1,2]\n",
        "{\"type\":\"header\"}\n",
        "\u{feff}{}",
        "SQLite format 3\0",
    ] {
        let told = complaint(other.as_bytes());
        assert!(
            told.starts_with("line 1: this is no file of histories"),
            "{told}"
        );
    }
    let newer = r#"{"type":"header","format":"wts-histories","version":2}"#;
    assert_eq!(
        complaint(format!("{newer}\n").as_bytes()),
        "line 1: this file is of version 2 of the format, and only version 1 can be read"
    );
}

#[test]
fn a_compressed_file_that_wants_much_memory_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&written(&small(), None)).unwrap();
    let told = complaint(&encoder.finish().unwrap());
    assert!(told.contains("a window of more than 8 MiB"), "{told}");
}

#[test]
fn a_line_without_end_does_not_take_all_memory() {
    struct Endless;
    impl io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b' ');
            Ok(buffer.len())
        }
    }
    let header = format!(
        "{}\n",
        r#"{"type":"header","format":"wts-histories","version":1}"#
    );
    let input = io::Read::chain(Cursor::new(header), Endless);
    let source = Box::new(FileSource::reading(input).unwrap());
    let outcome = verify_histories(source, &mut ());
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "line 2: expected no more than 268435456 bytes in a line"
    );
}
