//! How boards that stand in the chat are kept, the same in every engine.

use crate::journal::shown::BoardForm;
use crate::journal::shown::ShownKind;
use crate::model::MessageId;
use crate::model::UserId;

/// How forms are kept.
pub(super) const FORMS: [(&str, BoardForm); 4] = [
    ("text", BoardForm::Text),
    ("card", BoardForm::Card),
    ("rich", BoardForm::Rich),
    ("photo", BoardForm::Photo),
];

/// What is kept of what a board is: kind, command, asker, subject, page, buttons, schedule, rows, late,
/// compared.
pub(super) struct KeptKind<'a> {
    pub kind: &'static str,
    pub command: Option<i64>,
    pub asker: Option<i64>,
    pub subject: Option<i64>,
    pub page: Option<i64>,
    pub buttons: Option<i64>,
    pub schedule: Option<&'a str>,
    pub rows: Option<i64>,
    pub late: Option<i64>,
    pub compared: Option<i64>,
}

impl<'a> KeptKind<'a> {
    /// As it is kept.
    pub fn of(kind: &'a ShownKind) -> Self {
        let nothing = Self {
            kind: "",
            command: None,
            asker: None,
            subject: None,
            page: None,
            buttons: None,
            schedule: None,
            rows: None,
            late: None,
            compared: None,
        };
        let id = |number: u64| Some(number.cast_signed());
        match kind {
            ShownKind::Page {
                command,
                asker,
                subject,
                page,
                buttons,
            } => Self {
                kind: "page",
                command: id(command.number()),
                asker: id(asker.number()),
                subject: id(subject.number()),
                page: Some(i64::from(*page)),
                buttons: Some(i64::from(*buttons)),
                ..nothing
            },
            ShownKind::Place { command, asker } => Self {
                kind: "place",
                command: id(command.number()),
                asker: id(asker.number()),
                ..nothing
            },
            ShownKind::Post {
                schedule,
                rows,
                late,
                compared,
            } => Self {
                kind: "post",
                schedule: Some(schedule),
                rows: Some(i64::from(*rows)),
                late: Some(i64::from(*late)),
                compared: Some(i64::from(*compared)),
                ..nothing
            },
        }
    }

    /// What it stands for, if anything.
    pub fn read(self, kind: &str) -> Option<ShownKind> {
        let id = |kept: Option<i64>| kept.map(i64::cast_unsigned);
        let command = || id(self.command).map(MessageId::new);
        let asker = || id(self.asker).map(UserId::new);
        Some(match kind {
            "page" => ShownKind::Page {
                command: command()?,
                asker: asker()?,
                subject: UserId::new(id(self.subject)?),
                page: u32::try_from(self.page?).ok()?,
                buttons: self.buttons? != 0,
            },
            "place" => ShownKind::Place {
                command: command()?,
                asker: asker()?,
            },
            "post" => ShownKind::Post {
                schedule: self.schedule?.to_owned(),
                rows: u8::try_from(self.rows?).ok()?,
                late: self.late? != 0,
                compared: self.compared? != 0,
            },
            _ => return None,
        })
    }
}
