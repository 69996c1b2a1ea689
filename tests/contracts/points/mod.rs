//! What every points system has to do that claims an ability, whichever it is.
//!
//! A system is a row: a function that makes it, and what it claims. Each case is asked of each row
//! under every selection of the sandbox that row is made for, and does nothing where the ability is
//! not claimed; `abilities` holds the claims against what the system really offers.

/// Runs each of these cases on each system. A case that is not named here is code nobody uses, which
/// the compiler tells.
macro_rules! on_each_system {
    ($($case:ident),+ $(,)?) => {
        mod mall {
            $(
                #[tokio::test]
                async fn $case() {
                    for selection in crate::points::mall::selections() {
                        super::$case(crate::points::mall::rig(selection).await).await;
                    }
                }
            )+
        }

        mod swan {
            $(
                #[tokio::test]
                async fn $case() {
                    for selection in crate::points::swan::selections() {
                        super::$case(crate::points::swan::rig(selection).await).await;
                    }
                }
            )+
        }

        mod manta {
            $(
                #[tokio::test]
                async fn $case() {
                    for selection in crate::points::manta::selections() {
                        super::$case(crate::points::manta::rig(selection).await).await;
                    }
                }
            )+
        }

        mod ledger_on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    let home = crate::store::stage::Home::new();
                    super::$case(crate::points::ledger::rig(home).await).await;
                }
            )+
        }

        mod ledger_on_postgres {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(home) = crate::store::stage::Home::on_postgres().await {
                        super::$case(crate::points::ledger::rig(home).await).await;
                    }
                }
            )+
        }
    };
}

mod abilities;
mod balances;
mod books;
mod changes;
mod history;
mod ledger;
mod mall;
mod manta;
mod rig;
mod schedules;
mod several;
mod swan;
