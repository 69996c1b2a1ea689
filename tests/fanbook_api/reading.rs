//! What goes out, and how answers are read.

use guildpoints::fanbook::api::ApiError;
use guildpoints::fanbook::api::ApiTimes;
use guildpoints::fanbook::api::BuildError;
use guildpoints::fanbook::api::Button;
use guildpoints::fanbook::api::MemberRole;
use guildpoints::fanbook::api::Say;
use guildpoints::model::ChannelId;
use guildpoints::model::RoleId;
use guildpoints::model::UserId;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::pulse::edge;
use serde_json::Value;
use serde_json::json;

use crate::platform::Answer;
use crate::platform::CHANNEL;
use crate::platform::GUILD;
use crate::platform::MESSAGE;
use crate::platform::Platform;
use crate::platform::ROLE;
use crate::platform::TOKEN;
use crate::platform::USER;
use crate::platform::client;
use crate::platform::ill;
use crate::platform::plain;
use crate::platform::printed;
use crate::platform::sent;
use crate::platform::well;

#[tokio::test]
async fn me_is_read_and_remembered_and_never_printed() {
    let platform = Platform::start().await;
    assert!(platform.api.latest_me().is_none());
    platform.answers_well(json!({
        "id": 775_011_379_970_068_480_u64, "is_bot": true, "first_name": "积分小助手",
        "last_name": "733068339970060288", "user_token": "gateway-secret",
        "owner_id": 733_068_339_970_060_288_u64,
    }));
    let me = platform.api.me().await.unwrap();
    assert_eq!(me.id, UserId::new(775_011_379_970_068_480));
    assert_eq!(me.owner, Some(UserId::new(733_068_339_970_060_288)));
    assert_eq!(me.user_token.expose(), "gateway-secret");
    assert_eq!(platform.calls(), [("getMe".to_owned(), Value::Null)]);
    let remembered = platform.api.latest_me().unwrap();
    assert_eq!(remembered.id, me.id);
    for shown in [format!("{me:?}"), format!("{:?}", platform.api)] {
        assert!(
            !shown.contains("gateway-secret") && !shown.contains(TOKEN),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn ids_go_out_as_each_method_wants_them() {
    let platform = Platform::start().await;
    let api = &platform.api;
    let (guild, channel, message) = (GUILD.number(), CHANNEL.number(), MESSAGE.number());
    let (user, role) = (USER.number(), ROLE.number());

    platform.answers([sent(message), well(json!(true)), well(json!(true))]);
    let buttons = [
        vec![],
        vec![Button {
            label: "确认".to_owned(),
            data: "yes".to_owned(),
        }],
    ];
    let say = Say {
        quoting: Some(MESSAGE),
        buttons: &buttons,
        notify: &[USER],
        ..plain("${@!737262643970064384} +666\n→ 3,140")
    };
    assert_eq!(api.say(say).await.unwrap(), MESSAGE);
    api.edit(CHANNEL, MESSAGE, "好", &[]).await.unwrap();
    api.delete(CHANNEL, MESSAGE).await.unwrap();

    platform.answers([
        well(json!({ "message_id": message, "from": { "id": user, "first_name": "小明" } })),
        well(json!([])),
        well(json!([])),
        well(
            json!({ "guild_id": guild.to_string(), "name": "天梯", "owner_id": user.to_string() }),
        ),
        well(json!({ "user": { "id": user } })),
        well(json!([])),
        well(json!([])),
        well(json!({ "id": 816_954_419_970_084_864_u64, "guild_id": 0 })),
        well(json!(true)),
    ]);
    assert_eq!(api.message(CHANNEL, MESSAGE).await.unwrap().id, USER);
    assert!(api.roles(GUILD).await.unwrap().is_empty());
    assert!(api.role_members(GUILD, ROLE, 100).await.unwrap().is_empty());
    assert_eq!(api.guild(GUILD, USER).await.unwrap().owner, USER);
    assert!(api.member(GUILD, USER).await.unwrap().is_some());
    let short_ids = ["2791234".to_owned()];
    assert!(
        api.find_by_short_id(GUILD, &short_ids)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(api.find_by_name(GUILD, "小明").await.unwrap().is_empty());
    let chat = api.private_chat(USER).await.unwrap();
    assert_eq!(chat, ChannelId::new(816_954_419_970_084_864));
    api.answer_press("4611", "好", USER, CHANNEL).await.unwrap();

    let wanted = [
        (
            "sendMessage",
            json!({
                "chat_id": channel, "text": "${@!737262643970064384} +666\n→ 3,140",
                "desc": "+666 → 3,140", "reply_to_message_id": message,
                "mentions": ["737262643970064384"], "mention_roles": [],
                "reply_markup": { "inline_keyboard": [[{ "text": "确认", "callback_data": "yes" }]] },
            }),
        ),
        (
            "editMessageText",
            json!({ "chat_id": channel, "message_id": message, "text": "好" }),
        ),
        (
            "deleteMessage",
            json!({ "chat_id": channel, "message_id": message }),
        ),
        (
            "getMessage",
            json!({ "chat_id": channel, "message_id": message }),
        ),
        ("getGuildRoles", json!({ "guild_id": guild })),
        (
            "getRoleMembers",
            json!({ "guild_id": guild, "role_id": role, "size": 50 }),
        ),
        (
            "guild",
            json!({ "guild_id": guild.to_string(), "user_id": user.to_string() }),
        ),
        (
            "getChatMember",
            json!({ "guild_id": guild, "user_id": user }),
        ),
        (
            "searchGuildMemberByName",
            json!({ "guild_id": guild, "username": ["2791234"] }),
        ),
        (
            "searchGuildMember",
            json!({ "guild_id": guild, "query": "小明" }),
        ),
        ("getPrivateChat", json!({ "user_id": user })),
        (
            "v2/answerCallback",
            json!({
                "callback_id": "4611", "text": "好", "user_id": user.to_string(),
                "channel_id": channel.to_string(),
            }),
        ),
    ];
    let wanted = wanted.map(|(method, body)| (method.to_owned(), body));
    assert_eq!(platform.calls(), wanted);
    assert!(platform.pulses.of(edge::API).beats());
    assert!(platform.pulses.of(edge::SENDING).beats());
}

#[tokio::test]
async fn members_are_read_in_every_shape() {
    let platform = Platform::start().await;
    let api = &platform.api;
    platform.answers_well(json!([
        { "user": { "id": 1, "first_name": "甲", "username": "2791234", "is_bot": false }, "roles": null },
        { "id": "2", "nickname": "乙", "username": "2791235" },
        { "User": { "user_id": "3", "username": "2791236", "bot": true } },
        { "user": { "id": 4, "username": "2799999" } },
        { "user": { "id": 5, "username": "2791234" }, "status": "left" },
        { "user": "?" },
        7,
    ]));
    let asked = ["2791234", "2791235", "2791236"].map(str::to_owned);
    let found = api.find_by_short_id(GUILD, &asked).await.unwrap();
    let shown: Vec<_> = found
        .iter()
        .map(|member| (member.id.number(), member.name.as_str(), member.is_bot))
        .collect();
    assert_eq!(
        shown,
        [(1, "甲", false), (2, "乙", false), (3, "2791236", true)]
    );
    assert!(found.iter().all(|member| member.roles.is_none()));

    platform.answers_well(json!({
        "user": { "id": USER.number(), "first_name": "小明", "username": "2791234" },
        "status": "member",
        "roles": [
            { "id": ROLE.number(), "name": "管理组", "position": 3, "permissions": 32 },
            { "id": "11", "name": "全权", "permissions": "9223372036854775816" },
            { "id": 12, "permissions": -1 },
            "13",
            { "name": "无" },
        ],
    }));
    let member = api.member(GUILD, USER).await.unwrap().unwrap();
    let role = |id, name: &str, permissions| MemberRole {
        id: RoleId::new(id),
        name: name.to_owned(),
        permissions,
    };
    assert_eq!(
        member.roles.unwrap(),
        [
            role(ROLE.number(), "管理组", Some(32)),
            role(11, "全权", Some((1 << 63) | 8)),
            role(12, "", None),
            role(13, "", None),
        ]
    );
}

#[tokio::test]
async fn a_member_is_absent_or_unknown_but_never_another() {
    let platform = Platform::start().await;
    for code in [1_004, 1_007] {
        platform.answers([ill(code)]);
        assert_eq!(platform.api.member(GUILD, USER).await.unwrap(), None);
    }
    platform.answers_well(json!({ "user": { "id": USER.number() }, "status": "kicked" }));
    assert_eq!(platform.api.member(GUILD, USER).await.unwrap(), None);
    platform.answers_well(json!({ "user": { "id": 5 } }));
    assert!(matches!(
        platform.api.member(GUILD, USER).await,
        Err(ApiError::Unknown(_))
    ));
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let platform = Platform::start().await;
    let page = |ids: std::ops::Range<u64>| {
        let roles: Vec<_> = ids
            .map(|id| json!({ "id": id, "permissions": 8 }))
            .collect();
        well(json!(roles))
    };
    platform.answers([page(1..51), page(51..101), page(101..111)]);
    let roles = platform.api.roles(GUILD).await.unwrap();
    assert_eq!(roles.len(), 110);
    assert_eq!(roles[0].permissions, Some(8));
    let last_ids: Vec<_> = platform
        .calls()
        .iter()
        .map(|(_, body)| body["last_id"].clone())
        .collect();
    assert_eq!(last_ids, [Value::Null, json!(50), json!(100)]);
    // A platform that does not page gives the same again.
    platform.answers([page(1..81), page(1..81)]);
    assert_eq!(platform.api.roles(GUILD).await.unwrap().len(), 80);
}

#[tokio::test]
async fn reading_is_tried_twice_where_that_may_help() {
    let platform = Platform::start().await;
    let server_error = || Answer::Say(503, String::new());
    for first in [server_error(), Answer::Never, Answer::Break, ill(10_002)] {
        platform.answers([first, well(json!([]))]);
        assert!(platform.api.roles(GUILD).await.unwrap().is_empty());
        assert_eq!(platform.calls().len(), 2);
    }
    platform.answers([server_error(), server_error()]);
    assert!(matches!(
        platform.api.roles(GUILD).await,
        Err(ApiError::Unknown(_))
    ));
    let trouble = platform.pulses.of(edge::API).trouble.unwrap();
    assert!(trouble.what.contains("getGuildRoles"), "{}", trouble.what);
    platform.answers([ill(1_012)]);
    assert!(matches!(
        platform.api.roles(GUILD).await,
        Err(ApiError::Forbidden)
    ));
    assert!(platform.pulses.of(edge::API).beats());
}

#[tokio::test]
async fn what_the_platform_says_is_shown_without_the_token() {
    let platform = Platform::start().await;
    let body = json!({ "ok": false, "code": 901, "message": format!("bad /bot/{TOKEN}/\nx") });
    platform.answers([Answer::Say(403, body.to_string())]);
    let error = platform.api.me().await.unwrap_err();
    let shown = printed(&error);
    assert!(
        shown.contains("901") && shown.contains("<secret>"),
        "{shown}"
    );
    assert!(!shown.contains(TOKEN), "{shown}");
    let trouble = platform.pulses.of(edge::API).trouble.unwrap();
    assert!(trouble.what.contains("token"), "{}", trouble.what);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_without_showing_the_token() {
    let pulses = Pulses::new(Clock::system());
    let times = ApiTimes::default();
    let build = |address: &str, token: &str, rate| {
        client(address, token, rate, 1.0, times, &pulses).map(|_| ())
    };
    let good = "https://a1.invalid/";
    assert!(build(good, TOKEN, 1.0).is_ok());
    for token in ["", "to/ken", "to ken", "to?ken", "to#ken", "口令"] {
        let error = build(good, token, 1.0).unwrap_err();
        assert!(matches!(error, BuildError::Token));
        assert!(token.is_empty() || !printed(&error).contains(token));
    }
    for address in [
        "",
        "a1.invalid",
        "ftp://a1.invalid",
        "https://a1.invalid?x=1",
    ] {
        assert!(matches!(
            build(address, TOKEN, 1.0),
            Err(BuildError::Address)
        ));
    }
    assert!(matches!(build(good, TOKEN, 0.0), Err(BuildError::Rate)));
}

#[tokio::test]
async fn a_channels_history_is_read_from_its_end_backwards() {
    let platform = Platform::start().await;
    let list = |items: Value| Answer::Say(200, items.to_string());
    let item = |id: u64, text: &str| {
        json!({
            "content": json!({ "type": "text", "text": text, "contentType": 0 }).to_string(),
            "message_id": id.to_string(), "user_id": USER.to_string(),
            "author": { "nickname": "小明", "bot": false },
        })
    };
    let newest = MESSAGE.number();
    let data = json!([item(newest, "大家好"), item(newest - 5, "/points")]);
    let header = json!({ "status": true, "code": 1000, "desc": "", "data": data });
    platform.answers([
        list(header),
        list(json!({ "ok": true, "result": [item(newest - 9, "/points")] })),
        list(json!({ "status": true, "code": 1000, "data": null })),
        list(json!({ "status": false, "code": 1012, "desc": "no permission" })),
    ]);
    let bot = UserId::new(775_011_379_970_068_480);
    let page = platform.api.history(CHANNEL, None, bot).await.unwrap();
    assert_eq!(page.newest, Some(MESSAGE));
    let oldest = page.oldest.unwrap();
    assert_eq!(oldest.number(), newest - 5);
    let [call] = page.messages.as_slice() else {
        panic!("talk is no call: {page:?}");
    };
    assert_eq!((call.message, call.channel), (oldest, CHANNEL));
    assert_eq!(call.author.roles, None, "nothing was said of them");
    let older = platform.api.history(CHANNEL, page.oldest, bot).await;
    assert_eq!(older.unwrap().messages.len(), 1);
    let empty = platform.api.history(CHANNEL, Some(oldest), bot).await;
    assert_eq!(empty.unwrap().oldest, None);
    let refused = platform.api.history(CHANNEL, None, bot).await;
    assert!(matches!(refused, Err(ApiError::Forbidden)), "{refused:?}");
    let first = json!({ "channel_id": CHANNEL.to_string(), "size": 50 });
    let mut further = first.clone();
    further["message_id"] = json!(oldest.to_string());
    further["behavior"] = json!("before");
    let method = |body: &Value| ("message/getList".to_owned(), body.clone());
    assert_eq!(
        platform.calls(),
        [&first, &further, &further, &first].map(method)
    );
}
