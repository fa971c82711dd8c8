//! Tests of the references in small crates.

use std::fs;

use super::*;

/// Returns the references in a crate of these files, as `from -> to (path)`.
fn edges(files: &[(&str, &str)]) -> Vec<String> {
    found(files)
        .unwrap()
        .iter()
        .map(|edge| format!("{} -> {} ({})", edge.from, edge.to, edge.path))
        .collect()
}

fn found(files: &[(&str, &str)]) -> Result<Vec<Reference>> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    references(&directory.path().join("lib.rs"))
}

#[test]
fn paths_with_crate_and_super_are_references() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::{X, Y}; fn f() { super::c::g(); }"),
        ("b.rs", "impl crate::a::A for crate::c::C {}"),
        ("c.rs", "use super::{a, b::Z as Q};"),
    ];
    assert_eq!(
        edges(&files),
        [
            "a -> b (crate::b::X)",
            "a -> b (crate::b::Y)",
            "a -> c (crate::c::g)",
            "b -> a (crate::a::A)",
            "b -> c (crate::c::C)",
            "c -> a (crate::a)",
            "c -> b (crate::b::Z as Q)",
        ]
    );
}

#[test]
fn super_path_within_a_module_is_not_a_reference() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "mod inner; mod inline { use super::b::X; use super::super::b::Y; }",
        ),
        ("a/inner.rs", "use super::{b, c}; use super::super::b::Z;"),
        ("b.rs", ""),
    ];
    assert_eq!(
        edges(&files),
        ["a -> b (crate::b::Z)", "a -> b (crate::b::Y)"]
    );
}

#[test]
fn re_exported_name_is_a_reference_to_its_module() {
    let files = [
        (
            "lib.rs",
            "mod a; mod b; pub use b::{X, deep::{Y as Z}}; use std::fmt;",
        ),
        ("a.rs", "use crate::{X, Z, fmt};"),
        ("b.rs", ""),
    ];
    assert_eq!(edges(&files), ["a -> b (crate::X)", "a -> b (crate::Z)"]);
}

#[test]
fn crate_root_has_references_except_re_exports() {
    let files = [
        (
            "lib.rs",
            "mod a; mod b; pub use b::X; pub fn open() { b::connect(); }",
        ),
        ("a.rs", "fn f() { crate::open(); }"),
        ("b.rs", ""),
    ];
    assert_eq!(
        edges(&files),
        [
            "a -> the crate root (crate::open)",
            "the crate root -> b (crate::b::connect)",
        ]
    );
}

#[test]
fn test_code_comments_and_strings_have_no_references() {
    let files = [
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
        (
            "a.rs",
            "/// [`crate::b::A`]\n#[cfg(test)] use crate::b::{B, C};\n// crate::b\nconst D: &str = \"crate::b\";\n\
             #[cfg(all(test, feature = \"x\"))] pub(crate) fn e() { crate::b::e() }\n\
             #[cfg(test)]\n#[allow(x)]\nmod tests { use crate::b; }",
        ),
        ("b.rs", "macro_rules! m { () => { $crate::a::x() } }"),
    ];
    assert_eq!(edges(&files), ["b -> a (crate::a::x)"]);
}

#[test]
fn glob_import_of_the_crate_root_is_rejected() {
    let files = [
        ("lib.rs", "mod a;"),
        (
            "a.rs",
            "use std::fs;

use super::*;",
        ),
    ];
    let error = found(&files).unwrap_err().to_string();
    assert!(
        error.ends_with("a.rs: `crate::*` imports every module: name the items instead"),
        "{error}"
    );
}
