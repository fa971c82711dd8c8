//! Checks of the page that a browser shows.

use std::{env, fs};

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::json;
use url::{ParseError, Url};

use super::{Browser, Device};

/// The environment variable with the path of axe-core, which `cargo xtask browser` installs.
const AXE_VARIABLE: &str = "WTS_TEST_AXE";

impl Browser {
    /// Checks the page with axe-core at three widths and in both colour schemes, and checks that nothing is wider than the
    /// screen.
    pub(crate) async fn assert_accessible(&self, what: &str) {
        let axe =
            env::var(AXE_VARIABLE).expect("run `cargo xtask browser`, which installs axe-core");
        let axe = fs::read_to_string(axe).expect("axe-core can be read");
        self.run(&axe).await;
        // A running animation changes colours.
        let script = "const done = arguments[arguments.length - 1]; \
            document.getAnimations().forEach(animation => animation.finish()); \
            axe.run().then(result => done(result.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)))";
        let overflow =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        for width in [320, 768, 1280] {
            for is_dark in [false, true] {
                let device = Device {
                    width,
                    is_dark,
                    ..self.device
                };
                self.set_device(device).await;
                let what = format!("{what}, {width} px, dark: {is_dark}");
                let violations = self.client.execute_async(script, Vec::new()).await.unwrap();
                assert_eq!(violations, json!([]), "{what}");
                assert_eq!(
                    self.run(overflow).await,
                    json!(0),
                    "{what}: wider than the screen"
                );
            }
        }
        self.set_device(self.device).await;
    }

    /// Checks that no request left the origin, that no content security policy was violated, and that no error was thrown.
    pub(crate) async fn assert_clean(&self) {
        let script = "return performance.getEntriesByType('resource').map(({ name }) => name) \
            .filter(name => new URL(name).origin !== location.origin && !name.startsWith('blob:'))";
        assert_eq!(
            self.run(script).await,
            json!([]),
            "requests to other origins"
        );
        let log = self.client.issue_cmd(BrowserLog).await.unwrap();
        for line in log.as_array().unwrap() {
            // Some tests expect responses with an error status, which the browser also logs.
            let is_response = line["source"] == "network";
            assert!(is_response, "{line}");
        }
    }
}

/// The command that reads and clears the log of the browser's console.
#[derive(Debug)]
struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "type": "browser" }).to_string()),
        )
    }
}
