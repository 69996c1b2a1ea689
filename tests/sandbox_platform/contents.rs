//! Pictures, rich text and cards: what is kept of them, what is refused, and how that is spoiled.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Moment;
use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::content;

const BOARD: &str = "http://127.0.0.1:8482/boards/0123abcd.png";

/// A card as the platform takes it: JSON within JSON.
fn card(widget: &Value) -> String {
    json!({"type": "messageCard", "notification": "本周积分榜", "data": widget.to_string()})
        .to_string()
}

fn markdown(text: &str) -> Value {
    json!({"tag": "column", "children": [{"tag": "markdown", "data": text}]})
}

fn rich_text(text: &str) -> String {
    let delta = json!([
        {"insert": text, "attributes": {"bold": true}},
        {"insert": "\n", "attributes": {"header": 1}},
        {"insert": {"_type": "image", "source": BOARD, "name": "board.png", "width": 720, "height": 960, "_inline": false}},
        {"insert": "\n"},
    ]);
    json!({"type": "richText", "title": "本周榜", "v": 2, "v2": delta.to_string()}).to_string()
}

impl Stage {
    async fn sends(&self, text: &str) -> Value {
        let body = json!({"chat_id": self.channel.number(), "text": text, "parse_mode": "Fanbook", "desc": "榜"});
        self.call("sendMessage", body).await
    }

    async fn edits(&self, message: &Value, text: &str) -> Value {
        let body = json!({"chat_id": self.channel.number(), "message_id": message["message_id"], "text": text, "parse_mode": "Fanbook"});
        self.call("editMessageText", body).await
    }

    async fn photo(&self, photo: Value) -> Value {
        let body =
            json!({"chat_id": self.channel.number(), "photo": photo, "width": 720, "height": 960});
        self.call("sendPhoto", body).await
    }

    /// The contents of the channel's history, newest first.
    async fn history(&self) -> Vec<Value> {
        let asked = json!({"channel_id": self.channel.to_string()});
        let list = self.call("message/getList", asked).await;
        let items = list["data"].as_array().unwrap().iter();
        items
            .map(|item| serde_json::from_str(item["content"].as_str().unwrap()).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn each_kind_is_pushed_kept_and_given_back_as_it_was_sent() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let picture = json!({"type": "image", "url": BOARD, "width": 720, "height": 960});
    let (board, list) = (card(&markdown("1. 小明 120")), rich_text("第一名"));
    let sent = [
        stage.photo(json!({"Url": BOARD})).await,
        stage.sends(&board).await,
        stage.sends(&list).await,
    ];
    let wanted: [Value; 3] = [
        picture,
        serde_json::from_str(&board).unwrap(),
        serde_json::from_str(&list).unwrap(),
    ];
    for (sent, wanted) in sent.iter().zip(&wanted) {
        assert_eq!(sent["ok"], true, "{sent}");
        let told: Value = serde_json::from_str(sent["result"]["text"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&told, content(&bot.hears().await)),
            (wanted, wanted.clone())
        );
    }
    let mut history = stage.history().await;
    history.reverse();
    assert_eq!(history, wanted);
    // A photo as a form, the way some clients write structures.
    let photo = format!(
        "chat_id={}&photo=%7B%22Url%22%3A%22https%3A%2F%2Fexample.org%2Fa.png%22%7D",
        stage.channel
    );
    let told = stage.form("sendPhoto", &photo).await;
    assert!(
        told["result"]["text"]
            .as_str()
            .unwrap()
            .contains("example.org/a.png"),
        "{told}"
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn text_rich_text_and_cards_are_edited_into_one_another_and_pictures_never() {
    let stage = Stage::new().await;
    let message = stage.sends(&card(&markdown("1"))).await["result"].clone();
    for text in [card(&markdown("2")), rich_text("3"), card(&markdown("4"))] {
        let edited = stage.edits(&message, &text).await;
        assert_eq!(edited["result"]["text"], text, "{edited}");
    }
    let photo = stage.photo(json!({"Url": BOARD})).await["result"].clone();
    let picture = json!({"type": "image", "url": BOARD}).to_string();
    for (message, text) in [(&photo, card(&markdown("5"))), (&message, picture)] {
        let refused = stage.edits(message, &text).await;
        assert_eq!(
            (&refused["ok"], &refused["error_code"]),
            (&json!(false), &json!(5105))
        );
    }
    // Nothing came of it, and the picture can still be taken back.
    let history = stage.history().await;
    assert_eq!(
        [&history[0]["type"], &history[1]["type"]],
        ["image", "messageCard"]
    );
    assert_eq!(history[1]["data"], markdown("4").to_string());
    let named = json!({"chat_id": stage.channel.number(), "message_id": photo["message_id"]});
    assert_eq!(stage.result("deleteMessage", named).await, true);
    assert_eq!(stage.history().await.len(), 1);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn what_is_no_picture_and_no_card_is_refused_by_its_code() {
    let stage = Stage::new().await;
    let codes = async |answer: Value| (answer["ok"].clone(), answer["error_code"].clone());
    for photo in [
        json!({"url": BOARD}),
        json!({"Url": "board.png"}),
        json!({"Url": 5}),
        json!("x"),
        json!(null),
    ] {
        let code = codes(stage.photo(photo.clone()).await).await;
        assert_eq!(code, (json!(false), json!(1001)), "{photo}");
    }
    let long = format!("https://example.org/{}", "长".repeat(50_000));
    assert_eq!(stage.photo(json!({"Url": long})).await["error_code"], 5104);
    let long = card(&markdown(&"长".repeat(50_000)));
    assert_eq!(stage.sends(&long).await["error_code"], 5104);
    for text in [
        json!({"type": "messageCard", "data": markdown("x")}),
        json!({"type": "messageCard", "data": "[]"}),
        json!({"type": "richText", "v2": "{"}),
    ] {
        assert_eq!(
            stage.sends(&text.to_string()).await["error_code"],
            5103,
            "{text}"
        );
    }
    // Where the documents end, the switch decides.
    let unseen = card(&json!({"tag": "column", "children": [{"tag": "chart", "data": "x"}]}));
    assert_eq!(stage.sends(&unseen).await["ok"], true);
    stage.sandbox.set_settings(&json!({"strict_cards": true}));
    assert_eq!(stage.sends(&unseen).await["error_code"], 5103);
    assert_eq!(stage.sends(&card(&markdown("x"))).await["ok"], true);
    assert_eq!(stage.history().await.len(), 2);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn cards_alone_can_be_refused_and_texts_do_not_use_that_up() {
    let stage = Stage::new().await;
    stage.sandbox.faults().set(FaultRule {
        count: Some(2),
        ..FaultRule::always("*", FaultKind::CardsRefused)
    });
    assert_eq!(stage.sends(&rich_text("1")).await["ok"], true);
    assert_eq!(stage.photo(json!({"Url": BOARD})).await["ok"], true);
    let plain = json!({"chat_id": stage.channel.number(), "text": "messageCard"});
    let text = stage.result("sendMessage", plain).await;
    assert_eq!(stage.sends(&card(&markdown("x"))).await["error_code"], 5105);
    assert_eq!(
        stage.edits(&text, &card(&markdown("x"))).await["error_code"],
        5105
    );
    assert_eq!(stage.history().await.len(), 3);
    assert_eq!(stage.sends(&card(&markdown("x"))).await["ok"], true);
    assert_eq!(stage.sandbox.faults().list()[0].hits, 2);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_photo_is_spoiled_like_any_message() {
    let stage = Stage::new().await;
    let photo = json!({"chat_id": stage.channel.number(), "photo": {"Url": BOARD}});
    let code = |when| FaultKind::AnswerCode { code: 1012, when };
    for (kind, answered, kept) in [
        (FaultKind::DropBefore, None, 0),
        (FaultKind::DropAfter, None, 1),
        (FaultKind::Status500After, Some(Value::Null), 2),
        (code(Moment::Before), Some(json!(1012)), 2),
        (code(Moment::After), Some(json!(1012)), 3),
    ] {
        stage
            .sandbox
            .faults()
            .set(FaultRule::once("sendPhoto", kind.clone()));
        let request = stage.http.post(stage.address("sendPhoto")).json(&photo);
        let answer = match request.send().await {
            Ok(response) => Some(response.json::<Value>().await.unwrap_or_default()),
            Err(_) => None,
        };
        assert_eq!(
            answer.map(|answer| answer["error_code"].clone()),
            answered,
            "{kind:?}"
        );
        assert_eq!(stage.history().await.len(), kept, "{kind:?}");
    }
    stage.sandbox.stop().await;
}
