//! What every store of the journal has to do, and what SQLite's has to do besides.

mod asking;
mod channels;
mod desk;
mod landed;
mod opening;
mod settling;
mod sqlite;
mod stage;
mod telling;
