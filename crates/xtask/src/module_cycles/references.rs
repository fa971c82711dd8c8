//! The references between the top-level modules of a crate, read from its tokens.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

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
/// If a file cannot be read or has no Rust tokens, or if a module imports everything from the crate root.
pub(super) fn references(root: &Path) -> Result<Vec<Reference>> {
    let tokens = tokens(root)?;
    let mut scan = Scan {
        modules: modules(&tokens),
        imports: BTreeMap::new(),
        file: root.to_owned(),
        module: Vec::new(),
        found: Vec::new(),
    };
    scan.read_root_imports(&tokens);
    scan.items(&tokens)?;
    Ok(scan.found)
}

/// The state of a walk through the files of a crate.
struct Scan {
    /// The top-level modules.
    modules: BTreeSet<String>,
    /// The names that the root imports or re-exports, and the first segment of their paths.
    imports: BTreeMap<String, String>,
    file: PathBuf,
    /// The path of the module that is being read.
    module: Vec<String>,
    found: Vec<Reference>,
}

impl Scan {
    /// Reads items, or any other tokens.
    fn items(&mut self, tokens: &[TokenTree]) -> Result<()> {
        let mut rest = tokens;
        while let Some((first, after)) = rest.split_first() {
            rest = match (first, after) {
                (TokenTree::Punct(hash), [TokenTree::Group(attribute), item @ ..])
                    if hash.as_char() == '#' && is_test_only(&attribute.stream()) =>
                {
                    after_item(item)
                }
                (TokenTree::Ident(word), _) if self.is_re_export(word, after) => after_item(after),
                (TokenTree::Ident(word), [TokenTree::Ident(name), body, after @ ..])
                    if word == "mod" =>
                {
                    self.module(&name.to_string(), body)?;
                    after
                }
                (TokenTree::Ident(_), [c1, c2, ..]) if is_punct(c1, ':') && is_punct(c2, ':') => {
                    self.path(rest)?
                }
                (TokenTree::Group(group), _) => {
                    self.items(&list(&group.stream()))?;
                    after
                }
                _ => after,
            };
        }
        Ok(())
    }

    /// Whether a `pub … use` of the crate root begins here: the names are used by whoever imports them, not by the root.
    fn is_re_export(&self, word: &proc_macro2::Ident, after: &[TokenTree]) -> bool {
        // After `pub(crate)` a group comes first.
        let next = after
            .iter()
            .find(|token| !matches!(token, TokenTree::Group(_)));
        let is_use = matches!(next, Some(TokenTree::Ident(next)) if next == "use");
        self.module.is_empty() && word == "pub" && is_use
    }

    /// Reads a module's file, or its body in braces.
    fn module(&mut self, name: &str, body: &TokenTree) -> Result<()> {
        self.module.push(name.to_owned());
        if let TokenTree::Group(body) = body {
            self.items(&list(&body.stream()))?;
        } else {
            let parent = self.file.clone();
            self.file = file_of(&parent, name)?;
            self.items(&tokens(&self.file)?)?;
            self.file = parent;
        }
        self.module.pop();
        Ok(())
    }

    /// Reads the path that begins with this word, which `::` follows; returns what comes after it.
    fn path<'a>(&mut self, tokens: &'a [TokenTree]) -> Result<&'a [TokenTree]> {
        let (words, rest) = words(tokens);
        let first = words.first().map_or("", String::as_str);
        let supers = words.iter().take_while(|word| *word == "super").count();
        let is_absolute = first == "crate" || supers > 0 && supers >= self.module.len();
        if !is_absolute {
            // In the root a path may begin with a module's name.
            if self.module.is_empty() && self.modules.contains(first) {
                self.refer(&words);
            }
            return Ok(rest);
        }
        let names = words.get(supers.max(1)..).unwrap_or_default();
        if !names.is_empty() {
            self.refer(names);
            return Ok(rest);
        }
        match rest {
            [_, _, TokenTree::Group(group), rest @ ..] if group.delimiter() == Delimiter::Brace => {
                for branch in list(&group.stream()).split(|token| is_punct(token, ',')) {
                    self.refer(&self::words(branch).0);
                }
                Ok(rest)
            }
            [_, _, star, ..] if is_punct(star, '*') => bail!(
                "{}: `{first}::*` hides which modules are used",
                self.file.display()
            ),
            _ => Ok(rest),
        }
    }

    /// Notes that the module uses this path from the crate root.
    fn refer(&mut self, path: &[String]) {
        let Some(name) = path.first() else {
            return;
        };
        let to = match self.imports.get(name) {
            _ if self.modules.contains(name) => name,
            Some(module) if self.modules.contains(module) => module,
            Some(_) => return, // from another crate
            None => ROOT,
        };
        let from = self.module.first().map_or(ROOT, String::as_str);
        if from != to {
            self.found.push(Reference {
                from: from.to_owned(),
                to: to.to_owned(),
                file: self.file.clone(),
                path: format!("crate::{}", path.join("::")),
            });
        }
    }

    /// Takes note of every name that a `use` brings into the crate root.
    fn read_root_imports(&mut self, tokens: &[TokenTree]) {
        let mut rest = tokens;
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if matches!(first, TokenTree::Ident(word) if word == "use") {
                let end = after.iter().position(|token| is_punct(token, ';'));
                let tree = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
                self.read_use_tree(tree, None);
            }
        }
    }

    /// Reads one tree of a `use`; `base` is the first segment of the paths that it is part of.
    fn read_use_tree(&mut self, tree: &[TokenTree], base: Option<&str>) {
        let mut base = base.map(str::to_owned);
        let mut name = None;
        for token in tree {
            match token {
                TokenTree::Ident(word) if word == "crate" || word == "self" || word == "as" => {}
                TokenTree::Ident(word) => {
                    base.get_or_insert_with(|| word.to_string());
                    name = Some(word.to_string());
                }
                TokenTree::Group(group) => {
                    for branch in list(&group.stream()).split(|token| is_punct(token, ',')) {
                        self.read_use_tree(branch, base.as_deref());
                    }
                    return;
                }
                _ => {}
            }
        }
        if let (Some(name), Some(base)) = (name, base) {
            self.imports.insert(name, base);
        }
    }
}

fn tokens(file: &Path) -> Result<Vec<TokenTree>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    Ok(list(&tokens))
}

fn list(tokens: &TokenStream) -> Vec<TokenTree> {
    tokens.clone().into_iter().collect()
}

/// The modules that are declared among these tokens, without those only for tests.
fn modules(tokens: &[TokenTree]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (TokenTree::Punct(hash), [TokenTree::Group(attribute), item @ ..])
                if hash.as_char() == '#' && is_test_only(&attribute.stream()) =>
            {
                rest = after_item(item);
            }
            (TokenTree::Ident(word), [TokenTree::Ident(name), ..]) if word == "mod" => {
                names.insert(name.to_string());
            }
            _ => {}
        }
    }
    names
}

/// Whether an attribute is `cfg(test)`, or `cfg(all(test, …))`.
fn is_test_only(attribute: &TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test")
}

/// What comes after an item: after its `;`, or after its body in braces, which a `use` has none of.
fn after_item(tokens: &[TokenTree]) -> &[TokenTree] {
    let is_use = tokens
        .iter()
        .find_map(|token| match token {
            TokenTree::Ident(word) if word != "pub" => Some(word == "use"),
            _ => None,
        })
        .unwrap_or_default();
    let end = tokens.iter().position(|token| match token {
        TokenTree::Group(group) => !is_use && group.delimiter() == Delimiter::Brace,
        token => is_punct(token, ';'),
    });
    end.and_then(|end| tokens.get(end + 1..))
        .unwrap_or_default()
}

/// The words of a path, `a::b::c`, and what comes after them.
fn words(tokens: &[TokenTree]) -> (Vec<String>, &[TokenTree]) {
    let mut words = Vec::new();
    let mut rest = tokens;
    while let Some((TokenTree::Ident(word), after)) = rest.split_first() {
        words.push(word.to_string());
        match after {
            [c1, c2, TokenTree::Ident(_), ..] if is_punct(c1, ':') && is_punct(c2, ':') => {
                rest = after.get(2..).unwrap_or_default();
            }
            _ => return (words, after),
        }
    }
    (words, rest)
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
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
