//! Tests of the pages for people.

use std::collections::BTreeSet;

use super::{responses::field, *};
use crate::{HttpSettings, SignInUrl};

/// The maximum total size of the files that a page loads.
const MAX_PAGE_BYTES: usize = 60 * 1024;

/// Returns the body of a response, which must have the status 200.
async fn body_of(app: &App, path: &str) -> String {
    let response = app
        .request("GET", path, &["Accept-Encoding: identity"])
        .await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{path}: {response}");
    response.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Returns the file names in the quoted paths of `text`, such as `main.js` for `../assets/main.js` and `./main.js`.
fn files_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'', '`'])
        .filter(|part| part.contains('/') && !part.contains(' '))
        .filter_map(|part| part.rsplit_once('/'))
        .map(|(_, file)| file)
        .filter(|file| {
            [".js", ".css", ".svg"]
                .iter()
                .any(|end| file.ends_with(end))
        })
}

#[tokio::test]
async fn page_loads_few_own_files() {
    let app = App::with_repository(|_| {});
    // A page loads one view and the texts of one language.
    let alternatives = [
        "start.js",
        "activity.js",
        "ticket.js",
        "texts-en.js",
        "texts-zh.js",
    ];
    for (path, view) in [
        ("/", "start.js"),
        ("/activity", "activity.js"),
        ("/tickets/1", "ticket.js"),
    ] {
        for texts in ["texts-en.js", "texts-zh.js"] {
            let document = body_of(&app, path).await;
            let mut found: BTreeSet<_> = files_in(&document).map(str::to_owned).collect();
            let mut bytes = document.len();
            let mut loaded = BTreeSet::new();
            while let Some(file) = found.pop_first() {
                let is_other =
                    alternatives.contains(&file.as_str()) && file != view && file != texts;
                if is_other || !loaded.insert(file.clone()) {
                    continue;
                }
                let text = body_of(&app, &format!("/assets/{file}")).await;
                bytes += text.len();
                found.extend(files_in(&text).map(str::to_owned));
            }
            assert!(
                loaded.contains(view) && loaded.contains(texts) && loaded.len() > 9,
                "{loaded:?}"
            );
            assert!(bytes <= MAX_PAGE_BYTES, "{path}, {texts}: {bytes} bytes");
        }
    }
}

#[tokio::test]
async fn page_restricts_sources_to_its_origin() {
    let app = App::with_repository(|_| {});
    for path in ["/", "/activity", "/tickets/123", "/tickets/x%22%3E"] {
        let response = app.request("GET", path, &[]).await;
        let policy = field(&response, "content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(field(&response, "referrer-policy"), Some("no-referrer"));
        assert!(
            !response.contains("<script>") && !response.contains(" style="),
            "{response}"
        );
        for link in response.split('"').filter(|text| text.contains("assets/")) {
            assert!(
                link.starts_with("./") || link.starts_with("../"),
                "{link} is not relative"
            );
        }
    }
}

#[tokio::test]
async fn page_is_not_sent_again_while_unchanged() {
    let app = App::with_repository(|_| {});
    for path in ["/tickets/1", "/assets/main.js", "/assets/page.css"] {
        let response = app.request("GET", path, &[]).await;
        assert_eq!(field(&response, "cache-control"), Some("no-cache"));
        let known = format!("If-None-Match: {}", field(&response, "etag").unwrap());
        let again = app.request("GET", path, &[&known]).await;
        assert!(again.starts_with("HTTP/1.1 304 "), "{again}");
    }
    let unknown = app.request("GET", "/assets/pages.rs", &[]).await;
    assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
}

#[tokio::test]
async fn page_contains_sign_in_url_and_storage_key() {
    let settings = HttpSettings {
        sign_in_url: Some("/login?a=1&back={return}".parse::<SignInUrl>().unwrap()),
        token_storage_key: None,
        ..HttpSettings::default()
    };
    let app = App::with_settings(settings, |_| {});
    let document = body_of(&app, "/tickets/1").await;
    assert!(
        document.contains(r#"data-sign-in="/login?a=1&amp;back={return}""#),
        "{document}"
    );
    assert!(document.contains(r#"data-storage-key="""#), "{document}");
}

#[tokio::test]
async fn texts_of_a_language_have_labels_in_domain_order() {
    let app = App::with_repository(|_| {});
    for language in wts_domain::Language::ALL {
        let path = format!("/assets/texts-{}.js", language.as_str());
        let module = body_of(&app, &path).await;
        let labels = Status::ALL.iter().map(|status| {
            let (name, label) = (status.as_str(), status.label(*language));
            format!("\"{name}\": \"{label}\"")
        });
        let labels = labels.collect::<Vec<_>>().join(", ");
        assert!(module.contains(&labels), "{labels} in {module}");
    }
}
