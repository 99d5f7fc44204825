//! The files in which AWS's tools keep profiles: `~/.aws/credentials` and `~/.aws/config`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What a profile may say, by the names that `object_store` has for it.
const KEYS: [(&str, &str); 5] = [
    ("aws_access_key_id", "aws_access_key_id"),
    ("aws_secret_access_key", "aws_secret_access_key"),
    ("aws_session_token", "aws_session_token"),
    ("region", "aws_region"),
    ("endpoint_url", "aws_endpoint"),
];

/// A profile, and what it says.
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Profile {
    /// The profile that `AWS_PROFILE` names, else the default one.
    pub(crate) fn of_user() -> Self {
        let name = env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "default".to_owned());
        let folder = env::home_dir().map(|home| home.join(".aws"));
        let file = |variable: &str, usual: &str| {
            let named: Option<OsString> = env::var_os(variable).filter(|path| !path.is_empty());
            named.map(PathBuf::from).or_else(|| Some(folder.as_ref()?.join(usual)))
        };
        let text = |path: Option<PathBuf>| {
            path.as_deref().map(Path::new).and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default()
        };
        let config = text(file("AWS_CONFIG_FILE", "config"));
        let credentials = text(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"));
        Self { settings: settings(&name, &config, &credentials), name }
    }

    /// Whether it has keys.
    pub(crate) fn has_keys(&self) -> bool {
        self.settings.iter().any(|(key, _)| *key == "aws_secret_access_key")
    }
}

/// What the two files say of a profile; the credentials file counts before the other.
fn settings(name: &str, config: &str, credentials: &str) -> Vec<(&'static str, String)> {
    let in_config = if name == "default" { name.to_owned() } else { format!("profile {name}") };
    let mut found = section(config, &in_config);
    found.extend(section(credentials, name));
    found
}

/// The lines of a section, those that are known.
fn section(text: &str, name: &str) -> Vec<(&'static str, String)> {
    let mut is_in = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            is_in = header.split_whitespace().eq(name.split_whitespace());
        } else if is_in
            // What is indented belongs to a setting of another service.
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && let Some((_, ours)) = KEYS.iter().find(|(theirs, _)| *theirs == key.trim())
        {
            found.push((*ours, value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_as_the_command_of_aws_reads_it() {
        let config = "[default]\nregion = eu-west-1\n[profile lab]\nregion=eu-north-1\ns3 =\n  region = never\nendpoint_url = https://s3.lab.example\n";
        let credentials = "# keys\n[default]\naws_access_key_id = AKIA\naws_secret_access_key = a/b=c\n\n[lab]\naws_access_key_id=LAB\naws_secret_access_key=x\naws_session_token=t\n";
        let of = |name: &str| {
            let said = settings(name, config, credentials);
            said.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("default"), "aws_region=eu-west-1 aws_access_key_id=AKIA aws_secret_access_key=a/b=c");
        assert_eq!(
            of("lab"),
            "aws_region=eu-north-1 aws_endpoint=https://s3.lab.example aws_access_key_id=LAB aws_secret_access_key=x aws_session_token=t"
        );
        assert_eq!(of("other"), "");
    }
}
