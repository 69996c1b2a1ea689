//! Accounts that the operator has bound to members over there, so that nobody has to link them.
//!
//! Invariants: only where the operator says that customer ids are Fanbook's long ids; a link that was
//! proved goes before it. Of the reply, which may hold what a points bot has no business with, the
//! platform and the id are kept and nothing else. Who has several clients gets none of them.
//!
//! Source: points-backends, 3.3 and 4.4. The `clientId` of this reply is the platform's id.

use serde_json::Map;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::Answer;
use super::client::Manta;
use super::list::Kind;
use super::list::is_possible;
use super::meaning;
use super::request::Question;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::ReadError;

/// Whether clients are bound to members over there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// They are not, or by ids that say nothing.
    #[default]
    No,
    /// Their customer id is the member's long id.
    ByLongId,
}

impl Manta {
    /// The account that is bound to a member; `NotLinked` where there is none.
    pub async fn bound_to(&self, member: UserId) -> Result<Account, ReadError> {
        let until = Instant::now() + self.inner.timeout * 2;
        let answer = self.ask(Question::BoundTo(member), until).await;
        match &answer {
            Answer::Well(fields) => match bound(fields) {
                Ok(account) => Ok(account),
                Err(why) => Err(why.told()),
            },
            other => {
                let refused = meaning::refused(other).expect("it is no success");
                Err(match refused.meaning {
                    PointsRefusal::NoAccount => Unbound::Nobody.told(),
                    _ => ReadError { refused },
                })
            }
        }
    }
}

/// Why there is no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unbound {
    Nobody,
    Several,
    Unreadable,
}

impl Unbound {
    fn told(self) -> ReadError {
        let (meaning, text) = match self {
            Self::Nobody => (
                PointsRefusal::NotLinked,
                "no account there is linked or bound to this member",
            ),
            Self::Several => (
                PointsRefusal::NoAccess,
                "several clients are bound to this member: unbind all but one",
            ),
            Self::Unreadable => (
                PointsRefusal::Unavailable,
                "an answer without a readable list of clients",
            ),
        };
        ReadError {
            refused: Refused {
                meaning,
                code: None,
                text: text.to_owned(),
            },
        }
    }
}

fn bound(fields: &Map<String, Value>) -> Result<Account, Unbound> {
    let list = fields.get("clientList").and_then(|list| list.get("list"));
    let list = list.and_then(Value::as_array).ok_or(Unbound::Unreadable)?;
    match list.as_slice() {
        [] => Err(Unbound::Nobody),
        [client] => {
            let text = |name: &str| client.get(name).and_then(Value::as_str);
            let (Some(platform), Some(id)) = (text("platform"), text("clientId")) else {
                return Err(Unbound::Unreadable);
            };
            let account = Account::new(platform, id);
            match Kind::of(&account) {
                Some(Kind::On(platform)) if is_possible(id) => Ok(Account::new(platform, id)),
                _ => Err(Unbound::Unreadable),
            }
        }
        _ => Err(Unbound::Several),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(reply: Value) -> Result<Account, Unbound> {
        bound(reply.as_object().unwrap())
    }

    #[test]
    fn one_client_is_an_account_of_its_platform() {
        let client =
            json!({"platform": "LINE", "clientId": "U1", "email": "x@y", "customerId": "5"});
        let read = of(json!({"clientList": {"list": [client], "next": null}}));
        assert_eq!(read, Ok(Account::new("line", "U1")));
    }

    #[test]
    fn none_several_and_unreadable_are_told_apart() {
        let client = json!({"platform": "line", "clientId": "U1"});
        let list = |clients: Value| json!({"clientList": {"list": clients}});
        assert_eq!(of(list(json!([]))), Err(Unbound::Nobody));
        let two = list(json!([client, client]));
        assert_eq!(of(two), Err(Unbound::Several));
        for unreadable in [
            json!({}),
            json!({"clientList": []}),
            list(json!(null)),
            list(json!([5])),
            list(json!([{"platform": "line"}])),
            list(json!([{"platform": "line", "clientId": ""}])),
            // An encoded id is nothing that this list has.
            list(json!([{"platform": "encoded", "clientId": "U1"}])),
            list(json!([{"platform": "telegram", "clientId": "U1"}])),
        ] {
            assert_eq!(
                of(unreadable.clone()),
                Err(Unbound::Unreadable),
                "{unreadable}"
            );
        }
    }
}
