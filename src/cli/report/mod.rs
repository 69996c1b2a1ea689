//! `guildpoints report`: tells a points system of an event, by an operator's hand.
//!
//! Invariants: the operation id is printed before anything is sent, so that a lost answer can be
//! repeated under it; one run is one sending; nothing is asked, and ids of accounts are shown masked.
//! Exit codes beyond the usual: 3 where nobody knows whether it was taken.

mod texts;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use super::UNUSABLE;
use super::settings;
use crate::cli::catalogue::fill;
use crate::cli::report::texts::Texts;
use crate::cli::table::harmless_line;
use crate::commands::is_event;
use crate::config::Config;
use crate::journal::Journal;
use crate::model::Account;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::account_form;
use crate::points::Linked;
use crate::points::Links;
use crate::points::Verdict;
use crate::points::swan::Swan;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// What `report` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "bot.toml")]
    config: PathBuf,
    /// The system, as the settings name it: swan.hq
    #[arg(value_name = "SYSTEM")]
    system: String,
    /// The event, as the system's console calls it
    #[arg(value_name = "EVENT")]
    event: String,
    /// Who did it: an account there, or the long id of a member who is linked
    #[arg(long, value_name = "ID")]
    user: String,
    /// Who saw it: a staff account there, or the long id of a member who has one linked
    #[arg(long, value_name = "ID")]
    staff: String,
    /// The id of an earlier run whose answer was lost: it counts once
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
}

/// The exit code where nobody knows whether the report was taken.
const UNKNOWN: u8 = 3;

/// The kind of account that may report.
const STAFF: &str = "staff";

/// Why nothing was sent.
enum NotSent {
    /// The arguments cannot be used.
    Unusable(String),
    /// Something else stands against it.
    Failed(String),
}

/// Does what was asked and answers with the exit code.
pub(super) async fn report(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let texts = Texts::of(config.language);
    match sent(&config, &texts, &arguments).await {
        Ok(code) => code,
        Err(NotSent::Unusable(told)) => {
            eprintln!("{told}");
            ExitCode::from(UNUSABLE)
        }
        Err(NotSent::Failed(told)) => {
            eprintln!("{told}");
            ExitCode::FAILURE
        }
    }
}

async fn sent(config: &Config, texts: &Texts, arguments: &Arguments) -> Result<ExitCode, NotSent> {
    let unusable = |text: &str, read: &str| {
        let told = fill(text, &[("read", &*harmless_line(read))]);
        Err(NotSent::Unusable(told))
    };
    let event = arguments.event.as_str();
    if !is_event(event) {
        return unusable(&texts.bad_event, event);
    }
    let operation = match &arguments.operation {
        // A repetition is the same only if the id is, to the letter.
        Some(given) if !is_event(given) => return unusable(&texts.bad_operation, given),
        Some(given) => given.clone(),
        None => format!("gp-report-{}", Uuid::new_v4().simple()),
    };
    let clock = Clock::system();
    let pulses = Pulses::new(clock.clone());
    let meant = System::read(&arguments.system).filter(|system| system.kind() == SystemKind::Swan);
    let found = meant.and_then(|system| {
        let name = system.given_name()?;
        let settings = config.swans.get(name)?.clone();
        Some((
            Swan::new(name, settings, clock.clone(), pulses.clone()),
            system,
        ))
    });
    let Some((swan, system)) = found else {
        let known: Vec<String> = config
            .swans
            .keys()
            .map(|name| format!("swan.{name}"))
            .collect();
        let holes = [
            ("system", &*harmless_line(&arguments.system)),
            ("known", &*known.join(", ")),
        ];
        return Err(NotSent::Unusable(fill(&texts.no_such_system, &holes)));
    };
    let swan = swan.map_err(|error| NotSent::Unusable(format!("[{system}] {error}")))?;
    let accounts = Accounts {
        config,
        texts,
        system: &system,
    };
    let account = accounts.named(&arguments.user, &clock, &pulses).await?;
    let staff = accounts.named(&arguments.staff, &clock, &pulses).await?;
    if staff.kind() != STAFF {
        let holes = [
            ("account", &*staff.masked()),
            ("example", account_form::example(STAFF)),
        ];
        return Err(NotSent::Failed(fill(&texts.not_staff, &holes)));
    }
    // Before the first byte leaves: whoever loses the answer needs it.
    println!("{}", fill(&texts.operation, &[("operation", &operation)]));
    let verdict = swan.report(&account, &staff, event, &operation).await;
    let say = |text: &str, why: &str| {
        let holes = [
            ("system", system.name()),
            ("event", event),
            ("operation", &*operation),
            ("why", why),
        ];
        fill(text, &holes)
    };
    Ok(match verdict {
        Verdict::Applied => {
            println!("{}", say(&texts.done, ""));
            ExitCode::SUCCESS
        }
        Verdict::Refused(refused) => {
            eprintln!(
                "{}",
                say(&texts.refused, &seen(refused.code, &refused.text))
            );
            if arguments.operation.is_some() {
                eprintln!("{}", say(&texts.refused_again, ""));
            }
            ExitCode::FAILURE
        }
        Verdict::NotSent(why) => {
            eprintln!("{}", say(&texts.not_sent, &harmless_line(&why)));
            ExitCode::FAILURE
        }
        Verdict::Unknown(doubt) => {
            eprintln!("{}", say(&texts.unknown, &seen(doubt.code, &doubt.text)));
            eprintln!("{}", say(&texts.what_to_do, ""));
            ExitCode::from(UNKNOWN)
        }
    })
}

/// Code and text of a system, as one line.
fn seen(code: Option<i64>, text: &str) -> String {
    let code = code.map(|code| code.to_string()).unwrap_or_default();
    harmless_line(format!("{code} {text}").trim())
}

/// Who is who in one system.
struct Accounts<'a> {
    config: &'a Config,
    texts: &'a Texts,
    system: &'a System,
}

impl Accounts<'_> {
    /// The account that is named, or that is linked to the member who is.
    async fn named(&self, read: &str, clock: &Clock, pulses: &Pulses) -> Result<Account, NotSent> {
        if read.is_empty() || !read.bytes().all(|b| b.is_ascii_digit()) {
            let account = account_form::account(SystemKind::Swan, None, read);
            return account.map_err(|_| self.bad_account(read));
        }
        let member: UserId = read.parse().map_err(|_| self.bad_account(read))?;
        let store = &self.config.store;
        let failed = |error| NotSent::Failed(format!("{:#}", anyhow::Error::new(error)));
        let journal = Journal::open_to_read(store, clock.clone(), pulses.clone()).await;
        let journal = journal.map_err(failed)?;
        let links = Links::new(journal.clone()).declared(self.config.templates.clone());
        let linked = links.linked(self.system, member).await;
        journal.close().await;
        match linked.map_err(failed)? {
            Linked::Proved(link) => Ok(link.account),
            Linked::Declared(account) => Ok(account),
            Linked::Not => {
                let holes = [("member", read), ("system", self.system.name())];
                Err(NotSent::Failed(fill(&self.texts.not_linked, &holes)))
            }
        }
    }

    fn bad_account(&self, read: &str) -> NotSent {
        let holes = [
            ("read", &*harmless_line(read)),
            ("example", account_form::example(STAFF)),
        ];
        NotSent::Unusable(fill(&self.texts.bad_account, &holes))
    }
}
