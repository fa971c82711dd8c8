//! Converts text from the database to a form that is safe to print: no character controls the terminal, and all are visible.

use anstyle::Style;
use unicode_properties::{GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_width::UnicodeWidthChar;

use super::text::{Text, WARNING};

/// The maximum number of combining characters on one base character. Real scripts need fewer; more would cover other lines.
const MAX_COMBINING: usize = 4;

/// Returns `text` with a code such as `<U+202E>` in place of each character that controls the terminal, changes the
/// direction of text, or is invisible. The result has one line.
pub(crate) fn visible(text: &str, style: Style) -> Text {
    let mut result = Text::default();
    let mut last_base = None;
    let mut combining = 0;
    for c in text.chars() {
        let is_kept = match last_base {
            Some(base) if is_combining(c) => {
                combining += 1;
                combining <= MAX_COMBINING && !is_invisible_mark(c, base)
            }
            _ => is_printable_base(c),
        };
        if !is_combining(c) {
            (last_base, combining) = (is_kept.then_some(c), 0);
        }
        if is_kept {
            result.push(style, c.encode_utf8(&mut [0; 4]));
        } else {
            result.push(WARNING, &format!("<U+{:04X}>", u32::from(c)));
        }
    }
    result
}

/// Returns a line without styles in a form that is safe to print.
pub(crate) fn visible_line(line: &str) -> String {
    visible(line, Style::new()).plain()
}

/// Returns whether a character is drawn over the character before it.
fn is_combining(c: char) -> bool {
    let is_mark = c.general_category_group() == GeneralCategoryGroup::Mark;
    // Vowels and final consonants of decomposed Korean syllables.
    let is_hangul_part = matches!(c, '\u{1161}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}');
    (is_mark || is_hangul_part) && c.width() == Some(0)
}

/// Returns whether a combining character does not change the appearance of `base`. Variation selectors can hide data, except
/// for the one that selects the coloured form of an emoji.
fn is_invisible_mark(c: char, base: char) -> bool {
    match c {
        '\u{FE0F}' => !base.is_emoji_char(),
        '\u{FE00}'..='\u{FE0E}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180F}' => true,
        _ => matches!(c, '\u{034F}' | '\u{17B4}' | '\u{17B5}'),
    }
}

/// Returns whether a character occupies at least one column. Unassigned and private characters have no known width.
fn is_printable_base(c: char) -> bool {
    let is_known = c.general_category_group() != GeneralCategoryGroup::Other;
    let is_line_separator = matches!(c, '\u{2028}' | '\u{2029}');
    let is_filler = matches!(c, '\u{115F}' | '\u{2800}');
    is_known && !is_line_separator && !is_filler && c.width().is_some_and(|width| width > 0)
}

/// Checks that the only escape sequences are styles, and that no character is invisible or reverses text.
#[cfg(test)]
pub(crate) fn assert_harmless(page: &str) {
    let mut parts = page.split("\u{1b}[");
    let first = parts.next().unwrap();
    let texts = parts.map(|part| {
        let (style, text) = part.split_once('m').unwrap();
        let is_style = style.bytes().all(|byte| byte.is_ascii_digit());
        assert!(is_style, "{style:?} in {page:?}");
        text
    });
    for c in [first].into_iter().chain(texts).flat_map(str::chars) {
        let is_harmful = c.is_control() && c != '\n'
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
        assert!(!is_harmful, "{c:?} in {page:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in [
            "问题已解决,用户确认网络恢复正常。",
            "ping 10.0.0.1 “ok” — naïve café ①",
            "全角 空格\u{3000}与\u{a0}不换行空格",
            "e\u{301} 각 นี้ हिन्दी עברית عربي",
            "\u{1112}\u{1161}\u{11ab}",
            "😀 ❤\u{fe0f} 𠮷野家 1\u{fe0f}\u{20e3}",
        ] {
            assert_eq!(visible_line(text), text);
        }
    }

    #[test]
    fn control_characters_are_shown_as_codes() {
        assert_eq!(visible_line("\u{1b}[2J\u{7}"), "<U+001B>[2J<U+0007>");
        assert_eq!(
            visible_line("a\tb\r\nc\0"),
            "a<U+0009>b<U+000D><U+000A>c<U+0000>"
        );
        assert_eq!(
            visible_line("\u{9b}31m\u{7f}\u{85}"),
            "<U+009B>31m<U+007F><U+0085>"
        );
    }

    #[test]
    fn characters_that_reverse_or_hide_text_are_shown_as_codes() {
        assert_eq!(
            visible_line("a\u{202e}b\u{2066}c\u{61c}"),
            "a<U+202E>b<U+2066>c<U+061C>"
        );
        assert_eq!(
            visible_line("a\u{200b}b\u{200d}\u{feff}\u{ad}"),
            "a<U+200B>b<U+200D><U+FEFF><U+00AD>"
        );
        assert_eq!(visible_line("\u{2028}\u{2029}"), "<U+2028><U+2029>");
        assert_eq!(
            visible_line("a\u{3164}\u{115f}\u{ffa0}\u{2800}"),
            "a<U+3164><U+115F><U+FFA0><U+2800>"
        );
        assert_eq!(
            visible_line("a\u{fe0f}b\u{fe01}\u{e0101}\u{34f}"),
            "a<U+FE0F>b<U+FE01><U+E0101><U+034F>"
        );
        assert_eq!(
            visible_line("\u{e0041}\u{e000}\u{10ffff}"),
            "<U+E0041><U+E000><U+10FFFF>"
        );
    }

    #[test]
    fn excess_combining_characters_are_shown_as_codes() {
        assert_eq!(visible_line("\u{301}a"), "<U+0301>a");
        assert_eq!(visible_line("\u{1b}\u{301}"), "<U+001B><U+0301>");
        let stacked = visible_line(&format!("a{}", "\u{301}".repeat(6)));
        assert_eq!(stacked, format!("a{}<U+0301><U+0301>", "\u{301}".repeat(4)));
    }
}
