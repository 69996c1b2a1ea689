//! Where a line of text may end.

use unicode_segmentation::UnicodeSegmentation;

/// The pieces of a text that no line ends in: words with what belongs behind them.
pub(super) fn unbroken(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split_word_bounds() {
        let stays = word
            .chars()
            .all(|c| c.is_whitespace() || "，。、；：！？）·,.;:)/".contains(c));
        let opens = |piece: &String| piece.ends_with(['（', '(', '/']);
        match pieces.last_mut() {
            Some(piece) if stays || opens(piece) => piece.push_str(word),
            _ => pieces.push(word.to_owned()),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words_and_never_before_a_point() {
        assert_eq!(
            unbroken("积分，扣分不计 · Asia/Shanghai"),
            ["积", "分，", "扣", "分", "不", "计 · ", "Asia/Shanghai"]
        );
        assert_eq!(
            unbroken("as of 12:30; 1 not shown").concat(),
            "as of 12:30; 1 not shown"
        );
    }
}
