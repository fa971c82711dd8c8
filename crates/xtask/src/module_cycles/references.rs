//! Reads the references between the top-level modules of a crate from its tokens.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::tokens::{after_group, after_item, is_word, paths, read};

/// The name that stands for the crate root in references.
const ROOT: &str = "the crate root";

/// A path in one top-level module that refers to another module.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) file: PathBuf,
    pub(super) path: String,
}

/// Returns all references in the crate with this root file, except those in test code. Returns an error if a module
/// imports everything from the crate root.
pub(super) fn references(root: &Path) -> Result<Vec<Reference>> {
    let text = read(root)?;
    let mut scan = Scan::default();
    scan.root(&text.split(' ').collect::<Vec<_>>());
    scan.items(&text.split(' ').collect::<Vec<_>>(), root, &[])?;
    Ok(scan.found)
}

/// The state of a scan of one crate.
#[derive(Default)]
struct Scan {
    /// The top-level modules.
    modules: BTreeSet<String>,
    /// The names that the crate root imports or re-exports, and the first segment of each path.
    imports: BTreeMap<String, String>,
    found: Vec<Reference>,
}

impl Scan {
    /// Records the modules that the crate root declares, and the names that it imports.
    fn root(&mut self, tokens: &[&str]) {
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            rest = after;
            match (*first, after) {
                ("mod", [name, ..]) => {
                    self.modules.insert((*name).to_owned());
                }
                ("use", tree) => {
                    for path in paths(tree).0 {
                        let is_local = matches!(path.first(), Some(&("crate" | "self")));
                        let first = path.get(usize::from(is_local));
                        if let (Some(first), Some(name)) = (first, path.last()) {
                            self.imports.insert((*name).to_owned(), (*first).to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads the tokens of a module, and records its references.
    fn items(&mut self, tokens: &[&str], file: &Path, module: &[&str]) -> Result<()> {
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            rest = match (*first, after) {
                (
                    "#",
                    ["[", "cfg", "(", "test", ")", ..] | ["[", "cfg", "(", "all", "(", "test", ..],
                ) => after_item(after_group(after)),
                // A re-exported name is used by the modules that import it, not by the root.
                ("pub", ["use", ..] | ["(", _, ")", "use", ..]) if module.is_empty() => {
                    after_item(after)
                }
                ("mod", [name, ";", after @ ..]) => {
                    let directory = match module {
                        [] => file
                            .parent()
                            .context("a file without a directory")?
                            .to_owned(),
                        _ => file.with_extension(""),
                    };
                    let file = directory.join(format!("{name}.rs"));
                    let text = read(&file)?;
                    let module = [module, &[name]].concat();
                    self.items(&text.split(' ').collect::<Vec<_>>(), &file, &module)?;
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

    /// Records a path if it refers to another top-level module.
    fn path(&mut self, path: &[&str], file: &Path, module: &[&str]) -> Result<()> {
        let supers = path.iter().take_while(|word| **word == "super").count();
        let from_root = match *path.first().unwrap_or(&"") {
            "crate" => path.get(1..),
            "super" if supers >= module.len() => path.get(supers..),
            // In the crate root, a path may start with the name of a module.
            first if module.is_empty() && self.modules.contains(first) => Some(path),
            _ => None,
        };
        let Some(names @ &[name, ..]) = from_root else {
            return Ok(());
        };
        let path = format!("crate::{}", names.join("::").replace("::as::", " as "));
        ensure!(
            name != "*",
            "{}: `{path}` imports every module: name the items instead",
            file.display()
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
                path,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
