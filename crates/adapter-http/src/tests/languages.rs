//! Tests of the language of error messages: Chinese for clients that prefer it, on every path that rejects a request.

use std::num::{NonZeroU32, NonZeroUsize};

use serde_json::Value;
use wts_app::RepositoryError;

use super::{
    responses::{bearer, field},
    *,
};
use crate::{HttpSettings, RateLimits};

const CHINESE: &str = "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8";

fn app(settings: HttpSettings) -> App {
    App::with_settings(settings, |histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    })
}

/// Asserts the status, the language and the message of an error response.
fn assert_error(response: &str, status: &str, language: &str, msg: &str) {
    assert!(
        response.starts_with(&format!("HTTP/1.1 {status} ")),
        "{response}"
    );
    assert_eq!(field(response, "content-language"), Some(language));
    assert_eq!(field(response, "vary"), Some("Accept-Language"));
    assert_eq!(field(response, "cache-control"), Some("no-store"));
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["msg"], msg);
    assert_eq!(body["success"], false);
    assert_eq!(body.as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn error_is_in_the_preferred_language() {
    let app = app(HttpSettings::default());
    let (alice, long) = (bearer(ALICE, Access::User), "x".repeat(70_000));
    let long_path = format!("/{}", &long[..9_000]);
    let long_header = format!("X: {long}");
    for (method, path, header, status, english, chinese) in [
        (
            "GET",
            PATH,
            "X: y",
            "401",
            "a valid token is required",
            "未登录或登录已失效，请重新登录",
        ),
        (
            "GET",
            "/nowhere",
            "X: y",
            "404",
            "no such path",
            "访问的地址不存在，请检查网址",
        ),
        (
            "POST",
            PATH,
            "X: y",
            "405",
            "method not allowed",
            "该地址不支持这种请求方法，请改用 GET 请求",
        ),
        (
            "GET",
            PATH,
            "Content-Length: 65537",
            "413",
            "the request body is too long: expected none",
            "请求正文过长，请不要发送正文",
        ),
        (
            "GET",
            &long_path,
            "X: y",
            "414",
            "path and query are too long",
            "路径和查询参数过长，请缩短后重试",
        ),
        (
            "GET",
            "/livez",
            "Content-Length: 1",
            "415",
            "the request has a body: expected none",
            "请求带有正文，请不要发送正文",
        ),
        (
            "GET",
            "/livez",
            &long_header,
            "431",
            "header fields are too long or too many",
            "请求头过长或过多，请清除本站的 Cookie 后重试",
        ),
        (
            "GET",
            "/livez",
            "Transfer_Encoding: x",
            "400",
            "header fields are ambiguous",
            "请求头有歧义，请检查客户端或代理的设置",
        ),
        (
            "GET",
            "/api/v3/get_traces?tid=1&order=up",
            &alice,
            "400",
            "invalid order parameter: expected asc or desc",
            "参数 order 无效：请用 asc 或 desc",
        ),
    ] {
        let response = app.request(method, path, &[header]).await;
        assert_error(&response, status, "en", english);
        let response = app.request(method, path, &[header, CHINESE]).await;
        assert_error(&response, status, "zh", chinese);
    }
}

#[tokio::test]
async fn fixed_message_keeps_its_language() {
    let app = app(HttpSettings::default());
    let (alice, bob) = (
        bearer(ALICE, Access::User),
        bearer("2024310002", Access::User),
    );
    for (caller, path, status, msg) in [
        (
            &alice,
            "/api/v3/get_traces",
            "400",
            "missing required URL parameter: tid",
        ),
        (
            &alice,
            "/api/v3/get_traces?tid=0",
            "400",
            "invalid tid parameter: ticket numbers begin at 1",
        ),
        (
            &alice,
            "/api/v3/get_traces?tid=1&tid=1",
            "400",
            "invalid tid parameter: given more than once",
        ),
        (
            &bob,
            PATH,
            "403",
            "you can only view ticket traces of your own",
        ),
    ] {
        let response = app.request("GET", path, &[caller, CHINESE]).await;
        assert_error(&response, status, "en", msg);
    }
}

#[tokio::test]
async fn overload_is_reported_in_the_preferred_language() {
    let busy = App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Err(RepositoryError::Busy));
    });
    let alice = bearer(ALICE, Access::User);
    let response = busy.request("GET", PATH, &[&alice, CHINESE]).await;
    assert_error(&response, "503", "zh", "服务繁忙，请稍后再试");

    let one = NonZeroU32::new(1);
    let limited = app(HttpSettings {
        rate_limits: RateLimits {
            per_caller: one,
            per_address: one,
        },
        ..HttpSettings::default()
    });
    for field in [alice.as_str(), "X: y"] {
        let mut response = String::new();
        for _ in 0..60 {
            response = limited.request("GET", PATH, &[field, CHINESE]).await;
            if response.starts_with("HTTP/1.1 429 ") {
                break;
            }
        }
        assert_error(&response, "429", "zh", "请求过于频繁，请稍后再试");
    }

    // The limit is one request in flight. One connection over the connection limit still gets a response.
    let full = app(HttpSettings {
        max_in_flight: NonZeroUsize::MIN,
        ..HttpSettings::default()
    });
    let (_, response) = tokio::join!(full.request("GET", "/sleep", &[]), async {
        loop {
            let response = full.request("GET", PATH, &[CHINESE]).await;
            if response.starts_with("HTTP/1.1 503 ") {
                return response;
            }
        }
    });
    assert_error(&response, "503", "zh", "服务繁忙，请稍后再试");
}

#[tokio::test]
async fn head_of_error_has_the_length_of_its_language() {
    let app = app(HttpSettings::default());
    for header in ["X: y", CHINESE] {
        let get = app.request("GET", "/nowhere", &[header]).await;
        let head = app.request("HEAD", "/nowhere", &[header]).await;
        assert!(head.ends_with("\r\n\r\n"), "{head}");
        for name in ["content-length", "content-language", "vary"] {
            assert_eq!(field(&head, name), field(&get, name), "{header}");
        }
    }
}

#[tokio::test]
async fn success_does_not_depend_on_language() {
    let app = app(HttpSettings::default());
    let alice = bearer(ALICE, Access::User);
    for path in [PATH, "/livez", "/api/v3/docs/"] {
        let mut responses = Vec::new();
        for header in ["X: y", CHINESE] {
            let response = app.request("GET", path, &[&alice, header]).await;
            assert_eq!(field(&response, "content-language"), None);
            let lines = response.lines().map(ToOwned::to_owned);
            let stable = lines
                .filter(|line| !line.starts_with("x-request-id: ") && !line.starts_with("date: "));
            responses.push(stable.collect::<Vec<_>>());
        }
        assert_eq!(responses[0], responses[1]);
    }
}

#[tokio::test]
async fn vary_of_error_also_names_origin() {
    let app = app(HttpSettings {
        cors_origins: "https://wts.example".parse().unwrap(),
        ..HttpSettings::default()
    });
    let response = app.request("GET", "/nowhere", &[CHINESE]).await;
    let mut vary: Vec<_> = response
        .lines()
        .filter_map(|line| line.strip_prefix("vary: "))
        .collect();
    vary.sort_unstable();
    assert_eq!(vary, ["Accept-Language", "origin"]);
}
