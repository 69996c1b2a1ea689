//! What the trade talks about: ids, amounts, causes, guild policy, refusals.
//!
//! Invariants: no I/O, no clock, nobody's JSON. An id or an amount never passes through a float.
//! Deliberately absent: how a wire spells an id (each wire's room decides) and every sentence for
//! people (`words`).

pub mod account;
pub mod account_form;
pub mod amount;
pub mod decision;
pub mod ids;
pub mod incoming;
pub mod op_id;
pub mod period;
pub mod policy;
pub mod postable;
pub mod refusal;
pub mod system;

pub use account::Account;
pub use amount::Amount;
pub use amount::AmountError;
pub use decision::Freeze;
pub use ids::ChannelId;
pub use ids::GuildId;
pub use ids::MessageId;
pub use ids::RoleId;
pub use ids::UserId;
pub use op_id::BotId;
pub use op_id::Cause;
pub use op_id::OpId;
pub use op_id::ReceiptCode;
pub use policy::Language;
pub use policy::Policy;
pub use postable::Postable;
pub use refusal::Refusal;
pub use system::Ability;
pub use system::System;
pub use system::SystemKind;
