//! How every error is told.

use actix_web::body::to_bytes;
use serde_json::{Value, json};

use super::*;

/// Status, `errType`, message and the one header that the contract asks for.
async fn told(error: ApiError) -> (u16, Value, String, Option<String>) {
    let response = error.error_response();
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "application/json; charset=utf-8"
    );
    let header = ["www-authenticate", "allow", "retry-after"]
        .iter()
        .find_map(|name| Some(response.headers().get(*name)?.to_str().unwrap().to_owned()));
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["success"], json!(false));
    assert_eq!(body.as_object().unwrap().len(), 3, "nothing else: {body}");
    (
        status,
        body["errType"].clone(),
        body["msg"].as_str().unwrap().to_owned(),
        header,
    )
}

async fn assert_told(error: ApiError, status: u16, err_type: u8, msg: &str, header: Option<&str>) {
    let shown = format!("{error:?}");
    let expected = (
        status,
        json!(err_type),
        msg.to_owned(),
        header.map(ToOwned::to_owned),
    );
    assert_eq!(told(error).await, expected, "{shown}");
}

#[tokio::test]
async fn who_is_not_known_is_challenged() {
    let invalid = Some("Bearer error=\"invalid_token\"");
    for (error, challenge) in [
        (Unauthenticated::NoToken, Some("Bearer")),
        (Unauthenticated::SeveralFields, invalid),
        (Unauthenticated::BadToken(TokenError::Expired), invalid),
        (Unauthenticated::BadToken(TokenError::Signature), invalid),
    ] {
        assert_told(error.into(), 401, 3, "a valid token is required", challenge).await;
    }
}

#[tokio::test]
async fn who_may_not_is_told_why() {
    let not_active = "only active users can access this API";
    let not_yours = "you can only view ticket traces of your own";
    assert_told(AccessDenied::NotActive.into(), 403, 3, not_active, None).await;
    assert_told(AccessDenied::NotYourTicket.into(), 403, 3, not_yours, None).await;
    assert_told(
        GetTracesError::Denied(AccessDenied::NotYourTicket).into(),
        403,
        3,
        not_yours,
        None,
    )
    .await;
}

#[tokio::test]
async fn who_asks_wrongly_is_told_what_is_wrong() {
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
            ApiError::DuplicateParameter("tid"),
            400,
            "invalid tid parameter: given more than once",
        ),
        (
            ApiError::UnknownOrder,
            400,
            "invalid order parameter: expected asc or desc",
        ),
        (ApiError::NoSuchPath, 404, "no such path"),
        (
            ApiError::NotAcceptable,
            406,
            "not acceptable: there is application/json, as it is or in gzip or zstd",
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
            ApiError::MalformedRequest,
            400,
            "the request cannot be read as HTTP/1.1",
        ),
        (
            ApiError::MalformedTarget,
            400,
            "path and query have to be percent-encoded",
        ),
        (
            ApiError::HeaderTimeout,
            408,
            "the request's head did not come in time",
        ),
        (ApiError::BodyTooLong, 413, "nothing here takes a body"),
        (
            ApiError::AmbiguousFraming,
            400,
            "header fields are ambiguous",
        ),
    ] {
        assert_told(error, status, 2, msg, None).await;
    }
    assert_told(
        ApiError::MethodNotAllowed,
        405,
        2,
        "method not allowed",
        Some("GET, HEAD, OPTIONS"),
    )
    .await;
    let too_often = "too many requests, ask again later";
    assert_told(
        ApiError::RateLimited { retry_after: 7 },
        429,
        2,
        too_often,
        Some("7"),
    )
    .await;
    let missing = GetTracesError::NoSuchTicket(wts_domain::TicketId::new(7).unwrap());
    assert_told(missing.into(), 400, 5, "无法找到对应的工单", None).await;
}

#[tokio::test]
async fn a_fault_of_ours_is_not_explained() {
    let uncaught = "system met a uncaught error,please view logs.";
    let failed = RepositoryError::Failed("password=hunter2".into());
    assert_told(
        GetTracesError::Repository(failed).into(),
        500,
        1,
        uncaught,
        None,
    )
    .await;
    assert_told(ApiError::Internal("a cause"), 500, 1, uncaught, None).await;
    let busy = GetTracesError::Repository(RepositoryError::Busy);
    assert_told(
        busy.into(),
        503,
        1,
        "too much to do, ask again in a moment",
        Some("1"),
    )
    .await;
}
