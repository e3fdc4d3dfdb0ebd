//! The pages in a real Chromium: with and without their script, light and dark, wide and narrow.

mod driver;

use std::time::Duration;

use fantoccini::{Client, Locator, key::Key};
use serde_json::json;
use verdict_kafka_io::Record;
use verdict_web::Sought;

use self::driver::{Browser, Look};
use crate::pages::{peer, web_with};
use crate::support::{Behaviour, Web, verdict_of};
use crate::timeline;

// Of the stand-in: "good" and "bad" decide.
const GOOD: &str = "a good film, truly";

fn url(web: &Web, path: &str) -> String {
    format!("http://{}{path}", web.address)
}

async fn text(page: &Client, css: &str) -> String {
    page.wait().for_element(Locator::Css(css)).await.unwrap().text().await.unwrap()
}

/// Waits until the path of the page fulfils this.
async fn at(page: &Client, is_it: impl Fn(&url::Url) -> bool) -> url::Url {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let now = page.current_url().await.unwrap();
        if is_it(&now) {
            return now;
        }
        assert!(std::time::Instant::now() < deadline, "the page is still at {now}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_person_asks_reloads_labels_and_goes_back_with_the_keyboard_alone() {
    for has_script in [true, false] {
        let Some(browser) = Browser::start().await else { return };
        let web = Web::start(Behaviour::Score, &[]).await;
        let page = browser.open(Look { has_script, ..Look::default() }).await;
        page.goto(&url(&web, "/")).await.unwrap();
        // The form has the focus; behind it is its button.
        let typed = format!("{GOOD}{}{}", char::from(Key::Tab), char::from(Key::Enter));
        page.active_element().await.unwrap().send_keys(&typed).await.unwrap();
        let asked = at(&page, |url| url.path().starts_with("/r/")).await;
        assert_eq!(text(&page, "h1").await, "Positive");
        page.refresh().await.unwrap();
        assert_eq!(text(&page, "h1").await, "Positive");
        assert_eq!(web.kafka.seen().len(), 1, "a reload asks nothing");

        let wrong = page.find(Locator::Css("button[value=negative]")).await.unwrap();
        let right = page.find(Locator::Css("button[value=positive]")).await.unwrap();
        let (wrong_at, right_at) =
            (wrong.rectangle().await.unwrap(), right.rectangle().await.unwrap());
        assert!((wrong_at.1 - right_at.1).abs() < 1.0, "in one row: {right_at:?} {wrong_at:?}");
        wrong.send_keys(&String::from(char::from(Key::Enter))).await.unwrap();
        at(&page, |url| url.query() == Some("labelled=negative")).await;
        assert!(text(&page, "[role=status]").await.contains("negative"));
        assert_eq!(text(&page, "h1").await, "Positive", "the verdict stays");
        page.back().await.unwrap();
        at(&page, |url| *url == asked).await;
        page.back().await.unwrap();
        at(&page, |url| url.path() == "/").await;
        assert_eq!(web.kafka.seen().len(), 2, "a review and a label");
        browser.end(page).await;
    }
}

#[tokio::test]
async fn no_page_keeps_people_out_by_axe() {
    let Some(browser) = Browser::start().await else { return };
    let Some(axe) = driver::axe() else { return };
    let (peer, _check) = peer();
    let web = web_with(&peer).await;
    web.verdicts.send_modify(|topic| topic.push(record("seen", true, 0)));
    let asked = web.form(b"text=A+good+film.+So+bad+an+end%3A+bad.").await;
    let verdict = asked.header("location").to_owned();
    let labelled = format!("{verdict}?labelled=positive");
    let id = verdict.strip_prefix("/r/").unwrap().to_owned();
    let sought = Sought { id, since_unix_ms: Some(1_700_000_000_000) };
    web.stories.lock().unwrap().insert(sought, timeline::records(None));
    web.get(&verdict).await.has(&["How it went"]);
    for look in Look::all() {
        let page = browser.open(look).await;
        let pages = ["/", &verdict, &labelled, "/r/none", "/nowhere", "/model", "/status", "/docs"];
        for path in pages {
            driver::let_scripts(&page, look.has_script).await;
            page.goto(&url(&web, path)).await.unwrap();
            if look.has_script && path == "/" {
                page.wait().for_element(Locator::Css("#live:not([hidden])")).await.unwrap();
            }
            // What is folded is looked at too.
            let unfold = "document.querySelectorAll('details').forEach(it => it.open = true)";
            page.execute(unfold, vec![]).await.unwrap();
            let found = driver::violations(&page, &axe).await;
            assert_eq!(found, json!([]), "{path} {look:?}");
            let width = page.execute("return document.documentElement.scrollWidth", vec![]).await;
            assert!(width.unwrap().as_u64().unwrap() <= u64::from(look.width), "{path} {look:?}");
        }
        browser.end(page).await;
    }
}

#[tokio::test]
async fn home_shows_verdicts_as_they_come_and_ones_own_reviews() {
    let Some(browser) = Browser::start().await else { return };
    let web = Web::start(Behaviour::Score, &[]).await;
    let evil = "<img src=x onerror=alert(1)>";
    let page = browser.open(Look::default()).await;
    page.goto(&url(&web, "/")).await.unwrap();
    web.verdicts.send_modify(|topic| topic.push(record(evil, false, 0)));
    page.wait().for_element(Locator::Css("#live:not([hidden]) li")).await.unwrap();
    assert!(text(&page, "#live li a").await.starts_with("Negative, 87.5"));
    web.verdicts.send_modify(|topic| topic.push(record("r2", true, 1)));
    let second = "#live li:nth-child(2)";
    page.wait().for_element(Locator::Css(second)).await.unwrap();
    assert!(text(&page, "#live li a").await.starts_with("Positive, 87.5"));
    let link = page.find(Locator::Css("#live li:nth-child(2) a")).await.unwrap();
    let link = link.attr("href").await.unwrap().unwrap();
    assert_eq!(link, "/r/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E");
    assert!(page.find(Locator::Css("#own[hidden]")).await.is_ok(), "nothing was asked yet");

    let asked = web.form(format!("text={evil}+good").as_bytes()).await;
    page.goto(&url(&web, asked.header("location"))).await.unwrap();
    page.goto(&url(&web, "/")).await.unwrap();
    let own = text(&page, "#own li").await;
    assert!(own.starts_with("Positive, 87.5") && own.ends_with("good"), "{own}");
    assert!(own.contains(evil), "{own}");
    page.find(Locator::Css("#own button")).await.unwrap().click().await.unwrap();
    page.wait().for_element(Locator::Css("#own[hidden]")).await.unwrap();
    assert!(page.find(Locator::Css("#own li")).await.is_err(), "forgotten");
    browser.end(page).await;
}

#[tokio::test]
async fn a_first_visit_is_at_most_sixty_kilobytes() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let mut bytes = 0;
    for path in ["/", "/assets/verdict.css", "/assets/verdict.js", "/assets/icon.svg"] {
        let answer = web.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let headers: usize =
            answer.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        bytes += answer.body.len() + headers;
    }
    assert!(bytes <= 60_000, "{bytes} bytes");
}

fn record(id: &str, positive: bool, offset: i64) -> Record {
    Record {
        topic: "reviews.verdicts".into(),
        partition: 0,
        offset,
        key: Some(id.into()),
        value: Some(verdict_of(id, positive).encode().unwrap()),
        headers: verdict_messages::Headers::default(),
        timestamp_ms: None,
    }
}
