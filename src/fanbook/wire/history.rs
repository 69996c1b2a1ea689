//! A page of `message/getList`: what was said in a channel, item by item like the data of a frame.
//!
//! Source: fanbook-platform, 4.9.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Raw;
use crate::fanbook::wire::push;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::model::incoming::Incoming;

/// A page of a channel's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The oldest message on it, whatever its kind; none where the page is empty.
    pub oldest: Option<MessageId>,
    /// The newest one.
    pub newest: Option<MessageId>,
    /// Text messages of persons on it that may be calls, in no order that is promised.
    pub messages: Vec<Incoming>,
    /// The bot's own answers on it, of whatever kind.
    pub answers: Vec<OwnAnswer>,
}

/// A message of the bot's own that answers another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAnswer {
    /// What it answers.
    pub command: MessageId,
    /// Its own id.
    pub message: MessageId,
    /// Its text as it stands now, where it is one.
    pub text: Option<String>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    content: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    quote_l1: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    quote_l2: Raw<'a>,
}

/// Reads a page of `channel` as seen by `bot`; none where it is no list. Null is an empty one.
///
/// An item that cannot be read is left out, like a frame that cannot be read.
pub fn page(payload: &RawValue, channel: ChannelId, bot: UserId) -> Option<Page> {
    if payload.get() == "null" {
        return Some(Page::default());
    }
    let mut page = Page::default();
    for raw in lenient::list(Some(payload))? {
        let item: Option<Item<'_>> = lenient::object(Some(raw));
        let Some(item) = item else { continue };
        let Some(id) = lenient::id(item.message_id).some().map(MessageId::new) else {
            continue;
        };
        if lenient::id(item.user_id).some() == Some(bot.number())
            && let Some(command) = push::answered(item.quote_l1, item.quote_l2)
        {
            page.answers.push(OwnAnswer {
                command,
                message: id,
                text: push::text_of(item.content).ok().flatten(),
            });
        }
        page.oldest = Some(page.oldest.map_or(id, |oldest| oldest.min(id)));
        page.newest = page.newest.max(Some(id));
        if let Ok(Some(incoming)) = push::read_item(Some(raw), bot, channel) {
            page.messages.push(incoming);
        }
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: UserId = UserId::new(775_011_379_970_068_480);
    const CHANNEL: ChannelId = ChannelId::new(779_205_684_095_913_986);

    fn read(text: &str) -> Option<Page> {
        page(serde_json::from_str(text).unwrap(), CHANNEL, BOT)
    }

    fn item(id: u64, rest: &str) -> String {
        format!(
            r#"{{"content":"{{\"type\":\"text\",\"text\":\"/points\"}}","message_id":"{id}","user_id":"5","author":{{"nickname":"小明","bot":false}}{rest}}}"#
        )
    }

    #[test]
    fn items_without_text_still_say_how_far_the_page_reaches() {
        let image = r#"{"content":"{\"type\":\"image\"}","message_id":"3","user_id":"5"}"#;
        let by_bot = item(9, "").replace("\"bot\":false", "\"bot\":true");
        let talk = item(6, "").replace("/points", "points");
        let list = format!("[{by_bot},{talk},{},{image},7,{{}},null]", item(4, ""));
        let page = read(&list).unwrap();
        assert_eq!(page.oldest, Some(MessageId::new(3)));
        assert_eq!(page.newest, Some(MessageId::new(9)));
        let ids: Vec<u64> = page.messages.iter().map(|m| m.message.number()).collect();
        assert_eq!(ids, [4]);
    }

    #[test]
    fn what_the_bot_itself_has_answered_is_known_whatever_kind_its_answer_is() {
        let by = |user: u64, id: u64, quotes: &str| {
            item(id, quotes).replace("\"user_id\":\"5\"", &format!("\"user_id\":\"{user}\""))
        };
        let bot = BOT.number();
        let plain = by(bot, 11, r#","quote_l1":"4","quote_l2":null"#);
        let threaded = by(bot, 12, r#","quote_l1":"3","quote_l2":"5""#);
        let card = plain
            .replace(r#"\"text\",\"text\":\"/points\""#, r#"\"messageCard\""#)
            .replace(r#""quote_l1":"4""#, r#""quote_l1":"6""#);
        let others = by(8, 13, r#","quote_l1":"7""#);
        let no_reply = by(bot, 14, "");
        let page = read(&format!("[{plain},{threaded},{card},{others},{no_reply}]")).unwrap();
        let answers = page.answers.iter();
        let answers =
            answers.map(|it| (it.command.number(), it.message.number(), it.text.as_deref()));
        let answers: Vec<_> = answers.collect();
        let text = Some("/points");
        assert_eq!(answers, [(4, 11, text), (5, 12, text), (6, 11, None)]);
    }

    #[test]
    fn an_item_belongs_to_the_channel_that_was_asked_about_or_is_left_out() {
        let other = item(4, r#","channel_id":"1""#);
        assert_eq!(read(&format!("[{other}]")).unwrap().messages, []);
        let silent = read(&format!("[{}]", item(4, ""))).unwrap();
        assert_eq!(silent.messages[0].channel, CHANNEL);
        let broken = item(4, r#","guild_id":"7.79e17""#);
        assert_eq!(read(&format!("[{broken}]")).unwrap().messages, []);
    }

    #[test]
    fn no_list_is_no_page_and_null_an_empty_one() {
        assert_eq!(read("null"), Some(Page::default()));
        assert_eq!(read("[]"), Some(Page::default()));
        assert_eq!(read("{}"), None);
        assert_eq!(read("true"), None);
    }
}
