//! The control paths and pages, as a browser and a script in another language use them.

use serde_json::Value;
use serde_json::json;
use tokio::time::timeout;

use crate::stage::PATIENCE;
use crate::stage::Stage;
use crate::stage::content;

#[tokio::test]
async fn a_script_can_drive_everything_with_string_ids() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let state: Value = stage
        .http
        .get(format!("{}/sandbox/state", stage.base))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(!state.to_string().contains(&stage.token));
    assert!(!state.to_string().contains(&stage.sandbox.app_secret()));
    let guild = &state["guilds"][0];
    assert_eq!(guild["name"], "天梯");
    assert!(guild["roles"][0]["permissions"].is_string());
    let members = guild["members"].as_array().unwrap();
    let ming = members
        .iter()
        .find(|member| member["nickname"] == "小明")
        .unwrap()["id"]
        .clone();
    let channel = guild["channels"][0]["id"].clone();

    let say = json!({"user": ming, "channel": channel, "text": "/积分", "reply_to": null, "shape": "typed", "deliveries": 2});
    let said = stage.control("/sandbox/say", say).await["message_id"].clone();
    for _ in 0..2 {
        assert_eq!(bot.hears().await["data"]["message_id"], said);
    }
    stage
        .control(
            "/sandbox/say",
            json!({"user": ming, "channel": "dm", "text": "hi"}),
        )
        .await;
    assert_eq!(bot.hears().await["data"]["guild_id"], Value::Null);
    let messages = |channel: &Value| {
        let asked = [
            ("channel", channel.as_str().unwrap().to_owned()),
            ("as", ming.as_str().unwrap().to_owned()),
        ];
        stage
            .http
            .get(format!("{}/sandbox/messages", stage.base))
            .query(&asked)
            .send()
    };
    let seen: Value = messages(&channel).await.unwrap().json().await.unwrap();
    assert_eq!(seen["messages"][0]["id"], said);
    assert_eq!(seen["messages"][0]["author"]["name"], "小明");
    let private: Value = messages(&json!("dm")).await.unwrap().json().await.unwrap();
    assert_eq!(private["messages"].as_array().unwrap().len(), 1);

    let press = json!({"user": ming, "message": said, "data": "x"});
    let callback = stage.control("/sandbox/press", press).await["callback_id"].clone();
    assert_eq!(
        content(&bot.hears().await)["callback_query"]["id"],
        callback
    );
    let new = stage
        .control(
            "/sandbox/member",
            json!({"guild": guild["id"], "nickname": "新人"}),
        )
        .await;
    stage
        .control(
            "/sandbox/nick",
            json!({"guild": guild["id"], "user": new["id"], "guild_nick": "小新"}),
        )
        .await;
    let role = guild["roles"][1]["id"].clone();
    stage
        .control(
            "/sandbox/roles",
            json!({"guild": guild["id"], "user": new["id"], "roles": [role]}),
        )
        .await;
    let injected = stage
        .control("/sandbox/inject", json!({"frame": "{}", "opcode": "text"}))
        .await;
    assert_eq!(injected["sockets"], 1);
    let settings = stage
        .control("/sandbox/platform", json!({"whitelisted": false}))
        .await;
    assert_eq!(settings["whitelisted"], false);
    let before = stage.sandbox.now_ms();
    let now = stage
        .control("/sandbox/clock", json!({"advance_ms": 3_600_000}))
        .await["now_ms"]
        .as_i64()
        .unwrap();
    assert!(now >= before + 3_600_000);
    stage
        .control("/sandbox/gateway", json!({"act": "drop"}))
        .await;
    let mall: Value = stage
        .http
        .get(format!("{}/sandbox/mall", stage.base))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        mall["guilds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["id"] == guild["id"] && one["on"] == true)
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn what_somebody_cannot_say_comes_with_the_word_pages_have_for_it() {
    let stage = Stage::new().await;
    let sandbox = &stage.sandbox;
    let channels = sandbox.channels(sandbox.guild_id());
    let board = channels.iter().find(|(_, name)| name == "排行榜");
    let ming = sandbox.user("小明").to_string();
    let board = board.expect("a channel to read").0.to_string();
    let nowhere = "412345679201234575".to_owned();
    let here = sandbox.channel_id().to_string();
    for (channel, deliveries, word) in [
        (&board, 1, "may_not_speak"),
        (&nowhere, 1, "no_channel"),
        (&here, 11, "deliveries"),
    ] {
        let say = json!({"user": ming, "channel": channel, "text": "hi", "deliveries": deliveries});
        let address = format!("{}/sandbox/say", stage.base);
        let refused = stage.http.post(address).json(&say).send().await.unwrap();
        assert_eq!(refused.status(), 400);
        let refused: Value = refused.json().await.unwrap();
        assert_eq!(refused["word"], word, "{refused}");
        assert!(refused["error"].is_string(), "{refused}");
        for language in ["zh", "en"] {
            let words = format!("{}/assets/words-{language}.js", stage.base);
            let words = stage.http.get(words).send().await.unwrap();
            let words = words.text().await.unwrap();
            assert!(
                words.contains(&format!("'refused.{word}': '")),
                "{language}"
            );
        }
    }
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn foreign_pages_are_kept_out_of_all_control_paths() {
    let stage = Stage::new().await;
    for path in ["/sandbox/clock", "/sandbox/mall/banned", "/sandbox/faults"] {
        let address = format!("{}{path}", stage.base);
        let text = stage.http.post(&address).body("{}").send().await.unwrap();
        assert_eq!(text.status(), 415, "{path}");
        let foreign = stage
            .http
            .post(&address)
            .header("origin", "https://evil.example")
            .json(&json!({}));
        assert_eq!(foreign.send().await.unwrap().status(), 403, "{path}");
        let renamed = stage
            .http
            .post(&address)
            .header("host", "evil.example")
            .json(&json!({}));
        assert_eq!(renamed.send().await.unwrap().status(), 403, "{path}");
        let broken = stage
            .http
            .post(&address)
            .json(&json!(5))
            .send()
            .await
            .unwrap();
        assert!(broken.status().is_client_error(), "{path}");
        assert!(
            broken.json::<Value>().await.unwrap()["error"].is_string(),
            "{path}"
        );
    }
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn pages_are_served_and_hear_what_their_person_may_hear() {
    let stage = Stage::new().await;
    let page = stage
        .http
        .get(&stage.sandbox.addresses().page)
        .send()
        .await
        .unwrap();
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert_eq!(
        stage
            .http
            .get(format!("{}/mall", stage.base))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );

    let address = format!("{}/sandbox/events?as={}", stage.base, stage.ming);
    let mut events = stage.http.get(address).send().await.unwrap();
    let chat = stage.channel.number();
    let hong = stage.sandbox.user("小红").to_string();
    stage
        .result(
            "sendMessage",
            json!({"chat_id": chat, "text": "secret", "ephemeral": true, "users": [hong]}),
        )
        .await;
    let sent = stage
        .result("sendMessage", json!({"chat_id": chat, "text": "open"}))
        .await;
    stage
        .result(
            "editMessageText",
            json!({"chat_id": chat, "message_id": sent["message_id"], "text": "edited"}),
        )
        .await;
    stage
        .result(
            "deleteMessage",
            json!({"chat_id": chat, "message_id": sent["message_id"]}),
        )
        .await;
    stage
        .sandbox
        .mall()
        .switch(stage.sandbox.guild_id().number(), false);
    let mut heard = String::new();
    while !(heard.contains("event: delete") && heard.contains("event: mall")) {
        let chunk = timeout(PATIENCE, events.chunk())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(
        heard.contains("event: message") && heard.contains("event: edit"),
        "{heard}"
    );
    assert!(!heard.contains("secret"), "{heard}");
    stage.sandbox.stop().await;
}
