//! Converts Rust source code to a flat list of tokens. Every delimiter and every colon of `::` is a separate token.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Returns the tokens of a file, each followed by a space. A literal becomes two quotation marks.
pub(super) fn read(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let stream: Result<TokenStream, _> = text.parse();
    let stream = stream.map_err(|error| anyhow!("{}: {error}", file.display()))?;
    let mut text = String::new();
    flatten(stream, &mut text);
    Ok(text)
}

fn flatten(stream: TokenStream, text: &mut String) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{ ", "} "),
                    Delimiter::Bracket => ("[ ", "] "),
                    Delimiter::Parenthesis | Delimiter::None => ("( ", ") "),
                };
                *text += open;
                flatten(group.stream(), text);
                *text += close;
            }
            TokenTree::Literal(_) => *text += "\"\" ",
            token => *text += &(token.to_string() + " "),
        }
    }
}

/// Returns the tokens after an item: after its `;`, or after the braces of its body.
pub(super) fn after_item<'t, 'a>(tokens: &'t [&'a str]) -> &'t [&'a str] {
    let mut rest = tokens;
    while let [first, after @ ..] = rest {
        rest = match *first {
            "{" | "(" | "[" => after_group(rest),
            _ => after,
        };
        // The braces of a `use` are followed by `;`, and do not end the item.
        if *first == ";" || *first == "{" && rest.first() != Some(&";") {
            break;
        }
    }
    rest
}

/// Returns the tokens after the delimited group at the start of `tokens`.
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

/// Returns the paths in a tree such as `a::{b::c, d as e, f::*}`, as lists of words, and the tokens after the tree.
pub(super) fn paths<'t, 'a>(tokens: &'t [&'a str]) -> (Vec<Vec<&'a str>>, &'t [&'a str]) {
    let mut words = Vec::new();
    let mut rest = tokens;
    loop {
        match rest {
            ["{", ..] => break,
            [word, ":", ":", after @ ..] if is_word(word) => {
                words.push(*word);
                rest = after;
            }
            [word, "as", name, after @ ..] if is_word(word) => {
                words.extend([*word, "as", *name]);
                return (vec![words], after);
            }
            [word, after @ ..] if is_word(word) => {
                words.push(*word);
                return (vec![words], after);
            }
            // Another token follows, such as the `<` of a type after `Vec::`.
            rest => return (vec![words], rest),
        }
    }
    let next = after_group(rest);
    let mut branches = rest.get(1..rest.len() - next.len()).unwrap_or_default();
    let mut found = Vec::new();
    while !branches.is_empty() {
        let (below, after) = paths(branches);
        found.extend(below.iter().map(|path| [words.as_slice(), path].concat()));
        let comma = after.iter().position(|token| *token == ",");
        branches = comma
            .and_then(|comma| after.get(comma + 1..))
            .unwrap_or_default();
    }
    (found, next)
}

/// Returns whether a token is an identifier, a keyword, or the `*` of a path.
pub(super) fn is_word(token: &str) -> bool {
    token == "*" || token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
