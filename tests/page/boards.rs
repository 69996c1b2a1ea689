//! Boards on the chat page: pictures and cards as the bot sends them, and a Monday that is watched coming.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::Value;
use serde_json::json;
use thirtyfour::error::WebDriverResult;
use tokio::net::TcpListener;

use crate::page::Page;
use crate::page::story;

const DRAWING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="72" height="96"><rect width="72" height="96" fill="#198CFE"/></svg>"##;

/// Where pictures lie, as a bot on this machine would show them: a drawing beside no picture.
async fn pictures() -> String {
    let drawing = get(|| async { ([(header::CONTENT_TYPE, "image/svg+xml")], DRAWING) });
    // Not 404, which a browser's console calls an error.
    let no_picture = get(|| async { "taken away" });
    let routes = Router::new()
        .route("/boards/0123abcd.svg", drawing.clone())
        .route("/elsewhere.svg", drawing)
        .fallback(no_picture);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(axum::serve(listener, routes).into_future());
    format!("http://{address}")
}

fn card(widget: &Value) -> String {
    json!({"type": "messageCard", "notification": "本周积分榜", "data": widget.to_string()})
        .to_string()
}

/// What the pictures of the feed show: their address and how wide they really are.
const SHOWN: &str = "return [...document.querySelectorAll('.picture')]
    .filter((image) => image.complete && image.naturalWidth > 0)
    .map((image) => [new URL(image.src).pathname, image.naturalWidth]);";

#[tokio::test]
async fn photos_cards_and_rich_text_are_shown_and_edited_in_place() {
    story(async |page: &Page| {
        page.opens("/").await?;
        let at = pictures().await;
        let board = format!("{at}/boards/0123abcd.png");
        page.program.photo(&board, 72, 96).await;
        // The drawing beside the picture is preferred, the picture itself is never asked for.
        page.finds_in_time(SHOWN, &json!([["/boards/0123abcd.svg", 72]])).await?;
        let link = "return document.querySelector('.picture-link').href;";
        assert_eq!(page.finds(link).await?, json!(board));

        let ming = page.program.person("小明");
        let widget = json!({"tag": "column", "crossAxisAlignment": "stretch", "children": [
            {"tag": "container", "padding": "12,8", "backgroundColor": "198CFE",
             "child": {"tag": "text", "data": "本周积分榜"}},
            {"tag": "markdown", "padding": "12",
             "data": "**第一名**  \n<b>小明</b> [链接](https://example.org/board)\n- 甲\n- 乙"},
            {"tag": "row", "children": [{"tag": "userAvatar", "id": ming, "size": 24}, {"tag": "userName", "id": ming}]},
            {"tag": "button", "label": "查看榜单", "href": "https://example.org/board"},
            {"tag": "button", "label": "坏链接", "href": "javascript:alert(1)"},
        ]});
        let message = page.program.sends(&card(&widget)).await;
        page.sees(".card .card-box", "本周积分榜").await?;
        page.sees(".card .markdown strong", "第一名").await?;
        // Written out, not carried out.
        page.sees(".card .markdown", "<b>小明</b>").await?;
        page.sees(".card .markdown li", "乙").await?;
        page.sees(".card .card-row", "小明").await?;
        page.sees(".card span.key.idle", "坏链接").await?;
        let links = "return [...document.querySelectorAll('.card a')].map((link) => [link.textContent, link.href]);";
        assert_eq!(
            page.finds(links).await?,
            json!([["链接", "https://example.org/board"], ["查看榜单", "https://example.org/board"]])
        );

        // Edited into another card, then into rich text with a picture, in the same place.
        let changed = json!({"tag": "column", "children": [{"tag": "text", "data": "第二版"}]});
        page.program.edits(&message, &card(&changed)).await;
        page.sees(".card .card-text", "第二版").await?;
        let delta = json!([
            {"insert": "标题"}, {"insert": "\n", "attributes": {"header": 1}},
            {"insert": "粗", "attributes": {"bold": true}}, {"insert": "\n", "attributes": {"list": "ordered"}},
            {"insert": format!("${{@!{ming}}}"), "attributes": {"at": format!("${{@!{ming}}}")}},
            {"insert": {"_type": "image", "source": format!("{at}/elsewhere.svg"), "name": "榜", "width": 72, "height": 96, "_inline": false}},
            {"insert": "\n"},
        ]);
        let rich = json!({"type": "richText", "title": "本周榜", "v": 2, "v2": delta.to_string()});
        page.program.edits(&message, &rich.to_string()).await;
        page.sees(".rich .title-1", "标题").await?;
        page.sees(".rich ol strong", "粗").await?;
        page.sees(".rich .mention", "@小明").await?;
        page.finds_in_time(SHOWN, &json!([["/boards/0123abcd.svg", 72], ["/elsewhere.svg", 72]])).await?;
        assert_eq!(page.finds("return document.querySelectorAll('.card').length;").await?, json!(0));
        page.sees(".edited", "已编辑").await
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_shown_is_a_text_with_its_address() {
    story(async |page: &Page| {
        page.opens("/").await?;
        let lost = format!("{}/lost.png", pictures().await);
        page.program.photo(&lost, 72, 96).await;
        page.sees(".frame-title", "图片加载不出来").await?;
        page.sees(".frame-note", "/lost.png").await?;
        // Plain http from another machine is not even tried.
        page.program
            .photo("http://pictures.invalid/a.png", 72, 96)
            .await;
        page.sees(".frame-note", "pictures.invalid/a.png").await?;
        page.sees(".frame-title", "图片 · 72×96").await?;
        page.presses("//button[@data-language='en-US']").await?;
        page.sees(".frame-title", "Picture: cannot be loaded")
            .await?;
        assert_eq!(page.finds(SHOWN).await?, json!([]));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_clock_is_shown_and_moved_and_the_bot_goes_with_it() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.presses("//*[@id='time']/summary").await?;
        page.sees(".time-exact", "中国标准时间 (Asia/Shanghai)")
            .await?;
        page.sees(".time-shift", "和这台电脑的时间一致").await?;
        page.presses("//button[@data-jump='time.hour']").await?;
        page.sees(".time-shift", "比这台电脑快 1 小时").await?;
        page.presses("//button[@data-jump='time.monday']").await?;
        page.sees(".time-date", "星期一").await?;
        page.sees(".time-brief", "周一 08:59").await?;
        page.presses("//form[@class='time-form']/button").await?;
        page.sees(".time-date", "星期三").await?;

        page.presses("//button[@data-language='en-US']").await?;
        page.sees(".time-date", "Wednesday").await?;
        page.sees(".time-brief", "Wed, ").await?;
        page.sees(".time-exact", "China Standard Time").await?;
        page.sees(".time-shift", "ahead of this computer").await?;
        page.sees("[data-jump='time.monday']", "Next Monday 08:59")
            .await?;
        page.presses("//button[@data-language='zh-CN']").await?;

        // Days later by both clocks: the bot hears, pays and answers, and the message has the new day.
        page.says("阿杰", "/奖励 @小明 20 准时").await?;
        page.hears("✅ 小明 +20 → 2,494 · 准时").await?;
        page.sees(".day", "星期三").await
    })
    .await;
}

#[tokio::test]
async fn the_board_of_the_week_appears_on_monday_at_nine_once() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.says("阿杰", "/奖励 @小明 66 天梯第一名").await?;
        page.hears("✅ 小明 +66").await?;
        page.says("阿杰", "/奖励 @小红 30 天梯第二名").await?;
        page.hears("✅ 小红 +30").await?;
        page.presses("//*[@class='place-name'][.='排行榜']").await?;
        page.sees("h1", "排行榜").await?;
        page.presses("//*[@id='time']/summary").await?;
        page.presses("//button[@data-jump='time.monday']").await?;
        page.sees(".time-brief", "周一 08:59").await?;
        // The last minute need not be waited for.
        page.program
            .orders("/sandbox/clock", json!({"advance_ms": 60_000}))
            .await;
        page.sees(".time-brief", "周一 09:0").await?;
        let posts = "return [...document.querySelectorAll('#feed article.message')].length;";
        page.finds_in_time(posts, &json!(1)).await?;
        page.sees(".day", "星期一").await?;
        // Another hour brings no second one, though the engine has looked again since.
        page.program
            .orders("/sandbox/clock", json!({"advance_ms": 3_600_000}))
            .await;
        page.sees(".time-brief", "周一 10:0").await?;
        page.presses("//*[@class='place-name'][.='综合']").await?;
        page.says("小明", "/积分").await?;
        page.hears("积分商城：2,540").await?;
        page.presses("//*[@class='place-name'][.='排行榜']").await?;
        page.finds_in_time(posts, &json!(1)).await
    })
    .await;
}

/// Holds back the answer to the next question for the messages of a channel, as a slow line would.
const HOLD: &str = "const ask = window.fetch;
    window.fetch = async (...what) => {
        const answer = await ask(...what);
        if (String(what[0]).includes('/sandbox/messages')) {
            window.fetch = ask;
            await new Promise((go) => { window.letGo = go; });
        }
        return answer;
    };";

#[tokio::test]
async fn what_arrives_while_the_channel_is_read_is_not_lost() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.presses("//*[@class='place-name'][.='排行榜']").await?;
        page.finds(HOLD).await?;
        page.presses("//*[@class='place-name'][.='综合']").await?;
        page.finds_in_time("return Boolean(window.letGo);", &json!(true))
            .await?;
        let at = pictures().await;
        page.program
            .photo(&format!("{at}/boards/0123abcd.png"), 72, 96)
            .await;
        let shown = json!([["/boards/0123abcd.svg", 72]]);
        page.finds_in_time(SHOWN, &shown).await?;
        page.finds("window.letGo();").await?;
        let read = "return !document.getElementById('feed').hasAttribute('aria-busy');";
        page.finds_in_time(read, &json!(true)).await?;
        page.finds_in_time(SHOWN, &shown).await
    })
    .await;
}

#[tokio::test]
async fn where_pictures_are_refused_a_card_comes_and_where_cards_are_too_a_text() {
    story(async |page: &Page| {
        page.opens("/").await?;
        page.says("阿杰", "/奖励 @小明 66 天梯第一名").await?;
        page.hears("✅ 小明 +66").await?;
        // A card of anything but widgets seen in use would be refused as well.
        let switch = json!({"strict_cards": true});
        page.program.orders("/sandbox/platform", switch).await;
        let refused = json!({"kind": "answer_code", "code": 5105, "when": "before"});
        let rule = json!({"endpoint": "sendPhoto", "kind": refused});
        page.program.orders("/sandbox/faults", rule).await;
        let monday = json!({"next": "monday 09:00"});
        page.program.orders("/sandbox/clock", monday.clone()).await;
        page.presses("//*[@class='place-name'][.='排行榜']").await?;
        page.sees("#feed .card", "小明").await?;
        page.sees("#feed .card", "66").await?;

        page.presses("//*[@class='place-name'][.='综合']").await?;
        page.says("阿杰", "/奖励 @小红 30 天梯第二名").await?;
        page.hears("✅ 小红 +30").await?;
        let rule = json!({"endpoint": "sendMessage", "kind": {"kind": "cards_refused"}});
        page.program.orders("/sandbox/faults", rule).await;
        page.program.orders("/sandbox/clock", monday).await;
        page.presses("//*[@class='place-name'][.='排行榜']").await?;
        page.sees("#feed .content > .text", "小红").await?;
        let kinds = "return [...document.querySelectorAll('#feed .content')].map((one) => one.firstElementChild.className);";
        page.finds_in_time(kinds, &json!(["card", "text"])).await
    })
    .await;
}

impl Page {
    /// Waits until a script finds exactly this.
    async fn finds_in_time(&self, script: &str, wanted: &Value) -> WebDriverResult<()> {
        self.until(&format!("{wanted} found by {script}"), async || {
            Ok((self.finds(script).await? == *wanted).then_some(()))
        })
        .await
    }
}
