//! Names in commands that a message suggests, so that these can be pasted into a shell.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A word as a POSIX shell takes it for what it is: in quotes where it has to be.
///
/// ```
/// use stacyard_store::quoted;
/// assert_eq!(quoted("x/a.parquet"), "x/a.parquet");
/// assert_eq!(quoted("my file's.parquet"), r"'my file'\''s.parquet'");
/// ```
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    if !word.chars().any(char::is_control) {
        return Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")));
    }
    // $'..' is what shells have for characters that must not be written on a terminal.
    let mut text = "$'".to_owned();
    for c in word.chars() {
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            c if c.is_ascii_control() => {
                let _ = write!(text, "\\x{:02x}", c as u32);
            }
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04x}", c as u32);
            }
            c => text.push(c),
        }
    }
    text.push('\'');
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        for word in
            ["a.b", "", "a b", "it's", "$HOME", "postgis://h/db?schema=a&read=b", "a\nb\u{1b}'\\", "ü*", "~"]
        {
            let said =
                Command::new("bash").arg("-c").arg(format!("printf %s {}", quoted(word))).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&said.stdout), word);
        }
    }
}
