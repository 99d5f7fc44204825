//! CQL2 text as tokens with places (OGC 21-065r2 annex B).

use crate::error::FilterError;

/// What a token is. Its text is the part of the filter that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or an operator in letters.
    Word,
    /// A name in double quotes, which is never a keyword.
    Quoted,
    /// A string in single quotes.
    Text,
    /// A number without a sign.
    Number,
    /// One of `( ) , + - * / % ^ = <> < <= > >=`.
    Symbol,
    /// The end of the filter.
    End,
}

/// A token and its place in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All tokens of a filter, the last of them the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() && !starts_name(first) {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        if let Some(reason) = slip(rest) {
            return Err(FilterError::at(text, at, reason));
        }
        let (kind, length) = match first {
            '\'' => (
                Kind::Text,
                quoted(rest, '\'').ok_or_else(|| {
                    FilterError::at(
                        text,
                        at,
                        (
                            "a string that does not end",
                            "close it with ', and double a quote within it, such as 'it''s'",
                        ),
                    )
                })?,
            ),
            '"' => (
                Kind::Quoted,
                quoted(rest, '"').ok_or_else(|| {
                    FilterError::at(text, at, ("a name that does not end", "close it with \""))
                })?,
            ),
            '0'..='9' | '.' => (
                Kind::Number,
                number(rest).ok_or_else(|| FilterError::at(text, at, "a number without digits"))?,
            ),
            '(' | ')' | ',' | '+' | '-' | '*' | '/' | '%' | '^' | '=' => (Kind::Symbol, 1),
            '<' | '>' => {
                let two = ["<>", "<=", ">="].iter().any(|symbol| rest.starts_with(symbol));
                (Kind::Symbol, 1 + usize::from(two))
            }
            start if starts_name(start) => {
                (Kind::Word, rest.find(|c| !part_of_name(c)).unwrap_or(rest.len()))
            }
            other => {
                let remedy = "put names with such characters in double quotes, strings in single ones";
                let reason = (format!("{other:?} cannot stand here"), remedy);
                return Err(FilterError::at(text, at, reason));
            }
        };
        list.push(Token { kind, start: at, end: at + length });
        at += length;
    }
    list.push(Token { kind: Kind::End, start: text.len(), end: text.len() });
    Ok(list)
}

/// Whether a text is one word.
pub(super) fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(starts_name) && text.chars().all(part_of_name)
}

/// `identifierStart` of annex B.
const fn starts_name(c: char) -> bool {
    matches!(
        c,
        ':' | '_'
            | 'A'..='Z'
            | 'a'..='z'
            | '\u{C0}'..='\u{D6}'
            | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFE}'
            | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}'
            | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}'
    )
}

/// `identifierPart` of annex B.
const fn part_of_name(c: char) -> bool {
    starts_name(c) || matches!(c, '.' | '0'..='9' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// What other languages write, and CQL2 does not: what is wrong with it, and what to write instead.
fn slip(rest: &str) -> Option<(&'static str, &'static str)> {
    const SLIPS: [(&str, &str, &str); 16] = [
        ("==", "`==` is not an operator of CQL2", "write ="),
        ("!=", "`!=` is not an operator of CQL2", "write <>"),
        ("&&", "`&&` is not an operator of CQL2", "write AND"),
        ("||", "`||` is not an operator of CQL2", "write OR"),
        ("=<", "`=<` is not an operator of CQL2", "write <="),
        ("=>", "`=>` is not an operator of CQL2", "write >="),
        ("!", "`!` is not an operator of CQL2", "write NOT"),
        ("[", "`[` cannot stand here", "lists and arrays go in parentheses, such as IN ('a', 'b')"),
        ("{", "`{` cannot stand here", "lists and arrays go in parentheses, such as IN ('a', 'b')"),
        ("`", "a backtick cannot stand here", "put names in double quotes, strings in single ones"),
        (
            "\u{2018}",
            "`\u{2018}` cannot stand here",
            "put strings in straight single quotes, such as 'sentinel-2a'",
        ),
        (
            "\u{2019}",
            "`\u{2019}` cannot stand here",
            "put strings in straight single quotes, such as 'sentinel-2a'",
        ),
        (
            "\u{201C}",
            "`\u{201C}` cannot stand here",
            "put strings in straight single quotes, such as 'sentinel-2a'",
        ),
        (
            "\u{201D}",
            "`\u{201D}` cannot stand here",
            "put strings in straight single quotes, such as 'sentinel-2a'",
        ),
        (
            "\u{AB}",
            "`\u{AB}` cannot stand here",
            "put strings in straight single quotes, such as 'sentinel-2a'",
        ),
        (";", "`;` cannot stand here", "join two predicates with AND or OR"),
    ];
    let slip = SLIPS.iter().find(|(symbol, ..)| rest.starts_with(symbol));
    slip.map(|(_, cause, remedy)| (*cause, *remedy))
}

/// The length of a text in quotes, doubled quotes (and in strings `\'`) being inside.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '\'' && chars.peek().is_some_and(|&(_, next)| next == quote) {
            chars.next();
            continue;
        }
        if c == quote {
            if chars.peek().is_some_and(|&(_, next)| next == quote) {
                chars.next();
                continue;
            }
            return Some(at + 1);
        }
    }
    None
}

/// The text inside the quotes of a token: `''` and `\'` (annex B, `escapeQuote`) are a quote, `""` in a name too.
pub(super) fn unquote(token: &str) -> String {
    let quote = if token.starts_with('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(token.len());
    let mut chars = token[1..token.len() - 1].chars().peekable();
    while let Some(c) = chars.next() {
        let may_escape = c == quote || (c == '\\' && quote == '\'');
        match chars.next_if(|&next| may_escape && next == quote) {
            Some(inner) => out.push(inner),
            None => out.push(c),
        }
    }
    out
}

/// The length of a number: digits, a point, an exponent.
fn number(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
        if at == 1 {
            return None;
        }
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            at = end;
        }
    }
    Some(at)
}

/// A number of CQL2 as a JSON number: `007` is `7`, `5.` is `5`, `.5` is `0.5`. No digit that counts is lost.
pub(super) fn json_number(text: &str, negative: bool) -> String {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches('0');
    let mut out = String::with_capacity(text.len() + 2);
    if negative {
        out.push('-');
    }
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        out.push('e');
        out.push_str(exponent);
    }
    out
}
