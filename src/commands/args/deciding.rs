//! What is to be done with a change that exists: undo it, let it happen, refuse it.

use crate::commands::args::Args;
use crate::commands::args::Asked;
use crate::commands::args::Verb;
use crate::commands::args::is_one_of;
use crate::commands::args::no_surplus;
use crate::commands::args::reason;
use crate::commands::args::surplus;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::refusal::Usage;

/// What stands for the asker's newest change.
const LAST_WORDS: [&str; 3] = ["last", "上一笔", "最近"];
/// What stands for as much as is there.
const REST_WORDS: [&str; 3] = ["rest", "部分", "剩余"];
pub(super) const APPROVE_WORDS: [&str; 4] = ["approve", "批准", "同意", "通过"];
pub(super) const REFUSE_WORDS: [&str; 4] = ["refuse", "reject", "拒绝", "驳回"];

impl Args {
    /// Reads what is to be undone: `code`, `code rest` or `last`.
    pub fn undo(self) -> Result<Asked, Refusal> {
        let mut free = self.words_alone()?;
        let what = (!free.is_empty()).then(|| free.remove(0));
        let what = what.map(|word| word.plain).unwrap_or_default();
        if is_one_of(&LAST_WORDS, &what) {
            no_surplus(&free)?;
            return Ok(Asked {
                verb: Some(Verb::Last),
                ..Asked::default()
            });
        }
        let receipt = Some(read_code(what)?);
        let rest = free.pop_if(|word| is_one_of(&REST_WORDS, &word.plain));
        no_surplus(&free)?;
        Ok(Asked {
            receipt,
            verb: rest.map(|_| Verb::TakeWhatIsThere),
            ..Asked::default()
        })
    }

    /// Reads a decision: nothing, `approve code`, or `refuse code reason`.
    pub fn ruling(self) -> Result<Asked, Refusal> {
        let mut free = self.words_alone()?;
        if free.is_empty() {
            return Ok(Asked::default());
        }
        let first = free.remove(0);
        let verb = match &first.plain {
            word if is_one_of(&APPROVE_WORDS, word) => Verb::Approve,
            word if is_one_of(&REFUSE_WORDS, word) => Verb::Refuse,
            _ => {
                free.insert(0, first);
                return Err(surplus(&free));
            }
        };
        let code = (!free.is_empty()).then(|| free.remove(0).plain);
        let receipt = Some(read_code(code.unwrap_or_default())?);
        if verb == Verb::Approve {
            no_surplus(&free)?;
        }
        Ok(Asked {
            receipt,
            verb: Some(verb),
            text: reason(free)?,
            ..Asked::default()
        })
    }
}

fn read_code(read: String) -> Result<ReceiptCode, Refusal> {
    ReceiptCode::read(&read).ok_or(Refusal::Usage(Usage::NotAReceipt { read }))
}
