//! Tests of files that were truncated, reordered, duplicated or changed.

use super::*;

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn truncated_file_is_rejected() {
    let file = written(&sample(), None);
    let header = lines(&file)[0].len();
    for end in 0..file.len() {
        let error = read_error(&file[..end]);
        let expected = if end < header - 1 {
            "line 1: not a file of histories"
        } else {
            "without an end record: it was truncated"
        };
        assert!(error.contains(expected), "truncated at {end}: {error}");
    }
}

#[test]
fn data_after_the_end_record_is_rejected() {
    let end = written(&sample(), None)
        .split_inclusive(|byte| *byte == b'\n')
        .count();
    for compression in [None, Some(Compression::Gzip), Some(Compression::Zstd)] {
        let mut file = written(&sample(), compression);
        file.extend(b"junk\0\xff\n");
        assert_eq!(
            read_error(&file),
            format!(
                "line {}: expected the end of the file after the end record",
                end + 1
            ),
            "{compression:?}"
        );
    }
}

#[test]
fn truncated_compressed_file_is_rejected() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let file = written(&sample(), Some(compression));
        for end in 0..file.len() {
            read_error(&file[..end]);
        }
        let truncated = &file[..file.len() - 10];
        assert!(
            read_error(truncated).contains("it was truncated"),
            "{compression:?}"
        );
    }
}

#[test]
fn missing_duplicate_or_moved_line_is_rejected() {
    let file = written(&sample(), None);
    let lines = lines(&file);
    for at in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        read_error(&missing.concat());

        let mut duplicated = lines.clone();
        duplicated.insert(at, lines[at].clone());
        let error = read_error(&duplicated.concat());
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
        let file = written(&sample(), compression);
        for at in 0..file.len() {
            for flipped in [1, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[at] ^= flipped;
                // Metadata of the compression format and padding bits may have no effect.
                if let Ok(records) = read(&changed) {
                    assert!(compression.is_some(), "byte {at} ^ {flipped}");
                    assert_eq!(records, sample(), "byte {at} ^ {flipped}");
                }
            }
        }
    }
}

#[test]
fn concatenated_files_are_rejected() {
    let file = written(&sample(), None);
    assert_eq!(
        read_error(&[file.clone(), file.clone()].concat()),
        "line 8: expected the end of the file after the end record"
    );
    let compressed = written(&sample(), Some(Compression::Gzip));
    assert!(read_error(&[compressed.clone(), compressed].concat()).starts_with("line 8: "));
}

#[test]
fn counts_and_digest_of_the_end_record_are_verified() {
    let file = String::from_utf8(written(&sample(), None)).unwrap();
    assert_eq!(
        read_error(file.replace("\"traces\":2", "\"traces\":3").as_bytes()),
        "line 7: traces: expected 3 records, found 2: lines were lost or added"
    );
    let error = read_error(file.replace("工单已创建", "工单已創建").as_bytes());
    assert!(
        error.starts_with("line 7: sha256: the lines before this one have the digest "),
        "{error}"
    );
    assert!(
        error.ends_with("which differs from this value: the file was changed"),
        "{error}"
    );
}

#[test]
fn unknown_formats_and_versions_are_rejected() {
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
            error.starts_with("line 1: not a file of histories"),
            "{error}"
        );
    }
    let newer = r#"{"type":"header","format":"wts-histories","version":2}"#;
    assert_eq!(
        read_error(format!("{newer}\n").as_bytes()),
        "line 1: unsupported version of the format: expected 1, found 2"
    );
}

#[test]
fn compressed_file_with_a_large_window_is_rejected() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&written(&sample(), None)).unwrap();
    let error = read_error(&encoder.finish().unwrap());
    assert!(error.contains("window is larger than 8 MiB"), "{error}");
}

#[test]
fn line_above_the_maximum_length_is_rejected() {
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

#[test]
fn byte_order_mark_and_crlf_are_accepted() {
    let file = written(&sample(), None);
    let with_mark = [b"\xef\xbb\xbf", file.as_slice()].concat();
    assert!(read(&with_mark).is_ok());
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    let crlf: Vec<u8> = lines
        .flat_map(|line| [&line[..line.len() - 1], b"\r\n"].concat())
        .collect();
    assert!(read(&crlf).is_ok());
}

#[test]
fn file_in_another_format_is_named() {
    let tar = [&[0; 257][..], b"ustar"].concat();
    for (file, format) in [
        (&b""[..], "an empty file"),
        (b"\xff\xfe{\0", "text in UTF-16"),
        (b"PK\x03\x04x", "a zip archive"),
        (b"\xfd7zXZ\0x", "a file compressed with xz"),
        (b"BZh9x", "a file compressed with bzip2"),
        (b"SQLite format 3\0", "a SQLite database"),
        (b"[{}]\n", "a JSON array"),
        (&tar, "a tar archive"),
    ] {
        let error = read_error(file);
        assert!(error.contains(&format!(", found {format}")), "{error}");
    }
}
