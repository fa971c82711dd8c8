//! Checks of an output file before it is written, so that a command replaces neither a database nor another file by mistake.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata},
    io::{self, Read},
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use wts_adapter_db::DatabaseUrl;
use wts_adapter_file::Compression;

use super::{arguments::Output, is_standard};

/// The suffixes of the files that SQLite keeps beside a database.
const SQLITE_SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// The first bytes of a SQLite database, of its rollback journal, and of its write-ahead log in both byte orders.
const SQLITE_MAGIC: [&[u8]; 4] = [
    &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7],
    b"SQLite format 3\0",
    &[0x37, 0x7f, 0x06, 0x82],
    &[0x37, 0x7f, 0x06, 0x83],
];

/// Checks that a command may write to `output`.
///
/// # Errors
///
/// Returns an error if the output is the configured database, another SQLite file, a directory, or an existing file without
/// `force`.
pub(super) fn ensure_may_write(
    output: &Path,
    force: bool,
    database: Option<&DatabaseUrl>,
) -> anyhow::Result<()> {
    let shown = output.display();
    let files: Vec<_> = database
        .and_then(DatabaseUrl::sqlite_file)
        .map_or_else(Vec::new, sqlite_files);
    if is_standard(output) {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()?;
        ensure!(
            !is_one_of(&stdout, &files),
            "standard output is the configured database: expected another file"
        );
        return Ok(());
    }
    if is_in_same_place(output, &files) {
        bail!("{shown} belongs to the configured database: expected another file");
    }
    let Ok(existing) = fs::metadata(output) else {
        return Ok(());
    };
    ensure!(
        !existing.is_dir(),
        "{shown} is a directory: expected a file"
    );
    if !existing.is_file() {
        return Ok(());
    }
    ensure!(
        !is_one_of(&existing, &files),
        "{shown} is the configured database: expected another file"
    );
    ensure!(
        !is_sqlite(output)?,
        "{shown} is a SQLite database: expected another file"
    );
    ensure!(
        !output.starts_with("/dev") && !output.starts_with("/proc"),
        "{shown} is an open file: expected - for standard output, or the path of the file"
    );
    ensure!(
        force,
        "{shown} exists: expected a new file, or --force to replace it"
    );
    Ok(())
}

/// Returns the compression of the output: the requested one, or the one that the file name implies.
///
/// # Errors
///
/// Returns an error if the file name implies a format that is not supported.
pub(super) fn compression(output: &Output) -> anyhow::Result<Option<Compression>> {
    let extension = output.path.extension().unwrap_or_default();
    let extension = extension.to_string_lossy().to_lowercase();
    match (output.compress, extension.as_str()) {
        (Some(compression), _) => Ok(Some(compression)),
        (None, "gz") => Ok(Some(Compression::Gzip)),
        (None, "zst" | "zstd") => Ok(Some(Compression::Zstd)),
        (None, "xz" | "bz2" | "zip" | "7z" | "lz4" | "br") => {
            bail!(
                "cannot compress to .{extension}: expected a name that ends in .gz, .zst or .jsonl"
            )
        }
        (None, _) => Ok(None),
    }
}

fn sqlite_files(database: &Path) -> Vec<PathBuf> {
    let with = |suffix: &&str| {
        let mut name = OsString::from(database);
        name.push(suffix);
        PathBuf::from(name)
    };
    SQLITE_SUFFIXES.iter().map(with).collect()
}

/// Returns whether `file` is one of `files`, under any name.
fn is_one_of(file: &Metadata, files: &[PathBuf]) -> bool {
    let identity = |file: &Metadata| (file.dev(), file.ino());
    let mut existing = files.iter().filter_map(|file| fs::metadata(file).ok());
    existing.any(|existing| identity(&existing) == identity(file))
}

/// Returns whether `path`, which need not exist, has the name and the directory of one of `files`.
fn is_in_same_place(path: &Path, files: &[PathBuf]) -> bool {
    let place = |path: &Path| {
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let parent = fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
        Some(parent.join(path.file_name()?))
    };
    let wanted = place(path);
    wanted.is_some() && files.iter().any(|file| place(file) == wanted)
}

fn is_sqlite(file: &Path) -> anyhow::Result<bool> {
    let mut first = Vec::new();
    let opened = File::open(file).and_then(|file| file.take(16).read_to_end(&mut first));
    // A file that cannot be read may be a database.
    opened.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(SQLITE_MAGIC.iter().any(|magic| first.starts_with(magic)))
}
