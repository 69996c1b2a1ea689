//! Messages of other kinds than text, as they go over the wire.

use guildpoints::fanbook::api::Photo;
use guildpoints::fanbook::api::SayError;
use guildpoints::fanbook::api::Structured;
use guildpoints::model::MessageId;
use serde_json::Value;
use serde_json::json;

use crate::platform::Answer;
use crate::platform::CHANNEL;
use crate::platform::MESSAGE;
use crate::platform::Platform;
use crate::platform::ill;
use crate::platform::sent;
use crate::platform::well;

const CARD: Structured<'_> = Structured {
    json: r#"{"type":"messageCard","data":"{\"tag\":\"column\"}"}"#,
    desc: "本周积分榜",
};
const PHOTO: Photo<'_> = Photo {
    url: "https://points.example.org/boards/a.png",
    width: 1_080,
    height: 1_452,
};

#[tokio::test]
async fn cards_and_photos_go_out_as_documented() {
    let platform = Platform::start().await;
    platform.answers([sent(5), sent(6), well(json!(true))]);
    let card = platform.api.post(CHANNEL, CARD).await.unwrap();
    let photo = platform.api.post_photo(CHANNEL, PHOTO).await.unwrap();
    assert_eq!((card, photo), (MessageId::new(5), MessageId::new(6)));
    platform
        .api
        .edit_post(CHANNEL, MESSAGE, CARD)
        .await
        .unwrap();
    let calls = platform.calls();
    let called = |number: usize| {
        (
            calls[number].0.rsplit('/').next().unwrap(),
            &calls[number].1,
        )
    };
    assert_eq!(
        called(0),
        (
            "sendMessage",
            &json!({
                "chat_id": CHANNEL.number(), "text": CARD.json, "desc": CARD.desc,
                "parse_mode": "Fanbook", "mention_roles": [],
            })
        )
    );
    assert_eq!(
        called(1),
        (
            "sendPhoto",
            &json!({
                "chat_id": CHANNEL.number(), "photo": {"Url": PHOTO.url},
                "width": 1_080, "height": 1_452,
            })
        )
    );
    assert_eq!(
        called(2),
        (
            "editMessageText",
            &json!({
                "chat_id": CHANNEL.number(), "message_id": MESSAGE.number(), "text": CARD.json,
                "parse_mode": "Fanbook",
            })
        )
    );
}

#[tokio::test]
async fn they_go_out_at_most_once_unless_certainly_unsent() {
    let platform = Platform::start().await;
    // Too fast is certain: tried again.
    platform.answers([ill(10_002), sent(5), ill(10_002), sent(6)]);
    platform.api.post(CHANNEL, CARD).await.unwrap();
    platform.api.post_photo(CHANNEL, PHOTO).await.unwrap();
    assert_eq!(platform.calls().len(), 4);
    for answer in [
        Answer::Break,
        Answer::Say(502, String::new()),
        well(json!(true)),
    ] {
        platform.answers([answer]);
        let error = platform.api.post(CHANNEL, CARD).await.unwrap_err();
        assert!(matches!(error, SayError::Unknown(_)), "{error:?}");
        assert_eq!(platform.calls().len(), 1);
    }
    platform.answers([Answer::Break]);
    let error = platform.api.post_photo(CHANNEL, PHOTO).await.unwrap_err();
    assert!(matches!(error, SayError::Unknown(_)), "{error:?}");
    assert_eq!(platform.calls().len(), 1);
    for code in [5_103, 5_105, 1_001] {
        platform.answers([ill(code)]);
        let error = platform.api.post(CHANNEL, CARD).await.unwrap_err();
        assert!(matches!(error, SayError::Rejected(_)), "{error:?}");
        assert_eq!(platform.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_text_that_looks_like_a_card_stays_a_text() {
    let platform = Platform::start().await;
    platform.answers([sent(5), well(json!(true))]);
    platform.says(CARD.json).await.unwrap();
    let edited = platform.api.edit(CHANNEL, MESSAGE, CARD.json, &[]);
    edited.await.unwrap();
    for (_, body) in platform.calls() {
        let content: Value = serde_json::from_str(body["text"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&content["type"], &content["text"]),
            (&json!("text"), &json!(CARD.json))
        );
    }
}
