//! `journal backup` and `journal restore`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Desk;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::journal::Journal;

/// What `backup` takes.
#[derive(Args, Debug)]
pub(super) struct BackupArguments {
    /// The copy to make; it must not exist yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What `restore` takes.
#[derive(Args, Debug)]
pub(super) struct RestoreArguments {
    /// The copy to go back to
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the store, also while the bot runs.
pub(super) async fn backup(desk: &Desk, arguments: BackupArguments) -> anyhow::Result<Ended> {
    if is_server(desk) {
        eprintln!("{}", desk.texts.backup_server);
        return Ok(Ended::Badly);
    }
    let journal = desk.read().await?;
    let copied = journal.copy_to(&arguments.file).await;
    journal.close().await;
    copied?;
    let shown = arguments.file.display().to_string();
    let size = std::fs::metadata(&arguments.file)
        .with_context(|| format!("`{shown}` cannot be looked at"))?
        .len();
    let kib = size.div_ceil(1_024).to_string();
    let holes = [("file", &*shown), ("size", &*kib)];
    println!("{}", fill(&desk.texts.backed_up, &holes));
    Ok(Ended::Well)
}

/// Puts a copy in the place of the store.
pub(super) async fn restore(desk: &Desk, arguments: RestoreArguments) -> anyhow::Result<Ended> {
    if is_server(desk) {
        eprintln!("{}", desk.texts.restore_server);
        return Ok(Ended::Badly);
    }
    let kept = Journal::restore(&desk.config.store, &arguments.file).await?;
    let file = arguments.file.display().to_string();
    println!("{}", fill(&desk.texts.restored, &[("file", &file)]));
    if let Some(kept) = kept {
        let kept = kept.display().to_string();
        println!("{}", fill(&desk.texts.restored_kept, &[("file", &kept)]));
    }
    Ok(Ended::Well)
}

/// Whether the store is a database server's, which has tools of its own for this.
fn is_server(desk: &Desk) -> bool {
    desk.config.store.url.starts_with("postgres")
}
