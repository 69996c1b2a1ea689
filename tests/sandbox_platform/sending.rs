//! Sending, editing, taking back; who sees what; what survives a restart.

use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use guildpoints::model::ids::MessageId;

use crate::stage::Stage;

fn id_of(message: &Value) -> MessageId {
    serde_json::from_value(message["message_id"].clone()).unwrap()
}

#[tokio::test]
async fn get_me_works_however_it_is_asked() {
    let stage = Stage::new().await;
    let plain = stage.address("getMe");
    let prefixed = plain.replace("/api/bot/", "/api/bot/bot");
    let json = ("content-type", "application/json; charset=utf-8");
    for request in [
        stage.http.get(&plain),
        stage.http.get(&plain).header(json.0, json.1).body("{}"),
        stage.http.post(&prefixed),
        stage.http.post(&plain).header(json.0, json.1),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        let text = response.text().await.unwrap();
        assert!(
            text.starts_with(&format!(
                r#"{{"ok":true,"result":{{"id":{},"#,
                stage.sandbox.bot()
            )),
            "{text}"
        );
        let me: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(me["result"]["last_name"], stage.sandbox.owner().to_string());
        assert_eq!(
            me["result"]["owner_id"].as_u64(),
            Some(stage.sandbox.owner().number())
        );
    }
    stage
        .sandbox
        .set_settings(&json!({"json_content_type": true}));
    let response = stage.http.get(&plain).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(stage.sandbox.calls("getMe"), 5);

    let wrong = format!("{}/api/bot/{}/getMe", stage.base, "0".repeat(96));
    let answer: Value = stage
        .http
        .get(wrong)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["ok"], false);
    assert_eq!(stage.code("getme", json!({})).await, 404);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_sent_message_comes_back_whole() {
    let stage = Stage::new().await;
    let asked = stage.sandbox.says(stage.ming, stage.channel, "/积分");
    let sent = stage
        .result(
            "sendMessage",
            json!({"chat_id": stage.channel.number(), "text": "积分：120", "desc": "积分", "parse_mode": null,
                   "reply_to_message_id": asked.number(), "mentions": [stage.ming.to_string()], "unknown": 1}),
        )
        .await;
    assert_eq!(
        sent["text"],
        r#"{"type":"text","contentType":0,"text":"积分：120"}"#
    );
    assert_eq!(
        sent["chat"]["guild_id"].as_u64(),
        Some(stage.sandbox.guild_id().number())
    );
    assert_eq!(sent["from"]["is_bot"], true);
    assert_eq!(sent["date"].as_i64(), Some(id_of(&sent).minted_ms()));
    assert_eq!(
        sent["reply_to_message"]["message_id"].as_u64(),
        Some(asked.number())
    );
    let answers = stage.sandbox.answers_to(asked);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].text(), "积分：120");
    assert_eq!(answers[0].mentions, [stage.ming]);

    let ask = json!({"chat_id": stage.channel.number(), "message_id": sent["message_id"]});
    assert_eq!(
        stage.result("getMessage", ask.clone()).await["text"],
        sent["text"]
    );
    let board = json!({"type": "leaderboard", "titleImage": "x"}).to_string();
    let card = json!({"chat_id": stage.channel.number(), "text": board, "parse_mode": "Fanbook"});
    assert_eq!(stage.result("sendMessage", card).await["text"], board);
    let photo = json!({"chat_id": stage.channel.number(), "photo": {"Url": "https://example.org/a.png"}, "width": 640, "height": 360});
    assert!(
        stage.result("sendPhoto", photo).await["text"]
            .as_str()
            .unwrap()
            .contains("\"type\":\"image\"")
    );
    assert_eq!(
        stage
            .code(
                "sendPhoto",
                json!({"chat_id": stage.channel.number(), "photo": {"url": "https://x"}})
            )
            .await,
        1001
    );
    stage.result("pinChatMessage", ask).await;
    assert!(stage.sandbox.message(id_of(&sent)).unwrap().pinned);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let stage = Stage::new().await;
    let chat = stage.channel.number();
    let send = |chat: u64, text: &str| json!({"chat_id": chat, "text": text});
    assert_eq!(stage.code("sendMessage", json!({"text": "x"})).await, 1001);
    assert_eq!(stage.code("sendMessage", send(chat, "")).await, 1001);
    assert_eq!(stage.code("sendMessage", send(12345, "x")).await, 1021);
    assert_eq!(
        stage
            .code("sendMessage", send(chat, &"长".repeat(50_001)))
            .await,
        5104
    );
    let fanbook = |text: &str| json!({"chat_id": chat, "text": text, "parse_mode": "Fanbook"});
    assert_eq!(stage.code("sendMessage", fanbook("plain")).await, 5103);
    assert_eq!(
        stage
            .code("sendMessage", fanbook(r#"{"type":"hologram"}"#))
            .await,
        5105
    );

    let private = stage
        .result("getPrivateChat", json!({"user_id": stage.ming.number()}))
        .await;
    assert_eq!(private["guild_id"], 0);
    let private = private["id"].as_u64().unwrap();
    assert_eq!(stage.sandbox.private_chat(stage.ming).number(), private);
    stage.result("sendMessage", send(private, "x")).await;
    stage
        .sandbox
        .set_settings(&json!({"private_closed": [stage.ming.to_string()]}));
    assert_eq!(stage.code("sendMessage", send(private, "x")).await, 1037);
    stage
        .sandbox
        .set_settings(&json!({"private_closed": [], "bot_blocked": [stage.ming.to_string()]}));
    assert_eq!(stage.code("sendMessage", send(private, "x")).await, 1038);
    assert_eq!(
        stage.code("getPrivateChat", json!({"user_id": 7})).await,
        1004
    );

    stage.sandbox.set_settings(&json!({"send_per_second": 0}));
    assert_eq!(stage.code("sendMessage", send(chat, "x")).await, 10002);

    for status in [400, 200] {
        stage
            .sandbox
            .set_settings(&json!({"whitelisted": false, "not_whitelisted_status": status}));
        let response = stage
            .http
            .post(stage.address("sendMessage"))
            .json(&send(chat, "x"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        assert!(
            response
                .text()
                .await
                .unwrap()
                .contains(r#""error_code":10002"#)
        );
    }
    stage.sandbox.set_settings(
        &json!({"whitelisted": true, "send_per_second": null, "error_key": "err_code"}),
    );
    assert_eq!(
        stage.call("sendMessage", send(chat, "")).await["err_code"],
        1001
    );
    stage
        .sandbox
        .set_settings(&json!({"error_key": "error_code"}));

    let elsewhere = stage.sandbox.guilds()[1];
    let there = stage.sandbox.channels(elsewhere)[0].0.number();
    stage.result("sendMessage", send(there, "x")).await;
    stage.sandbox.leaves(elsewhere, stage.sandbox.bot());
    assert_eq!(stage.code("sendMessage", send(there, "x")).await, 1008);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn ephemeral_messages_are_for_the_named_and_leave_no_trace() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let chat = stage.channel.number();
    let hong = stage.sandbox.user("小红");
    let sent = stage
        .result("sendMessage", json!({"chat_id": chat, "text": "psst", "ephemeral": true, "users": [stage.ming.number()]}))
        .await;
    assert_eq!(
        stage
            .sandbox
            .messages_seen_by(stage.ming, stage.channel)
            .len(),
        1
    );
    assert!(
        stage
            .sandbox
            .messages_seen_by(hong, stage.channel)
            .is_empty()
    );
    let named = json!({"chat_id": chat, "message_id": sent["message_id"], "text": "x"});
    assert_eq!(stage.code("editMessageText", named.clone()).await, 1001);
    assert_eq!(stage.result("deleteMessage", named).await, false);
    let list = stage
        .call(
            "message/getList",
            json!({"channel_id": stage.channel.to_string()}),
        )
        .await;
    assert_eq!(list["data"], json!([]));
    stage
        .result(
            "sendMessage",
            json!({"chat_id": chat, "text": "all", "ephemeral": "true", "users": ["all"]}),
        )
        .await;
    assert_eq!(stage.sandbox.messages_seen_by(hong, stage.channel).len(), 1);
    // Neither was pushed: the next frame is the pong.
    assert_eq!(bot.ping().await["action"], "pong");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn own_messages_can_be_edited_at_any_age_and_deleted_for_three_minutes() {
    let stage = Stage::new().await;
    let private = stage.sandbox.private_chat(stage.ming).number();
    let keyboard = json!({"inline_keyboard": [[{"text": "确认", "callback_data": "ok"}]]});
    let sent = stage
        .result(
            "sendMessage",
            json!({"chat_id": private, "text": "1", "reply_markup": keyboard}),
        )
        .await;
    let id = id_of(&sent);
    let named = json!({"chat_id": private, "message_id": id.number(), "text": "2"});
    stage.sandbox.advance(181_000);
    let edited = stage.result("editMessageText", named.clone()).await;
    assert!(edited["text"].as_str().unwrap().contains("\"2\""));
    let view = stage.sandbox.message(id).unwrap();
    assert_eq!(
        (view.text().as_str(), view.edits, view.button("确认")),
        ("2", 1, Some("ok"))
    );
    stage.sandbox.set_settings(&json!({"edit_answer": "true"}));
    let bare = json!({"chat_id": private, "message_id": id.number(), "text": "3", "reply_markup": {"inline_keyboard": []}});
    assert_eq!(stage.result("editMessageText", bare).await, true);
    assert!(stage.sandbox.message(id).unwrap().buttons.is_empty());
    // Too old, and in a private chat no right of managing messages helps.
    assert_eq!(stage.code("deleteMessage", named).await, 1012);
    let young = stage
        .result("sendMessage", json!({"chat_id": private, "text": "x"}))
        .await;
    let named = json!({"chat_id": private, "message_id": young["message_id"], "text": "2"});
    assert_eq!(stage.result("deleteMessage", named.clone()).await, true);
    assert_eq!(stage.result("deleteMessage", named.clone()).await, false);
    assert_eq!(stage.code("editMessageText", named).await, 1001);
    // The bot manages messages in the guild, but the owner outranks it.
    let of_member = stage.sandbox.says(stage.ming, stage.channel, "x").number();
    let of_owner = stage
        .sandbox
        .says(stage.sandbox.owner(), stage.channel, "x")
        .number();
    let chat = stage.channel.number();
    assert_eq!(
        stage
            .code(
                "editMessageText",
                json!({"chat_id": chat, "message_id": of_member, "text": "y"})
            )
            .await,
        1012
    );
    assert_eq!(
        stage
            .result(
                "deleteMessage",
                json!({"chat_id": chat, "message_id": of_member})
            )
            .await,
        true
    );
    assert_eq!(
        stage
            .code(
                "deleteMessage",
                json!({"chat_id": chat, "message_id": of_owner})
            )
            .await,
        1012
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_restart_on_the_same_file_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.jsonl");
    let stage = Stage::kept_in(file.clone()).await;
    let guild = stage.sandbox.guild_id();
    let new = stage.sandbox.joins(guild, "新来的");
    stage
        .sandbox
        .set_roles(guild, new, stage.sandbox.moderator_roles());
    stage.sandbox.set_nick(guild, stage.ming, Some("明哥"));
    let user_token = stage.user_token().await;
    let private = stage.sandbox.private_chat(stage.ming);
    let sent = stage
        .result(
            "sendMessage",
            json!({"chat_id": private.number(), "text": "before"}),
        )
        .await;
    stage
        .sandbox
        .mall()
        .set_balance(guild.number(), new.number(), 77);
    let secrets = |stage: &Stage| {
        (
            stage.token.clone(),
            stage.sandbox.app_key(),
            stage.sandbox.app_secret(),
        )
    };
    let before = secrets(&stage);
    // Not stopped but dropped: nothing may depend on a farewell.
    drop(stage);

    let stage = Stage::kept_in(file).await;
    assert_eq!(secrets(&stage), before);
    assert_eq!(stage.sandbox.private_chat(stage.ming), private);
    let named =
        json!({"chat_id": private.number(), "message_id": sent["message_id"], "text": "after"});
    stage.result("editMessageText", named).await;
    assert_eq!(stage.sandbox.messages(private)[0].text(), "after");
    let member = stage
        .result(
            "getChatMember",
            json!({"guild_id": guild.number(), "user_id": new.number()}),
        )
        .await;
    assert_eq!(member["roles"][0]["name"], "版主");
    assert_eq!(
        stage.sandbox.mall().balance(guild.number(), new.number()),
        Some(77)
    );
    let later = stage.sandbox.says(stage.ming, stage.channel, "hi");
    assert!(later > id_of(&sent));
    assert_eq!(stage.sandbox.message(later).unwrap().author.name, "明哥");
    stage.bot_with(&user_token).await;
    let deleted = json!({"guild_id": "1", "user_id": "1", "card_id": "x"});
    let refused = stage
        .call_as(Method::DELETE, "v2/guild/credit", deleted)
        .await;
    assert_eq!(refused["error_code"], 1011);
    stage.sandbox.stop().await;
}
