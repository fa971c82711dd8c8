//! The messages of errors for clients, in Chinese and English.

use std::borrow::Cow;

use wts_domain::{AccessDenied, Language};

use super::{ApiError, LocalizedText, NotReady};

/// The message of an error response.
pub(super) enum Message {
    /// A message that the WTS v3 API prescribes, and its language.
    Fixed(Language, Cow<'static, str>),
    Localized(LocalizedText),
}

impl Message {
    /// Returns the text in the given language, or in the only language that it has. Also returns the language of the
    /// text.
    pub(super) fn in_language(self, language: Language) -> (Language, Cow<'static, str>) {
        match self {
            Self::Fixed(language, text) => (language, text),
            Self::Localized(text) if language == Language::Chinese => (language, text.chinese),
            Self::Localized(text) => (Language::English, text.english),
        }
    }
}

impl ApiError {
    pub(super) fn message(&self) -> Message {
        // The English message of most client errors is also written to the log.
        let with_chinese = |chinese| localized(self.to_string(), chinese);
        match self {
            // All reasons have the same message, so that a caller without a valid token cannot find out which check
            // failed.
            Self::Unauthenticated(_) => localized(
                "a valid token is required",
                "未登录或登录已失效，请重新登录",
            ),
            Self::Denied(AccessDenied::NotActive) => fixed("only active users can access this API"),
            Self::Denied(AccessDenied::NotYourTicket) => {
                fixed("you can only view ticket traces of your own")
            }
            Self::MissingTicket | Self::InvalidTicket(_) => fixed(self.to_string()),
            Self::InvalidParameter { name, reason } => localized(
                self.to_string(),
                format!("参数 {name} 无效：{}", reason.chinese),
            ),
            Self::NoSuchTicket => Message::Fixed(Language::Chinese, "无法找到对应的工单".into()),
            Self::NoSuchPath => with_chinese("访问的地址不存在，请检查网址"),
            Self::MethodNotAllowed { .. } => {
                with_chinese("该地址不支持这种请求方法，请改用 GET 请求")
            }
            Self::NotAcceptable => with_chinese(
                "无法返回所要求的格式，请接受 application/json，以及不压缩、gzip 或 zstd 之一",
            ),
            Self::BodyNotAllowed => with_chinese("请求带有正文，请不要发送正文"),
            Self::BodyTooLong => with_chinese("请求正文过长，请不要发送正文"),
            Self::TargetTooLong => with_chinese("路径和查询参数过长，请缩短后重试"),
            Self::HeaderTooLong => with_chinese("请求头过长或过多，请清除本站的 Cookie 后重试"),
            Self::AmbiguousFraming => with_chinese("请求头有歧义，请检查客户端或代理的设置"),
            Self::RateLimited { .. } => with_chinese("请求过于频繁，请稍后再试"),
            Self::Busy
            | Self::TooManyInFlight
            | Self::TooManyLongLived
            | Self::TooManyConnections => localized(
                "the service is overloaded, retry later",
                "服务繁忙，请稍后再试",
            ),
            Self::NotReady(NotReady::Starting) => with_chinese("服务正在启动，请稍后再试"),
            Self::NotReady(NotReady::Stopping) => with_chinese("服务正在停止，请稍后再试"),
            Self::NotReady(NotReady::DatabaseUnreadable) => {
                with_chinese("暂时无法读取数据库，请稍后再试")
            }
            Self::HandlerTimeout | Self::Database(_) | Self::Internal(_) => {
                fixed("system met a uncaught error,please view logs.")
            }
        }
    }
}

fn fixed(text: impl Into<Cow<'static, str>>) -> Message {
    Message::Fixed(Language::English, text.into())
}

fn localized(
    english: impl Into<Cow<'static, str>>,
    chinese: impl Into<Cow<'static, str>>,
) -> Message {
    Message::Localized(LocalizedText {
        english: english.into(),
        chinese: chinese.into(),
    })
}
