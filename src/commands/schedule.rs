//! `/schedule`: the leaderboards that post themselves, for the guild's administrators.
//!
//! Invariants: what `bot.toml` names is not changed from chat, and the answer says so; whoever adds one
//! sees when it comes.

mod texts;
mod wrong;

use futures_util::future::BoxFuture;

use crate::boards::board_reply;
use crate::boards::said;
use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::NewBoard;
use crate::commands::Place;
use crate::commands::ScheduleAsked;
use crate::commands::ScheduleVerb;
use crate::commands::schedule::texts::*;
use crate::commands::schedule::wrong::Line;
use crate::commands::schedule::wrong::wrong_reply;
use crate::commands::top::shown_name;
use crate::commands::top::store;
use crate::guilds::Added;
use crate::guilds::BoardSchedule;
use crate::guilds::Changed;
use crate::guilds::DEFAULT_CATCH_UP;
use crate::guilds::Found;
use crate::guilds::MOST_SCHEDULES;
use crate::guilds::ScheduleDeed;
use crate::guilds::Scheduled;
use crate::model::ChannelId;
use crate::model::Policy;
use crate::model::Postable;
use crate::model::Refusal;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::points::BalancesRead;
use crate::points::Due;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::channel_link;

pub(super) use texts::why;

/// Of a new one so many moments are shown.
const SHOWN_RUNS: usize = 3;

pub(super) struct ScheduleBoards;

impl Handler for ScheduleBoards {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        Ok(Asked {
            schedule: args.schedule(),
            ..Asked::default()
        })
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let reply = match &call.asked.schedule {
        ScheduleAsked::List => list(&call).await?,
        ScheduleAsked::Add(new) => add(&call, new).await?,
        ScheduleAsked::With(verb, name) => with(&call, *verb, name).await?,
        ScheduleAsked::Wrong(wrong) => wrong_reply(wrong, &command(&call)),
    };
    Ok(Answer::Say(reply))
}

async fn list(call: &Call<'_>) -> Result<Reply, CommandError> {
    let now = call.clock.now_ms();
    let all = call.schedules.all(call.policy, now).await.map_err(store)?;
    if all.is_empty() {
        let line = Line::default().reply(&command(call));
        return Ok(Reply::new(&NONE).with("line", said(line)));
    }
    let head = Reply::new(&HEAD).with("zone", Hole::Zone);
    Ok(all.iter().map(listed).fold(head, Reply::and))
}

async fn add(call: &Call<'_>, new: &NewBoard) -> Result<Reply, CommandError> {
    let here = (call.place == Place::Channel).then_some(call.reply.channel);
    let Some(channel) = new.channel.or(here) else {
        let line = Line::of(&new.name, &new.at, new.counted);
        let line = line.in_a_channel(&command(call));
        return Ok(Reply::new(&WHICH_CHANNEL).with("line", said(line)));
    };
    let postable = match Some(channel) == here {
        // Whoever asks stands in it.
        true => Postable::Yes,
        false => {
            let guild = call.policy.guild;
            call.channels.postable(guild, channel, here).await
        }
    };
    if let Some(unfit) = unfit(call, new, channel, &postable) {
        return Ok(unfit);
    }
    let board = BoardSchedule {
        name: new.name.clone(),
        channel,
        at: new.at.clone(),
        counted: new.counted,
        rows: new.rows,
        mode: new.mode,
        catch_up: DEFAULT_CATCH_UP,
    };
    let added = call
        .schedules
        .add(call.policy.guild, &board, call.caller.id);
    let named = |word| Reply::new(word).with("name", name(&board.name));
    Ok(match added.await.map_err(store)? {
        Added::Done => {
            let added = named(&ADDED)
                .with("board", said(described(&board)))
                .and(runs(call, &board));
            match postable {
                Postable::Untold => added
                    .line(&UNTOLD_CHANNEL)
                    .with("channel", channel_link(channel)),
                _ => added,
            }
        }
        Added::OfFile => named(&OF_FILE),
        Added::Exists => named(&EXISTS).with("command", Hole::Own(command(call))),
        Added::Full => Reply::new(&FULL)
            .with("cap", number(MOST_SCHEDULES))
            .with("command", Hole::Own(command(call))),
    })
}

/// What is said of a channel in which no board can be posted.
fn unfit(call: &Call<'_>, new: &NewBoard, channel: ChannelId, found: &Postable) -> Option<Reply> {
    let reply = match found {
        Postable::Yes | Postable::Untold => return None,
        Postable::NotThere => Reply::new(&NO_CHANNEL),
        Postable::NoText(title) => {
            Reply::new(&NO_TEXT_CHANNEL).with("name", Hole::Name(title.clone()))
        }
    };
    let line = Line::of(&new.name, &new.at, new.counted).reply(&command(call));
    Some(
        reply
            .with("channel", Hole::Own(channel.to_string()))
            .with("line", said(line)),
    )
}

/// When a board comes next, and whether it will be known what it counts.
fn runs(call: &Call<'_>, board: &BoardSchedule) -> Reply {
    let now = call.clock.now_ms();
    let moments = board.at.next(now, &call.policy.zone, SHOWN_RUNS);
    let next = Reply::new(&NEXT)
        .with("count", number(moments.len()))
        .with(
            "times",
            Hole::List(moments.into_iter().map(Hole::Time).collect()),
        )
        .with("zone", Hole::Zone);
    let read = call.points.balances_read(call.policy.guild);
    match (board.counted, read) {
        (Counted::Balance, BalancesRead::WhenAsked) => next.line(&UNSWEPT),
        _ => next,
    }
}

async fn with(call: &Call<'_>, verb: ScheduleVerb, wanted: &str) -> Result<Reply, CommandError> {
    let now = call.clock.now_ms();
    let found = call.schedules.find(call.policy, wanted, now);
    let found = match found.await.map_err(store)? {
        Found::One(found) => found,
        Found::None(near) => return Ok(unknown(call, verb, wanted, near)),
    };
    let named = |word| Reply::new(word).with("name", name(&found.kept.fields.name));
    let with_command = |word| named(word).with("command", Hole::Own(command(call)));
    let by = call.caller.id;
    let (deed, done, stood) = match verb {
        ScheduleVerb::Preview => return preview(call, &found).await,
        ScheduleVerb::Run => {
            let asked_ms = call.message.minted_ms();
            let runs = call.schedules.run(&found.kept, asked_ms, by);
            let runs = runs.await.map_err(store)?;
            return Ok(match runs {
                true => named(&RUN).with("channel", channel_link(found.kept.fields.channel)),
                false => with_command(&UNKNOWN),
            });
        }
        ScheduleVerb::Pause => (
            ScheduleDeed::Pause,
            with_command(&PAUSE),
            with_command(&PAUSED_BEFORE),
        ),
        ScheduleVerb::Resume => (
            ScheduleDeed::Resume,
            resumed(call, &found),
            named(&NOT_PAUSED),
        ),
        ScheduleVerb::Remove => (ScheduleDeed::Remove, named(&REMOVED), named(&OF_FILE)),
    };
    let changed = changed(call, &found, deed, by).await?;
    Ok(match changed {
        Changed::Done(_) => done,
        Changed::Stood => stood,
        Changed::OfFile => named(&OF_FILE),
        Changed::Missing => with_command(&UNKNOWN),
    })
}

async fn changed(
    call: &Call<'_>,
    found: &Scheduled,
    deed: ScheduleDeed,
    by: UserId,
) -> Result<Changed, CommandError> {
    let changed = call.schedules.change(&found.kept, deed, by);
    changed.await.map_err(store)
}

fn resumed(call: &Call<'_>, found: &Scheduled) -> Reply {
    let reply = Reply::new(&RESUME).with("name", name(&found.kept.fields.name));
    match &found.board {
        Some(board) => reply.and(runs(call, board)),
        None => reply.line(&UNREAD),
    }
}

/// The board as it would be posted now: of a day, week or month the last one that has ended.
async fn preview(call: &Call<'_>, found: &Scheduled) -> Result<Reply, CommandError> {
    let named = |word| Reply::new(word).with("name", name(&found.kept.fields.name));
    let Some(board) = &found.board else {
        return Ok(listed(found));
    };
    let due = Due {
        slot_ms: call.clock.now_ms(),
        late: false,
    };
    let page = call
        .points
        .board_due(call.policy, board.counted, due, board.rows);
    let page = page.await.map_err(store)?;
    let members: Vec<UserId> = page.rows.iter().map(|ranked| ranked.member).collect();
    let names = call.names.of(call.policy.guild, members).await;
    Ok(named(&PREVIEW).and(board_reply(&page, &names, Reply::default())))
}

fn unknown(call: &Call<'_>, verb: ScheduleVerb, wanted: &str, near: Option<String>) -> Reply {
    let command = Hole::Own(command(call));
    match near {
        None => Reply::new(&UNKNOWN)
            .with("name", name(wanted))
            .with("command", command),
        Some(near) => Reply::new(&UNKNOWN_NEAR)
            .with("name", name(wanted))
            .with("near", name(&near))
            .with("command", command)
            .with(
                "verb",
                Hole::Own(verb.shown(call.policy.language).to_owned()),
            ),
    }
}

fn command(call: &Call<'_>) -> String {
    shown_name(call, "schedule")
}
