//! The bot itself, private chats, callbacks and what else is not a message or a guild.
//!
//! Source: fanbook-platform, 1.3, 4.6, 4.7, 4.12 and 4.13.

use serde::Serialize;

use super::api::Call;
use super::api::Reply;
use super::refusal::Refusal;
use super::shapes;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;
use crate::sandbox::world::random_hex;

#[derive(Serialize)]
struct Me<'a> {
    id: u64,
    is_bot: bool,
    first_name: &'a str,
    last_name: String,
    username: &'a str,
    avatar: &'static str,
    user_token: &'a str,
    owner_id: u64,
    can_join_groups: bool,
    can_read_all_group_messages: bool,
    supports_inline_queries: bool,
}

#[derive(Serialize)]
struct BotCommand<'a> {
    command: &'a str,
    description: &'a str,
    visible_level: u8,
    form_parameters: [(); 0],
    select_parameters: [(); 0],
    hide: bool,
    clickable: bool,
    app_id: &'static str,
    url: &'static str,
}

/// `getMe`: a fresh gateway token each time.
pub fn get_me(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let token = random_hex(192);
    call.state.issue_token(token.clone(), call.now_ms);
    let world = &call.state.world;
    let bot = world.bot_user();
    let owner = world.guilds.first().map_or(world.bot, |guild| guild.owner);
    Ok(Reply::Result(shapes::json(&Me {
        id: bot.id.number(),
        is_bot: true,
        first_name: &bot.nickname,
        // The owner's id, not the bot's.
        last_name: owner.to_string(),
        username: &bot.nickname,
        avatar: "",
        user_token: &token,
        owner_id: owner.number(),
        can_join_groups: false,
        can_read_all_group_messages: false,
        supports_inline_queries: false,
    })))
}

/// `getPrivateChat`: opens one if needed; takes a guild in common.
pub fn get_private_chat(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let user = call.user(call.params.need_number("user_id")?)?;
    if !shares_a_guild(call, user) {
        return Err(Refusal::member());
    }
    let channel = call.state.private_chat(user, call.now_ms);
    Ok(Reply::Result(shapes::json(&shapes::private_chat(channel))))
}

/// `getMyCommands`.
pub fn get_my_commands(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let commands: Vec<BotCommand<'_>> = call
        .commands
        .iter()
        .map(|hint| BotCommand {
            command: &hint.name,
            description: &hint.summary_zh,
            visible_level: 0,
            form_parameters: [],
            select_parameters: [],
            hide: false,
            clickable: true,
            app_id: "",
            url: "",
        })
        .collect();
    Ok(Reply::Result(shapes::json(&commands)))
}

/// `v2/answerCallback`.
pub fn answer_callback(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let wrong = || Refusal::parameter("callback_id");
    let id = call
        .params
        .need_string("callback_id")
        .map_err(|_| wrong())?
        .to_string();
    call.params.need_string("user_id")?;
    call.params.need_string("channel_id")?;
    let text = call.params.text("text").unwrap_or_default().to_owned();
    if call.state.answer_press(&id, &text) {
        Ok(Reply::done())
    } else {
        Err(wrong())
    }
}

/// `v2/cardNotify`.
pub fn card_notify(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let channel = call.channel(call.params.need_string("channel_id")?, 0)?;
    let id = MessageId::new(call.params.need_string("message_id")?);
    let there = call
        .state
        .message(id)
        .is_some_and(|message| message.channel == channel);
    if !there {
        return Err(Refusal::message());
    }
    Ok(Reply::done())
}

/// `sendNotication`, so spelt; nothing shows the notice.
pub fn notify(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.user(call.params.need_string("to_user_id")?)?;
    if call.params.text("content").is_none() {
        return Err(Refusal::parameter("content"));
    }
    Ok(Reply::done())
}

/// Out of service on the real platform; an empty list is what a client can expect at best.
pub fn get_updates(_: &mut Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::Result("[]".to_owned()))
}

fn shares_a_guild(call: &Call<'_>, user: UserId) -> bool {
    let world = &call.state.world;
    world
        .guilds
        .iter()
        .any(|guild| guild.members.contains_key(&user) && guild.members.contains_key(&world.bot))
}
