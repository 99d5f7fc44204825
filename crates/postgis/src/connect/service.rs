//! Services (libpq, "The Connection Service File"): named groups of settings in `PGSERVICEFILE`, else `~/.pg_service.conf`.

use std::path::{Path, PathBuf};

use stacyard_store::{Error, read_side_text};

/// The settings of a service.
pub(crate) fn read(
    service: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, Error> {
    let in_home = || Some(Path::new(&variable("HOME")?).join(".pg_service.conf"));
    let path = variable("PGSERVICEFILE").map(PathBuf::from).or_else(in_home);
    let Some(path) = path else {
        return Err(Error::usage(format!("no file has the service {service:?}"), "set PGSERVICEFILE"));
    };
    let text = if path.exists() { read_side_text(&path)? } else { String::new() };
    find(&text, service)
        .map_err(|line| {
            Error::usage(
                format!("{}, line {line}: not keyword=value", path.display()),
                "write one setting on each line, without spaces around the =, below a [service]",
            )
        })?
        .ok_or_else(|| {
            Error::usage(
                format!("{} has no service {service:?}", path.display()),
                format!("add a section [{service}] to it, or name another file in PGSERVICEFILE"),
            )
        })
}

/// The first group of the name counts. The error is the number of a line.
fn find(text: &str, service: &str) -> Result<Option<Vec<(String, String)>>, usize> {
    let mut found = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if name.strip_suffix(']').ok_or(number)? == service {
                found = Some(Vec::new());
            }
            continue;
        }
        if let Some(settings) = &mut found {
            let (name, text) = line.split_once('=').ok_or(number)?;
            // As by libpq: a service in a service would be a circle.
            if name == "service" {
                return Err(number);
            }
            settings.push((name.to_owned(), text.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_groups_of_settings() {
        let text = "# mine\n[other]\nhost=wrong\n\n[plumes]\n# there\nhost=db.example\npassword=a=b #c\n\n\
            [plumes]\nhost=second\n[broken]\nhost\n[circle]\nservice=plumes\n";
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let wanted = vec![pair("host", "db.example"), pair("password", "a=b #c")];
        assert_eq!(find(text, "plumes"), Ok(Some(wanted)));
        assert_eq!(find(text, "none"), Ok(None));
        assert_eq!(find(text, "broken"), Err(13));
        assert_eq!(find(text, "circle"), Err(15));
    }

    #[test]
    fn a_service_that_is_not_there_is_an_error() {
        let variable = |name: &str| (name == "HOME").then(|| "/nowhere".to_owned());
        let error = read("plumes", &variable).unwrap_err();
        insta::assert_snapshot!(error, @r#"/nowhere/.pg_service.conf has no service "plumes""#);
        insta::assert_snapshot!(error.advice().unwrap().to_string(), @"add a section [plumes] to it, or name another file in PGSERVICEFILE");
    }
}
