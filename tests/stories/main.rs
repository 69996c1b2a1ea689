//! Stories: somebody speaks in the sandbox's chat, the real program answers over real sockets.
//!
//! One binary, a file per theme; `stage` has the sandbox and the bot. Nothing here sleeps: every wait
//! is for something to be seen, and one that runs out prints the whole conversation.

mod books;
#[path = "../support/cable.rs"]
mod cable;
mod stage;

mod approving;
mod asking;
mod balances;
mod batches;
mod boards;
mod catching_up;
mod channels;
mod confirming;
mod connected;
mod crash;
mod database;
mod desk;
mod desk_decisions;
mod doubt;
mod equals;
mod fairness;
mod faults;
mod freezing;
mod history;
mod hostile;
mod interrupted;
mod ledger;
mod link_lists;
mod linking;
mod main_job;
mod manta;
mod manta_pair;
mod money;
mod operated;
mod plan;
mod privacy;
mod replies;
mod reporting;
mod rights;
mod scheduled;
mod several;
mod several_systems;
mod shapes;
mod shown;
mod speaking;
mod swan;
mod swan_faults;
mod sweeps;
mod undoing;
mod verify;
