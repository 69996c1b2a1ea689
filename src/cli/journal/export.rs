//! `journal export`: entries as CSV or JSON lines.
//!
//! Invariants: it reads in pages by the journal's key, so what is written meanwhile neither shifts nor
//! doubles a row; a file gets its name only when it is whole.

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use clap::ValueEnum;

use super::Desk;
use super::columns::Columns;
use super::csv::Reader;
use super::filters::Filters;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::journal::Journal;
use crate::journal::Order;
use crate::journal::Selection;
use crate::model::Cause;

/// What `export` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// csv or jsonl
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    /// Write CSV for Excel: with a byte-order mark, and ids that keep all their digits
    #[arg(long)]
    excel: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

/// Entries read at a time.
const PAGE: usize = 500;

/// Writes the selection.
pub(super) async fn export(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let selection = arguments.filters.selection(desk);
    let reader = match arguments.excel {
        true => Reader::Excel,
        false => Reader::Program,
    };
    let form = match arguments.format {
        Format::Csv => Form::Csv(reader),
        Format::Jsonl => Form::JsonLines,
    };
    let journal = desk.read().await?;
    let written = match &arguments.out {
        Some(file) => to_file(&journal, &selection, form, file).await,
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            rows(&journal, &selection, form, &mut out).await
        }
    };
    journal.close().await;
    let count = written?.to_string();
    eprintln!("{}", fill(&desk.texts.exported, &[("count", &count)]));
    Ok(Ended::Well)
}

#[derive(Clone, Copy)]
enum Form {
    Csv(Reader),
    JsonLines,
}

async fn to_file(
    journal: &Journal,
    selection: &Selection,
    form: Form,
    file: &Path,
) -> anyhow::Result<u64> {
    let shown = file.display();
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let opened = File::create(&partial);
    let opened = opened.with_context(|| format!("`{}` cannot be written", partial.display()))?;
    let mut out = BufWriter::new(opened);
    let written = rows(journal, selection, form, &mut out).await;
    let written = written.and_then(|count| {
        out.into_inner()?.sync_all()?;
        std::fs::rename(&partial, file)?;
        Ok(count)
    });
    if written.is_err() {
        // What is left of it is of no use; that it could not be written is what counts.
        let _gone = std::fs::remove_file(&partial);
    }
    written.with_context(|| format!("`{shown}` cannot be written"))
}

async fn rows(
    journal: &Journal,
    selection: &Selection,
    form: Form,
    out: &mut impl Write,
) -> anyhow::Result<u64> {
    let mut behind: Option<Cause> = None;
    let mut count = 0;
    loop {
        let order = Order::ByKey(behind);
        let page = journal.entries(selection, order, PAGE).await?;
        for entry in &page {
            let columns = Columns::of(entry);
            if let (Form::Csv(reader), 0) = (form, count) {
                out.write_all(reader.head(&columns).as_bytes())?;
            }
            match form {
                Form::Csv(reader) => out.write_all(reader.line(&columns).as_bytes())?,
                Form::JsonLines => {
                    serde_json::to_writer(&mut *out, &columns)?;
                    out.write_all(b"\n")?;
                }
            }
            count += 1;
        }
        match page.last() {
            Some(last) => behind = Some(last.cause),
            None => break,
        }
    }
    out.flush()?;
    Ok(count)
}
