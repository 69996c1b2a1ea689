//! The row of the mall: the sandbox's, over a socket, in every shape the document leaves open.

use std::time::Duration;

use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::FoundBy;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::mall::Mall;
use guildpoints::points::mall::MallSettings;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::mall::BatchOrder;
use guildpoints::sandbox::mall::EmptyRecord;
use guildpoints::sandbox::mall::ErrorShape;
use guildpoints::sandbox::mall::LengthUnit;
use guildpoints::sandbox::mall::Shapes;
use guildpoints::sandbox::mall::UnknownUserCode;
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
use crate::store::stage::Home;

struct There(Running);

impl Place for There {
    fn has<'a>(&'a self, rig: &'a Rig, member: UserId, points: i64) -> Doing<'a> {
        let mall = self.0.mall();
        mall.set_balance(rig.guild.number(), member.number(), points);
        Box::pin(std::future::ready(()))
    }
}

/// Every choice at least once.
pub fn selections() -> Vec<Shapes> {
    let mut all = vec![Shapes::default()];
    let mut with = |change: fn(&mut Shapes)| {
        let mut shapes = Shapes::default();
        change(&mut shapes);
        all.push(shapes);
    };
    with(|shapes| {
        shapes.strict_headers = true;
        shapes.length_unit = LengthUnit::Codepoint;
        shapes.error_shape = ErrorShape::Inner;
        shapes.unknown_user_code = UnknownUserCode::NoSuchUser;
        shapes.batch_order = BatchOrder::Reversed;
        shapes.post_status_201 = true;
        shapes.empty_record = EmptyRecord::Object;
    });
    with(|shapes| {
        shapes.length_unit = LengthUnit::Utf8;
        shapes.error_shape = ErrorShape::Both;
        shapes.unknown_balance_null = true;
        shapes.batch_order = BatchOrder::Shuffled;
        shapes.empty_record = EmptyRecord::Absent;
    });
    with(|shapes| {
        shapes.failed_uses_bizid = true;
        shapes.batch_single_object = true;
        shapes.empty_record = EmptyRecord::Text;
    });
    with(|shapes| {
        shapes.not_found_html = true;
        shapes.batch_atomic = true;
        shapes.empty_record = EmptyRecord::List;
    });
    with(|shapes| shapes.find_point_record = false);
    all
}

pub async fn rig(shapes: Shapes) -> Rig {
    let sandbox = sandbox().await;
    sandbox.mall().set_shapes(shapes.clone());
    let home = Home::new();
    let journal = home.journal().await;
    let settings = MallSettings {
        base_url: sandbox.addresses().mall_url.clone(),
        app_key: Secret::new(sandbox.app_key()),
        app_secret: Secret::new(sandbox.app_secret()),
        timeout: Duration::from_secs(20),
        in_flight: 8,
        signature_window: Duration::from_secs(600),
        look_up_after: Duration::from_secs(2),
    };
    let mall = Mall::new(settings, home.clock.clone(), home.pulses.clone()).unwrap();
    let guild = sandbox.guild_id();
    let handle = mall.handles([guild].into_iter()).remove(&guild).unwrap();
    // What the bot does at its start; before it nothing is known of look-ups.
    assert_eq!(handle.probe().await.is_ok(), shapes.find_point_record);
    let claims = Claims {
        change: Some(match shapes.find_point_record {
            true => (Repeats::Dropped, Taking::Enabled),
            false => (Repeats::Unpromised, Taking::Enabled),
        }),
        find: match shapes.find_point_record {
            true => Find::By(FoundBy::Id),
            false => Find::Missing,
        },
        history: Pages::None,
        batch: match shapes.batch_atomic {
            true => Batches::AllOrNone,
            false => Batches::EachForItself,
        },
        many: false,
        unknown: Unknown::Refused(PointsRefusal::NoAccount),
        linked: false,
        insufficient: true,
    };
    let name = format!("{shapes:?}");
    let place = Box::new(There(sandbox));
    Rig::new(&name, home, journal, guild, handle, claims, place)
}
