//! Negotiation of the language of error messages with the `Accept-Language` header (RFC 9110 12.5.4).
//!
//! The typed header of actix is not used, because it allocates memory, and ignores the whole header if one range is
//! malformed.

use std::str::FromStr;

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap, Quality, QualityItem};
use wts_domain::Language;

/// The maximum number of ranges that are parsed. Browsers send about ten, but a client could send thousands.
const MAX_RANGES: usize = 64;

/// Returns the supported language with the highest quality value, or the first of several with the same value. English
/// is the default, and also matches `*`. Other languages and malformed ranges are ignored.
pub(crate) fn preferred_language(headers: &HeaderMap) -> Language {
    let (mut preferred, mut highest) = (Language::English, Quality::ZERO);
    let ranges = headers
        .get_all(ACCEPT_LANGUAGE)
        .flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    for range in ranges.take(MAX_RANGES) {
        let range = str::from_utf8(range).unwrap_or_default();
        let range = range.trim_ascii().parse::<QualityItem<LanguageRange>>();
        if let Ok(range) = range
            && range.quality > highest
        {
            (preferred, highest) = (range.item.0, range.quality);
        }
    }
    preferred
}

/// A language range (RFC 4647 2.1), parsed as the language that it selects.
struct LanguageRange(Language);

impl FromStr for LanguageRange {
    type Err = ();

    fn from_str(range: &str) -> Result<Self, ()> {
        if range == "*" {
            return Ok(Self(Language::English));
        }
        let is_subtag = |subtag: &str| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let mut subtags = range.split('-');
        let primary = subtags.next().unwrap_or_default();
        let mut languages = Language::ALL.iter().copied();
        let language = languages.find(|language| primary.eq_ignore_ascii_case(language.as_str()));
        let is_well_formed = subtags.all(is_subtag);
        language.filter(|_| is_well_formed).map(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// Returns the language for a client that sends these `Accept-Language` headers.
    fn language_of(fields: &[&str]) -> &'static str {
        let fields = fields.iter();
        let headers: HeaderMap = fields
            .map(|field| {
                let value = HeaderValue::from_bytes(field.as_bytes()).unwrap();
                (ACCEPT_LANGUAGE, value)
            })
            .collect();
        preferred_language(&headers).as_str()
    }

    #[test]
    fn chinese_with_highest_quality_is_selected() {
        for field in [
            "zh",
            "ZH",
            "zh-CN",
            "zh-cn",
            "zh-Hant",
            "zh-Hans-CN",
            "zh-CN,zh;q=0.9,en;q=0.8",
            "zh-TW, en-US;q=0.7, en;q=0.3",
            "en;q=0.8, zh",
            "en;q=0.8,*;q=0.1,zh-HK;q=0.801",
            "*;q=0.5, zh;q=0.6",
            "fr, zh;q=0.001",
            "fr-CH, fr;q=0.9, zh;q=0.5, en;q=0.4",
            "en;q=0, zh;q=0.1",
            "en;q=0.1, zh;q=0.2, zh-CN;q=0.05",
            "zh ; q=0.5 , en\t;\tq=0.4",
            "zh;Q=1.000, en;q=0.999",
        ] {
            assert_eq!(language_of(&[field]), "zh", "{field:?}");
        }
    }

    #[test]
    fn first_of_equal_languages_is_selected() {
        for (field, language) in [
            ("zh, en", "zh"),
            ("en, zh", "en"),
            ("zh-CN, *", "zh"),
            ("*, zh-CN", "en"),
            ("fr, zh;q=0.5, en-GB;q=0.5", "zh"),
            ("fr, en-GB;q=0.5, zh;q=0.5", "en"),
            ("zh;q=0.5, en, zh", "en"),
            ("en;q=0.5, zh, en", "zh"),
        ] {
            assert_eq!(language_of(&[field]), language, "{field:?}");
        }
    }

    #[test]
    fn english_is_the_default() {
        assert_eq!(language_of(&[]), "en");
        for field in [
            "",
            ",",
            "*",
            "en",
            "fr",
            "en-US,en;q=0.9,zh-CN;q=0.8",
            "zh;q=0",
            "zh;q=0.000",
            "zh;q=0, *;q=0",
            "zhx, zho, cmn, yue, x-zh, art-zh",
        ] {
            assert_eq!(language_of(&[field]), "en", "{field:?}");
        }
    }

    #[test]
    fn malformed_range_is_ignored() {
        for malformed in [
            "zh;q=1.1",
            "zh;q=-1",
            "zh;q=much",
            "zh;q=",
            "zh;q=0.1234",
            "zh;q=1.5e-1",
            "zh;q=NaN",
            "zh; q = 1",
            "zh;level=1",
            "zh en",
            "zh_CN",
            "zh-",
            "zh--CN",
            "zh-*",
            "zh-ninechars",
            "zh-é",
            "中文",
            "\"zh\"",
        ] {
            assert_eq!(language_of(&[malformed]), "en", "{malformed:?}");
            let others = format!("{malformed}, zh-CN;q=0.2,, en;q=0.1");
            assert_eq!(language_of(&[&others]), "zh", "{others:?}");
        }
    }

    /// Headers with the same name form one list, in their order (RFC 9110 5.3).
    #[test]
    fn several_headers_are_one_list() {
        assert_eq!(language_of(&["fr", "zh"]), "zh");
        assert_eq!(language_of(&["en;q=0.5", "zh;q=0.6"]), "zh");
        assert_eq!(language_of(&["zh", "en"]), "zh");
        assert_eq!(language_of(&["en", "zh"]), "en");
        assert_eq!(language_of(&["é", "zh"]), "zh");
    }

    #[test]
    fn number_of_ranges_is_limited() {
        let after = |others| "fr,".repeat(others) + "zh";
        assert_eq!(language_of(&[&after(MAX_RANGES - 1)]), "zh");
        assert_eq!(language_of(&[&after(MAX_RANGES)]), "en");
    }
}
