//! What a person does with the pages and reads on them.

use std::panic::AssertUnwindSafe;
use std::panic::resume_unwind;

use futures_util::FutureExt;
use serde_json::Value;
use thirtyfour::By;
use thirtyfour::Key;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::error::WebDriverResult;
use thirtyfour::extensions::query::ElementQueryable;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::browser::BEAT;
use crate::browser::Browser;
use crate::browser::PATIENCE;
use crate::program::Program;

/// Notes what every message says, as it changes: `heard` holds `[id, text]` in order. An edit that
/// comes a moment after the message is not missed, however rarely the story looks.
const LISTEN: &str = "
    const feed = document.getElementById('feed');
    if (!feed) return;
    window.heard = [];
    const last = new Map();
    const look = () => {
      for (const row of feed.querySelectorAll('article.message')) {
        const text = row.querySelector('.content')?.textContent ?? '';
        if (last.get(row.dataset.id) === text) continue;
        last.set(row.dataset.id, text);
        window.heard.push([row.dataset.id, text]);
      }
    };
    new MutationObserver(look).observe(feed, { childList: true, subtree: true });
    look();";

/// What the messages say now, for a story that failed.
const CONVERSATION: &str = "return document.body.innerText;";

/// A browser that looks at the pages of a running program.
pub struct Page {
    pub program: Program,
    browser: Browser,
}

/// Plays a story: a program and a browser for it, a look at the console at its end, and both closed
/// whatever became of it.
pub async fn story(told: impl AsyncFnOnce(&Page) -> WebDriverResult<()>) {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let page = Page {
        program: Program::start().await,
        browser,
    };
    let work = async {
        told(&page).await.expect("the browser does what it is told");
        page.console_is_clean().await;
    };
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    if ended.is_err() {
        page.show().await;
    }
    page.browser.close().await;
    match ended {
        Ok(()) => page.program.stop().await,
        Err(panic) => resume_unwind(panic),
    }
}

impl Page {
    /// Opens `/` or `/mall`.
    pub async fn opens(&self, path: &str) -> WebDriverResult<()> {
        let driver = &self.browser.driver;
        driver.goto(self.program.address(path)).await?;
        driver.execute(LISTEN, Vec::new()).await?;
        Ok(())
    }

    /// Somebody types into the chat and sends it off.
    pub async fn says(&self, nickname: &str, text: &str) -> WebDriverResult<()> {
        self.speaks_as(nickname).await?;
        let draft = self.browser.driver.query(By::Id("draft")).first().await?;
        draft.send_keys(text).await?;
        draft.send_keys(Key::Enter + "").await?;
        self.until(&format!("{text} goes out"), async || {
            Ok((draft.value().await?.as_deref() == Some("")).then_some(()))
        })
        .await
    }

    async fn speaks_as(&self, nickname: &str) -> WebDriverResult<()> {
        let person = self.program.person(nickname);
        self.presses("//button[@id='speaking-as'][.//*[@class='me-name']]")
            .await?;
        self.presses(&format!("//button[@data-person='{person}']"))
            .await?;
        self.sees("#speaking-as .me-name", nickname).await
    }

    /// Clicks what an XPath names, once it is there.
    pub async fn presses(&self, path: &str) -> WebDriverResult<()> {
        self.until(&format!("{path} can be pressed"), async || {
            let pressed = async {
                let found = self.browser.driver.query(By::XPath(path));
                found.and_clickable().first().await?.click().await
            };
            match pressed.await {
                Ok(()) => Ok(Some(())),
                // Drawn anew while it was looked at or before it was pressed: nothing was pressed.
                Err(error) if matches!(*error, WebDriverErrorInner::StaleElementReference(_)) => {
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Waits until an element shows a text.
    pub async fn sees(&self, selector: &str, text: &str) -> WebDriverResult<()> {
        let script = format!(
            "return [...document.querySelectorAll({})].map((node) => node.textContent);",
            Value::from(selector)
        );
        self.until(&format!("{selector} shows {text}"), async || {
            let texts: Vec<String> = self.run(&script).await?;
            Ok(texts.iter().any(|seen| seen.contains(text)).then_some(()))
        })
        .await
    }

    /// Waits for a message that says `part` now, and answers all it has said so far, in order.
    pub async fn hears(&self, part: &str) -> WebDriverResult<Vec<String>> {
        self.until(&format!("somebody says {part}"), async || {
            let heard: Vec<(String, String)> = self.run("return window.heard;").await?;
            let Some((id, _)) = heard.iter().rev().find(|(_, text)| text.contains(part)) else {
                return Ok(None);
            };
            let of_it = heard.iter().filter(|(of, _)| of == id);
            Ok(Some(of_it.map(|(_, text)| text.clone()).collect()))
        })
        .await
    }

    /// Wants exactly these payments in the mall's books, newest first: points and remark.
    pub async fn sees_payments(&self, wanted: &[(&str, &str)]) -> WebDriverResult<()> {
        self.sees("#records-count", &wanted.len().to_string())
            .await?;
        let script = "return [...document.querySelectorAll('table.records tbody tr')]
            .map((row) => ['points', 'remark'].map((kind) => row.querySelector(`.${kind}`).textContent));";
        let seen: Vec<(String, String)> = self.run(script).await?;
        let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(seen, wanted);
        Ok(())
    }

    /// What a script finds on the page as it is now.
    pub async fn finds(&self, script: &str) -> WebDriverResult<Value> {
        self.run(script).await
    }

    async fn run<T: serde::de::DeserializeOwned>(&self, script: &str) -> WebDriverResult<T> {
        let found = self.browser.driver.execute(script, Vec::new()).await?;
        found.convert()
    }

    pub async fn until<T>(
        &self,
        what: &str,
        look: impl AsyncFn() -> WebDriverResult<Option<T>>,
    ) -> WebDriverResult<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            assert!(Instant::now() < end, "never: {what}");
            sleep(BEAT).await;
        }
    }

    async fn console_is_clean(&self) {
        let console = self.browser.console().await.expect("the console is kept");
        let errors: Vec<_> = console
            .iter()
            .filter(|(level, _)| level == "SEVERE")
            .collect();
        assert!(errors.is_empty(), "the console: {errors:#?}");
    }

    /// Prints what somebody would want to see after a failure.
    async fn show(&self) {
        let shown: WebDriverResult<String> = self.run(CONVERSATION).await;
        eprintln!("--- page\n{}", shown.unwrap_or_default());
        let console = self.browser.console().await.unwrap_or_default();
        eprintln!("--- console\n{console:#?}");
        eprintln!("--- program\n{}", self.program.log());
    }
}
