//! The words of the commands in both languages, except the labels of the domain; the choice of the language.

use std::env;

use wts_domain::{Date, Language, Timestamp};

/// The words of one language.
pub(crate) struct Words {
    pub(crate) language: Language,
    pub(crate) ticket: &'static str,
    pub(crate) as_of: &'static str,
    pub(crate) not_set: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) first_trace: &'static str,
    pub(crate) last_trace: &'static str,
    pub(crate) time_zone: &'static str,
    pub(crate) total: &'static str,
    pub(crate) unknown_length: &'static str,
    pub(crate) no_traces_yet: &'static str,
    pub(crate) unchanged: &'static str,
    pub(crate) weekdays: [&'static str; 7],
    /// The names of the infinite timestamps.
    latest: &'static str,
    earliest: &'static str,
    /// Days, hours, minutes and seconds.
    units: [&'static str; 4],
}

const CHINESE: Words = Words {
    language: Language::Chinese,
    ticket: "工单",
    as_of: "截至",
    not_set: "未设置",
    issuer: "报修人",
    first_trace: "首条记录",
    last_trace: "最新记录",
    time_zone: "时区",
    total: "共",
    unknown_length: "时长未知",
    no_traces_yet: "此时还没有记录",
    unchanged: "不变",
    weekdays: ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    latest: "晚于任何时间 (infinity)",
    earliest: "早于任何时间 (-infinity)",
    units: ["天", "小时", "分", "秒"],
};

const ENGLISH: Words = Words {
    language: Language::English,
    ticket: "Ticket",
    as_of: "As of",
    not_set: "not set",
    issuer: "Filed by",
    first_trace: "First trace",
    last_trace: "Last trace",
    time_zone: "Time zone",
    total: "total",
    unknown_length: "unknown length",
    no_traces_yet: "No traces yet at this time",
    unchanged: "unchanged",
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    latest: "later than any time (infinity)",
    earliest: "earlier than any time (-infinity)",
    units: ["d", "h", "min", "s"],
};

impl Words {
    pub(crate) fn new(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &CHINESE,
            _ => &ENGLISH,
        }
    }

    fn is_chinese(&self) -> bool {
        self.language == Language::Chinese
    }

    /// Returns when the current status began, and how long it has lasted if it has not ended.
    pub(crate) fn since(&self, time: &str, so_far: Option<i64>) -> String {
        let since = if self.is_chinese() {
            format!("自 {time} 起")
        } else {
            format!("since {time}")
        };
        match so_far.map(|seconds| self.duration(seconds)) {
            None => since,
            Some(length) if self.is_chinese() => format!("{since}，已有 {length}"),
            Some(length) => format!("{since}, for {length} so far"),
        }
    }

    /// Returns the number of traces as text, such as "5 traces, 2 more after this time".
    pub(crate) fn trace_count(&self, shown: usize, later: usize) -> String {
        let count = match (self.is_chinese(), shown) {
            (true, _) => format!("共 {shown} 条记录"),
            (false, 1) => "1 trace".to_owned(),
            (false, _) => format!("{shown} traces"),
        };
        match (self.is_chinese(), later) {
            (_, 0) => count,
            (true, _) => format!("{count}，另有 {later} 条在此之后"),
            (false, _) => format!("{count}, {later} more after this time"),
        }
    }

    /// Returns the number of periods of a status, or of traces that violate a rule, as text.
    pub(crate) fn times(&self, count: usize) -> String {
        match (self.is_chinese(), count) {
            (true, _) => format!("{count} 次"),
            (false, 1) => "once".to_owned(),
            (false, _) => format!("{count} times"),
        }
    }

    /// Returns a duration in its two largest units.
    pub(crate) fn duration(&self, seconds: i64) -> String {
        let amounts = [
            seconds / 86_400,
            seconds / 3_600 % 24,
            seconds / 60 % 60,
            seconds % 60,
        ];
        let first = amounts.iter().position(|amount| *amount > 0).unwrap_or(3);
        let parts = amounts.iter().zip(self.units).skip(first).take(2);
        let parts = parts.filter(|(amount, _)| **amount > 0 || seconds == 0);
        let parts: Vec<_> = parts
            .map(|(amount, unit)| format!("{amount} {unit}"))
            .collect();
        parts.join(" ")
    }

    /// Returns the name of an infinite timestamp; `None` if it is finite.
    pub(crate) fn infinite_time(&self, timestamp: Timestamp) -> Option<&'static str> {
        match timestamp {
            Timestamp::INFINITY => Some(self.latest),
            Timestamp::NEG_INFINITY => Some(self.earliest),
            _ => None,
        }
    }

    /// Returns the name of an infinite date; `None` if it is finite.
    pub(crate) fn infinite_date(&self, date: Date) -> Option<&'static str> {
        match date {
            Date::INFINITY => Some(self.latest),
            Date::NEG_INFINITY => Some(self.earliest),
            _ => None,
        }
    }
}

/// Returns the language of the locale. The default is English.
pub(crate) fn locale_language() -> Language {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let mut locales = variables.into_iter().filter_map(|name| env::var(name).ok());
    language(locales.find(|locale| !locale.is_empty()).as_deref())
}

fn language(locale: Option<&str>) -> Language {
    match locale {
        Some(locale) if locale.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_has_the_two_largest_units() {
        let both = |seconds| (CHINESE.duration(seconds), ENGLISH.duration(seconds));
        let expected = |chinese: &str, english: &str| (chinese.to_owned(), english.to_owned());
        assert_eq!(both(0), expected("0 秒", "0 s"));
        assert_eq!(both(59), expected("59 秒", "59 s"));
        assert_eq!(both(60), expected("1 分", "1 min"));
        assert_eq!(both(19_800), expected("5 小时 30 分", "5 h 30 min"));
        assert_eq!(both(86_400 + 59), expected("1 天", "1 d"));
        assert_eq!(both(3 * 86_400 + 3_600), expected("3 天 1 小时", "3 d 1 h"));
    }

    #[test]
    fn chinese_locales_give_chinese() {
        for locale in ["zh", "zh_CN.UTF-8", "zh_TW", "zh_Hans_CN"] {
            assert_eq!(language(Some(locale)), Language::Chinese);
        }
        for locale in [
            None,
            Some("C.UTF-8"),
            Some("POSIX"),
            Some("en_US.UTF-8"),
            Some("de"),
        ] {
            assert_eq!(language(locale), Language::English);
        }
    }
}
