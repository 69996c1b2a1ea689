//! Queries as a careful server reads them.

/// A name and its value, as bytes: neither a query nor a body need be text.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The pairs of a raw query, `%XX` and `+` decoded, in the order they came.
///
/// A percent sign that starts no escape stands for itself; a name without `=` has an empty value.
pub fn query_pairs(raw: &str) -> Vec<Pair> {
    raw.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

fn unescape(raw: &str) -> Vec<u8> {
    let raw = raw.as_bytes();
    let mut plain = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        match byte {
            b'+' => plain.push(b' '),
            b'%' => match (hex_digit(raw.get(at)), hex_digit(raw.get(at + 1))) {
                (Some(high), Some(low)) => {
                    plain.push(high << 4 | low);
                    at += 2;
                }
                _ => plain.push(b'%'),
            },
            other => plain.push(other),
        }
    }
    plain
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> Pair {
        (name.as_bytes().to_vec(), value.as_bytes().to_vec())
    }

    #[test]
    fn odd_queries_are_read_without_falling_over() {
        assert_eq!(query_pairs(""), []);
        assert_eq!(query_pairs("&&"), []);
        assert_eq!(
            query_pairs("a&b=&c=%&d=%4&e=%zz&=f"),
            [
                pair("a", ""),
                pair("b", ""),
                pair("c", "%"),
                pair("d", "%4"),
                pair("e", "%zz"),
                pair("", "f"),
            ]
        );
    }
}
