//! `/rank`: one's own place, with neighbours.

use std::collections::HashMap;

use futures_util::future::BoxFuture;

use crate::boards::board_counts;
use crate::boards::called;
use crate::boards::count;
use crate::boards::counted as counted_called;
use crate::boards::row;
use crate::boards::said;
use crate::boards::to_next;
use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::BoardSaid;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::top;
use crate::model::Policy;
use crate::model::Refusal;
use crate::points::BoardPage;
use crate::points::Ranked;
use crate::points::ShownKind;
use crate::points::Standing;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

static HEAD: Word = Word::new("rank", "head", &["member", "period"]);
static OWN: Word = Word::new("rank", "own", &["place", "member", "points", "distance"]);

static WORDS: &[&Word] = &[&HEAD, &OWN];

/// Neighbours on either side.
const EACH: usize = 2;

pub(super) struct OwnPlace;

impl Handler for OwnPlace {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.counted()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let (counted, policy) = (call.asked.board.counted, call.policy);
    let caller = &call.caller;
    let mut standing = top::place(&call, counted, caller).await?;
    let mut near = Vec::new();
    let mut names = HashMap::new();
    if let Standing::On { .. } = standing {
        let around = || call.points.around(policy, counted, caller.id, EACH);
        near = around().await.map_err(top::store)?;
        let others = |near: &[Ranked]| {
            let others = near.iter().map(|ranked| ranked.member);
            others.filter(|member| *member != caller.id).collect()
        };
        names = call.names.of(policy.guild, others(&near)).await;
        if top::off_boards(&call, &names).await {
            near = around().await.map_err(top::store)?;
            names = call.names.of(policy.guild, others(&near)).await;
            standing = top::place(&call, counted, caller).await?;
        }
    }
    // Its line says what is counted; its rows are not shown.
    let board = call.points.board(policy, counted, 0).await;
    let board = board.map_err(top::store)?;
    let mut reply = Reply::new(&HEAD)
        .with("member", Hole::Name(caller.name.clone()))
        .with("period", said(counted_called(counted)));
    for ranked in &near {
        reply = reply.and(match (&standing, ranked.member == caller.id) {
            (Standing::On { distance, .. }, true) => Reply::new(&OWN)
                .with("place", count(ranked.place))
                .with("member", Hole::Name(caller.name.clone()))
                .with("points", Hole::Number(ranked.points))
                .with("distance", said(to_next(*distance))),
            _ => row(ranked, called(&names, ranked.member)),
        });
    }
    if near.is_empty() {
        reply = reply.and(top::own(&call, caller, &standing));
    }
    let reply = reply.and(board_counts(&board));
    let shown = Box::new(BoardSaid {
        board: BoardPage {
            rows: near,
            ..board
        },
        foot: None,
        kind: ShownKind::Place {
            command: call.message,
            asker: caller.id,
        },
    });
    Ok(Answer::Board { reply, shown })
}
