//! The choices of the imitation: what the mall's document leaves open.
//!
//! The bot must live with every one of them, so its tests run under each. Whatever the document
//! settles is not here. Source: points-backends, 5.1.

use serde::Deserialize;
use serde::Serialize;

/// How the mall behaves where its document is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shapes {
    /// A wrong path answers 200 with a web page instead of 404, as the admin page would.
    pub not_found_html: bool,
    /// `Accept-Language: zh_CN` is demanded.
    pub strict_headers: bool,
    /// What "character length" counts.
    pub length_unit: LengthUnit,
    /// Where a refused single change says so.
    pub error_shape: ErrorShape,
    /// The code for a change of a user without an account.
    pub unknown_user_code: UnknownUserCode,
    /// A balance of a user without an account is code 0 and `data` null instead of 50000.
    pub unknown_balance_null: bool,
    /// A refused operation uses up its `bizId`.
    pub failed_uses_bizid: bool,
    /// One refused entry of a batch undoes the others.
    pub batch_atomic: bool,
    /// The order of a batch's results.
    pub batch_order: BatchOrder,
    /// The result of a batch of one is an object instead of an array of one.
    pub batch_single_object: bool,
    /// POST answers with 201 where it would with 200.
    pub post_status_201: bool,
    /// The form of an empty look-up.
    pub empty_record: EmptyRecord,
    /// Off is the older deployment: the look-up is 404 and a repeated `bizId` is applied again.
    pub find_point_record: bool,
}

impl Default for Shapes {
    fn default() -> Self {
        Self {
            not_found_html: false,
            strict_headers: false,
            length_unit: LengthUnit::default(),
            error_shape: ErrorShape::default(),
            unknown_user_code: UnknownUserCode::default(),
            unknown_balance_null: false,
            failed_uses_bizid: false,
            batch_atomic: false,
            batch_order: BatchOrder::default(),
            batch_single_object: false,
            post_status_201: false,
            empty_record: EmptyRecord::default(),
            find_point_record: true,
        }
    }
}

/// Units in which a text may be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthUnit {
    /// UTF-16 units, as Java counts.
    #[default]
    Utf16,
    /// Unicode code points.
    Codepoint,
    /// Bytes of UTF-8.
    Utf8,
}

impl LengthUnit {
    /// The length of a text in this unit.
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Codepoint => text.chars().count(),
            Self::Utf8 => text.len(),
        }
    }
}

/// Where the code of a refused single change stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// In the envelope; `data` is null.
    #[default]
    Outer,
    /// In `data`; the envelope says 0.
    Inner,
    /// In both.
    Both,
}

/// Codes for a change of an unknown user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnknownUserCode {
    /// "Does not exist, or internal error".
    #[default]
    #[serde(rename = "60005")]
    ModifyingFailed,
    /// "User does not exist".
    #[serde(rename = "50000")]
    NoSuchUser,
}

/// Orders in which a batch's results can stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchOrder {
    /// As the entries stood.
    #[default]
    List,
    /// Last entry first.
    Reversed,
    /// Any.
    Shuffled,
}

/// Forms of `data` when a `bizId` is unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyRecord {
    /// `null`.
    #[default]
    Null,
    /// `{}`.
    Object,
    /// The field is not there.
    Absent,
    /// `""`.
    Text,
    /// `[]`.
    List,
}
