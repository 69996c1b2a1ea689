//! Boards that answer somebody: kept in mind while they stand in the chat, and written anew when
//! somebody leaves them.
//!
//! Invariants: whoever says a board has the turn of its command, and so has who writes it anew, so what
//! stands there is what was noted last. Writing anew asks for no right and says nothing new: a message
//! that is gone stays gone.

use crate::boards::Known;
use crate::boards::Names as _;
use crate::commands::Answer;
use crate::commands::Asked;
use crate::commands::BoardSaid;
use crate::commands::BoardWanted;
use crate::commands::CommandError;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Place;
use crate::commands::args::Page;
use crate::dispatch::Dispatcher;
use crate::dispatch::Occasion;
use crate::dispatch::people::People;
use crate::dispatch::voice::Beneath;
use crate::fanbook::api::SayError;
use crate::journal::BoardForm;
use crate::journal::JournalError;
use crate::journal::OwedBoard;
use crate::journal::ShownBoard;
use crate::journal::ShownKind;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::permissions::Actor;
use crate::permissions::Right;
use crate::permissions::authorize;
use crate::points::ReplyAddress;
use crate::points::Stands;
use crate::words::Reply;

/// The commands that answer with a board.
const TOP: &str = "top";
const RANK: &str = "rank";

/// What came of writing a board anew.
#[derive(Debug)]
pub enum Anew {
    /// It says what it should.
    Written,
    /// It does not stand there any more.
    Gone(String),
    /// It could not be written now.
    NotNow(String),
}

impl Anew {
    /// What an error means for a message that is written over.
    pub fn failed(error: &SayError) -> Self {
        let why = error.to_string();
        match error {
            // An edit that is refused for what it is will be refused again.
            SayError::Gone | SayError::Closed | SayError::Rejected(_) | SayError::TooLong => {
                Anew::Gone(why)
            }
            SayError::NotSent(_)
            | SayError::Unknown(_)
            | SayError::TooFast(_)
            | SayError::NotWhitelisted
            | SayError::Forbidden
            | SayError::NotOwner => Anew::NotNow(why),
        }
    }
}

impl Dispatcher {
    /// Says a board and notes that it stands there.
    pub(super) async fn say_board(
        &self,
        guild: GuildId,
        at: ReplyAddress,
        reply: &Reply,
        shown: BoardSaid,
    ) {
        let said = match self.voice.say(at, &self.tongue(Some(guild)), reply).await {
            Ok(said) => said,
            Err(error) => {
                metrics::counter!("guildpoints_answers_lost_total").increment(1);
                tracing::warn!(%error, "an answer could not be said");
                // It may stand there all the same.
                let (SayError::Unknown(_), Some(command)) = (error, at.quoting) else {
                    return;
                };
                match self.voice.said_already(at.channel, command, &[]).await {
                    Some(said) => said,
                    None => return,
                }
            }
        };
        let stands = Stands {
            guild,
            channel: at.channel,
            message: said,
            form: BoardForm::Text,
            picture: None,
            kind: shown.kind,
            made_ms: None,
        };
        let noted = self.points.note_shown(&shown.board, shown.foot, stands);
        if let Err(error) = noted.await {
            tracing::warn!(%said, %error, "that a board was shown could not be noted; who leaves the boards stays on it");
        }
    }

    /// Writes a board that answers somebody anew: the same page of the same days, as they are now.
    pub async fn show_anew(&self, owed: &OwedBoard) -> Result<Anew, JournalError> {
        let Some(command) = command_of(&owed.shown) else {
            return Ok(Anew::Gone("it answers no command".to_owned()));
        };
        let _turn = self.telling.take(command).await;
        // A page may have been turned meanwhile.
        let (channel, message) = (owed.shown.channel, owed.shown.message);
        let owed = self.journal.shown_board(channel, message).await?;
        let Some(owed) = owed else {
            return Ok(Anew::Written);
        };
        let shown = &owed.shown;
        let (reply, now) = match self.board_again(shown).await {
            Ok(Some(again)) => again,
            Ok(None) => return Ok(Anew::Gone("its guild is not set up any more".to_owned())),
            Err(error) => return Ok(Anew::NotNow(error.to_string())),
        };
        let beneath = match shown.kind {
            ShownKind::Page { buttons: true, .. } => Beneath::Buttons,
            _ => Beneath::Text,
        };
        let tongue = self.tongue(Some(shown.guild));
        let written = self
            .voice
            .write_over(channel, message, beneath, &tongue, &reply);
        if let Err(error) = written.await {
            return Ok(Anew::failed(&error));
        }
        let stands = Stands {
            guild: shown.guild,
            channel,
            message,
            form: BoardForm::Text,
            picture: None,
            kind: now.kind,
            made_ms: None,
        };
        self.points
            .note_shown_anew(&owed, &now.board, now.foot, stands)
            .await?;
        Ok(Anew::Written)
    }

    /// The answer as it would be now; `None` where the guild is not set up any more.
    async fn board_again(
        &self,
        shown: &ShownBoard,
    ) -> Result<Option<(Reply, BoardSaid)>, CommandError> {
        let (scope, command, asker, subject, page) = match &shown.kind {
            ShownKind::Page {
                command,
                asker,
                subject,
                page,
                ..
            } => (TOP, *command, *asker, *subject, Page::Number(*page)),
            ShownKind::Place { command, asker } => (RANK, *command, *asker, *asker, Page::OfMember),
            ShownKind::Post { .. } => return Ok(None),
        };
        let (Some(policy), Some(handler)) = (
            self.guilds.policy(shown.guild),
            self.registry.handler(scope),
        ) else {
            return Ok(None);
        };
        let names = self.of(shown.guild, vec![asker, subject]).await;
        let person = |id: UserId| Member {
            id,
            name: match names.get(&id) {
                Some(Known::Person(name) | Known::Unranked(name)) => name.clone(),
                Some(Known::Bot | Known::Gone) | None => id.to_string(),
            },
            kind: MemberKind::Person,
        };
        let actor = Actor {
            user: asker,
            roles: None,
            owner: None,
        };
        // Whoever was shown it sees it already.
        let granted = authorize(Right::Everyone, &actor, &policy)?;
        let asked = Asked {
            board: BoardWanted {
                counted: shown.counted,
                page,
            },
            ..Asked::default()
        };
        let people = People {
            members: match subject == asker {
                true => Vec::new(),
                false => vec![person(subject)],
            },
            left_out: 0,
        };
        let occasion = Occasion {
            caller: person(asker),
            message: command,
            reply: ReplyAddress {
                channel: shown.channel,
                quoting: Some(command),
                said: Some(shown.message),
            },
            place: Place::Channel,
            confirmation: None,
            pressed: None,
        };
        let points = self.points.boards_of(shown.at_ms);
        let mut call = self.call(&granted, &policy, &asked, people, occasion);
        call.points = &points;
        match handler.run(call).await? {
            Answer::Board { reply, shown } => Ok(Some((reply, *shown))),
            _ => Ok(None),
        }
    }
}

/// The command that a board answers.
fn command_of(shown: &ShownBoard) -> Option<MessageId> {
    match &shown.kind {
        ShownKind::Page { command, .. } | ShownKind::Place { command, .. } => Some(*command),
        ShownKind::Post { .. } => None,
    }
}
