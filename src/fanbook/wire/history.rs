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
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message_id: Raw<'a>,
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
        let id = item.and_then(|item| lenient::id(item.message_id).some());
        let Some(id) = id.map(MessageId::new) else {
            continue;
        };
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
