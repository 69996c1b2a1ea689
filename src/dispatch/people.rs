//! Who is meant: ways of naming a member, turned into members of the guild.

use futures_util::future::join_all;

use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Who;
use crate::commands::args::MOST_MEMBERS;
use crate::dispatch::Dispatcher;
use crate::fanbook::api::Member as ApiMember;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::Refusal;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::refusal::Usage;

/// Where a command was given: what can help to find out who is meant.
pub(super) struct Scene<'a> {
    pub guild: GuildId,
    pub channel: ChannelId,
    pub mentions: &'a [(UserId, String)],
}

/// The people a command names.
pub(super) struct People {
    /// They, each once.
    pub members: Vec<Member>,
    /// How many holders of a named role were left out, being bots.
    pub left_out: usize,
}

impl Dispatcher {
    /// The members that `who` names, in its order, each once.
    pub(super) async fn people(&self, scene: &Scene<'_>, who: &[Who]) -> Result<People, Refusal> {
        let found = join_all(who.iter().map(|who| self.named(scene, who))).await;
        let mut people = People {
            members: Vec::with_capacity(who.len()),
            left_out: 0,
        };
        for found in found {
            let found = found?;
            people.left_out += found.left_out;
            for member in found.members {
                if !people.members.iter().any(|known| known.id == member.id) {
                    people.members.push(member);
                }
            }
        }
        if people.members.len() > MOST_MEMBERS {
            return Err(too_many(people.members.len()));
        }
        Ok(people)
    }

    async fn named(&self, scene: &Scene<'_>, who: &Who) -> Result<People, Refusal> {
        let member = match who {
            Who::Id(id) => self.by_id(scene, *id).await?,
            Who::Short(short) | Who::BareShort(short) => self.by_short_id(scene, short).await?,
            Who::Named(name) => self.by_name(scene, name).await?,
            Who::AuthorOf(message) => self.author_of(scene, *message).await?,
            Who::Role(role) => return self.holders_of(scene, *role).await,
        };
        Ok(People {
            members: vec![member],
            left_out: 0,
        })
    }

    /// Everybody who holds a role, bots left out.
    async fn holders_of(&self, scene: &Scene<'_>, role: RoleId) -> Result<People, Refusal> {
        let holders = self.api.role_members(scene.guild, role, MOST_MEMBERS).await;
        let holders = holders.map_err(|error| {
            tracing::warn!(guild = %scene.guild, %role, %error, "the holders of a role could not be read");
            Refusal::Usage(Usage::NobodyFound {
                read: format!("@{role}"),
            })
        })?;
        if holders.len() > MOST_MEMBERS {
            return Err(too_many(holders.len()));
        }
        let (bots, persons): (Vec<_>, Vec<_>) = holders.iter().partition(|holder| holder.is_bot);
        if persons.is_empty() {
            return Err(Refusal::Usage(Usage::NobodyFound {
                read: format!("@{role}"),
            }));
        }
        Ok(People {
            members: persons
                .into_iter()
                .map(|holder| known(holder, None))
                .collect(),
            left_out: bots.len(),
        })
    }

    async fn by_id(&self, scene: &Scene<'_>, id: UserId) -> Result<Member, Refusal> {
        let shown = scene
            .mentions
            .iter()
            .find(|(mentioned, _)| *mentioned == id);
        match self.standings.member(scene.guild, id).await {
            Ok(Some(member)) => Ok(known(&member, shown.map(|(_, name)| name.as_str()))),
            Ok(None) => Err(Refusal::NotAMember {
                who: shown.map_or_else(|| id.to_string(), |(_, name)| name.clone()),
            }),
            // The record cannot be read just now; a mention by the client is proof enough of a
            // person, a typed number is not.
            Err(()) => match shown {
                Some((_, name)) => Ok(Member {
                    id,
                    name: name.clone(),
                    kind: MemberKind::Person,
                }),
                None => Err(Refusal::Usage(Usage::NobodyFound {
                    read: id.to_string(),
                })),
            },
        }
    }

    async fn by_short_id(&self, scene: &Scene<'_>, short: &str) -> Result<Member, Refusal> {
        let nobody = || {
            Refusal::Usage(Usage::NobodyFound {
                read: short.to_owned(),
            })
        };
        let found = self
            .api
            .find_by_short_id(scene.guild, &[short.to_owned()])
            .await;
        let found = found.map_err(|error| {
            tracing::warn!(guild = %scene.guild, %error, "a short id could not be looked up");
            nobody()
        })?;
        let mut exact = found
            .iter()
            .filter(|member| member.short_id.as_deref() == Some(short));
        match (exact.next(), exact.next()) {
            (Some(member), None) => Ok(known(member, None)),
            (Some(_), Some(_)) => Err(ambiguous(short, &found)),
            (None, _) => Err(nobody()),
        }
    }

    async fn by_name(&self, scene: &Scene<'_>, name: &str) -> Result<Member, Refusal> {
        let mut same = scene.mentions.iter().filter(|(_, shown)| shown == name);
        match (same.next(), same.next()) {
            (Some((id, _)), None) => self.by_id(scene, *id).await,
            // Nicknames are not unique and anybody may take one: a typed name alone never decides.
            _ => match self.api.find_by_name(scene.guild, name).await {
                Ok(found) if !found.is_empty() => Err(ambiguous(name, &found)),
                _ => Err(Refusal::Usage(Usage::NobodyFound {
                    read: format!("@{name}"),
                })),
            },
        }
    }

    async fn author_of(&self, scene: &Scene<'_>, message: MessageId) -> Result<Member, Refusal> {
        let author = self.api.message(scene.channel, message).await.map_err(|error| {
            tracing::warn!(guild = %scene.guild, %error, "the message replied to could not be read");
            Refusal::Usage(Usage::ReplyUnreadable)
        })?;
        if author.is_bot {
            return Err(Refusal::IsBot { name: author.name });
        }
        let mentions = [(author.id, author.name)];
        let scene = Scene {
            mentions: &mentions,
            ..*scene
        };
        self.by_id(&scene, mentions[0].0).await
    }
}

/// A member as the platform knows them, under the name the message showed where there is one.
fn known(member: &ApiMember, shown: Option<&str>) -> Member {
    Member {
        id: member.id,
        name: shown.unwrap_or(&member.name).to_owned(),
        kind: if member.is_bot {
            MemberKind::Bot
        } else {
            MemberKind::Person
        },
    }
}

fn too_many(count: usize) -> Refusal {
    Refusal::Usage(Usage::TooMany {
        count,
        cap: MOST_MEMBERS,
    })
}

/// At most this many members are offered to choose from.
const CANDIDATES: usize = 5;

fn ambiguous(read: &str, found: &[ApiMember]) -> Refusal {
    let candidates = found
        .iter()
        .take(CANDIDATES)
        .map(|member| {
            (
                member.name.clone(),
                member.short_id.clone().unwrap_or_default(),
            )
        })
        .collect();
    Refusal::Usage(Usage::Ambiguous {
        read: read.to_owned(),
        candidates,
    })
}
