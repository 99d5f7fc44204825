//! The password file (libpq, "The Password File"): `PGPASSFILE`, else `~/.pgpass`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Whom a password is for: host, port, database, user.
pub(crate) type Login<'a> = [&'a str; 4];

/// The password for a login, where the file has one. A file that others can read is not looked at, as by libpq.
pub(crate) fn password(named: Option<String>, login: Login<'_>) -> Option<String> {
    let path =
        named.map(PathBuf::from).or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".pgpass")))?;
    let mode = fs::metadata(&path).ok()?.permissions().mode();
    if mode & 0o077 != 0 {
        return None;
    }
    find(&stacyard_store::read_side_text(&path).ok()?, login)
}

/// The first line that fits counts.
fn find(text: &str, login: Login<'_>) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let (password, places) = fields.split_last()?;
        let fits = places.len() == login.len()
            && places.iter().zip(login).all(|(place, wanted)| place == "*" || place == wanted);
        fits.then(|| password.clone())
    })
}

/// Five fields with colons between; a backslash makes a colon or backslash ordinary.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        let plain = match char {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => chars.next(),
            char => Some(char),
        };
        if let (Some(plain), Some(last)) = (plain, fields.last_mut()) {
            last.push(plain);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_counts() {
        let text =
            "# a comment:*:*:*:no\nother:5432:db:me:wrong\nhost:*:db:me:p\\:w\\\\d:x\n*:*:*:*:last\nshort:1";
        let find = |login| find(text, login);
        assert_eq!(find(["host", "5433", "db", "me"]).as_deref(), Some("p:w\\d:x"));
        assert_eq!(find(["other", "5432", "db", "me"]).as_deref(), Some("wrong"));
        assert_eq!(find(["other", "5432", "db", "you"]).as_deref(), Some("last"));
        assert_eq!(super::find("host:1:db:me:x", ["host", "1", "db", "you"]), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_not_looked_at() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "*:*:*:*:secret").unwrap();
        let named = || Some(file.path().to_str().unwrap().to_owned());
        let login = ["h", "1", "d", "u"];
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(password(named(), login).as_deref(), Some("secret"));
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(password(named(), login), None);
    }
}
