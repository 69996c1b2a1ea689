//! The sandbox's pages in a real browser, with the real program behind them.
//!
//! Each story has a browser and a program of its own. What a message said at any moment is noted by
//! the page itself as it changes, so no story depends on looking at the right time; every wait is
//! for something to be seen. A story ends with a look at the browser's console, which must be empty
//! of errors.

mod boards;
mod browser;
mod page;
mod program;

use serde_json::json;
use thirtyfour::error::WebDriverResult;

use crate::page::Page;
use crate::page::story;

#[tokio::test]
async fn a_member_asks_and_a_moderator_rewards() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.says("小明", "/积分").await?;
        page.hears("💰 小明，你的积分").await?;
        // A line for each points system of the sandbox.
        for line in ["积分商城：2,474", "Swan · hq：340", "MantaGO · shop：150"] {
            page.hears(line).await?;
        }

        page.says("阿杰", "/奖励 @小明 666 天梯第一名").await?;
        page.hears("✅ 小明 +666 → 3,140 · 天梯第一名 · 回执 ")
            .await?;

        page.says("小明", "/奖励 @小红 5").await?;
        page.hears("你没有使用这个指令的权限").await?;

        page.opens("/mall").await?;
        page.sees_payments(&[("+666", "天梯第一名")]).await
    })
    .await;
}

#[tokio::test]
async fn a_large_reward_is_asked_about_and_the_button_gives_it() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.says("阿杰", "/奖励 @小红 1500 年度贡献").await?;
        page.hears("确认吗？").await?;
        page.presses("//*[@class='key'][.='确认']").await?;
        page.hears("✅ 小红 +1,500 → 1,620 · 年度贡献").await?;

        page.opens("/mall").await?;
        page.sees_payments(&[("+1,500", "年度贡献")]).await
    })
    .await;
}

#[tokio::test]
async fn applied_and_hung_up_is_first_unconfirmed_then_done_with_one_payment() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.presses("//button[.='商城入账后断线']").await?;
        page.sees("#active-faults", "×1").await?;
        page.says("阿杰", "/奖励 @小明 80 捉虫").await?;
        let told = page.hears("✅ 小明 +80 → 2,554 · 捉虫").await?;
        assert!(
            told[0].contains("结果待确认") && told[0].contains("请不要重发"),
            "what was said first: {told:#?}"
        );
        assert!(
            told.last().is_some_and(|last| last.contains("已编辑")),
            "the same message is edited: {told:#?}"
        );

        page.opens("/mall").await?;
        page.sees_payments(&[("+80", "捉虫")]).await
    })
    .await;
}

#[tokio::test]
async fn a_guild_switched_off_on_the_mall_page_is_told_what_to_do() {
    story(async |page: &Page| {
        let switch = format!(
            "//label[input[@data-key='switch {}']]",
            page.program.guild()
        );
        page.opens("/mall").await?;
        page.presses(&switch).await?;
        page.sees(".shop .state", "未开启").await?;

        page.opens("/").await?;
        page.says("小明", "/积分").await?;
        let told = page.hears("请服务器管理员打开").await?;
        assert!(told[0].contains("「第三方机器人」"), "{told:#?}");

        page.opens("/mall").await?;
        page.presses(&switch).await?;
        page.sees(".shop .state", "已开启").await?;
        page.sees_payments(&[]).await?;

        page.opens("/").await?;
        page.says("小明", "/积分").await?;
        page.hears("积分商城：2,474 积分").await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn both_pages_speak_both_languages() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.sees("#strip-title", "下一笔会遇到").await?;
        no_word_is_missing(page).await?;

        page.presses("//button[@data-language='en-US']").await?;
        page.sees("#strip-title", "Next payment").await?;
        page.says("小明", "/points").await?;
        page.hears("2,474").await?;
        no_word_is_missing(page).await?;
        no_word_is_chinese(page).await?;

        // The choice goes along to the other page.
        page.opens("/mall").await?;
        page.sees("h1", "Points mall").await?;
        page.sees(".shop .state", "on").await?;
        no_word_is_missing(page).await?;
        no_word_is_chinese(page).await?;

        page.presses("//button[@data-language='zh-CN']").await?;
        page.sees("h1", "积分商城").await?;
        no_word_is_missing(page).await
    })
    .await;
}

/// A word that no catalogue has is shown by its key, as in `mall.records.count`.
async fn no_word_is_missing(page: &Page) -> WebDriverResult<()> {
    let keys = page
        .finds(
            "const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
             const found = [];
             while (walker.nextNode()) {
               const node = walker.currentNode;
               // Names of the wires stand there as they are.
               if (!node.parentElement.closest('code, option')) found.push(node.data.trim());
             }
             return found.filter((text) => /^[a-z]+([._][a-z0-9_]+)+$/.test(text));",
        )
        .await?;
    assert_eq!(keys, json!([]), "keys instead of words");
    Ok(())
}

/// Of the words of the page itself; names and what people say stay as they are.
async fn no_word_is_chinese(page: &Page) -> WebDriverResult<()> {
    let chinese = page
        .finds(
            "return [...document.querySelectorAll('[data-t], [data-t-label], [data-word], th, label')]
               .map((node) => node.dataset.tLabel ? node.getAttribute('aria-label') : node.textContent)
               .filter((text) => /\\p{Script=Han}/u.test(text));",
        )
        .await?;
    assert_eq!(chinese, json!([]), "Chinese words on an English page");
    Ok(())
}
