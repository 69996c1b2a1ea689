//! Credits: badge cards under a member's name, not points. Source: fanbook-platform, 4.14.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::api::Call;
use super::api::Reply;
use super::members;
use super::refusal::Refusal;
use crate::model::ids::GuildId;
use crate::model::ids::UserId;
use crate::sandbox::state::Note;
use crate::sandbox::store::Record;

/// Cards one member can have; the real number is not documented, that there is one is.
const SLOTS: usize = 10;

/// `v2/guild/credit` PUT: the same card id overwrites.
pub fn set(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (guild, user) = whose(call)?;
    let card = card(call)?;
    let content = call
        .params
        .structure("guild_credit")
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::parameter("guild_credit"))?;
    let cards = call.state.credits.entry((guild, user)).or_default();
    if cards.len() >= SLOTS && !cards.contains_key(&card) {
        return Err(Refusal::slots_full());
    }
    cards.insert(card.clone(), content.clone());
    kept(call, guild, user, card, Some(content));
    Ok(Reply::done())
}

/// `v2/guild/credit` DELETE.
pub fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (guild, user) = whose(call)?;
    let card = card(call)?;
    if let Some(cards) = call.state.credits.get_mut(&(guild, user)) {
        cards.remove(&card);
    }
    kept(call, guild, user, card, None);
    Ok(Reply::done())
}

/// `getGuildCredit`.
pub fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_number("guild_id")?)?.id;
    let user = call.user(call.params.need_number("user_id")?)?;
    let bot = call.state.world.bot.number();
    let credits: Map<String, Value> = call
        .state
        .credits
        .get(&(guild, user))
        .into_iter()
        .flatten()
        .map(|(card, content)| {
            let shape = json!({
                "bot_id": bot,
                "card_id": card,
                "content": content.to_string(),
                "title": content["title"],
                "v": 1,
                "visible": true,
                "index": 0,
            });
            (card.clone(), shape)
        })
        .collect();
    let answer = json!([{"user_id": user.to_string(), "credits": credits}]);
    Ok(Reply::Result(answer.to_string()))
}

fn whose(call: &Call<'_>) -> Result<(GuildId, UserId), Refusal> {
    // The guild may be named by one of its channels instead.
    let guild = match call.params.string("guild_id")? {
        Some(guild) => call.guild(guild)?,
        None => members::guild_of_chat(call)?,
    };
    let user = UserId::new(call.params.need_string("user_id")?);
    if guild.members.contains_key(&user) {
        Ok((guild.id, user))
    } else {
        Err(Refusal::member())
    }
}

fn card(call: &Call<'_>) -> Result<String, Refusal> {
    let card = call
        .params
        .text("card_id")
        .ok_or_else(|| Refusal::parameter("card_id"))?;
    Ok(card.to_owned())
}

fn kept(call: &mut Call<'_>, guild: GuildId, user: UserId, card: String, content: Option<Value>) {
    call.state.keep(&Record::Credit {
        guild,
        user,
        card,
        content,
    });
    call.state.note(Note::World);
}
