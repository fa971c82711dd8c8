//! A headless Chromium that a test controls through WebDriver and the Chrome DevTools Protocol.

mod checks;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fantoccini::{
    Client, ClientBuilder,
    actions::{InputSource, KeyAction, KeyActions},
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use serde_json::{Value, json};
use url::{ParseError, Url};

/// The timeout of every wait.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The time between two checks of what a test waits for.
const INTERVAL: Duration = Duration::from_millis(50);

/// A browser with one tab. Dropping it closes the browser.
pub(crate) struct Browser {
    driver: Child,
    client: Client,
    device: Device,
    profile: tempfile::TempDir,
}

/// The size of the screen, the language and the colour scheme of a browser.
#[derive(Clone, Copy)]
pub(crate) struct Device {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) language: &'static str,
    pub(crate) is_dark: bool,
}

pub(crate) const PHONE: Device = Device {
    width: 390,
    height: 844,
    language: "zh-CN",
    is_dark: false,
};
pub(crate) const DESKTOP: Device = Device {
    width: 1280,
    height: 900,
    language: "en-GB",
    is_dark: false,
};

/// A command of the Chrome DevTools Protocol, sent through `chromedriver`.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    /// Starts a browser.
    pub(crate) async fn start(device: Device) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: run `cargo xtask browser`, which installs it");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        let port: u16 = port.expect("chromedriver prints its port");
        let profile = tempfile::tempdir().unwrap();
        let options = json!({
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-quic",
                format!("--user-data-dir={}", profile.path().display()),
                format!("--accept-lang={}", device.language),
                format!("--lang={}", device.language),
            ] },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(options.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver opens Chromium");
        let browser = Self {
            driver,
            client,
            device,
            profile,
        };
        browser.set_device(device).await;
        browser
            .devtools(
                "Emulation.setTimezoneOverride",
                json!({ "timezoneId": "Asia/Shanghai" }),
            )
            .await;
        browser
    }

    /// Changes the size of the screen and the colour scheme, but not the language.
    async fn set_device(&self, device: Device) {
        let size = json!({ "width": device.width, "height": device.height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        let scheme = if device.is_dark { "dark" } else { "light" };
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", feature).await;
    }

    /// Sends a command of the Chrome DevTools Protocol and returns its result.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let command = DevTools(json!({ "cmd": command, "params": parameters }));
        self.client
            .issue_cmd(command)
            .await
            .expect("Chromium executes the command")
    }

    /// Runs a script in every page that is opened from now on, before the scripts of the page.
    pub(crate) async fn run_before_page(&self, script: &str) {
        // A declaration outside of a block would hide the property of the window.
        let parameters = json!({ "source": format!("{{ {script} }}") });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", parameters)
            .await;
    }

    /// Connects the browser to the network, or disconnects it.
    pub(crate) async fn set_online(&self, is_online: bool) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({ "offline": !is_online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// Presses and releases a key.
    pub(crate) async fn press(&self, key: Key) {
        let value = key.into();
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Sets or removes the token that tabs share, as another tab does.
    pub(crate) async fn set_shared_token(&self, token: Option<&str>) {
        let change = token.map_or("removeItem('jwt')".to_owned(), |token| {
            format!("setItem('jwt', {})", json!(token))
        });
        // Chromium sends the event only to other tabs.
        self.run(&format!(
            "localStorage.{change}; dispatchEvent(new StorageEvent('storage', {{ key: 'jwt', storageArea: localStorage }}))"
        ))
        .await;
    }

    /// Removes the token of the tab.
    pub(crate) async fn forget_token(&self) {
        self.run("try { sessionStorage.clear() } catch {}").await;
    }

    /// Opens a URL.
    pub(crate) async fn open(&self, address: &str) {
        // A change of the fragment alone would not load the page.
        self.client.goto("about:blank").await.unwrap();
        self.client.goto(address).await.unwrap();
    }

    /// Changes the fragment of the address without loading the page.
    pub(crate) async fn go_to_fragment(&self, fragment: &str) {
        self.run(&format!("location.hash = {}", json!(fragment)))
            .await;
    }

    /// Runs a script in the page and returns its value.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .expect("the script runs")
    }

    /// Returns the text of the page, including the parts that are scrolled out of view.
    pub(crate) async fn text(&self) -> String {
        let text = self
            .run("return document.getElementById('main').textContent")
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Returns the number of elements that match `selector`.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        let script = format!(
            "return document.querySelectorAll({}).length",
            json!(selector)
        );
        self.run(&script).await.as_u64().unwrap()
    }

    /// Clicks the first element that matches `selector`.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.client.find(fantoccini::Locator::Css(selector)).await;
        element
            .unwrap_or_else(|error| panic!("{selector}: {error}"))
            .click()
            .await
            .unwrap();
    }

    /// Waits until the visible text contains `words`, and returns that text.
    pub(crate) async fn wait_for(&self, words: &str) -> String {
        let start = Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(words) {
                return text;
            }
            assert!(
                start.elapsed() < TIMEOUT,
                "never shown: {words:?}, only: {text}"
            );
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Waits until a script returns true.
    pub(crate) async fn wait_for_true(&self, script: &str) {
        let start = Instant::now();
        while self.run(script).await != json!(true) {
            assert!(start.elapsed() < TIMEOUT, "never true: {script}");
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Returns the URL of the page.
    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Writes a screenshot of the page in PNG.
    pub(crate) async fn screenshot(&self, file: &Path) {
        let picture = self
            .devtools("Page.captureScreenshot", json!({ "format": "png" }))
            .await;
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        fs::write(file, bytes).expect("the picture can be written");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // On SIGTERM, `chromedriver` closes Chromium.
        let driver = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process(driver, rustix::process::Signal::TERM);
        let _ = self.driver.wait();
        // A browser that was still starting may remain. Only this browser uses this profile directory.
        let mut kill = Command::new("pkill");
        let _ = kill.args(["-KILL", "-f"]).arg(self.profile.path()).status();
    }
}
