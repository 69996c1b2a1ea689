//! Who of the little world has an account with Swan or Manta, and what those services start with.
//!
//! The ids are the same in every fresh world, as everybody else's are; the credentials are drawn
//! anew. Where an account belongs to is told only to whoever holds the running sandbox: the
//! imitated services do not know their users' chat accounts, as the real ones do not.

use serde::Serialize;

use super::id_text;
use super::manta::MantaBot;
use super::manta::MantaClient;
use super::manta::MantaSeed;
use super::seed::Cast;
use super::swan::SwanOpening;
use super::swan::SwanSeed;
use super::world::World;
use crate::model::ids::UserId;

/// The header that the gateway in front of the imitated Swan demands.
const GATEWAY_HEADER: &str = "X-Gateway-Key";

/// The id of the imitated Manta's bot; it holds every character that a query must escape.
const MANTA_BOT: &str = "gB3+xQ9/kZ7mVw2t==";

/// An account of a member of the seeded world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeededAccount {
    /// `swan` or `manta`.
    pub system: &'static str,
    /// Whose it is.
    #[serde(serialize_with = "id_text::one")]
    pub member: UserId,
    /// `retail` or `staff` at Swan, `encoded` at Manta.
    pub kind: &'static str,
    /// The account's id there.
    pub id: String,
}

/// All accounts of the members a world has.
pub fn accounts(world: &World) -> Vec<SeededAccount> {
    let cast = Cast::new();
    let swan = swan_users(&cast)
        .into_iter()
        .map(|(member, kind, id, _)| SeededAccount {
            system: "swan",
            member,
            kind,
            id: id.to_owned(),
        });
    let manta = manta_clients(&cast)
        .into_iter()
        .map(|(member, id, ..)| SeededAccount {
            system: "manta",
            member,
            kind: "encoded",
            id: id.to_owned(),
        });
    swan.chain(manta)
        .filter(|account| world.users.contains_key(&account.member))
        .collect()
}

/// What the imitated Swan starts with.
pub fn swan_seed(world: &World) -> SwanSeed {
    let users = swan_users(&Cast::new()).into_iter();
    SwanSeed {
        gateway: Some((GATEWAY_HEADER.to_owned(), world.swan_key.clone())),
        users: users
            .map(|(_, _, id, history)| SwanOpening {
                id: id.to_owned(),
                history,
            })
            .collect(),
        rules: vec![
            ("VIEW_STUDIO".to_owned(), 5),
            ("SHARE_ARTICLE".to_owned(), 20),
        ],
    }
}

/// What the imitated Manta starts with.
pub fn manta_seed() -> MantaSeed {
    let clients = manta_clients(&Cast::new()).into_iter();
    MantaSeed {
        bots: vec![MantaBot {
            id: MANTA_BOT.to_owned(),
            plan_open: true,
            clients: clients
                .map(|(member, id, line, points)| MantaClient {
                    id: id.to_owned(),
                    platform: "line".to_owned(),
                    platform_client_id: line.to_owned(),
                    customer_id: Some(member.to_string()),
                    points,
                })
                .collect(),
        }],
    }
}

type SwanUser = (UserId, &'static str, &'static str, Vec<(i64, String)>);

fn swan_users(cast: &Cast) -> [SwanUser; 5] {
    let once = |points: i64, info: &str| vec![(points, info.to_owned())];
    // More than one page of the ledger: 24 check-ins and a redemption, 340 points together.
    let mut busy: Vec<(i64, String)> = (1..=24)
        .map(|day| (15, format!("每日签到，第{day}天")))
        .collect();
    busy.push((-20, "兑换头像框".to_owned()));
    [
        (cast.ming, "retail", "@retail_20871:corp.example", busy),
        (
            cast.hong,
            "retail",
            "@retail_20872:corp.example",
            once(75, "开卡礼"),
        ),
        (
            cast.owner,
            "retail",
            "@retail_20001:corp.example",
            once(1_200, "开卡礼"),
        ),
        (
            cast.moderator,
            "staff",
            "@staff_jie:corp.example",
            once(60, "客户点赞"),
        ),
        (
            cast.administrator,
            "staff",
            "@staff_yu:corp.example",
            once(310, "客户点赞"),
        ),
    ]
}

fn manta_clients(cast: &Cast) -> [(UserId, &'static str, &'static str, i64); 3] {
    [
        (cast.ming, "Qw3eRt7Yu", "U00aa11bb22cc33dd", 150),
        (cast.hong, "As5dFg9Hj", "U11bb22cc33dd44ee", 0),
        (cast.moderator, "Zx8cVb2Nm", "U22cc33dd44ee55ff", 2_060),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_opened_and_belongs_to_somebody() {
        let world = World::seeded();
        let accounts = accounts(&world);
        let of = |system: &str| -> Vec<String> {
            let own = accounts.iter().filter(|account| account.system == system);
            own.map(|account| account.id.clone()).collect()
        };
        let users: Vec<String> = swan_seed(&world).users.into_iter().map(|u| u.id).collect();
        assert_eq!(of("swan"), users);
        let clients: Vec<String> = manta_seed().bots[0]
            .clients
            .iter()
            .map(|client| client.id.clone())
            .collect();
        assert_eq!(of("manta"), clients);
        assert_eq!((users.len(), clients.len()), (5, 3));
    }

    #[test]
    fn accounts_of_people_who_are_not_there_are_left_out() {
        let mut world = World::seeded();
        world.users.remove(&Cast::new().ming);
        assert_eq!(accounts(&world).len(), 6);
    }
}
