//! `/points`: a balance, one's own or another member's.
//!
//! Where the guild has several points systems, a line for each, as far as they have answered when the
//! answer is due; what is missing comes as the rest.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::boards::count;
use crate::boards::said;
use crate::boards::to_next;
use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Stage;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::period::Counted;
use crate::model::period::Period;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::permissions::Right;
use crate::points::Asking;
use crate::points::BalanceRead;
use crate::points::Line;
use crate::points::Ranked;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::points_reply;
use crate::words::sentences;
use crate::words::system_code;
use crate::words::system_hole;

sentences! {
    static WORDS of "points";
    OWN = "own" ["member", "balance", "time", "zone"];
    OTHER = "other" ["member", "balance", "time", "zone"];
    OWN_ALL = "own_all" ["member", "zone"];
    OTHER_ALL = "other_all" ["member", "zone"];
    LINE = "line" ["system", "balance", "time"];
    LINE_WAITING = "line_waiting" ["system"];
    LINE_SILENT = "line_silent" ["system"];
    LINE_FAILED = "line_failed" ["system", "why", "code"];
    LINE_KNOWN = "line_known" ["line", "balance", "time"];
    NO_ACCOUNT = "no_account" [];
    PLACE = "place" ["place", "distance"];
    UNLINKED_OWN = "unlinked_own" ["system", "name"];
    UNLINKED_OTHER = "unlinked_other" ["system"];
}

/// The line of an answer that says that a system is still being asked.
pub fn waiting_line(system: &System) -> Reply {
    Reply::new(&LINE_WAITING).with("system", system_hole(system))
}

/// How long a place is waited for; what an index leads to takes a thousandth of it.
const PLACE_WITHIN: Duration = Duration::from_millis(200);

pub(super) struct BalanceQuestion;

impl Handler for BalanceQuestion {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.one_member()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let member = call.members.first().unwrap_or(&call.caller);
    let (word, about) = if member.id == call.caller.id {
        (&OWN, About::Asker)
    } else {
        (&OTHER, About::Another)
    };
    if about == About::Another && !call.granted.covers(Right::View) {
        return Err(Refusal::NoRight { roles: Vec::new() }.into());
    }
    if member.kind == MemberKind::Bot {
        let name = member.name.clone();
        return Err(Refusal::IsBot { name }.into());
    }
    if let Some(mut asking) = call.points.ask_all(call.policy.guild, member.id) {
        let ((), place) = tokio::join!(asking.within_budget(), place(&call, member));
        let rest = Rest {
            asking,
            place,
            member: member.name.clone(),
            about,
            staff: call.granted.covers(Right::View),
        };
        let (reply, stage) = rest.as_it_stands();
        return Ok(match stage {
            Stage::Final => Answer::Say(reply),
            Stage::Interim => Answer::Part {
                reply,
                rest: Box::new(rest),
            },
        });
    }
    let balance = call.points.balance(call.policy.guild, member.id);
    let (balance, place) = tokio::join!(balance, place(&call, member));
    let balance = balance.map_err(|error| {
        let meaning = error.refused.meaning;
        tracing::warn!(?meaning, code = error.refused.code, text = ?error.refused.text, "a balance could not be read");
        let staff = call.granted.covers(Right::View);
        let code = error.refused.code.filter(|_| staff);
        Refusal::Points {
            meaning,
            about,
            system: call.points.systems(call.policy.guild).into_iter().next(),
            code,
        }
    })?;
    let reply = Reply::new(word)
        .with("member", Hole::Name(member.name.clone()))
        .with("balance", Hole::Number(balance.points))
        .with("time", Hole::Time(balance.read_ms))
        .with("zone", Hole::Zone);
    Ok(Answer::Say(with_place(reply, place)))
}

/// Place and points to the next one above, this week.
type Place = (Ranked, Option<i64>);

/// Where the member stands this week, if they are on the board and it is known in a moment: nobody
/// waits for it, and the answer is the same without it.
async fn place(call: &Call<'_>, member: &Member) -> Option<Place> {
    let counted = Counted::Earned(Period::Week);
    let place = call.points.on_board(call.policy, counted, member.id);
    match tokio::time::timeout(PLACE_WITHIN, place).await {
        Ok(Ok(place)) => place,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a place for a balance's answer could not be read");
            None
        }
        Err(_) => None,
    }
}

fn with_place(reply: Reply, place: Option<Place>) -> Reply {
    match place {
        None => reply,
        Some((own, distance)) => reply
            .line(&PLACE)
            .with("place", count(own.place))
            .with("distance", said(to_next(distance))),
    }
}

/// What is still to come of an answer with a line for each points system.
pub struct Rest {
    asking: Asking,
    place: Option<Place>,
    /// Whose points. Untrusted text.
    member: String,
    about: About,
    /// Whether the asker may see the systems' own codes.
    staff: bool,
}

/// What a line says where the system has not answered.
#[derive(Clone, Copy)]
enum Missing {
    /// It is still waited for.
    Waiting,
    /// It is not.
    GivenUp,
}

impl Rest {
    /// Waits until another line is there; nothing is lost when this future is dropped.
    ///
    /// Each system has its own deadline, so there is an end to it.
    pub async fn more(&mut self) {
        self.asking.more().await;
    }

    /// The answer as it stands, and whether it is the last word.
    pub fn as_it_stands(&self) -> (Reply, Stage) {
        match self.asking.is_whole() {
            true => (self.told(Missing::GivenUp), Stage::Final),
            false => (self.told(Missing::Waiting), Stage::Interim),
        }
    }

    /// The answer when nothing is waited for any more.
    pub fn given_up(&self) -> Reply {
        self.told(Missing::GivenUp)
    }

    fn told(&self, missing: Missing) -> Reply {
        let head = match self.about {
            About::Asker => &OWN_ALL,
            About::Another => &OTHER_ALL,
        };
        let head = Reply::new(head)
            .with("member", Hole::Name(self.member.clone()))
            .with("zone", Hole::Zone);
        let lines = self.asking.lines().fold(head, |reply, (system, line)| {
            reply.and(self.line(system, line, missing))
        });
        with_place(lines, self.place)
    }

    fn line(&self, system: &System, line: Line<'_>, missing: Missing) -> Reply {
        let of = |word| Reply::new(word).with("system", system_hole(system));
        match (line, missing) {
            (Line::Read(read), _) => of(&LINE)
                .with("balance", Hole::Number(read.points))
                .with("time", Hole::Time(read.read_ms)),
            (Line::UnderWay { .. }, Missing::Waiting) => waiting_line(system),
            (Line::UnderWay { known }, Missing::GivenUp) => with_known(of(&LINE_SILENT), known),
            (Line::Failed { error, known }, _) => match (error.refused.meaning, self.about) {
                (PointsRefusal::NotLinked, About::Asker) => {
                    of(&UNLINKED_OWN).with("name", Hole::Untrusted(system.to_string()))
                }
                (PointsRefusal::NotLinked, About::Another) => of(&UNLINKED_OTHER),
                (meaning, about) => {
                    let why = match (meaning, system.kind()) {
                        (PointsRefusal::NoAccount, kind) if kind != SystemKind::Mall => {
                            Reply::new(&NO_ACCOUNT)
                        }
                        _ => points_reply(meaning, about, Some(system)),
                    };
                    let code = error.refused.code.filter(|_| self.staff);
                    let failed = of(&LINE_FAILED)
                        .with("why", Hole::Said(Box::new(why)))
                        .with("code", system_code(code));
                    // Without an account there is no balance, whatever there was once.
                    with_known(
                        failed,
                        known.filter(|_| meaning != PointsRefusal::NoAccount),
                    )
                }
            },
        }
    }
}

/// A line with what the system said last, where that is known.
fn with_known(line: Reply, known: Option<BalanceRead>) -> Reply {
    match known {
        None => line,
        Some(known) => Reply::new(&LINE_KNOWN)
            .with("line", Hole::Said(Box::new(line)))
            .with("balance", Hole::Number(known.points))
            .with("time", Hole::Time(known.read_ms)),
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}
