//! A person's browser: a window of a fixed size, a profile of its own, and what people do.

use std::{
    cell::Cell,
    fs,
    panic::AssertUnwindSafe,
    path::Path,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    elements::Element,
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{driver::Driver, site::Site};

/// How long a page may take to come; a busy machine is slow, a broken page never comes.
const PATIENCE: Duration = Duration::from_secs(20);
/// Height of every window.
const HEIGHT: u32 = 900;
/// As root, and in most containers, Chromium's sandbox cannot start; it sees nothing but our sites, which
/// have names of their own where that matters.
const ARGUMENTS: [&str; 10] = [
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
];

/// What a browser is like.
#[derive(Clone, Copy)]
pub struct Look {
    /// CSS pixels from side to side.
    pub width: u32,
    /// Whether scripts run.
    pub javascript: bool,
}

/// A desk's screen, scripts on.
pub const DESK: Look = Look { width: 1280, javascript: true };

/// See the module.
pub struct Browser {
    client: Client,
    origin: String,
    test: String,
    shots: Cell<u32>,
    _profile: TempDir,
}

/// Runs `test` with a browser, which is closed however it ends; says so and does nothing where
/// there is no driver.
pub async fn with_browser(name: &str, look: Look, site: Site, test: impl AsyncFnOnce(&Site, &Browser)) {
    let Some(driver) = Driver::get() else { return };
    let _seat = Driver::seat().await;
    let browser = Browser::open(driver, name, look, &site).await;
    let outcome = AssertUnwindSafe(test(&site, &browser)).catch_unwind().await;
    if outcome.is_err() {
        browser.shot("where it failed").await;
    }
    browser.client.close().await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

impl Browser {
    async fn open(driver: &Driver, name: &str, look: Look, site: &Site) -> Self {
        let profile = tempfile::tempdir_in(&driver.profiles).unwrap();
        let mut arguments = ARGUMENTS.map(ToOwned::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let mut options = json!({ "args": arguments });
        if !look.javascript {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&driver.url)
            .await
            .unwrap();
        let shots = Cell::new(0);
        let browser = Self { client, origin: site.origin(), test: name.to_owned(), shots, _profile: profile };
        browser.looks(look.width, false).await;
        browser
    }

    /// The window's width and the reader's colours.
    pub async fn looks(&self, width: u32, dark: bool) {
        let metrics = json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// The reader's zone of time.
    pub async fn in_zone(&self, zone: &str) {
        self.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })).await;
    }

    /// A wish of the reader's that the browser tells pages: `prefers-contrast` and the like.
    pub async fn wishes(&self, feature: &str, value: &str) {
        let media = json!({ "features": [{ "name": feature, "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// The page as it would be printed.
    pub async fn on_paper(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    }

    /// Goes to a path of the site.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.unwrap();
    }

    /// Goes anywhere.
    pub async fn visit_url(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The path of the page that is shown.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// The page's title.
    pub async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// The browser's windows, the one in use first; waits until there are so many.
    pub async fn windows(&self, expected: usize) -> Vec<WindowHandle> {
        let own = self.client.window().await.unwrap();
        let begun = Instant::now();
        loop {
            let others = self.client.windows().await.unwrap().into_iter().filter(|window| *window != own);
            let windows: Vec<_> = std::iter::once(own.clone()).chain(others).collect();
            if windows.len() == expected {
                return windows;
            }
            assert!(begun.elapsed() < PATIENCE, "{} windows instead of {expected}", windows.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Looks at another window.
    pub async fn turns_to(&self, window: WindowHandle) {
        self.client.switch_to_window(window).await.unwrap();
    }

    /// Closes the window in use.
    pub async fn closes_window(&self) {
        self.client.close_window().await.unwrap();
    }

    /// Types into the field of that name.
    pub async fn types(&self, field: &str, text: &str) {
        self.element(&format!("[name={field}]")).await.send_keys(text).await.unwrap();
    }

    /// What stands in the field of that name.
    pub async fn typed(&self, field: &str) -> String {
        self.element(&format!("[name={field}]")).await.prop("value").await.unwrap().unwrap()
    }

    /// Presses the button, or follows the link, whose text begins so.
    pub async fn press(&self, text: &str) {
        let path = format!(
            "//*[self::a or self::button][starts-with(normalize-space(), '{text}')] | //input[@type='submit'][@value='{text}']"
        );
        for control in self.client.find_all(Locator::XPath(&path)).await.unwrap() {
            // Some are there twice: for desks, and for phones.
            if control.is_displayed().await.unwrap() {
                return control.click().await.unwrap();
            }
        }
        panic!("nothing to press says {text}");
    }

    /// Presses a key, wherever the focus is.
    pub async fn key(&self, key: fantoccini::key::Key) {
        let value = char::from(key);
        let press = KeyActions::new("keys".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(press).await.unwrap();
    }

    /// Presses a key while another is held, wherever the focus is.
    pub async fn chord(&self, held: fantoccini::key::Key, key: fantoccini::key::Key) {
        let (held, value) = (char::from(held), char::from(key));
        let press = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: held });
        self.client.perform_actions(press).await.unwrap();
    }

    /// Forgets who is signed in here, as browsers do when they are told to.
    pub async fn forgets_cookies(&self) {
        self.client.delete_all_cookies().await.unwrap();
    }

    /// Waits for the page that says `message` in its flashes, and nothing else there.
    pub async fn is_told(&self, message: &str) {
        let path = format!("//ul[contains(@class, 'flashes')]/li[normalize-space() = '{message}']");
        self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await.unwrap();
        assert_eq!(self.element(".flashes").await.text().await.unwrap(), message);
    }

    /// Waits for something to appear.
    pub async fn appears(&self, selector: &str) -> Element {
        self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await.unwrap()
    }

    /// What a reader sees of the first such element.
    pub async fn text(&self, selector: &str) -> String {
        self.element(selector).await.text().await.unwrap()
    }

    /// What a reader sees of all such elements.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.elements(selector).await {
            texts.push(element.text().await.unwrap());
        }
        texts
    }

    /// All such elements, in the document's order.
    pub async fn elements(&self, selector: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(selector)).await.unwrap()
    }

    /// What has the focus.
    pub async fn focused(&self) -> Element {
        self.client.active_element().await.unwrap()
    }

    async fn element(&self, selector: &str) -> Element {
        self.client.find(Locator::Css(selector)).await.unwrap_or_else(|why| panic!("{selector}: {why}"))
    }

    /// Runs a script as the driver, not as the page: no policy of the page hinders it.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// What the console has to say since it was last asked: warnings and errors, refusals by the
    /// Content-Security-Policy among them. That a page answered 4xx is no complaint: it is tested.
    pub async fn complaints(&self) -> Vec<String> {
        let entries =
            self.client.issue_cmd(Vendor { path: "se/log", body: json!({ "type": "browser" }) }).await.unwrap();
        let entries = entries.as_array().unwrap().clone();
        let is_one = |entry: &Value| {
            let is_page_status = entry["source"] == "network" && entry["message"].to_string().contains("of 4");
            ["WARNING", "SEVERE"].contains(&entry["level"].as_str().unwrap()) && !is_page_status
        };
        entries.iter().filter(|entry| is_one(entry)).map(|entry| entry["message"].to_string()).collect()
    }

    /// Writes the whole page to `screenshots/`, under the test's name, a number and `step`.
    pub async fn shot(&self, step: &str) {
        let picture =
            self.devtools("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true })).await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
        fs::create_dir_all(&folder).unwrap();
        self.shots.set(self.shots.get() + 1);
        let name = format!("{}-{:02}-{}.png", self.test, self.shots.get(), step.replace(' ', "-"));
        fs::write(folder.join(name), BASE64_STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(Vendor { path: "goog/cdp/execute", body }).await.unwrap()
    }
}

/// A command that only chromedriver knows.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
