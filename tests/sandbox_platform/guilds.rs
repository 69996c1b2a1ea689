//! Members, roles, channels, history and credits, as strict and as lenient as the real server.

use guildpoints::sandbox::world::About;
use guildpoints::sandbox::world::Overwrite;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn searches_insist_on_a_number_and_look_ups_do_not() {
    let stage = Stage::new().await;
    let guild = stage.sandbox.guild_id();
    let search = |id: Value| json!({"guild_id": id, "username": ["2791234", "9999999"]});
    let found = stage
        .result("searchGuildMemberByName", search(json!(guild.number())))
        .await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["user"]["id"].as_u64(), Some(stage.ming.number()));
    assert_eq!(found[0]["status"], "member");
    let refused = stage
        .call("searchGuildMemberByName", search(json!(guild.to_string())))
        .await;
    assert_eq!(refused["description"], "Body contents error");
    let refused = stage
        .call(
            "searchGuildMember",
            json!({"guild_id": guild.to_string(), "query": "小"}),
        )
        .await;
    assert_eq!(refused["description"], "Body contents error");
    stage
        .sandbox
        .set_nick(guild, stage.sandbox.user("小红"), Some("红姐"));
    let found = stage
        .result(
            "searchGuildMember",
            json!({"guild_id": guild.number(), "query": "红"}),
        )
        .await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    // A client in use writes the other search's key.
    let other_key = json!({"guild_id": guild.number(), "username": "红"});
    assert_eq!(stage.result("searchGuildMember", other_key).await, found);
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    assert_eq!(
        stage
            .code(
                "searchGuildMemberByName",
                json!({"guild_id": guild.number(), "username": many})
            )
            .await,
        1001
    );

    let member = json!({"guild_id": guild.to_string(), "user_id": stage.ming.to_string()});
    assert_eq!(
        stage.result("getChatMember", member.clone()).await["roles"][0]["name"],
        "老玩家"
    );
    stage.sandbox.set_settings(&json!({"strict_ids": true}));
    assert_eq!(stage.code("getChatMember", member).await, 1001);
    let by_chat = json!({"chat_id": stage.channel.number(), "user_id": stage.ming.number()});
    assert_eq!(
        stage.result("getChatMember", by_chat).await["user"]["username"],
        "2791234"
    );
    stage.sandbox.set_settings(&json!({"strict_ids": false}));
    assert_eq!(
        stage
            .code(
                "getChatMember",
                json!({"guild_id": guild.number(), "user_id": 5})
            )
            .await,
        1007
    );
    assert_eq!(
        stage
            .code("getChatMember", json!({"guild_id": 5, "user_id": 5}))
            .await,
        1011
    );
    let found = stage
        .form(
            "searchGuildMember",
            &format!("guild_id={guild}&query=%E5%B0%8F%E6%98%8E"),
        )
        .await;
    assert_eq!(found["result"][0]["user"]["first_name"], "小明");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn the_member_list_pages_with_headers() {
    let stage = Stage::new().await;
    let guild = stage.sandbox.guild_id();
    let ask = json!({"guild_id": guild.to_string(), "channel_id": stage.channel.to_string(), "user_id": "1",
                     "ranges": [{"start": 0, "end": 2}, {"start": 3, "end": 99}]});
    let list = stage.result("v2/guild/members", ask.clone()).await;
    let (first, rest) = (&list["ops"][0]["items"], &list["ops"][1]["items"]);
    assert_eq!(first[0]["Group"]["count"], 9);
    assert_eq!(first.as_array().unwrap().len(), 3);
    assert_eq!(
        first.as_array().unwrap().len() + rest.as_array().unwrap().len(),
        10
    );
    assert!(first[1]["User"]["user_id"].is_string());
    stage
        .sandbox
        .set_settings(&json!({"lower_case_member_keys": true}));
    assert!(stage.result("guild/members", ask).await["ops"][0]["items"][1]["user"].is_object());
    assert_eq!(
        stage
            .result("getGuildMembersCount", json!({"guild_id": guild.number()}))
            .await,
        9
    );

    let page = stage
        .result(
            "getGuildMembers",
            json!({"guild_id": guild.number(), "limit": 4}),
        )
        .await;
    let last = page[3]["user"]["id"].clone();
    let next = stage
        .result(
            "getGuildMembers",
            json!({"guild_id": guild.number(), "after": last, "limit": 10}),
        )
        .await;
    assert_eq!(next.as_array().unwrap().len(), 5);
    let moderators = stage.sandbox.moderator_roles()[0].number();
    let held = stage
        .result(
            "getRoleMembers",
            json!({"guild_id": guild.number(), "role_id": moderators, "size": 50}),
        )
        .await;
    assert_eq!(held[0]["user"]["first_name"], "阿杰");
    let ids = [guild.to_string(), "123".to_owned()];
    let in_which = stage
        .result(
            "v2/checkUserGuilds",
            json!({"user_id": stage.ming.to_string(), "guilds": ids}),
        )
        .await;
    assert_eq!(in_which, json!([guild.to_string()]));
    let exists = json!({"guild_id": guild.to_string(), "member_id": "77"});
    assert_eq!(
        stage.result("guild/existsMember", exists).await["exists"],
        false
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn roles_are_numbers_here_and_strings_there() {
    let stage = Stage::new().await;
    let guild = stage.sandbox.guild_id();
    let roles = stage
        .result("getGuildRoles", json!({"guild_id": guild.number()}))
        .await;
    assert!(
        roles
            .as_array()
            .unwrap()
            .iter()
            .all(|role| role["id"].is_u64())
    );
    let own = roles
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["managed"] == true)
        .unwrap();
    assert_eq!(
        own["tag"]["bot_id"].as_u64(),
        Some(stage.sandbox.bot().number())
    );
    stage.sandbox.set_settings(&json!({"everyone_role": true}));
    let listed = stage
        .result("getGuildRoles", json!({"guild_id": guild.number()}))
        .await;
    assert_eq!(listed[0]["id"].as_u64(), Some(guild.number()));
    let whole = stage
        .result(
            "guild",
            json!({"guild_id": guild.to_string(), "user_id": "1"}),
        )
        .await;
    assert_eq!(whole["owner_id"], stage.sandbox.owner().to_string());
    assert!(whole["roles"][0]["id"].is_string());
    let channels = stage
        .result("channel/list", json!({"guild_id": guild.to_string()}))
        .await;
    assert_eq!(channels.as_array().unwrap().len(), 3);
    assert_eq!(channels[0]["channel_id"], stage.channel.to_string());
    assert_eq!(channels[2]["permission_overwrites"][0]["deny"], 1024);

    let give = |role: u64, operation: &str| json!({"guild_id": guild.number(), "user_id": stage.ming.number(), "roles": [role], "operation": operation});
    let moderators = stage.sandbox.moderator_roles()[0].number();
    stage
        .result("v2/setMemberRoles", give(moderators, "add"))
        .await;
    let held = |stage: &Stage| {
        stage
            .sandbox
            .members(guild)
            .into_iter()
            .find(|m| m.id == stage.ming)
            .unwrap()
            .roles
            .len()
    };
    assert_eq!(held(&stage), 2);
    stage
        .result("v2/setMemberRoles", give(moderators, "del"))
        .await;
    assert_eq!(held(&stage), 1);
    // A role above the bot's own is out of its reach.
    assert_eq!(
        stage
            .code(
                "v2/setMemberRoles",
                give(stage.sandbox.admin_roles()[0].number(), "add")
            )
            .await,
        1012
    );
    let made = stage
        .call_as(
            Method::PUT,
            "guild/role",
            json!({"guild_id": guild.to_string(), "name": "冠军"}),
        )
        .await;
    let made = made["result"]["id"].as_u64().unwrap();
    stage.result("setMemberRoles", give(made, "")).await;
    let member = stage
        .result(
            "getChatMember",
            json!({"guild_id": guild.number(), "user_id": stage.ming.number()}),
        )
        .await;
    assert_eq!(member["roles"][0]["name"], "冠军");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn history_is_newest_first_whatever_the_label() {
    let stage = Stage::new().await;
    let ids: Vec<String> = (0..5)
        .map(|n| {
            stage
                .sandbox
                .says(stage.ming, stage.channel, &n.to_string())
                .to_string()
        })
        .collect();
    let channel = stage.channel.to_string();
    let ids_in = |answer: Value| -> Vec<String> {
        assert_eq!(answer["status"], true, "{answer}");
        let list = answer["data"].as_array().unwrap();
        list.iter()
            .map(|item| item["message_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let method = "message/getList";
    let newest = stage
        .form(method, &format!("channel_id={channel}&size=2"))
        .await;
    assert_eq!(ids_in(newest), [ids[4].clone(), ids[3].clone()]);
    let page = format!(
        "channel_id={channel}&message_id={}&behavior=after&size=2",
        ids[1]
    );
    assert_eq!(
        ids_in(stage.form(method, &page).await),
        [ids[3].clone(), ids[2].clone()]
    );
    // A client in use sends JSON under the label of a form.
    let labelled = json!({"channel_id": channel, "message_id": ids[1], "behavior": "before"});
    assert_eq!(
        ids_in(stage.form(method, &labelled.to_string()).await),
        [ids[0].clone()]
    );

    let ask = json!({"channel_id": channel, "size": 1});
    let item = &stage.call("message/getList", ask.clone()).await["data"][0];
    assert_eq!(item.get("member"), None);
    assert_eq!(item["author"]["nickname"], "小明");
    stage
        .sandbox
        .set_settings(&json!({"history_with_member": true, "history_key": "result"}));
    assert!(
        stage.call("message/getList", ask.clone()).await["result"][0]["member"]["roles"].is_array()
    );
    stage.sandbox.set_settings(&json!({"history_open": false}));
    assert_eq!(stage.code("message/getList", ask).await, 1012);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_hidden_channel_is_neither_listed_nor_heard_nor_open() {
    let stage = Stage::new().await;
    let mut bot = stage.bot().await;
    let (guild, bot_id) = (stage.sandbox.guild_id(), stage.sandbox.bot());
    stage.sandbox.change_guild(guild, |guild| {
        guild.channels[0].overwrites.push(Overwrite {
            id: bot_id.number(),
            about: About::User,
            allows: 0,
            deny: 0x400,
        });
    });
    stage.sandbox.says(stage.ming, stage.channel, "unheard");
    assert_eq!(bot.ping().await["action"], "pong");
    let send = json!({"chat_id": stage.channel.number(), "text": "x"});
    assert_eq!(stage.code("sendMessage", send).await, 1012);
    let list = json!({"channel_id": stage.channel.to_string()});
    assert_eq!(stage.code("message/getList", list).await, 1012);
    let ask = json!({"guild_id": guild.to_string()});
    let channels = stage.result("channel/list", ask).await;
    assert_eq!(channels.as_array().unwrap().len(), 2);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn credit_cards_are_kept_by_their_id() {
    let stage = Stage::new().await;
    let guild = stage.sandbox.guild_id();
    let whose = json!({"guild_id": guild.to_string(), "user_id": stage.ming.to_string(), "card_id": "0",
                       "guild_credit": {"slots": [[{"label": "积分", "value": "120"}]]}});
    let set = stage
        .call_as(Method::PUT, "v2/guild/credit", whose.clone())
        .await;
    assert_eq!(set["ok"], true);
    let ask = json!({"guild_id": guild.number(), "user_id": stage.ming.number()});
    let cards = stage.result("getGuildCredit", ask.clone()).await;
    assert!(
        cards[0]["credits"]["0"]["content"]
            .as_str()
            .unwrap()
            .contains("120")
    );
    let mut code = None;
    for number in 0..20 {
        let mut card = whose.clone();
        card["card_id"] = json!(format!("season-{number}"));
        let answer = stage.call_as(Method::PUT, "guild/credit", card).await;
        code = code.or(answer["error_code"].as_i64());
    }
    assert_eq!(code, Some(2010));
    // The guild may be named by a channel of it.
    let by_chat = json!({"chat_id": stage.channel.number(), "user_id": stage.ming.to_string(), "card_id": "0"});
    let deleted = stage
        .call_as(Method::DELETE, "v2/guild/credit", by_chat)
        .await;
    assert_eq!(deleted["ok"], true);
    assert_eq!(
        stage.result("getGuildCredit", ask).await[0]["credits"].get("0"),
        None
    );
    assert_eq!(
        stage.result("getUpdates", json!({"timeout": 60})).await,
        json!([])
    );
    stage.sandbox.stop().await;
}
