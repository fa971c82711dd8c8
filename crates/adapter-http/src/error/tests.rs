//! Tests of the response for every error.

use actix_web::body::to_bytes;
use serde_json::{Value, json};
use wts_domain::TicketId;

use super::*;
use crate::docs::every_error;

/// Asserts the response to an error: status, `errType`, message and the value of the additional header.
async fn assert_response(
    error: impl Into<ApiError>,
    (status, err_type, msg, header): (u16, u8, &str, Option<&str>),
) {
    let error = error.into();
    let response = error.error_response();
    assert_eq!(response.status().as_u16(), status, "{error:?}");
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "application/json; charset=utf-8"
    );
    let actual = ["www-authenticate", "allow", "retry-after"]
        .iter()
        .find_map(|name| response.headers().get(*name));
    assert_eq!(
        actual.map(|value| value.to_str().unwrap()),
        header,
        "{error:?}"
    );
    let body = to_bytes(response.into_body()).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let expected = json!({"success": false, "msg": msg, "errType": err_type});
    assert_eq!(body, expected, "{error:?}");
}

#[tokio::test]
async fn unauthenticated_request_gets_a_challenge() {
    let invalid = Some("Bearer error=\"invalid_token\"");
    for (error, challenge) in [
        (Unauthenticated::MissingToken, Some("Bearer")),
        (Unauthenticated::MultipleHeaders, invalid),
        (Unauthenticated::InvalidToken(TokenError::Expired), invalid),
        (
            Unauthenticated::InvalidToken(TokenError::Signature),
            invalid,
        ),
    ] {
        assert_response(error, (401, 3, "a valid token is required", challenge)).await;
    }
}

#[tokio::test]
async fn denied_caller_gets_403_with_the_reason() {
    let not_active = (403, 3, "only active users can access this API", None);
    let not_yours = (403, 3, "you can only view ticket traces of your own", None);
    assert_response(AccessDenied::NotActive, not_active).await;
    assert_response(
        GetTracesError::Denied(AccessDenied::NotYourTicket),
        not_yours,
    )
    .await;
}

#[tokio::test]
async fn invalid_request_gets_the_reason() {
    for (error, status, msg) in [
        (
            ApiError::MissingTicket,
            400,
            "missing required URL parameter: tid",
        ),
        (
            ParseTicketIdError::Zero.into(),
            400,
            "invalid tid parameter: ticket numbers begin at 1",
        ),
        (
            ApiError::invalid_parameter(
                "order",
                LocalizedText::new("expected asc or desc", "请用 asc 或 desc"),
            ),
            400,
            "invalid order parameter: expected asc or desc",
        ),
        (ApiError::NoSuchPath, 404, "no such path"),
        (
            ApiError::NotAcceptable,
            406,
            "no acceptable representation: expected application/json, uncompressed or with gzip or zstd",
        ),
        (
            ApiError::BodyNotAllowed,
            415,
            "the request has a body: expected none",
        ),
        (ApiError::TargetTooLong, 414, "path and query are too long"),
        (
            ApiError::HeaderTooLong,
            431,
            "header fields are too long or too many",
        ),
        (
            ApiError::BodyTooLong,
            413,
            "the request body is too long: expected none",
        ),
        (
            ApiError::AmbiguousFraming,
            400,
            "header fields are ambiguous",
        ),
    ] {
        assert_response(error, (status, 2, msg, None)).await;
    }
    let allow = "GET, HEAD, OPTIONS";
    assert_response(
        ApiError::MethodNotAllowed { allow },
        (405, 2, "method not allowed", Some(allow)),
    )
    .await;
    let limited = ApiError::RateLimited { retry_after: 7 };
    let expected = (429, 2, "too many requests, retry later", Some("7"));
    assert_response(limited, expected).await;
    let missing = GetTracesError::NoSuchTicket(TicketId::new(7).unwrap());
    assert_response(missing, (400, 5, "无法找到对应的工单", None)).await;
}

#[tokio::test]
async fn internal_error_does_not_reveal_its_cause() {
    let internal = (
        500,
        1,
        "system met a uncaught error,please view logs.",
        None,
    );
    let failed = RepositoryError::Failed("password=hunter2".into());
    assert_response(GetTracesError::Repository(failed), internal).await;
    assert_response(ApiError::Internal("the cause"), internal).await;
    let busy = (503, 1, "the service is overloaded, retry later", Some("1"));
    assert_response(GetTracesError::Repository(RepositoryError::Busy), busy).await;
}

/// The messages that the WTS v3 API prescribes; all others exist in both languages.
const FIXED_MESSAGES: [&str; 6] = [
    "missing required URL parameter: tid",
    "invalid tid parameter: ",
    "无法找到对应的工单",
    "only active users can access this API",
    "you can only view ticket traces of your own",
    "system met a uncaught error,please view logs.",
];

#[tokio::test]
async fn only_fixed_messages_exist_in_one_language() {
    let is_chinese = |msg: &str| {
        msg.chars()
            .any(|char| ('\u{4e00}'..='\u{9fff}').contains(&char))
    };
    for error in every_error() {
        let mut messages = Vec::new();
        for language in Language::ALL {
            let response = error.response_in(*language);
            assert_eq!(response.status(), error.status_code());
            let headers = response.headers();
            assert_eq!(headers.get("vary").unwrap(), "Accept-Language");
            let named = headers.get("content-language").unwrap().clone();
            let body = to_bytes(response.into_body()).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let msg = body["msg"].as_str().unwrap().to_owned();
            let expected = if is_chinese(&msg) { "zh" } else { "en" };
            assert_eq!(named, expected, "{msg}");
            messages.push(msg);
        }
        let is_fixed = FIXED_MESSAGES
            .iter()
            .any(|fixed| messages[0].starts_with(fixed));
        assert_eq!(messages[0] == messages[1], is_fixed, "{messages:?}");
        assert!(is_fixed || is_chinese(&messages[0]), "{messages:?}");
        assert!(is_fixed || !is_chinese(&messages[1]), "{messages:?}");
    }
}
