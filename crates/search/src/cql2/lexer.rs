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
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (kind, length) = match first {
            '\'' => (
                Kind::Text,
                quoted(rest, '\'').ok_or_else(|| {
                    FilterError::at(text, at, "a string that does not end; close it with '")
                })?,
            ),
            '"' => (
                Kind::Quoted,
                quoted(rest, '"')
                    .ok_or_else(|| FilterError::at(text, at, "a name that does not end; close it with \""))?,
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
            '!' if rest.starts_with("!=") => {
                return Err(FilterError::at(text, at, "`!=` is not an operator of CQL2; write <>"));
            }
            start if starts_name(start) => {
                (Kind::Word, rest.find(|c| !part_of_name(c)).unwrap_or(rest.len()))
            }
            other => {
                let reason = format!(
                    "{other:?} cannot stand here; put names with such characters in double quotes, strings in single ones"
                );
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

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | ':')
}

/// Whether a character can go on a name: letters, digits, `_ : .` and the marks that join letters.
fn part_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}')
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
