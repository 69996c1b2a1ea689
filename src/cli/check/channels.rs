//! The channels that `[[guild.board]]` names.

use super::platform;
use super::report::Mark;
use super::report::Report;
use super::texts::Texts;
use crate::cli::catalogue::fill;
use crate::fanbook::api::BotApi;
use crate::fanbook::api::Me;
use crate::fanbook::api::postable;
use crate::guilds::GuildSettings;
use crate::model::Postable;

/// Whether boards can be posted where the settings want them.
pub(super) async fn probe(
    api: &BotApi,
    me: &Me,
    guild: &GuildSettings,
    texts: &Texts,
    report: &mut Report,
) {
    if guild.boards.is_empty() {
        return;
    }
    let shown = platform::shown(&guild.policy);
    let what = fill(&texts.channels, &[("guild", &shown)]);
    let list = match api.channels(guild.policy.guild, me.id).await {
        Ok(list) => list,
        // What cannot be looked at may well be there.
        Err(error) => {
            let fix = platform::fix(&error, texts);
            report.add(Mark::Odd, what, platform::chain(error), fix);
            return;
        }
    };
    let mut sound = true;
    for board in &guild.boards {
        let channel = board.channel.to_string();
        let found = postable(board.channel, &list);
        let (mark, seen, fix) = match &found {
            Postable::Yes => continue,
            Postable::NotThere => (Mark::Bad, &texts.channels_missing, &texts.channels_fix),
            Postable::NoText(_) => (Mark::Bad, &texts.channels_no_text, &texts.channels_fix),
            Postable::Untold => (Mark::Odd, &texts.channels_none, &texts.guild_rights_fix),
        };
        let title = match &found {
            Postable::NoText(title) => title,
            _ => "",
        };
        let holes = [
            ("board", &*board.name),
            ("channel", &*channel),
            ("name", title),
        ];
        report.add(mark, &what, fill(seen, &holes), fix);
        sound = false;
    }
    if sound {
        let count = guild.boards.len().to_string();
        report.good(what, fill(&texts.channels_seen, &[("count", &count)]));
    }
}
