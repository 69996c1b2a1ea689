//! Boards are settled for channels that are there; what cannot be looked at is said to be unchecked.

use guildpoints::model::ChannelId;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::world::About;
use guildpoints::sandbox::world::Overwrite;

use crate::boards::seen;
use crate::stage::Settings;
use crate::stage::Stage;

/// The administrator of these stories.
const ADMIN: &str = "夜雨";

/// Where no channel is.
const NOWHERE: u64 = 412_345_679_201_234_575;

async fn stage(guild: &str) -> Stage {
    Stage::unhurried(Settings {
        points: Some("ledger"),
        guild: guild.to_owned(),
        ..Settings::default()
    })
    .await
}

/// Another channel of the guild, of that kind and name.
fn opens(stage: &Stage, number: u64, kind: u8, name: &str) -> ChannelId {
    let id = ChannelId::new(stage.channel.number() + number);
    stage.sandbox.change_guild(stage.guild, |guild| {
        let mut channel = guild.channels[0].clone();
        (channel.id, channel.kind, channel.name) = (id, kind, name.to_owned());
        guild.channels.push(channel);
    });
    id
}

async fn adds(stage: &mut Stage, name: &str, channel: ChannelId) -> String {
    let text = format!("/schedule add {name} 09:00 week ${{#{channel}}}");
    seen(stage, ADMIN, &text).await
}

fn asked_for_channels(stage: &Stage) -> u64 {
    stage.sandbox.calls("channel/list")
}

#[tokio::test]
async fn only_a_text_channel_of_the_guild_that_the_bot_sees_is_taken() {
    let mut stage = stage("").await;
    let voice = opens(&stage, 1, 1, "语音大厅${@&1}");
    let circle = opens(&stage, 2, 5, "圈子");
    let novelty = opens(&stage, 3, 77, "新玩法");
    let hidden = opens(&stage, 4, 0, "密室");
    let bot = stage.sandbox.bot().number();
    stage.sandbox.change_guild(stage.guild, |guild| {
        let channel = guild.channels.iter_mut().find(|it| it.id == hidden);
        channel.expect("it is there").overwrites.push(Overwrite {
            id: bot,
            about: About::User,
            allows: 0,
            deny: 0x400,
        });
    });
    let elsewhere = stage.sandbox.guilds().into_iter();
    let elsewhere = elsewhere.filter(|guild| *guild != stage.guild);
    let elsewhere: Vec<_> = elsewhere
        .flat_map(|it| stage.sandbox.channels(it))
        .collect();
    let foreign = elsewhere[0].0;
    for channel in [ChannelId::new(NOWHERE), foreign, hidden] {
        let refused = adds(&mut stage, "weekly", channel).await;
        assert_eq!(
            refused,
            format!(
                "本服务器里没有频道 {channel}，或者机器人看不到它，所以没有设置。请写本服务器里机器人能看到的文字频道（频道链接或频道 ID），或者到要发布的频道里发送：\n/定时 新增 weekly 09:00 week"
            )
        );
    }
    let refused = adds(&mut stage, "weekly", voice).await;
    assert!(
        refused.starts_with("“语音大厅")
            && !refused.contains("${@&")
            && refused.ends_with(&format!(
                "”（{voice}）不是文字频道，排行榜发不到那里，所以没有设置。请写一个文字频道（频道链接或频道 ID），或者到要发布的频道里发送：\n/定时 新增 weekly 09:00 week"
            )),
        "{refused}"
    );
    let refused = adds(&mut stage, "weekly", circle).await;
    assert!(refused.contains("不是文字频道"), "{refused}");
    let none = seen(&mut stage, ADMIN, "/定时").await;
    assert!(none.starts_with("还没有定时排行榜。"), "{none}");

    // In private it is looked at as well.
    let text = format!("/定时 新增 weekly 09:00 周榜 {NOWHERE}");
    let said = stage.whispers(ADMIN, &text);
    let private = stage.hears(said).await;
    assert!(private.starts_with("本服务器里没有频道"), "{private}");

    // What nobody has heard of may well take messages.
    let added = adds(&mut stage, "novel", novelty).await;
    assert!(
        added.starts_with("✅ 已设置定时排行榜“novel”：") && !added.contains('⚠'),
        "{added}"
    );
    // Whoever stands in a channel need not be told that it is there.
    let asked = asked_for_channels(&stage);
    let here = stage.channel;
    let added = adds(&mut stage, "here", here).await;
    assert!(added.starts_with('✅') && !added.contains('⚠'), "{added}");
    assert_eq!(asked_for_channels(&stage), asked);
    stage.finish().await;
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_taken_and_said_to_be_unchecked() {
    let mut stage = stage("language = \"en-US\"\n").await;
    let refused = adds(&mut stage, "weekly", ChannelId::new(NOWHERE)).await;
    assert_eq!(
        refused,
        format!(
            "This server has no channel {NOWHERE}, or I cannot see it, so nothing was settled. Write a text channel of this server that I can see (a channel link or its id), or send this in the channel it is for:\n/schedule add weekly 09:00 week"
        )
    );
    let link = opens(&stage, 1, 7, "wiki");
    let refused = adds(&mut stage, "weekly", link).await;
    assert_eq!(
        refused,
        format!(
            "“wiki” ({link}) is no text channel, so no board can be posted there and nothing was settled. Write a text channel (a channel link or its id), or send this in the channel it is for:\n/schedule add weekly 09:00 week"
        )
    );
    for (name, kind) in [
        (
            "forbidden",
            FaultKind::AnswerCode {
                code: 1012,
                when: Moment::Before,
            },
        ),
        ("late", FaultKind::DelayBefore { ms: 20_000 }),
        ("broken", FaultKind::Status500Before),
        (
            "page",
            FaultKind::Html200 {
                when: Moment::Before,
            },
        ),
    ] {
        let faults = stage.sandbox.faults();
        faults.set(FaultRule::always("channel/list", kind));
        let added = adds(&mut stage, name, ChannelId::new(NOWHERE)).await;
        assert!(
            added.starts_with(&format!("✅ The leaderboard “{name}” posts itself"))
                && added.ends_with(&format!(
                    "\n⚠️ This server's list of channels cannot be read just now, so nobody has checked that ${{#{NOWHERE}}} exists and is a text channel. Should the post not come through, an administrator is told in private."
                )),
            "{added}"
        );
        stage.sandbox.faults().clear();
    }
    stage.finish().await;
}

#[tokio::test]
async fn check_finds_the_channels_of_the_settings() {
    let mut stage = Stage::without_bot(Settings {
        points: Some("ledger"),
        ..Settings::default()
    })
    .await;
    let link = opens(&stage, 1, 7, "百科");
    let board = |name: &str, channel: ChannelId| {
        format!(
            "[[guild.board]]\nname = \"{name}\"\nchannel = {channel}\nat = \"09:00\"\nperiod = \"week\"\n"
        )
    };
    let sound = board("weekly", stage.channel);
    let row = format!("服务器 {} 的排行榜频道", stage.guild);

    stage.settings.reward.clone_from(&sound);
    let (code, said) = check(&stage).await;
    assert!(
        code == Some(0) && said.contains(&row) && said.contains("设置里的 1 个排行榜都有频道可发"),
        "{said}"
    );

    let nowhere = ChannelId::new(NOWHERE);
    stage.settings.reward = sound + &board("lost", nowhere) + &board("odd", link);
    let (code, said) = check(&stage).await;
    assert_eq!(code, Some(1), "{said}");
    for part in [
        format!("“lost”的频道 {NOWHERE} 不在这个服务器里，或者机器人看不到它"),
        format!("“odd”的频道 {link}（百科）不是文字频道"),
        "改正 [[guild.board]] channel".to_owned(),
    ] {
        assert!(said.contains(&part), "no {part} in\n{said}");
    }
    assert!(!said.contains("都有频道可发"), "{said}");

    // What cannot be looked at is no fault of the settings.
    let forbidden = FaultKind::AnswerCode {
        code: 1012,
        when: Moment::Before,
    };
    stage.fault("channel/list", forbidden);
    let (code, said) = check(&stage).await;
    assert!(
        code == Some(0) && said.contains(&row) && !said.contains("lost"),
        "{said}"
    );
    stage.finish().await;
}

/// Runs the program's `check`, and what it prints.
async fn check(stage: &Stage) -> (Option<i32>, String) {
    std::fs::write(stage.config(), stage.settings_text()).expect("the settings can be written");
    let mut program = tokio::process::Command::from(stage.program("check"));
    let output = program.output().await.expect("the program starts");
    let said = String::from_utf8(output.stdout).expect("text");
    (output.status.code(), said)
}
