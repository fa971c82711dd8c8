//! Rust source as a flat list of tokens. A delimiter is a token of its own, and so is each colon of `::`.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of a file, with a space after each; a literal is only two quotation marks.
///
/// # Errors
///
/// If the file cannot be read or is no Rust.
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

/// The paths in a tree such as `a::{b::c, d as e, f::*}`, as lists of words, and the tokens after the tree.
pub(super) fn paths<'t, 'a>(tokens: &'t [&'a str]) -> (Vec<Vec<&'a str>>, &'t [&'a str]) {
    let mut words = Vec::new();
    let mut rest = tokens;
    loop {
        match rest {
            ["{", branches @ ..] => {
                let mut paths = Vec::new();
                let mut branch = branches;
                while !matches!(branch, [] | ["}", ..]) {
                    let (below, after) = self::paths(branch);
                    paths.extend(
                        below
                            .into_iter()
                            .map(|path| [words.as_slice(), &path].concat()),
                    );
                    branch = match after {
                        [",", after @ ..] => after,
                        after if after.len() < branch.len() => after,
                        _ => branch.get(1..).unwrap_or_default(), // no path
                    };
                }
                return (paths, branch.get(1..).unwrap_or_default());
            }
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
            // Such as `Vec::<u8>`.
            rest => return (vec![words], rest),
        }
    }
}

/// Whether a token is an identifier, a keyword, or the `*` of a path.
pub(super) fn is_word(token: &str) -> bool {
    token == "*" || token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
