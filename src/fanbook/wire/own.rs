//! The bot's own messages in a page of `message/getList`. Source: fanbook-platform, 4.9.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Raw;
use crate::fanbook::wire::push;
use crate::model::MessageId;
use crate::model::UserId;

/// Something the bot has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMessage {
    /// Its id.
    pub message: MessageId,
    /// What it answers: the beginning of the thread and the message itself, where it says so.
    pub quotes: Vec<MessageId>,
    /// Its text as it stands now.
    pub text: String,
}

/// The bot's own text messages on a page, and how far back the page reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnPage {
    /// The oldest message on it, whoever wrote it; none where the page is empty.
    pub oldest: Option<MessageId>,
    /// The bot's own ones, in no order that is promised.
    pub own: Vec<OwnMessage>,
    /// Everything the bot has said, whatever its kind, as it stands there.
    pub contents: Vec<OwnContent>,
    /// Whether there was something on it of which nobody can tell what it is.
    pub is_torn: bool,
}

/// Something the bot has said, of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnContent {
    /// Its id.
    pub message: MessageId,
    /// Its text, where it is one.
    pub text: Option<String>,
    /// Its content as the platform keeps it: an object, written as JSON.
    pub content: String,
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

/// Reads what `bot` has said on a page; none where it is no list. Null is an empty one.
///
/// An item that cannot be read is left out.
pub fn own_messages(payload: &RawValue, bot: UserId) -> Option<OwnPage> {
    if payload.get() == "null" {
        return Some(OwnPage::default());
    }
    let mut page = OwnPage::default();
    for raw in lenient::list(Some(payload))? {
        let item: Option<Item<'_>> = lenient::object(Some(raw));
        let Some(item) = item else {
            page.is_torn = true;
            continue;
        };
        let Some(message) = lenient::id(item.message_id).some().map(MessageId::new) else {
            page.is_torn = true;
            continue;
        };
        page.oldest = Some(page.oldest.map_or(message, |oldest| oldest.min(message)));
        if lenient::id(item.user_id).some().map(UserId::new) != Some(bot) {
            continue;
        }
        let text = push::text_of(item.content).ok().flatten();
        let content = lenient::string(item.content);
        let content = content.or_else(|| item.content.map(|raw| raw.get().to_owned()));
        page.contents.push(OwnContent {
            message,
            text: text.clone(),
            content: content.unwrap_or_default(),
        });
        let Some(text) = text else { continue };
        let quotes = [item.quote_l1, item.quote_l2].into_iter();
        let quotes = quotes.filter_map(|quote| lenient::id(quote).some());
        page.own.push(OwnMessage {
            message,
            quotes: quotes.map(MessageId::new).collect(),
            text,
        });
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: UserId = UserId::new(775_011_379_970_068_480);

    fn read(text: &str) -> Option<OwnPage> {
        own_messages(serde_json::from_str(text).unwrap(), BOT)
    }

    #[test]
    fn only_what_the_bot_said_comes_out_and_the_page_reaches_as_far_as_anybody_wrote() {
        let content = r#""content":"{\"type\":\"text\",\"text\":\"✅\"}""#;
        let page = read(&format!(
            r#"[{{{content},"message_id":"9","user_id":"{BOT}","quote_l1":"5","quote_l2":null}},
                {{{content},"message_id":"8","user_id":"7"}},
                {{"content":"{{\"type\":\"image\"}}","message_id":"4","user_id":{BOT}}},
                {{{content},"message_id":6,"user_id":{BOT},"quote_l1":"1","quote_l2":"5"}}, 7, null]"#
        ));
        let page = page.unwrap();
        assert_eq!(page.oldest, Some(MessageId::new(4)));
        let seen: Vec<(u64, usize)> = page
            .own
            .iter()
            .map(|own| (own.message.number(), own.quotes.len()))
            .collect();
        assert_eq!(seen, [(9, 1), (6, 2)]);
        assert_eq!(page.own[0].text, "✅");
    }

    #[test]
    fn no_list_is_no_page_and_null_an_empty_one() {
        assert_eq!(read("null"), Some(OwnPage::default()));
        assert_eq!(read("[]"), Some(OwnPage::default()));
        assert_eq!(read("{}"), None);
    }
}
