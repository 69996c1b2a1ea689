//! Budget 5: durable intents on each engine, against the bare commits of the same disk or database.

use std::io;
use std::path::Path;
use std::time::Instant;

use sqlx::Connection;
use sqlx::PgConnection;

use crate::intents::Desk;
use crate::intents::Disk;
use crate::intents::WAITING;
use crate::postgres;
use crate::runs::Scale;
use crate::table::Line;
use crate::table::Target;
use crate::table::median;

/// What one by one has to reach on PostgreSQL, where an intent takes four ways to the server (begin,
/// look, write, commit) and the bare commit takes one.
const ONE_ON_POSTGRES: f64 = 0.4;

/// Rates a second, one for each round.
#[derive(Default)]
struct Rates {
    bare: Vec<f64>,
    single: Vec<f64>,
    group: Vec<f64>,
}

impl Rates {
    /// One round of the journal.
    async fn of(&mut self, desk: &Desk, scale: &Scale) {
        let began = Instant::now();
        for _ in 0..scale.commits {
            desk.one().await;
        }
        self.single.push(rate(scale.commits, began));
        let began = Instant::now();
        for _ in 0..scale.commits / 4 {
            desk.many().await;
        }
        self.group
            .push(rate(scale.commits / 4, began) * WAITING as f64);
    }

    fn lines(&self, what: &str, bare: &str, one: f64, many: f64) -> [Line; 2] {
        [
            Line {
                budget: format!("5 durable intents{what}, one by one"),
                bound: format!("{:.0}/s {bare}", median(&self.bare)),
                measured: format!("{:.0}/s", median(&self.single)),
                ratio: ratios(&self.single, &self.bare),
                target: Target::AtLeast(one),
            },
            Line {
                budget: format!("5 durable intents{what}, 64 waiting"),
                bound: format!("{:.0}/s one by one", median(&self.single)),
                measured: format!("{:.0}/s", median(&self.group)),
                ratio: ratios(&self.group, &self.single),
                target: Target::AtLeast(many),
            },
        ]
    }
}

/// On SQLite, against bare fdatasync.
pub async fn on_sqlite(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<()> {
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let mut disk = Disk::new(folder.path())?;
    let desk = Desk::new(folder.path()).await;
    let mut rates = Rates::default();
    for _ in 0..scale.rounds * 4 {
        let began = Instant::now();
        for _ in 0..scale.commits {
            disk.commit()?;
        }
        rates.bare.push(rate(scale.commits, began));
        rates.of(&desk, scale).await;
    }
    desk.close().await;
    lines.extend(rates.lines("", "bare fdatasync", 0.75, 8.0));
    Ok(())
}

/// On PostgreSQL, against the rate at which the same server commits one small change.
pub async fn on_postgres(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<()> {
    let Some(server) = postgres::Server::start(postgres::Disk::Waited) else {
        postgres::skipped("there is no `initdb` (Debian: postgresql)");
        return Ok(());
    };
    let url = postgres::schema_in(&server.url()).await;
    let table = "create table bare (n bigint); insert into bare values (0)";
    postgres::execute(&url, table).await;
    let connected = PgConnection::connect(&url).await;
    let mut connection = connected.map_err(io::Error::other)?;
    let desk = Desk::at(url).await;
    let mut rates = Rates::default();
    for _ in 0..scale.rounds * 4 {
        let began = Instant::now();
        for _ in 0..scale.commits {
            let change = sqlx::query("update bare set n = n + 1").execute(&mut connection);
            change.await.map_err(io::Error::other)?;
        }
        rates.bare.push(rate(scale.commits, began));
        rates.of(&desk, scale).await;
    }
    desk.close().await;
    lines.extend(rates.lines(" on PostgreSQL", "bare commits", ONE_ON_POSTGRES, 5.0));
    Ok(())
}

fn rate(times: usize, began: Instant) -> f64 {
    times as f64 / began.elapsed().as_secs_f64()
}

/// The median of the ratios of rounds.
fn ratios(of: &[f64], to: &[f64]) -> f64 {
    let ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
    median(&ratios)
}
