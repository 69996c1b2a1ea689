//! `link import`: the accounts of a file, all or none, after a look at what that would do.

use std::io::BufRead as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Desk;
use super::file;
use super::preview;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::journal::Imported;
use crate::journal::Journal;
use crate::journal::LinkFilter;

/// What `import` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The CSV file, in UTF-8
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Lines a file may have: as many as one transaction writes without anybody waiting long.
const MOST_LINES: usize = 20_000;

/// Answers that mean yes.
const YES: [&str; 4] = ["y", "yes", "是", "好"];

/// Imports a file.
pub(super) async fn import(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let path = arguments.file.display().to_string();
    let bytes = std::fs::read(&arguments.file).with_context(|| format!("`{path}`"))?;
    let Ok(text) = String::from_utf8(bytes) else {
        eprintln!("{}", fill(&desk.texts.bad_encoding, &[("file", &path)]));
        return Ok(Ended::Badly);
    };
    let journal = desk.beside().await?;
    let ended = carry_out(desk, &journal, &text, arguments.yes).await;
    journal.close().await;
    ended
}

async fn carry_out(desk: &Desk, journal: &Journal, text: &str, yes: bool) -> anyhow::Result<Ended> {
    let texts = &desk.texts;
    let records = file::records(text);
    if records.len() > MOST_LINES {
        let holes = [("most", &*MOST_LINES.to_string())];
        eprintln!("{}", fill(&texts.bad_long, &holes));
        return Ok(Ended::Badly);
    }
    let standing = journal.links(&LinkFilter::default(), usize::MAX).await?;
    let preview = preview::preview(desk, &records, &standing, desk.clock.now_ms());
    let (new, known) = (preview.new.len().to_string(), preview.known.to_string());
    let (repeated, bad) = (preview.repeated.to_string(), preview.bad.len().to_string());
    let counts = [
        ("new", &*new),
        ("known", &*known),
        ("repeated", &*repeated),
        ("bad", &*bad),
    ];
    println!("{}", fill(&texts.preview, &counts));
    for system in desk.systems() {
        let of = preview
            .new
            .iter()
            .filter(|link| link.system == system.name());
        let count = of.count();
        if count > 0 {
            let holes = [("system", system.name()), ("count", &*count.to_string())];
            println!("{}", fill(&texts.preview_system, &holes));
        }
    }
    for bad in &preview.bad {
        println!("{bad}");
    }
    if !preview.bad.is_empty() {
        eprintln!("{}", texts.nothing_written_bad);
        return Ok(Ended::Badly);
    }
    if preview.new.is_empty() {
        println!("{}", texts.nothing_new);
        return Ok(Ended::Well);
    }
    if !yes && !confirmed(&fill(&texts.sure, &counts))? {
        eprintln!("{}", texts.nothing_written);
        return Ok(Ended::Badly);
    }
    match journal.import_links(preview.new).await? {
        Imported::All { new } => {
            println!("{}", fill(&texts.imported, &[("new", &*new.to_string())]));
            Ok(Ended::Well)
        }
        Imported::Hindered(links) => {
            for link in links {
                let holes = [
                    ("system", &*link.system),
                    ("member", &*link.member.to_string()),
                ];
                eprintln!("{}", fill(&texts.hindered, &holes));
            }
            Ok(Ended::Badly)
        }
    }
}

/// Asks at the terminal. Nobody there means no.
fn confirmed(question: &str) -> anyhow::Result<bool> {
    print!("{question} ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(YES.contains(&answer.trim().to_lowercase().as_str()))
}
