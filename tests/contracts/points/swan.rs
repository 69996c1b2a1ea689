//! The row of Swan: the sandbox's, over a socket, in every shape and with every choice of an operator.

use std::sync::Arc;
use std::time::Duration;

use guildpoints::model::Account;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::FoundBy;
use guildpoints::points::Links;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::swan::Swan;
use guildpoints::points::swan::SwanSettings;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::swan::CreatedField;
use guildpoints::sandbox::swan::Deduct;
use guildpoints::sandbox::swan::DetailId;
use guildpoints::sandbox::swan::ErrorForm;
use guildpoints::sandbox::swan::LedgerForm;
use guildpoints::sandbox::swan::PointsForm;
use guildpoints::sandbox::swan::RepeatedId;
use guildpoints::sandbox::swan::SwanShapes;
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

struct There(Running);

fn account(member: UserId) -> Account {
    Account::new("retail", format!("@retail_{member}:corp.example"))
}

impl Place for There {
    fn has<'a>(&'a self, rig: &'a Rig, member: UserId, points: i64) -> Doing<'a> {
        self.0.swan().set_balance(account(member).id(), points);
        self.introduces(rig, member)
    }

    fn introduces<'a>(&'a self, rig: &'a Rig, member: UserId) -> Doing<'a> {
        Box::pin(tied(rig, member, account(member)))
    }
}

/// A shape of the service, and what the operator has set.
#[derive(Clone, Debug)]
pub struct Selection {
    shapes: SwanShapes,
    deduct: Taking,
    transaction_id: Repeats,
}

/// Every choice at least once.
pub fn selections() -> Vec<Selection> {
    let usual = Selection {
        shapes: SwanShapes::default(),
        deduct: Taking::Enabled,
        transaction_id: Repeats::Unpromised,
    };
    let mut all = vec![usual.clone()];
    let mut with = |change: fn(&mut Selection)| {
        let mut selection = usual.clone();
        change(&mut selection);
        all.push(selection);
    };
    with(|it| {
        it.deduct = Taking::NotEnabled;
        it.shapes.deduct = Deduct::Refuse;
        it.shapes.error_form = ErrorForm::Text;
        it.shapes.ledger = LedgerForm::Object;
        it.shapes.points = PointsForm::Number;
        it.shapes.created = CreatedField::CreateAt;
        it.shapes.detail_id = DetailId::Number;
    });
    with(|it| {
        it.transaction_id = Repeats::Dropped;
        it.shapes.repeated_id = RepeatedId::Silent;
        it.shapes.error_form = ErrorForm::Empty;
        it.shapes.ledger = LedgerForm::Array;
        it.shapes.points = PointsForm::String;
        it.shapes.created = CreatedField::CreatedAt;
        it.shapes.detail_id = DetailId::TransactionId;
        it.shapes.accept_quoted = true;
    });
    with(|it| {
        it.transaction_id = Repeats::Dropped;
        it.shapes.repeated_id = RepeatedId::Conflict;
        it.shapes.ledger = LedgerForm::Array;
        it.shapes.points = PointsForm::Number;
        it.shapes.detail_id = DetailId::Number;
        it.shapes.strict_headers = true;
    });
    with(|it| {
        it.shapes.error_form = ErrorForm::Status200;
        it.shapes.ledger = LedgerForm::Malformed;
    });
    all
}

pub async fn rig(selection: Selection) -> Rig {
    let sandbox = sandbox().await;
    sandbox.swan().set_shapes(selection.shapes.clone());
    let home = Home::new();
    let journal = home.journal().await;
    let headers = sandbox.swan().gateway().into_iter();
    let settings = SwanSettings {
        base_url: sandbox.addresses().swan_url.clone(),
        headers: headers
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
        deduct: selection.deduct,
        transaction_id: selection.transaction_id,
        change_type: "FANBOOK".to_owned(),
        acts_as: None,
        timeout: Duration::from_secs(20),
    };
    let swan = Swan::new("hq", settings, home.clock.clone(), home.pulses.clone()).unwrap();
    let handle = Arc::new(swan.linked(Links::new(journal.clone())));
    let readable = selection.shapes.ledger != LedgerForm::Malformed;
    let claims = Claims {
        change: Some((selection.transaction_id, selection.deduct)),
        find: match readable {
            true => Find::By(FoundBy::History),
            false => Find::Unreadable,
        },
        history: match readable {
            true => Pages::Read,
            false => Pages::Unreadable,
        },
        batch: Batches::None,
        many: false,
        // Where an error is no HTTP error, nobody promises how it says what is wrong.
        unknown: Unknown::Refused(match selection.shapes.error_form {
            ErrorForm::Status200 => PointsRefusal::Unavailable,
            _ => PointsRefusal::NoAccount,
        }),
        linked: true,
        insufficient: false,
    };
    let name = format!("{selection:?}");
    let place = Box::new(There(sandbox));
    Rig::new(&name, home, journal, GUILD, handle, claims, place)
}
