//! Rust source as a flat list of tokens. A delimiter is a token of its own, and so is each colon of `::`.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of a file.
///
/// # Errors
///
/// If the file cannot be read or is no Rust.
pub(super) fn read(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let stream: TokenStream = text
        .parse()
        .map_err(|error| anyhow!("{}: {error}", file.display()))?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                };
                tokens.push(open.to_owned());
                flatten(group.stream(), tokens);
                tokens.push(close.to_owned());
            }
            token => tokens.push(token.to_string()),
        }
    }
}

/// Whether these tokens begin with `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub(super) fn is_test_only(tokens: &[&str]) -> bool {
    matches!(
        tokens,
        ["#", "[", "cfg", "(", "test", ")", ..] | ["#", "[", "cfg", "(", "all", "(", "test", ..]
    )
}

/// Whether these tokens begin with a `use` of any visibility.
pub(super) fn is_use(tokens: &[&str]) -> bool {
    match tokens {
        ["#", attribute @ ..] => is_use(after_group(attribute)),
        ["pub", "(", _, ")", after @ ..] | ["pub", after @ ..] => is_use(after),
        tokens => tokens.first() == Some(&"use"),
    }
}

/// The tokens after an item: after its `;`, or after its body in braces, which a `use` has none of.
pub(super) fn after_item<'t, 'a>(tokens: &'t [&'a str]) -> &'t [&'a str] {
    let is_use = is_use(tokens);
    let mut rest = tokens;
    while let [first, after @ ..] = rest {
        rest = match *first {
            ";" => return after,
            "{" if !is_use => return after_group(rest),
            "{" | "(" | "[" => after_group(rest),
            _ => after,
        };
    }
    rest
}

/// The tokens after the group that begins here.
pub(super) fn after_group<'t, 'a>(tokens: &'t [&'a str]) -> &'t [&'a str] {
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| {
        match *token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    end.and_then(|end| tokens.get(end + 1..))
        .unwrap_or_default()
}

/// The tokens after a path such as `a::b`, `a::*` or `a::{b, c}`.
pub(super) fn after_path<'t, 'a>(tokens: &'t [&'a str]) -> &'t [&'a str] {
    let mut rest = tokens.get(1..).unwrap_or_default();
    while let [":", ":", below @ ..] = rest {
        match below {
            ["{", ..] => return after_group(below),
            [word, after @ ..] if is_word(word) => rest = after,
            _ => break,
        }
    }
    rest
}

/// The words of each path in a tree such as `a::{b::c, d as e, f::*}`.
pub(super) fn paths<'a>(tree: &[&'a str]) -> Vec<Vec<&'a str>> {
    let (words, group) = tree.split_at(
        tree.iter()
            .position(|token| *token == "{")
            .unwrap_or(tree.len()),
    );
    let words: Vec<_> = words
        .iter()
        .copied()
        .filter(|token| is_word(token))
        .collect();
    let Some(branches) = group.get(1..group.len().saturating_sub(1)) else {
        return vec![words];
    };
    let mut depth = 0_usize;
    let branches = branches.split(|token| {
        match *token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == ","
    });
    let below = branches.flat_map(paths);
    below.map(|path| [words.clone(), path].concat()).collect()
}

/// Whether a token is an identifier, a keyword, or the `*` of a path.
pub(super) fn is_word(token: &str) -> bool {
    token == "*" || token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
