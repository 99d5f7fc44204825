//! Texts without their case and accents: CASEI and ACCENTI (OGC 21-065r2 sections 7.3 and 7.4).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What is done to a text before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFunction {
    Casei,
    Accenti,
    Lower,
    Upper,
}

impl TextFunction {
    /// The function of a name in lower case that CQL2 does not define itself.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "lower" => Some(Self::Lower),
            "upper" => Some(Self::Upper),
            _ => None,
        }
    }

    pub(crate) fn apply(self, text: Cow<'_, str>) -> Cow<'_, str> {
        match self {
            Self::Casei if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) => text,
            Self::Casei => fold_case(&text).into(),
            Self::Accenti if text.is_ascii() => text,
            Self::Accenti => strip_accents(&text).into(),
            Self::Lower => text.to_lowercase().into(),
            Self::Upper => text.to_uppercase().into(),
        }
    }
}

/// Full case folding (Unicode section 3.13, D145): lower, upper, lower again of each character by itself is its folding
/// (of Cherokee the lower case instead of the upper, which compares alike); only the dotless i stays what it is.
fn fold_case(text: &str) -> String {
    let fold = |c: char| {
        let keep = (c == 'ı').then_some(c);
        let folded = c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
        keep.into_iter().chain(folded.filter(move |_| c != 'ı'))
    };
    text.chars().flat_map(fold).collect()
}

/// Without combining marks; what has none of its own in Unicode (ø, ł) stays.
fn strip_accents(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn casei(text: &str) -> Cow<'_, str> {
        TextFunction::Casei.apply(text.into())
    }

    #[test]
    fn case_folds_as_unicode_says() {
        for (a, b) in [
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("København", "KØBENHAVN"),
            ("ẞ", "ss"),
            ("K", "k"),
            ("İ", "i\u{307}"),
        ] {
            assert_eq!(casei(a), casei(b), "{a} {b}");
        }
        assert_ne!(casei("ı"), casei("I"), "the dotless i is a letter of its own");
    }

    #[test]
    fn accents_go_however_they_are_written() {
        let accenti = |text: &'static str| TextFunction::Accenti.apply(text.into());
        assert_eq!(accenti("débárquér"), "debarquer");
        assert_eq!(accenti("e\u{301}"), accenti("é"));
        assert_eq!(accenti("Chișinău"), "Chisinau");
        assert_eq!(accenti("ø"), "ø");
    }
}
