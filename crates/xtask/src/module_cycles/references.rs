//! The references between the top-level modules of a crate, read from its tokens.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::tokens::{self, after_group, after_item, is_test_only, is_use, is_word, paths};

/// The node of items that are defined in the crate root itself.
const ROOT: &str = "the crate root";

/// A path in one top-level module that leads to another.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) file: PathBuf,
    pub(super) path: String,
}

/// All references in the crate whose root is this file, without those in code only for tests.
///
/// # Errors
///
/// If a file cannot be read or is no Rust, or if a module imports everything from the crate root.
pub(super) fn references(root: &Path) -> Result<Vec<Reference>> {
    let text = tokens::read(root)?;
    let tokens: Vec<_> = text.split(' ').collect();
    let mut scan = Scan::of_root(&tokens);
    scan.items(&tokens, root, &[])?;
    Ok(scan.found)
}

/// What is known of a crate while its files are read.
#[derive(Default)]
struct Scan {
    /// The top-level modules.
    modules: BTreeSet<String>,
    /// The names that the root imports or re-exports, and the first segment of their paths.
    imports: BTreeMap<String, String>,
    found: Vec<Reference>,
}

impl Scan {
    /// Takes note of the modules that the crate root declares, and of the names that it imports.
    fn of_root(tokens: &[&str]) -> Self {
        let mut scan = Self::default();
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            match (*first, after) {
                ("mod", [name, ..]) => {
                    scan.modules.insert((*name).to_owned());
                }
                ("use", tree) => {
                    for path in paths(tree).0 {
                        let is_local = matches!(path.first(), Some(&("crate" | "self")));
                        let first = path.get(usize::from(is_local));
                        if let (Some(first), Some(name)) = (first, path.last()) {
                            scan.imports.insert((*name).to_owned(), (*first).to_owned());
                        }
                    }
                }
                _ => {}
            }
            rest = after;
        }
        scan
    }

    /// Reads the items of a module, or any other tokens in it.
    fn items(&mut self, tokens: &[&str], file: &Path, module: &[&str]) -> Result<()> {
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            rest = match (*first, after) {
                ("#", attribute) if is_test_only(rest) => after_item(after_group(attribute)),
                // The names are used by the modules that import them, not by the root.
                ("pub", _) if module.is_empty() && is_use(rest) => after_item(rest),
                ("mod", [name, ";", after @ ..]) => {
                    let file = file_of(file, name)?;
                    let text = tokens::read(&file)?;
                    let tokens: Vec<_> = text.split(' ').collect();
                    self.items(&tokens, &file, &[module, &[name]].concat())?;
                    after
                }
                ("mod", [name, "{", ..]) => {
                    let next = after_item(after);
                    let body = after.get(2..after.len() - next.len()).unwrap_or_default();
                    self.items(body, file, &[module, &[name]].concat())?;
                    next
                }
                (word, [":", ":", ..]) if is_word(word) => {
                    let (paths, next) = paths(rest);
                    for path in paths {
                        self.path(&path, file, module)?;
                    }
                    next
                }
                _ => after,
            };
        }
        Ok(())
    }

    /// Takes note of a path if it leads to another top-level module.
    fn path(&mut self, path: &[&str], file: &Path, module: &[&str]) -> Result<()> {
        let first = *path.first().unwrap_or(&"");
        let supers = path.iter().take_while(|word| **word == "super").count();
        let from_root = match first {
            "crate" => path.get(1..),
            "super" if supers >= module.len() => path.get(supers..),
            // In the root a path may begin with a module's name.
            _ if module.is_empty() && self.modules.contains(first) => Some(path),
            _ => None,
        };
        let Some(names @ &[name, ..]) = from_root else {
            return Ok(());
        };
        let file_name = file.display();
        ensure!(
            name != "*",
            "{file_name}: `{first}::*` hides which modules are used"
        );
        let to = match self.imports.get(name) {
            _ if self.modules.contains(name) => name,
            Some(module) if self.modules.contains(module) => module,
            Some(_) => return Ok(()), // from another crate
            None => ROOT,
        };
        let from = *module.first().unwrap_or(&ROOT);
        if from != to {
            self.found.push(Reference {
                from: from.to_owned(),
                to: to.to_owned(),
                file: file.to_owned(),
                path: format!("crate::{}", names.join("::").replace("::as::", " as ")),
            });
        }
        Ok(())
    }
}

/// The file of a module that a file declares.
fn file_of(parent: &Path, name: &str) -> Result<PathBuf> {
    let directory = match parent.file_name().and_then(|name| name.to_str()) {
        Some("lib.rs" | "main.rs" | "mod.rs") => parent.parent().map(Path::to_owned),
        _ => Some(parent.with_extension("")),
    };
    let directory = directory.with_context(|| parent.display().to_string())?;
    let file = directory.join(format!("{name}.rs"));
    Ok(if file.is_file() {
        file
    } else {
        directory.join(name).join("mod.rs")
    })
}

#[cfg(test)]
mod tests;
