//! Chromium by its driver, over the WebDriver protocol.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use verdict_testkit::{installed, left_out, repository};

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) has_script: bool,
    pub(super) is_dark: bool,
    pub(super) width: u32,
}

impl Default for Look {
    fn default() -> Self {
        Self { has_script: true, is_dark: false, width: 1200 }
    }
}

impl Look {
    /// Light and dark, on a desk and on a phone, and once without the script.
    pub(super) fn all() -> Vec<Self> {
        let [light, dark] = [false, true].map(|is_dark| Self { is_dark, ..Self::default() });
        let phone = |look| Self { width: 390, ..look };
        let plain = Self { has_script: false, ..light };
        vec![light, dark, phone(light), phone(dark), plain]
    }
}

/// A driver with its Chromiums.
#[derive(Debug)]
pub(super) struct Browser {
    driver: Child,
    url: String,
}

impl Browser {
    /// Starts the driver; `None` is left out.
    pub(super) async fn start() -> Option<Self> {
        if !installed("chromium", "chromium") || !installed("chromedriver", "chromium-driver") {
            return None;
        }
        let mut command = Command::new("chromedriver");
        command.args(["--port=0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // What it writes later is not read; its pipe must stay open.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://127.0.0.1:{}", port.expect("the driver says its port"));
        Some(Self { driver, url })
    }

    /// Opens a window of its own.
    pub(super) async fn open(&self, look: Look) -> Client {
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"];
        let options =
            json!({ "goog:chromeOptions": { "args": arguments, "binary": "/usr/bin/chromium" } });
        let mut connector = ClientBuilder::new(HttpConnector::new());
        let page = connector
            .capabilities(options.as_object().unwrap().clone())
            .connect(&self.url)
            .await
            .unwrap();
        let size =
            json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        let theme = if look.is_dark { "dark" } else { "light" };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        for (command, parameters) in
            [("Emulation.setDeviceMetricsOverride", size), ("Emulation.setEmulatedMedia", media)]
        {
            page.issue_cmd(DevTools(command, parameters)).await.unwrap();
        }
        let_scripts(&page, look.has_script).await;
        page
    }

    /// Closes a window.
    pub(super) async fn end(&self, page: Client) {
        page.close().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// A command of Chromium's DevTools, by the driver.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        let Self(command, parameters) = self;
        (http::Method::POST, Some(json!({ "cmd": command, "params": parameters }).to_string()))
    }
}

/// Whether scripts of pages that are opened from now on may run.
pub(super) async fn let_scripts(page: &Client, may: bool) {
    let command = DevTools("Emulation.setScriptExecutionDisabled", json!({ "value": !may }));
    page.issue_cmd(command).await.unwrap();
}

/// The program of axe-core; `None` is left out.
pub(super) fn axe() -> Option<String> {
    let output = Command::new(repository().join("tools/browser/install.sh")).output().unwrap();
    if !output.status.success() {
        left_out(String::from_utf8_lossy(&output.stderr).trim());
        return None;
    }
    let folder = String::from_utf8(output.stdout).unwrap();
    let script = format!("{}/node_modules/axe-core/axe.min.js", folder.trim());
    Some(std::fs::read_to_string(script).unwrap())
}

/// What axe-core finds on the page: rule, and the elements.
pub(super) async fn violations(page: &Client, axe: &str) -> Value {
    // It is a script itself.
    let_scripts(page, true).await;
    page.execute(axe, vec![]).await.unwrap();
    let run = "const done = arguments[arguments.length - 1];
        // Off unless asked for, and part of WCAG 2.2 AA.
        const rules = { 'target-size': { enabled: true } };
        axe.run(document, { resultTypes: ['violations'], rules }).then(
            ({ violations }) => done(violations.map(({ id, nodes }) =>
                [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])])),
            (error) => done(String(error)));";
    page.execute_async(run, vec![]).await.unwrap()
}
