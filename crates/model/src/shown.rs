//! Text that comes from data, made fit to be shown: whatever a name holds, it cannot begin a line, write on a terminal
//! or turn the direction of the text around it.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Whether a character does something other than to be seen: controls (C0, DEL, C1), separators of lines and
/// paragraphs, and marks that change the direction of text.
pub const fn is_active(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1F'
            | '\x7F'..='\u{9F}'
            | '\u{61C}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// A text in which each character that [does something](is_active) stands as an escape, as in Rust and JavaScript.
///
/// ```
/// assert_eq!(stacyard_model::shown("a\nb\u{1b}[31m\u{202e}"), "a\\nb\\u{1b}[31m\\u{202e}");
/// ```
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, |out, character| write!(out, "{}", character.escape_default()))
}

/// A JSON text in which these characters stand as `\uXXXX`, which is the same JSON value. Line breaks between values
/// stay: within a string JSON allows none.
///
/// ```
/// assert_eq!(stacyard_model::shown_json("[\n\"\u{7f}\u{202e}\"]"), "[\n\"\\u007f\\u202e\"]");
/// ```
pub fn shown_json(json: &str) -> Cow<'_, str> {
    escaped(json, |out, character| match character {
        '\n' | '\r' | '\t' => out.write_char(character),
        _ => write!(out, "\\u{:04x}", u32::from(character)),
    })
}

fn escaped(text: &str, escape: impl Fn(&mut String, char) -> fmt::Result) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_active(character) {
            // A String takes all that is written to it.
            let _ = escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_active_is_left(text in "\\PC{0,8}[\\x00-\\x20\\x7F-\\u{A0}\\u{2000}-\\u{2070}\\u{61C}]{0,8}\\PC{0,8}") {
            let once = shown(&text);
            prop_assert!(!once.contains(is_active));
            prop_assert_eq!(shown(&once), once.as_ref());
            let json = serde_json::to_string(&text).unwrap();
            let escaped = shown_json(&json);
            prop_assert!(!escaped.contains(is_active));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }

    #[test]
    fn active_is_what_unicode_says() {
        // Bidi_Control of PropList.txt; U+2028 and U+2029 are the only characters of the categories Zl and Zp.
        let turns = |character| matches!(u32::from(character), 0x61C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069);
        let separates = |character| matches!(character, '\u{2028}' | '\u{2029}');
        for character in '\0'..=char::MAX {
            let expected = character.is_control() || turns(character) || separates(character);
            assert_eq!(is_active(character), expected, "{character:?}");
        }
    }

    #[test]
    fn letters_of_all_scripts_stay() {
        for text in ["Zürich", "नमस्ते", "می\u{200c}خواهم", "👩\u{200d}🚀", "שלום", "a b\u{a0}c"]
        {
            assert_eq!(shown(text), text);
        }
    }
}
