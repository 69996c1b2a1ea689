//! `link code`: a code that ties an account to whoever sends it.

use clap::Args;

use super::Desk;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::cli::journal::when;
use crate::journal::Issued;
use crate::journal::LinkCode;
use crate::model::System;
use crate::model::account_form;
use crate::model::account_form::NotAnAccount;

/// What `code` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The system, as the settings name it: swan.hq
    #[arg(value_name = "SYSTEM")]
    system: String,
    /// The kind of the id: staff, retail; encoded, line, facebook, instagram, liveChat, whatsapp
    #[arg(value_name = "KIND")]
    kind: String,
    /// The id over there
    #[arg(value_name = "ID")]
    id: String,
}

/// Gives out a code.
pub(super) async fn code(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let texts = &desk.texts;
    let systems = desk.systems();
    let system = System::read(&arguments.system).filter(|system| systems.contains(system));
    let Some(system) = system else {
        let known: Vec<&str> = systems.iter().map(System::name).collect();
        eprintln!(
            "{}",
            fill(&texts.no_system, &[("systems", &known.join(", "))])
        );
        return Ok(Ended::Badly);
    };
    let kind = Some(arguments.kind.as_str());
    let account = match account_form::account(system.kind(), kind, &arguments.id) {
        Ok(account) => account,
        Err(NotAnAccount::OtherForm { example }) => {
            eprintln!("{}", fill(&texts.bad_id, &[("example", example)]));
            return Ok(Ended::Badly);
        }
        Err(NotAnAccount::UnknownKind | NotAnAccount::NothingToLink) => {
            let kinds = account_form::kinds(system.kind()).join(", ");
            eprintln!("{}", fill(&texts.bad_kind, &[("kinds", &kinds)]));
            return Ok(Ended::Badly);
        }
    };
    let journal = desk.beside().await?;
    let code = LinkCode::fresh();
    let issued = journal.issue_code(&code, system.name(), account).await;
    journal.close().await;
    match issued? {
        Issued::Until { until_ms } => {
            println!("{}", code.shown());
            let until = when::shown(until_ms, &desk.zone(None));
            let holes = [
                ("system", system.name()),
                ("code", &*code.shown()),
                ("until", &*until),
            ];
            eprintln!("{}", fill(&texts.code_hint, &holes));
            Ok(Ended::Well)
        }
        Issued::Taken(member) => {
            let member = member.to_string();
            let holes = [("system", system.name()), ("member", &*member)];
            eprintln!("{}", fill(&texts.code_taken, &holes));
            Ok(Ended::Badly)
        }
    }
}
