//! The row of MantaGO: the sandbox's, over a socket, in every shape and for both kinds of ids.

use std::sync::Arc;
use std::time::Duration;

use guildpoints::model::Account;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::Links;
use guildpoints::points::manta::Bound;
use guildpoints::points::manta::KeptSecret;
use guildpoints::points::manta::Manta;
use guildpoints::points::manta::MantaSettings;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::manta::MantaClient;
use guildpoints::sandbox::manta::MantaShapes;
use guildpoints::sandbox::manta::NoPoints;
use guildpoints::sandbox::manta::PointOrder;
use guildpoints::sandbox::manta::UnknownIds;
use guildpoints::support::secret::Secret;

use super::rig::Batches;
use super::rig::Claims;
use super::rig::Doing;
use super::rig::Find;
use super::rig::Pages;
use super::rig::Place;
use super::rig::Rig;
use super::rig::Unknown;
use super::rig::sandbox;
use super::rig::tied;
use crate::store::stage::GUILD;
use crate::store::stage::Home;

struct There {
    sandbox: Running,
    kind: &'static str,
}

impl There {
    fn account(&self, member: UserId) -> Account {
        Account::new(self.kind, id(self.kind, member))
    }
}

/// What a member is called there: by Manta itself, or by the platform they come from.
fn id(kind: &str, member: UserId) -> String {
    format!("{kind}{member}")
}

impl Place for There {
    fn has<'a>(&'a self, rig: &'a Rig, member: UserId, points: i64) -> Doing<'a> {
        self.sandbox.manta().put_client(MantaClient {
            id: id("encoded", member),
            platform: "line".to_owned(),
            platform_client_id: id("line", member),
            customer_id: None,
            points,
        });
        self.introduces(rig, member)
    }

    fn introduces<'a>(&'a self, rig: &'a Rig, member: UserId) -> Doing<'a> {
        Box::pin(tied(rig, member, self.account(member)))
    }
}

/// A shape of the service, and the kind of ids members are linked by.
pub type Selection = (MantaShapes, &'static str);

/// Every choice at least once for each kind of ids.
pub fn selections() -> Vec<Selection> {
    let mut all = Vec::new();
    for kind in ["encoded", "line"] {
        let mut with = |change: fn(&mut MantaShapes)| {
            let mut shapes = MantaShapes::default();
            change(&mut shapes);
            all.push((shapes, kind));
        };
        with(|shapes| shapes.no_points = NoPoints::Absent);
        with(|shapes| {
            shapes.unknown_ids = UnknownIds::Refused;
            shapes.bot_id_in_errors = true;
        });
        with(|shapes| {
            shapes.point_order = PointOrder::Shuffled;
            shapes.unknown_ids = UnknownIds::Refused;
            shapes.refusal_status_200 = true;
        });
    }
    all
}

pub async fn rig((shapes, kind): Selection) -> Rig {
    let sandbox = sandbox().await;
    let name = format!("{kind} {shapes:?}");
    sandbox.manta().set_shapes(shapes);
    let home = Home::new();
    let journal = home.journal().await;
    let kept = |text: String| KeptSecret {
        value: Secret::new(text),
        file: None,
    };
    let settings = MantaSettings {
        base_url: sandbox.addresses().manta_url.clone(),
        bot_id: sandbox.manta().bot_id(),
        token: kept(sandbox.manta().token()),
        secret: kept(sandbox.manta().secret()),
        bound: Bound::No,
        timeout: Duration::from_secs(20),
    };
    let manta = Manta::new("shop", settings, home.clock.clone(), home.pulses.clone()).unwrap();
    let handle = Arc::new(manta.linked(Links::new(journal.clone())));
    let claims = Claims {
        change: None,
        find: Find::Not,
        history: Pages::None,
        batch: Batches::None,
        many: true,
        unknown: Unknown::Refused(PointsRefusal::NoAccount),
        linked: true,
        insufficient: false,
    };
    let place = Box::new(There { sandbox, kind });
    Rig::new(&name, home, journal, GUILD, handle, claims, place)
}
