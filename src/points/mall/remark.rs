//! Remarks as the mall can keep them (source: points-backends, 1.9).

/// The largest remark, in UTF-16 units: "character length less than 100", counted as Java does.
///
/// Source: points-backends, 1.5.2 and 1.9.
pub const REMARK_CAP: usize = 99;

/// A person's reason is longer than the mall keeps; it is never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason of {length} UTF-16 units is longer than {cap}")]
pub struct RemarkTooLong {
    /// Its length without blanks around it, in UTF-16 units.
    pub length: usize,
    /// The largest possible.
    pub cap: usize,
}

/// The remark for a change: the reason made fit, or `fallback` where there is none.
///
/// `fallback` is the bot's own wording and is cut where it is too long. The result is never blank
/// and has 1 to 99 UTF-16 units, all of the basic plane and none of them a control character: a
/// three-byte database column over there would refuse anything else. Marks that turn the direction
/// of text and characters of no width are dropped, since the mall's pages may show a remark.
pub fn remark(reason: Option<&str>, fallback: &str) -> Result<String, RemarkTooLong> {
    let reason = reason.unwrap_or_default().trim();
    let length = units(reason);
    if length > REMARK_CAP {
        return Err(RemarkTooLong {
            length,
            cap: REMARK_CAP,
        });
    }
    let fit = plain(reason);
    if is_visible(&fit) {
        return Ok(fit);
    }
    let own = shortened(plain(fallback));
    Ok(if is_visible(&own) {
        own
    } else {
        NOTHING.to_owned()
    })
}

/// Stands for a character the mall may not be able to keep.
const REPLACEMENT: char = '□';

/// The last resort of a remark that may not be blank.
const NOTHING: &str = "-";

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn plain(text: &str) -> String {
    let replaced: String = text
        .chars()
        .filter(|c| !is_unseen(*c))
        .map(|c| match c {
            // Line breaks and tabs are typed as spacing; the rest cannot be meant.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
            '\u{fffe}' | '\u{ffff}' | '\u{10000}'.. => REPLACEMENT,
            c => c,
        })
        .collect();
    replaced.trim().to_owned()
}

fn shortened(text: String) -> String {
    // After `plain` a character is one unit, so no pair can be split.
    if text.chars().count() <= REMARK_CAP {
        return text;
    }
    let mut cut: String = text.chars().take(REMARK_CAP - 1).collect();
    cut.push('…');
    cut
}

/// Whether anything of `text` can be seen; zero-width characters alone would read as blank.
fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !matches!(c, '\u{200c}' | '\u{200d}'))
}

/// Marks of direction and characters of no width, but not the joiners that some scripts are made of.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reason_goes_as_typed_without_the_blanks_around_it() {
        assert_eq!(
            remark(Some("  天梯第一名 \n"), "机器人").unwrap(),
            "天梯第一名"
        );
    }

    #[test]
    fn ninety_nine_units_fit_and_the_hundredth_is_refused_with_its_length() {
        let fits = "分".repeat(99);
        assert_eq!(remark(Some(&format!(" {fits} ")), "x").unwrap(), fits);
        let long = RemarkTooLong {
            length: 100,
            cap: 99,
        };
        assert_eq!(remark(Some(&"分".repeat(100)), "x"), Err(long));
        // Fifty faces are a hundred units.
        assert_eq!(remark(Some(&"😀".repeat(50)), "x"), Err(long));
        assert_eq!(remark(Some(&"😀".repeat(49)), "x").unwrap(), "□".repeat(49));
    }

    #[test]
    fn what_the_mall_cannot_keep_is_replaced() {
        assert_eq!(
            remark(Some("第一\t名\u{7}🎉\u{ffff}"), "x").unwrap(),
            "第一 名 □□"
        );
        assert_eq!(
            remark(Some("好\u{202e}坏\u{2066}\u{feff}！"), "x").unwrap(),
            "好坏！"
        );
    }

    #[test]
    fn it_is_never_blank() {
        for nothing in [
            None,
            Some(""),
            Some(" \u{3000}\n"),
            Some("\u{200b}\u{feff}"),
            Some("\u{1}"),
        ] {
            assert_eq!(
                remark(nothing, "由机器人发放").unwrap(),
                "由机器人发放",
                "{nothing:?}"
            );
            assert_eq!(remark(nothing, " ").unwrap(), "-");
        }
    }

    #[test]
    fn only_the_bots_own_words_are_cut() {
        let own = remark(None, &"😀字".repeat(60)).unwrap();
        assert_eq!(units(&own), 99);
        assert!(own.ends_with('…'));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_result_fits(reason in proptest::option::of("\\PC{0,120}|.{0,120}"), fallback in ".{0,200}") {
            match remark(reason.as_deref(), &fallback) {
                Ok(fit) => {
                    prop_assert!((1..=99).contains(&units(&fit)));
                    prop_assert!(is_visible(&fit));
                    prop_assert!(fit.chars().all(|c| c.len_utf16() == 1 && !c.is_control()));
                }
                Err(long) => prop_assert!(long.length > long.cap),
            }
        }
    }
}
