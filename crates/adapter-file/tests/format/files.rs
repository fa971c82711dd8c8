//! Tests of creating, replacing and reading files.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
    path::Path,
};

use wts_app::{BatchSender, Progress};

use super::*;

fn put(path: &Path) -> FileSink {
    let mut sink = FileSink::create(path, None).unwrap();
    sink.put(sample().into_iter().collect()).unwrap();
    sink
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn file_is_created_when_complete_and_is_private() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("histories.jsonl");
    let sink = put(&path);
    assert!(!path.exists());
    Box::new(sink).finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), written(&sample(), None));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(names(directory.path()), ["histories.jsonl"]);
}

#[test]
fn existing_file_is_kept_until_the_new_file_is_complete() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("histories.jsonl");
    fs::write(&path, "old").unwrap();
    drop(put(&path));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(
        names(directory.path()),
        ["histories.jsonl"],
        "no temporary file remains"
    );
    Box::new(put(&path)).finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), written(&sample(), None));
}

#[test]
fn symlink_is_kept_and_its_target_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (path, link) = (directory.path().join("file"), directory.path().join("link"));
    fs::write(&path, "old").unwrap();
    symlink(&path, &link).unwrap();
    Box::new(put(&link)).finish().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&path).unwrap(), written(&sample(), None));
}

#[test]
fn device_is_written_to_and_not_replaced() {
    Box::new(put(Path::new("/dev/null"))).finish().unwrap();
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
}

#[test]
fn creating_a_file_in_a_missing_directory_fails() {
    let Err(error) = FileSink::create(Path::new("/no/such/directory/file"), None) else {
        panic!("expected an error for a missing directory");
    };
    assert_eq!(error.to_string(), "cannot write the file");
    assert!(FileSource::open(Path::new("/no/such/file")).is_err());
}

#[test]
fn writing_to_a_full_device_fails() {
    let mut sink = FileSink::create(Path::new("/dev/full"), None).unwrap();
    sink.put(sample().into_iter().collect()).unwrap();
    assert!(Box::new(sink).finish().is_err());
}

#[test]
fn progress_is_the_number_of_bytes_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("histories.jsonl");
    Box::new(put(&path)).finish().unwrap();
    let length = fs::metadata(&path).unwrap().len();
    let mut progress = Vec::new();
    let mut deliver = |batch: Batch| {
        progress.push(batch.progress);
        Ok(())
    };
    let mut output = BatchSender::new(&mut deliver);
    let source = Box::new(FileSource::open(&path).unwrap());
    source.read(&mut output).unwrap();
    output.flush().unwrap();
    let (done, total) = (length, length);
    assert_eq!(progress, [Some(Progress { done, total })]);
}
