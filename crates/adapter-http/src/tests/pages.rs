//! Tests of `/api/v3/openapi.json` and of Swagger UI under `/api/v3/docs/`.

use super::{responses::field, *};

#[tokio::test]
async fn openapi_document_is_public_and_cacheable() {
    let app = App::with_repository(|_| {});
    let response = app.request("GET", "/api/v3/openapi.json", &[]).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(response.ends_with(crate::openapi_document()));

    let known = format!("If-None-Match: {}", field(&response, "etag").unwrap());
    let again = app.request("GET", "/api/v3/openapi.json", &[&known]).await;
    assert!(again.starts_with("HTTP/1.1 304 "), "{again}");
}

/// Returns the response head. The body may be binary.
async fn head_of(app: &App, path: &str, header: &str) -> String {
    let mut response = app.request_bytes("GET", path, &[header]).await;
    let end = response.windows(4).position(|four| four == b"\r\n\r\n");
    response.truncate(end.unwrap() + 4);
    String::from_utf8(response).unwrap()
}

#[tokio::test]
async fn docs_page_loads_only_files_of_this_server() {
    let app = App::with_repository(|_| {});
    let moved = app.request("GET", "/api/v3/docs", &[]).await;
    assert_eq!(field(&moved, "location"), Some("docs/"), "{moved}");

    let page = app.request("GET", "/api/v3/docs/", &[]).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert_eq!(
        field(&page, "content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = field(&page, "content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"));
    let linked: Vec<_> = page
        .split(['"', '\''])
        .filter(|link| [".js", ".css"].iter().any(|kind| link.ends_with(kind)))
        .collect();
    assert!(linked.len() >= 3, "{linked:?} in {page}");
    for link in linked {
        assert!(!link.contains("//"), "{link} is on another host");
        let path = format!("/api/v3/docs/{}", link.trim_start_matches("./"));
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("gzip")),
            ("gzip;q=0.5, zstd", Some("gzip")),
            ("zstd", Some("zstd")),
            ("br", None),
            ("identity", None),
        ] {
            let head = head_of(&app, &path, &format!("Accept-Encoding: {accepted}")).await;
            assert!(head.starts_with("HTTP/1.1 200 "), "{path}");
            // The generated initializer is not stored compressed, and short files are not compressed either.
            let is_short = path.ends_with("initializer.js")
                || path.ends_with("index.css") && coding == Some("zstd");
            let coding = coding.filter(|_| !is_short);
            assert_eq!(field(&head, "content-encoding"), coding, "{path}");
            let content_type = field(&head, "content-type").unwrap();
            assert!(content_type.ends_with("; charset=utf-8"), "{content_type}");
        }
    }
    let initializer = app
        .request("GET", "/api/v3/docs/swagger-initializer.js", &[])
        .await;
    for setting in [r#""../openapi.json""#, r#""validatorUrl": "none""#] {
        assert!(initializer.contains(setting), "{initializer}");
    }
}

#[tokio::test]
async fn docs_image_respects_etag_and_accept_encoding() {
    let app = App::with_repository(|_| {});
    for image in ["favicon-16x16.png", "favicon-32x32.png"] {
        let path = format!("/api/v3/docs/{image}");
        let head = head_of(&app, &path, "Accept-Encoding: identity").await;
        assert_eq!(field(&head, "content-encoding"), None);
        let known = format!("If-None-Match: {}", field(&head, "etag").unwrap());
        let head = head_of(&app, &path, &known).await;
        assert!(head.starts_with("HTTP/1.1 304 "), "{head}");
        let head = head_of(&app, &path, "Accept-Encoding: *;q=0").await;
        assert!(head.starts_with("HTTP/1.1 406 "), "{head}");
    }
}

#[tokio::test]
async fn unknown_docs_file_gets_404() {
    let app = App::with_repository(|_| {});
    for path in [
        "/api/v3/docs/nothing.js",
        "/api/v3/docs/../livez",
        "/api/v3/docs/%2e%2e/x",
    ] {
        let response = app.request("GET", path, &[]).await;
        assert!(response.starts_with("HTTP/1.1 404 "), "{path}: {response}");
        assert!(response.ends_with(r#""errType":2}"#), "{response}");
    }
}

/// A proxy can serve the service under a path prefix, such as `/wts/`. An absolute path would not have this prefix.
#[tokio::test]
async fn browser_gets_only_relative_addresses() {
    let app = App::with_repository(|_| {});
    for path in ["/", "/activity", "/tickets/123", "/api/v3/docs/"] {
        let page = app.request("GET", path, &[]).await;
        assert!(page.starts_with("HTTP/1.1 200 "), "{path}: {page}");
        assert!(
            page.contains("href=\"") || page.contains("src=\""),
            "{page}"
        );
        for attribute in ["href", "src", "action", "content"] {
            for absolute in ["/", "http:", "https:"] {
                for quote in ['"', '\''] {
                    let address = format!("{attribute}={quote}{absolute}");
                    assert!(!page.contains(&address), "{address} in {path}");
                }
            }
        }
        for header in ["location", "content-location", "link"] {
            assert_eq!(field(&page, header), None, "{path}");
        }
    }
    for path in ["/api/v3/docs"] {
        let moved = app.request("GET", path, &[]).await;
        let location = field(&moved, "location").unwrap();
        assert!(
            !location.starts_with('/') && !location.contains("://"),
            "{location}"
        );
    }
    let initializer = "/api/v3/docs/swagger-initializer.js";
    let initializer = app.request("GET", initializer, &[]).await;
    let (_, script) = initializer.split_once("\r\n\r\n").unwrap();
    for absolute in ["\"/", "'/", "://"] {
        assert!(!script.contains(absolute), "{absolute} in {script}");
    }
    let description: serde_json::Value = serde_json::from_str(crate::openapi_document()).unwrap();
    assert_eq!(description["servers"].as_array().unwrap().len(), 1);
    assert_eq!(description["servers"][0]["url"], "../..");
}
