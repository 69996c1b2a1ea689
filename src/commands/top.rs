//! `/top`: a board of what was earned through the bot, or of balances, with the asker's own row at its
//! foot.

use std::collections::HashMap;

use futures_util::future::BoxFuture;

use crate::boards::Known;
use crate::boards::board_reply;
use crate::boards::count;
use crate::boards::said;
use crate::boards::to_next;
use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::BoardLeaf;
use crate::commands::BoardSaid;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::Member;
use crate::commands::args::MOST_BOARD_PAGES;
use crate::commands::args::Page;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::points::BOARD_ROWS;
use crate::points::BoardPage;
use crate::points::Hidden;
use crate::points::OnBoards;
use crate::points::ShownKind;
use crate::points::Standing;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::sentences;

sentences! {
    static WORDS of "top";
    OWN = "own" ["member", "place", "points", "distance"];
    NOTHING = "nothing" ["member"];
    NOTHING_KNOWN = "nothing_known" ["member"];
    OFF = "off" ["command"];
    LEFT_OUT = "left_out" ["member"];
    LEFT_OUT_KNOWN = "left_out_known" ["member"];
    PREVIOUS = "previous" [];
    NEXT = "next" [];
}

pub(super) struct BoardQuestion;

impl Handler for BoardQuestion {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.board()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let subject = call.members.first().unwrap_or(&call.caller);
    let wanted = call.asked.board;
    // Twice only where the first look at the names showed somebody who does not belong there.
    let mut seen = read(&call, subject).await?;
    if off_boards(&call, &seen.names).await {
        seen = read(&call, subject).await?;
    }
    let Seen {
        board,
        standing,
        names,
    } = seen;
    let mut reply = board_reply(&board, &names, own(&call, subject, &standing));
    let leaf = |page: u32| {
        BoardLeaf {
            command: call.message,
            asker: call.caller.id,
            subject: subject.id,
            guild: call.policy.guild,
            counted: wanted.counted,
            page,
        }
        .write(call.seal)
    };
    let last = u32::try_from(board.pages - 1).unwrap_or(u32::MAX);
    let last = last.min(MOST_BOARD_PAGES - 1);
    if board.page > 0 {
        reply = reply.button(&PREVIOUS, leaf((board.page - 1).min(last)));
    }
    if board.page < last {
        reply = reply.button(&NEXT, leaf(board.page + 1));
    }
    let kind = ShownKind::Page {
        command: call.message,
        asker: call.caller.id,
        subject: subject.id,
        page: board.page,
        buttons: board.page > 0 || board.page < last,
    };
    let foot = matches!(standing, Standing::On { .. }).then_some(subject.id);
    let shown = Box::new(BoardSaid { board, foot, kind });
    Ok(Answer::Board { reply, shown })
}

/// What was read for one answer.
struct Seen {
    board: BoardPage,
    standing: Standing,
    names: HashMap<UserId, Known>,
}

async fn read(call: &Call<'_>, subject: &Member) -> Result<Seen, CommandError> {
    let wanted = call.asked.board;
    let standing = place(call, wanted.counted, subject).await?;
    let page = match (wanted.page, &standing) {
        (Page::Number(page), _) => page,
        (Page::OfMember, Standing::On { own, .. }) => {
            let rows = u64::try_from(BOARD_ROWS).unwrap_or(u64::MAX);
            u32::try_from((own.place - 1) / rows).unwrap_or(u32::MAX)
        }
        (Page::OfMember, _) => 0,
    };
    let board = call.points.board(call.policy, wanted.counted, page);
    let board = board.await.map_err(store)?;
    let members: Vec<UserId> = board.rows.iter().map(|ranked| ranked.member).collect();
    let names = call.names.of(call.policy.guild, members).await;
    Ok(Seen {
        board,
        standing,
        names,
    })
}

/// Where the subject stands. Somebody who left and speaks here again is back, and so is who lost a role
/// that is left out.
pub(super) async fn place(
    call: &Call<'_>,
    counted: Counted,
    subject: &Member,
) -> Result<Standing, CommandError> {
    let (policy, points) = (call.policy, call.points);
    let standing = points.place(policy, counted, subject.id).await;
    let standing = standing.map_err(store)?;
    let Standing::Off(why) = &standing else {
        return Ok(standing);
    };
    if !why.contains(&Hidden::Left) && !why.contains(&Hidden::Role) {
        return Ok(standing);
    }
    let known = call.names.of(policy.guild, vec![subject.id]).await;
    let over: &[Hidden] = match known.get(&subject.id) {
        Some(Known::Person(_)) => &[Hidden::Left, Hidden::Role],
        Some(Known::Unranked(_)) => &[Hidden::Left],
        Some(Known::Bot | Known::Gone) | None => &[],
    };
    let mut changed = false;
    for reason in over.iter().filter(|reason| why.contains(reason)) {
        let shown = points.hide(policy.guild, subject.id, *reason, OnBoards::Shown);
        match shown.await {
            Ok(now) => changed |= now,
            Err(error) => {
                tracing::warn!(member = %subject.id, %error, "who is back could not be brought back to the boards");
            }
        }
    }
    if !changed {
        return Ok(standing);
    }
    let standing = points.place(policy, counted, subject.id).await;
    standing.map_err(store)
}

/// Takes off the boards whoever turned out to be a bot, to have left or to have a role that is left out;
/// whether there was anybody. A board is shown also where that cannot be written down.
pub(super) async fn off_boards(call: &Call<'_>, names: &HashMap<UserId, Known>) -> bool {
    let mut any = false;
    for (member, known) in names {
        let why = match known {
            Known::Bot => Hidden::Bot,
            Known::Gone => Hidden::Left,
            Known::Unranked(_) => Hidden::Role,
            Known::Person(_) => continue,
        };
        let guild = call.policy.guild;
        match call
            .points
            .hide(guild, *member, why, OnBoards::Hidden)
            .await
        {
            Ok(changed) => any |= changed,
            Err(error) => {
                tracing::warn!(%member, %error, "who does not belong on boards could not be taken off them");
            }
        }
    }
    any
}

/// Where the subject stands.
pub(super) fn own(call: &Call<'_>, subject: &Member, standing: &Standing) -> Reply {
    let of = |word| Reply::new(word).with("member", Hole::Name(subject.name.clone()));
    let counted = call.asked.board.counted;
    let is_caller = subject.id == call.caller.id;
    match standing {
        Standing::On { own, distance } => of(&OWN)
            .with("place", count(own.place))
            .with("points", Hole::Number(own.points))
            .with("distance", said(to_next(*distance))),
        Standing::Nothing if is_caller => of(match counted {
            Counted::Earned(_) => &NOTHING,
            Counted::Balance => &NOTHING_KNOWN,
        }),
        Standing::Off(why) if is_caller && why.contains(&Hidden::Asked) => {
            Reply::new(&OFF).with("command", Hole::Own(shown_name(call, "privacy")))
        }
        // Whether others have earned nothing or do not want to be seen is theirs to tell.
        Standing::Nothing | Standing::Off(_) => of(match counted {
            Counted::Earned(_) => &LEFT_OUT,
            Counted::Balance => &LEFT_OUT_KNOWN,
        }),
    }
}

/// A command as people of this guild type it.
pub(super) fn shown_name(call: &Call<'_>, scope: &str) -> String {
    let definition = call.words.definition(scope);
    definition.map_or_else(String::new, |found| found.shown(call.policy.language))
}

pub(super) fn store(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::Store(anyhow::Error::new(error))
}
