//! The choices of the imitation: what Swan's document leaves open or says in two ways.
//!
//! Where two pages of the document differ, `documented` gives each endpoint the form of its own
//! page. Source: points-backends, 2.6 and 5.2.

use serde::Deserialize;
use serde::Serialize;

/// How Swan behaves where its document is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwanShapes {
    /// The form of a refusal.
    pub error_form: ErrorForm,
    /// How a deduction is asked for.
    pub deduct: Deduct,
    /// What becomes of a `transactionId` that comes again.
    pub repeated_id: RepeatedId,
    /// The form of a page of the ledger.
    pub ledger: LedgerForm,
    /// The type of an entry's points.
    pub points: PointsForm,
    /// The name of an entry's time.
    pub created: CreatedField,
    /// What stands in an entry's `detailId`.
    pub detail_id: DetailId,
    /// The user of the header may stand in quotation marks, as printed in the document.
    pub accept_quoted: bool,
    /// `Content-Type: application/json` is demanded of every request.
    pub strict_headers: bool,
}

/// Forms of a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorForm {
    /// `{"errcode","error","traceid"}` with a fitting status.
    #[default]
    Json,
    /// The bare sentence.
    Text,
    /// No body.
    Empty,
    /// The JSON with status 200.
    #[serde(rename = "status_200")]
    Status200,
}

/// Ways in which a deduction is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deduct {
    /// By negative points.
    #[default]
    Negative,
    /// By a type that ends in `REDEEM`, with positive points; negative ones are refused.
    ByType,
    /// Not at all: negative points are refused.
    Refuse,
}

/// What becomes of a `transactionId` that comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedId {
    /// It is applied again, for the document promises nothing.
    #[default]
    Again,
    /// Success without effect.
    Silent,
    /// Status 409 without effect.
    Conflict,
}

/// Forms of a page of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerForm {
    /// As each endpoint's own page means it.
    #[default]
    Documented,
    /// `transaction` is an object with `content`.
    Object,
    /// `transaction` is the array itself.
    Array,
    /// As 1.2.3 is printed: an array of pairs, which is no JSON.
    Malformed,
}

/// Types of an entry's points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointsForm {
    /// As each endpoint's own page has it.
    #[default]
    Documented,
    /// A number.
    Number,
    /// A string.
    String,
}

/// Names of an entry's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreatedField {
    /// As each endpoint's own page has it.
    #[default]
    #[serde(rename = "documented")]
    Documented,
    /// `createAt` and `updateAt`.
    #[serde(rename = "createAt")]
    CreateAt,
    /// `createdAt` and `updatedAt`.
    #[serde(rename = "createdAt")]
    CreatedAt,
}

/// What stands in an entry's `detailId`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailId {
    /// As each endpoint's own page has it.
    #[default]
    #[serde(rename = "documented")]
    Documented,
    /// A number of the service's own.
    #[serde(rename = "number")]
    Number,
    /// The caller's `transactionId`; a number where there is none.
    #[serde(rename = "transactionId")]
    TransactionId,
}
