//! LIKE (OGC 21-065r2 section 7.2): `%` is any characters, `_` is one, `\` makes the next character ordinary.

/// How many characters a pattern may have: the time is at most that times the length of the text.
pub(crate) const MAX_PATTERN_CHARS: usize = 1000;

/// A pattern, taken apart at its `%`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// The pieces between; `None` in a piece is `_`.
    pieces: Vec<Vec<Option<char>>>,
}

impl Pattern {
    /// The error is the reason.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        if pattern.chars().count() > MAX_PATTERN_CHARS {
            return Err(format!("a LIKE pattern of more than {MAX_PATTERN_CHARS} characters"));
        }
        let mut pieces = vec![Vec::new()];
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            let one = match c {
                '%' => {
                    pieces.push(Vec::new());
                    continue;
                }
                '_' => None,
                // A backslash at the end is itself.
                '\\' => Some(chars.next().unwrap_or('\\')),
                other => Some(other),
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(one);
            }
        }
        Ok(Self { pieces })
    }

    /// Whether the whole text fits: the first piece at the start, the last at the end, the others from left to right,
    /// each at the first place where it fits. No place is tried twice for a piece, so nothing can explode.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let [first, rest @ ..] = self.pieces.as_slice() else { return text.is_empty() };
        let Some(after) = piece_at(first, text) else { return false };
        let [middle @ .., last] = rest else { return after.is_empty() };
        let mut left = after;
        for piece in middle {
            let Some(after) = places(left).find_map(|place| piece_at(piece, place)) else { return false };
            left = after;
        }
        // The end of the text, as long as the last piece.
        let start = match last.len().checked_sub(1) {
            None => Some(left.len()),
            Some(back) => left.char_indices().rev().nth(back).map(|(at, _)| at),
        };
        start.is_some_and(|start| piece_at(last, &left[start..]).is_some())
    }
}

/// The text after the piece where it stands at the start of the text.
fn piece_at<'t>(piece: &[Option<char>], text: &'t str) -> Option<&'t str> {
    let mut chars = text.chars();
    for wanted in piece {
        let found = chars.next()?;
        if wanted.is_some_and(|wanted| wanted != found) {
            return None;
        }
    }
    Some(chars.as_str())
}

fn places(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map(|(at, _)| &text[at..]).chain(std::iter::once(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn like(text: &str, pattern: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern) in [
            ("Bern", "B_r%"),
            ("Ber", "B_r%"),
            ("", "%"),
            ("", ""),
            ("abc", "%%%"),
            ("a%c", r"a\%c"),
            ("a_c", r"a\_c"),
            (r"a\c", r"a\\c"),
            ("ananas", "%an%as"),
            ("æøå", "_ø_"),
            ("aab", "%ab"),
            ("abab", "%ab"),
            ("a\\", "a\\"),
            ("ab", r"\a\b"),
        ] {
            assert!(like(text, pattern), "{text} LIKE {pattern}");
        }
        for (text, pattern) in [
            ("bern", "B_r%"),
            ("Br", "B_r%"),
            ("abc", r"a\%c"),
            ("abc", r"a\_c"),
            ("", "_"),
            ("abc", "ab"),
            ("ab", "abc"),
            ("aba", "%ab"),
            ("ab", "ab%ab"),
        ] {
            assert!(!like(text, pattern), "{text} NOT LIKE {pattern}");
        }
        assert!(Pattern::parse(&"_".repeat(1001)).is_err());
    }

    /// With backtracking it would never end.
    #[test]
    fn a_bomb_ends() {
        let text = "a".repeat(100_000);
        assert!(!like(&text, &format!("{}b", "%a".repeat(499))));
        assert!(!like(&text, &format!("%{}b%", "_".repeat(990))));
    }

    /// The definition, character by character.
    fn slow(text: &[char], pattern: &[char]) -> bool {
        match (pattern, text) {
            ([], _) => text.is_empty(),
            (['%', rest @ ..], _) => slow(text, rest) || (!text.is_empty() && slow(&text[1..], pattern)),
            (['_', rest @ ..], [_, text @ ..]) => slow(text, rest),
            ([c, rest @ ..], [t, text @ ..]) => c == t && slow(text, rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(text in "[abé]{0,12}", pattern in "[abé%_]{0,8}") {
            let wanted = slow(&text.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>());
            prop_assert_eq!(like(&text, &pattern), wanted);
        }
    }
}
