//! What every store of the journal has to do, and what each engine's has to do besides.

/// Runs each of these cases on a store of each engine. A case that is not named here is code nobody
/// uses, which the compiler tells.
macro_rules! on_each_store {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Home::new()).await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(home) = super::Home::on_postgres().await {
                        super::$case(home).await;
                    }
                }
            )+
        }
    };
}

mod asking;
mod balances;
mod boards;
mod channels;
mod claims;
mod cut;
mod deciding;
mod desk;
mod freezing;
mod grouping;
mod landed;
mod links;
mod log;
mod opening;
mod pictures;
mod postgres;
mod record;
mod refusals;
mod reports;
mod schedules;
mod settling;
mod shown;
mod slots;
mod sound;
mod sqlite;
pub mod stage;
mod sweeps;
mod telling;
mod troubled;
