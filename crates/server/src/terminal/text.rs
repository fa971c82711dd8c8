//! Styled text and its layout in the columns of a terminal.

use std::fmt;

use anstyle::{AnsiColor, Style};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_width::UnicodeWidthChar;

/// The style of ordinary text.
pub(crate) const PLAIN: Style = Style::new();
/// The style of secondary text.
pub(crate) const DIM: Style = Style::new().dimmed();
/// The style of headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// The style of findings and of codes in place of characters.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();

/// The number of spaces between two items on a line.
const GAP: usize = 3;

/// A line of text in which each part has a style. It displays as text with ANSI escape sequences.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Text(Vec<(Style, String)>);

impl Text {
    /// Creates text of one style.
    pub(crate) fn new(style: Style, text: impl Into<String>) -> Self {
        Self(vec![(style, text.into())])
    }

    /// Creates text without a style.
    pub(crate) fn unstyled(text: impl Into<String>) -> Self {
        Self::new(Style::new(), text)
    }

    /// Appends text of one style.
    pub(crate) fn push(&mut self, style: Style, text: &str) {
        match self.0.last_mut() {
            Some((last, part)) if *last == style => part.push_str(text),
            _ => self.0.push((style, text.to_owned())),
        }
    }

    /// Appends text with its styles.
    pub(crate) fn append(&mut self, other: Self) {
        for (style, text) in other.0 {
            self.push(style, &text);
        }
    }

    /// Appends text with its styles.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.append(other);
        self
    }

    /// Returns the text without its styles.
    pub(crate) fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Returns the number of columns that the text occupies.
    pub(crate) fn width(&self) -> usize {
        self.chars().map(|(_, c)| columns(c)).sum()
    }

    /// Appends spaces up to this number of columns.
    pub(crate) fn padded(mut self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.push(Style::new(), &" ".repeat(missing));
        self
    }

    /// Breaks the text into lines of at most `width` columns, between words or between Chinese characters. A longer word is
    /// broken anywhere. Spaces at the ends of lines are not shown. Empty text is one empty line.
    pub(crate) fn wrap(&self, width: usize) -> Vec<Self> {
        let chars: Vec<_> = self.chars().collect();
        let mut lines = Vec::new();
        let mut rest = without_spaces_at_end(&chars);
        loop {
            let (line, following) = rest.split_at(line_length(rest, width));
            lines.push(line.iter().copied().collect());
            let spaces = following.iter().take_while(|(_, c)| *c == ' ').count();
            rest = following.get(spaces..).unwrap_or_default();
            if rest.is_empty() {
                return lines;
            }
        }
    }

    /// Returns the text with at most `width` columns. Text that is longer is shortened, and ends in `…`.
    pub(crate) fn shortened(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let shorter = self.wrap(width.saturating_sub(1)).into_iter().next();
        shorter.unwrap_or_default().with(Self::new(DIM, "…"))
    }

    fn chars(&self) -> impl Iterator<Item = (Style, char)> {
        let parts = self.0.iter();
        parts.flat_map(|(style, text)| text.chars().map(|c| (*style, c)))
    }
}

impl FromIterator<(Style, char)> for Text {
    fn from_iter<I: IntoIterator<Item = (Style, char)>>(chars: I) -> Self {
        let mut text = Self::default();
        for (style, c) in chars {
            text.push(style, c.encode_utf8(&mut [0; 4]));
        }
        text
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (style, text) in &self.0 {
            write!(f, "{style}{text}{style:#}")?;
        }
        Ok(())
    }
}

/// Places items side by side in lines of at most `width` columns. An item that is longer than a line is wrapped.
pub(crate) fn flow(items: impl IntoIterator<Item = Text>, width: usize) -> Vec<Text> {
    let mut lines: Vec<Text> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.width() + GAP + item.width() <= width => {
                line.push(Style::new(), &" ".repeat(GAP));
                line.append(item);
            }
            _ => lines.extend(item.wrap(width)),
        }
    }
    lines
}

/// Returns the lines of a heading, which ends in a line across `width` columns.
pub(crate) fn heading(text: &str, width: usize) -> Vec<Text> {
    let rest = width.saturating_sub(columns_of(text) + 1);
    let mut heading = Text::new(BOLD, text);
    if rest > 0 {
        heading.push(DIM, &format!(" {}", "─".repeat(rest)));
    }
    heading.wrap(width)
}

/// Returns the number of columns that unstyled text occupies.
pub(crate) fn columns_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Returns the number of characters in the first line of `chars`, without spaces at its end.
fn line_length(chars: &[(Style, char)], width: usize) -> usize {
    let mut used = 0;
    let mut last_break = None;
    let mut before = None;
    for (index, (_, c)) in chars.iter().enumerate() {
        if before.is_some_and(|before| can_break(before, *c)) {
            last_break = Some(index);
        }
        used += columns(*c);
        // Spaces at the end of a line do not count, unless a combining character stands on one.
        let is_combined_space = columns(*c) == 0 && before == Some(' ');
        if used > width && *c != ' ' && index > 0 && (columns(*c) > 0 || is_combined_space) {
            let end = last_break.unwrap_or(index);
            let line = without_spaces_at_end(chars.get(..end).unwrap_or_default());
            return line.len();
        }
        before = Some(*c);
    }
    chars.len()
}

fn without_spaces_at_end(mut chars: &[(Style, char)]) -> &[(Style, char)] {
    while let Some(((_, ' '), shorter)) = chars.split_last() {
        chars = shorter;
    }
    chars
}

/// Returns whether a line can end between two characters: after a space, and beside a wide character. Punctuation stays with the
/// text that it belongs to.
fn can_break(before: char, after: char) -> bool {
    use GeneralCategory::{
        ClosePunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation, OtherPunctuation,
    };
    if after == ' ' || columns(after) == 0 {
        return false;
    }
    if before == ' ' {
        return true;
    }
    let is_beside_wide = columns(before) == 2 || columns(after) == 2;
    let opens = matches!(
        before.general_category(),
        OpenPunctuation | InitialPunctuation
    );
    let closes = matches!(
        after.general_category(),
        ClosePunctuation | FinalPunctuation | OtherPunctuation
    );
    is_beside_wide && !opens && !closes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let lines = Text::unstyled(text).wrap(width);
        assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
        lines.iter().map(Text::plain).collect()
    }

    #[test]
    fn line_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("one   two", 4), ["one", "two"]);
        assert_eq!(wrapped("  one two", 6), ["  one", "two"]);
        assert_eq!(wrapped("one  ", 3), ["one"]);
        assert_eq!(wrapped("", 3), [""]);
        assert_eq!(wrapped("       ", 3), [""]);
    }

    #[test]
    fn line_is_broken_between_chinese_characters() {
        assert_eq!(wrapped("网络已恢复正常", 6), ["网络已", "恢复正", "常"]);
        assert_eq!(wrapped("网络已恢复正常", 7), ["网络已", "恢复正", "常"]);
        assert_eq!(wrapped("换了Wi-Fi路由器", 8), ["换了", "Wi-Fi路", "由器"]);
    }

    #[test]
    fn punctuation_stays_with_its_text() {
        assert_eq!(wrapped("网络\u{ff0c}好了", 4), ["网", "络\u{ff0c}", "好了"]);
        assert_eq!(
            wrapped("他说\u{201c}好了\u{201d}", 5),
            ["他说", "\u{201c}好", "了\u{201d}"]
        );
        assert_eq!(
            wrapped("速度\u{ff08}低\u{ff09}", 6),
            ["速度", "\u{ff08}低\u{ff09}"]
        );
    }

    #[test]
    fn combining_character_on_a_space_counts_at_the_end_of_a_line() {
        assert_eq!(wrapped("abcd \u{301}e", 4), ["abcd", "\u{301}e"]);
        assert_eq!(wrapped("     \u{301}", 4), ["", "\u{301}"]);
    }

    #[test]
    fn word_longer_than_a_line_is_broken() {
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("ab cdefgh", 4), ["ab", "cdef", "gh"]);
        assert_eq!(wrapped("          a", 4), ["", "a"]);
        assert_eq!(wrapped("aae\u{301}e\u{301}", 3), ["aae\u{301}", "e\u{301}"]);
    }

    #[test]
    fn longer_text_is_shortened() {
        let shortened = |width| Text::unstyled("网络 is slow").shortened(width).plain();
        assert_eq!(shortened(12), "网络 is slow");
        assert_eq!(shortened(11), "网络 is…");
        assert_eq!(shortened(7), "网络…");
        assert_eq!(shortened(4), "网…");
    }

    #[test]
    fn styles_continue_on_the_next_line() {
        let mut text = Text::new(BOLD, "one ");
        text.push(DIM, "two three");
        let lines = text.wrap(7);
        let mut first = Text::new(BOLD, "one ");
        first.push(DIM, "two");
        assert_eq!(lines, [first, Text::new(DIM, "three")]);
        assert_eq!(lines[1].to_string(), "\u{1b}[2mthree\u{1b}[0m");
    }

    #[test]
    fn items_flow_into_lines() {
        let items = ["状态 待解决", "优先级 最低", "a very long item"].map(Text::unstyled);
        let lines: Vec<_> = flow(items.clone(), 25).iter().map(Text::plain).collect();
        assert_eq!(lines, ["状态 待解决   优先级 最低", "a very long item"]);
        let lines: Vec<_> = flow(items, 12).iter().map(Text::plain).collect();
        assert_eq!(lines, ["状态 待解决", "优先级 最低", "a very long", "item"]);
    }
}
