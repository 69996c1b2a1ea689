//! What is allowed and still unwise, for operators.

use std::fmt;

/// One piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Secrets are sent in the clear to another machine.
    InTheClear {
        /// The address, as a path of keys.
        key: String,
    },
    /// A board of balances posts itself, and nothing reads them.
    Unswept {
        /// The setting that would, as a path of keys.
        key: String,
        /// The board's name.
        board: String,
    },
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Advice::InTheClear { key } => write!(
                f,
                "`{key}` sends secrets in the clear to another machine: use the encrypted scheme"
            ),
            Advice::Unswept { key, board } => write!(
                f,
                "the board `{board}` counts balances, and without `{key} = true` it has only those who asked for their points"
            ),
        }
    }
}
