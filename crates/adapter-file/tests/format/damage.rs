//! Files that were cut off, reordered, doubled or changed.

use super::*;

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn file_cut_off_anywhere_is_rejected() {
    let file = written(&small(), None);
    let header = lines(&file)[0].len();
    for end in 0..file.len() {
        let error = read_error(&file[..end]);
        let expected = if end < header - 1 {
            "line 1: this is no file of histories"
        } else {
            "before an end record: it was cut off"
        };
        assert!(error.contains(expected), "cut at {end}: {error}");
    }
}

#[test]
fn trailing_data_is_rejected_compressed_or_not() {
    let end = written(&small(), None)
        .split_inclusive(|byte| *byte == b'\n')
        .count();
    for compression in [None, Some(Compression::Gzip), Some(Compression::Zstd)] {
        let mut file = written(&small(), compression);
        file.extend(b"junk\0\xff\n");
        assert_eq!(
            read_error(&file),
            format!("line {}: nothing may come after the end record", end + 1),
            "{compression:?}"
        );
    }
}

#[test]
fn compressed_file_cut_off_anywhere_is_rejected() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let file = written(&small(), Some(compression));
        for end in 0..file.len() {
            read_error(&file[..end]);
        }
        let most = &file[..file.len() - 10];
        assert!(
            read_error(most).contains("it was cut off"),
            "{compression:?}"
        );
    }
}

#[test]
fn missing_duplicate_or_moved_line_is_rejected() {
    let file = written(&small(), None);
    let lines = lines(&file);
    for at in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        read_error(&missing.concat());

        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        let error = read_error(&doubled.concat());
        assert!(error.starts_with(&format!("line {}: ", at + 2)), "{error}");

        for to in (0..lines.len()).filter(|to| *to != at) {
            let mut moved = missing.clone();
            moved.insert(to, lines[at].clone());
            read_error(&moved.concat());
        }
    }
}

#[test]
fn changed_byte_is_rejected_or_has_no_effect() {
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
fn concatenated_files_are_rejected() {
    let file = written(&small(), None);
    assert_eq!(
        read_error(&[file.clone(), file.clone()].concat()),
        "line 8: nothing may come after the end record"
    );
    let compressed = written(&small(), Some(Compression::Gzip));
    assert!(read_error(&[compressed.clone(), compressed].concat()).starts_with("line 8: "));
}

#[test]
fn counts_and_digest_of_the_end_are_verified() {
    let file = String::from_utf8(written(&small(), None)).unwrap();
    assert_eq!(
        read_error(file.replace("\"traces\":2", "\"traces\":3").as_bytes()),
        "line 7: traces: the file has 2, where 3 were written: lines were lost or added"
    );
    let error = read_error(file.replace("工单已创建", "工单已創建").as_bytes());
    assert!(
        error.starts_with("line 7: sha256: the lines before have the digest "),
        "{error}"
    );
    assert!(
        error.ends_with("not the one that was written: the file was changed"),
        "{error}"
    );
}

#[test]
fn other_files_and_versions_are_rejected() {
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
        let error = read_error(other.as_bytes());
        assert!(
            error.starts_with("line 1: this is no file of histories"),
            "{error}"
        );
    }
    let newer = r#"{"type":"header","format":"wts-histories","version":2}"#;
    assert_eq!(
        read_error(format!("{newer}\n").as_bytes()),
        "line 1: this file is of version 2 of the format, and only version 1 can be read"
    );
}

#[test]
fn compressed_file_with_a_large_window_is_rejected() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&written(&small(), None)).unwrap();
    let error = read_error(&encoder.finish().unwrap());
    assert!(error.contains("a window of more than 8 MiB"), "{error}");
}

#[test]
fn endless_line_is_rejected() {
    struct Endless;
    impl io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b' ');
            Ok(buffer.len())
        }
    }
    let header = format!("{HEADER}\n");
    let input = io::Read::chain(Cursor::new(header), Endless);
    let source = Box::new(FileSource::reading(input).unwrap());
    let outcome = verify_histories(source, &mut ());
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "line 2: expected no more than 268435456 bytes in a line"
    );
}
