//! Who may do what, decided before anything happens.
//!
//! Invariants: unknown means no; authority is a value (`Granted`) that cannot be made outside this
//! room; nothing here touches the network, so everything it needs is handed in.

use std::time::Duration;

use crate::model::GuildId;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::policy::ManageGuild;

/// The platform's bit for "may do everything". Source: fanbook-platform, 5.
pub const ADMINISTRATOR: u64 = 0x8;
/// The platform's bit for managing the guild. Source: fanbook-platform, 5.
pub const MANAGE_GUILD: u64 = 0x20;

/// What a command needs its caller to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Nothing: everyone may.
    Everyone,
    /// See other members' balances and receipts.
    View,
    /// Give points.
    Give,
    /// Take points.
    Take,
    /// Undo changes: one's own for a while, as an administrator any.
    Undo,
    /// Decide about changes of others that wait for approval.
    Approve,
    /// Stop all giving, and let it go on.
    Freeze,
    /// Settle which leaderboards post themselves.
    Schedule,
    /// Look after the bot in this guild.
    Manage,
}

impl Right {
    /// All, in the order of the permission table.
    pub const ALL: [Right; 9] = [
        Right::Everyone,
        Right::View,
        Right::Give,
        Right::Take,
        Right::Undo,
        Right::Approve,
        Right::Freeze,
        Right::Schedule,
        Right::Manage,
    ];

    /// The name used in `commands/*.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Right::Everyone => "none",
            Right::View => "view",
            Right::Give => "give",
            Right::Take => "take",
            Right::Undo => "undo",
            Right::Approve => "approve",
            Right::Freeze => "freeze",
            Right::Schedule => "schedule",
            Right::Manage => "manage",
        }
    }

    /// The right of that name.
    pub fn named(name: &str) -> Option<Self> {
        Right::ALL.into_iter().find(|right| right.name() == name)
    }
}

/// What somebody is in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Everyone else.
    Member,
    /// May give and take within the limits.
    Moderator,
    /// Has every right here.
    Admin,
}

/// Who asks, with everything known of them at that moment.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// Their roles and what each may; `None` when they could not be learnt.
    pub roles: Option<Vec<HeldRole>>,
    /// The guild's owner; `None` when it could not be learnt.
    pub owner: Option<UserId>,
}

/// A role somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// The role.
    pub id: RoleId,
    /// Its permission bits; `None` when they could not be learnt.
    pub permissions: Option<u64>,
}

/// Proof that somebody may, within which bounds.
///
/// Only this room makes one. It travels to where the change is written.
#[derive(Clone, Debug)]
pub struct Granted {
    guild: GuildId,
    by: UserId,
    right: Right,
    standing: Standing,
    caps: Caps,
}

/// What bounds a grant. `None` is no bound of ours; the points system's own stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Largest single change, absolute.
    pub per_award: Option<i64>,
    /// Largest sum of absolute changes in a day of the guild's zone.
    pub per_day: Option<i64>,
    /// Above this somebody else must approve.
    pub approve_over: Option<i64>,
}

impl Granted {
    /// The guild it holds in.
    pub fn guild(&self) -> GuildId {
        self.guild
    }

    /// Who holds it.
    pub fn by(&self) -> UserId {
        self.by
    }

    /// The right that was asked for.
    pub fn right(&self) -> Right {
        self.right
    }

    /// What the holder is in the guild.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What bounds the holder.
    pub fn caps(&self) -> Caps {
        self.caps
    }

    /// Whether the holder may also do what needs `right`.
    pub fn covers(&self, right: Right) -> bool {
        covers(self.standing, right)
    }
}

/// What `actor` is in the guild of `policy`; `None` when that could not be learnt.
pub fn standing(actor: &Actor, policy: &Policy) -> Option<Standing> {
    if policy.admins.contains(&actor.user) || actor.owner == Some(actor.user) {
        return Some(Standing::Admin);
    }
    let roles = actor.roles.as_ref()?;
    let admin_bits = match policy.manage_guild {
        ManageGuild::IsAdmin => ADMINISTRATOR | MANAGE_GUILD,
        ManageGuild::MeansNothing => ADMINISTRATOR,
    };
    let is_admin = roles.iter().any(|role| {
        policy.admin_roles.contains(&role.id) || role.permissions.unwrap_or(0) & admin_bits != 0
    });
    if is_admin {
        return Some(Standing::Admin);
    }
    if roles
        .iter()
        .any(|role| policy.moderator_roles.contains(&role.id))
    {
        return Some(Standing::Moderator);
    }
    Some(Standing::Member)
}

/// Grants `right` to `actor`, or refuses. Unknown means no.
///
/// The refusal names no roles: their names are known only where roles are looked up.
pub fn authorize(right: Right, actor: &Actor, policy: &Policy) -> Result<Granted, Refusal> {
    let known = standing(actor, policy);
    let standing = match (known, right) {
        (Some(standing), _) => standing,
        // What everyone may do needs no knowledge of roles.
        (None, Right::Everyone) => Standing::Member,
        (None, _) => return Err(Refusal::RolesUnknown),
    };
    if !covers(standing, right) {
        return Err(match actor.owner {
            Some(_) => Refusal::NoRight { roles: Vec::new() },
            // Still no, but it would be wrong to tell somebody who may be the owner that they may not.
            None => Refusal::RolesUnknown,
        });
    }
    let caps = match standing {
        Standing::Admin => Caps {
            per_award: None,
            per_day: None,
            approve_over: None,
        },
        Standing::Moderator | Standing::Member => Caps {
            per_award: Some(policy.limits.per_award),
            per_day: Some(policy.limits.per_day),
            approve_over: policy.limits.approve_over,
        },
    };
    Ok(Granted {
        guild: policy.guild,
        by: actor.user,
        right,
        standing,
        caps,
    })
}

/// The least standing that has `right`.
pub fn needed(right: Right) -> Standing {
    match right {
        Right::Everyone => Standing::Member,
        Right::View | Right::Give | Right::Take | Right::Undo | Right::Approve => {
            Standing::Moderator
        }
        Right::Freeze | Right::Schedule | Right::Manage => Standing::Admin,
    }
}

fn covers(standing: Standing, right: Right) -> bool {
    standing >= needed(right)
}

/// Why somebody may not undo a certain change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayNotUndo {
    /// Another gave it; only administrators undo what others gave.
    Anothers,
    /// They gave it too long ago to undo it without an administrator.
    TooLate,
}

/// Whether the holder of `granted` may undo what `giver` gave `age` ago: the giver within `window`,
/// an administrator at any time.
pub fn may_undo(
    granted: &Granted,
    giver: UserId,
    age: Duration,
    window: Duration,
) -> Result<(), MayNotUndo> {
    if granted.standing() == Standing::Admin {
        return Ok(());
    }
    if granted.by() != giver {
        return Err(MayNotUndo::Anothers);
    }
    match age <= window {
        true => Ok(()),
        false => Err(MayNotUndo::TooLate),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::Language;
    use crate::model::policy::RewardLimits;

    fn policy() -> Policy {
        Policy {
            guild: GuildId::new(1),
            name: None,
            language: Language::Chinese,
            zone: TimeZone::UTC,
            admins: vec![UserId::new(10)],
            admin_roles: vec![RoleId::new(20)],
            moderator_roles: vec![RoleId::new(30)],
            manage_guild: ManageGuild::MeansNothing,
            limits: RewardLimits::default(),
            presets: Default::default(),
        }
    }

    fn actor(user: u64, roles: &[(u64, u64)]) -> Actor {
        Actor {
            user: UserId::new(user),
            roles: Some(
                roles
                    .iter()
                    .map(|&(id, bits)| HeldRole {
                        id: RoleId::new(id),
                        permissions: Some(bits),
                    })
                    .collect(),
            ),
            owner: Some(UserId::new(99)),
        }
    }

    #[test]
    fn each_way_to_be_an_admin_counts_and_nothing_else_does() {
        let policy = policy();
        let stands = |actor: &Actor| standing(actor, &policy);
        assert_eq!(stands(&actor(10, &[])), Some(Standing::Admin));
        assert_eq!(stands(&actor(99, &[])), Some(Standing::Admin));
        assert_eq!(stands(&actor(5, &[(20, 0)])), Some(Standing::Admin));
        assert_eq!(
            stands(&actor(5, &[(7, ADMINISTRATOR)])),
            Some(Standing::Admin)
        );
        assert_eq!(
            stands(&actor(5, &[(7, MANAGE_GUILD)])),
            Some(Standing::Member)
        );
        assert_eq!(stands(&actor(5, &[(30, 0)])), Some(Standing::Moderator));
        assert_eq!(
            stands(&actor(5, &[(7, !ADMINISTRATOR)])),
            Some(Standing::Member)
        );
    }

    #[test]
    fn unknown_roles_mean_no_but_do_not_silence_questions() {
        let mut who = actor(5, &[]);
        who.roles = None;
        let policy = policy();
        assert_eq!(
            authorize(Right::Give, &who, &policy).unwrap_err(),
            Refusal::RolesUnknown
        );
        assert!(authorize(Right::Everyone, &who, &policy).is_ok());
        // Somebody without a role who may yet own the guild.
        let mut who = actor(5, &[]);
        who.owner = None;
        assert_eq!(
            authorize(Right::Give, &who, &policy).unwrap_err(),
            Refusal::RolesUnknown
        );
    }

    #[test]
    fn limits_bind_moderators_and_not_admins() {
        let policy = policy();
        let moderator = authorize(Right::Give, &actor(5, &[(30, 0)]), &policy).unwrap();
        assert_eq!(moderator.caps().per_award, Some(9_999));
        let admin = authorize(Right::Give, &actor(10, &[]), &policy).unwrap();
        assert_eq!(admin.caps().per_award, None);
        for right in [Right::Manage, Right::Schedule] {
            assert!(authorize(right, &actor(5, &[(30, 0)]), &policy).is_err());
            assert!(authorize(right, &actor(10, &[]), &policy).is_ok());
        }
    }

    #[test]
    fn givers_undo_their_own_for_a_while_and_administrators_any_at_any_time() {
        let policy = policy();
        let moderator = authorize(Right::Undo, &actor(5, &[(30, 0)]), &policy).unwrap();
        let admin = authorize(Right::Undo, &actor(10, &[]), &policy).unwrap();
        let may = |granted: &Granted, giver, seconds| {
            let age = Duration::from_secs(seconds);
            may_undo(granted, UserId::new(giver), age, Duration::from_secs(600))
        };
        assert_eq!(may(&moderator, 5, 600), Ok(()));
        assert_eq!(may(&moderator, 5, 601), Err(MayNotUndo::TooLate));
        assert_eq!(may(&moderator, 6, 0), Err(MayNotUndo::Anothers));
        assert_eq!(may(&admin, 6, 1_000_000), Ok(()));
        for right in [Right::Undo, Right::Approve] {
            assert!(authorize(right, &actor(5, &[]), &policy).is_err());
        }
        assert!(authorize(Right::Freeze, &actor(5, &[(30, 0)]), &policy).is_err());
        assert!(authorize(Right::Freeze, &actor(10, &[]), &policy).is_ok());
    }
}
