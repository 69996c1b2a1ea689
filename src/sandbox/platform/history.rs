//! `message/getList`: what was said in a channel, newest first. Source: fanbook-platform, 4.9.

use super::api::Call;
use super::api::Reply;
use super::refusal::Refusal;
use super::shapes;
use crate::model::ids::MessageId;
use crate::sandbox::frames::MemberShape;
use crate::sandbox::frames::MessageItem;
use crate::sandbox::permission;
use crate::sandbox::settings::HistoryKey;
use crate::sandbox::state::views::HistoryFrom;

/// Messages in a page if the call does not say; the real number is not documented.
const DEFAULT_SIZE: u64 = 50;

/// The largest page; the real number is not documented.
const LARGEST_SIZE: u64 = 100;

/// `message/getList`.
pub fn get_list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let rights = permission::READ_MESSAGE_HISTORY;
    let channel = call.channel(call.params.need_string("channel_id")?, rights)?;
    let settings = &call.state.settings;
    if !settings.history_open {
        return Err(Refusal::permission());
    }
    let size = call
        .params
        .count("size")
        .unwrap_or(DEFAULT_SIZE)
        .clamp(1, LARGEST_SIZE);
    let size = usize::try_from(size).expect("a page fits");
    let from = match (
        call.params.string("message_id")?,
        call.params.text("behavior"),
    ) {
        (None, _) => HistoryFrom::Newest,
        (Some(id), Some("after")) => HistoryFrom::After(MessageId::new(id)),
        (Some(id), _) => HistoryFrom::Before(MessageId::new(id)),
    };
    let items: Vec<MessageItem<'_>> = call
        .state
        .history(channel, from, size)
        .into_iter()
        .map(|message| {
            let item = MessageItem::of(&call.state.world, settings, message, MemberShape::Full);
            if settings.history_with_member {
                item
            } else {
                item.bare()
            }
        })
        .collect();
    let key = match settings.history_key {
        HistoryKey::Data => "data",
        HistoryKey::Result => "result",
    };
    let request = call.now_ms;
    let list = shapes::json(&items);
    Ok(Reply::Whole(format!(
        r#"{{"status":true,"code":1000,"message":"","desc":"","request_id":"{request:016x}","{key}":{list}}}"#
    )))
}
