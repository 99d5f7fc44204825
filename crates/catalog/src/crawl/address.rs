//! Where a document is, and whether a link may be followed there.

use std::path::{Component, Path, PathBuf};

use reqwest::Url;
use stacyard_http::{Http, shown};
use stacyard_store::{Error, Remedy};

/// Where a document is: a URL of HTTP, of an object store or of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(pub(super) Url);

impl Address {
    /// The file that it names; `None`: it is on the web, or names a file by a detour.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let path = self.0.to_file_path().ok()?;
        // A slash that is escaped is none in a URL, but one in a path.
        let is_straight =
            path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        is_straight.then_some(path)
    }

    pub(super) fn is_file(&self) -> bool {
        self.0.scheme() == "file"
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.0.scheme(), "s3" | "gs" | "az")
    }

    /// Whether both are in one object store.
    fn is_beside(&self, other: &Self) -> bool {
        self.is_object() && self.0.scheme() == other.0.scheme() && self.0.host_str() == other.0.host_str()
    }
}

/// Where a catalog begins, and how far it reaches: the server, or the folder, of its first document.
pub(super) struct Home {
    pub(super) start: Address,
    /// As the user wrote it.
    pub(super) name: String,
    /// The folder, and how the user wrote it.
    folder: Option<(PathBuf, String)>,
    may_leave: bool,
}

/// What a link leads to.
pub(super) enum Leads {
    To(Address),
    /// Nowhere, and why.
    Nowhere(String),
}

impl Home {
    /// The home of a catalog whose root the user has called so.
    pub(super) fn of(start: &str, may_leave: bool) -> Result<Self, Error> {
        if start.contains("://") {
            let mut url: Url = start.parse().map_err(|cause| {
                let shown = stacyard_store::without_password(start);
                Error::usage(
                    format!("{shown} is not a URL: {cause}"),
                    "write https://host/path of a catalog.json",
                )
            })?;
            // A server may know what its folder is; in an object store there are no folders.
            if (url.path().is_empty() || url.path().ends_with('/')) && Address(url.clone()).is_object() {
                url.set_path(&format!("{}/catalog.json", url.path().trim_end_matches('/')));
            }
            return Ok(Self { name: shown(&url), start: Address(url), folder: None, may_leave });
        }
        let mut name = PathBuf::from(start);
        if name.is_dir() {
            name.push("catalog.json");
        }
        let failed = |cause| Error::io("open", &name, cause);
        let path = std::path::absolute(&name).map_err(failed)?;
        let url = file(&path).ok_or_else(|| {
            Error::usage(format!("{start} is not the path of a file"), "name a catalog.json")
        })?;
        let folder = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
        let written = folder(&name).to_string_lossy().into_owned();
        let written = if written.is_empty() || written.ends_with('/') { written } else { written + "/" };
        let reach = url.to_file_path().map_or_else(|()| folder(&path), |path| folder(&path));
        Ok(Self {
            start: Address(url),
            name: name.to_string_lossy().into_owned(),
            folder: Some((reach, written)),
            may_leave,
        })
    }

    /// An address as people are shown it: without secrets, and a file as the user would name it.
    pub(super) fn shown(&self, address: &Address) -> String {
        let Some(path) = address.path() else { return shown(&address.0) };
        match &self.folder {
            Some((folder, written)) => match path.strip_prefix(folder) {
                Ok(within) => format!("{written}{}", within.display()),
                Err(_) => path.display().to_string(),
            },
            None => path.display().to_string(),
        }
    }

    /// Where a link leads to that a page has.
    ///
    /// # Errors
    /// It leaves the catalog's server or folder, and may not.
    pub(super) fn resolve(&self, page: &Address, href: &str, http: &Http) -> Result<Leads, Error> {
        let nowhere = |why: &str| {
            let (page, href) = (self.shown(page), without_query(href));
            Ok(Leads::Nowhere(format!("{page} links to {href:?}, {why}")))
        };
        let Some(mut to) = literal(page, href).or_else(|| page.0.join(href).ok()) else {
            return nowhere("which is no address");
        };
        to.set_fragment(None);
        let to = Address(to);
        match to.0.scheme() {
            "http" | "https" => {}
            // A page of the web has no business with files here, whoever allows it to leave its server.
            "file" if page.is_file() && to.path().is_some() => {}
            "file" => return nowhere("a file of this machine"),
            // Keys are for one bucket, and a page of the web has no business there, whoever allows it to leave its server.
            _ if to.is_object() && !(page.is_object() && to.is_beside(&self.start)) => {
                return nowhere("which is in an object store that is not that of the catalog");
            }
            _ if to.is_object() && to.0.query().is_some() => {
                return nowhere("which has a query: of an old version nothing is known here");
            }
            _ if to.is_object() => return Ok(Leads::To(to)),
            _ => return nowhere("which is no file and not on the web"),
        }
        let is_own = match (&self.folder, to.path()) {
            (Some((folder, _)), Some(path)) => path.starts_with(folder),
            _ => http.is_own(&to.0),
        };
        if is_own || self.may_leave {
            return Ok(Leads::To(to));
        }
        Err(self.elsewhere(page, &to))
    }

    fn elsewhere(&self, page: &Address, to: &Address) -> Error {
        let (page, shown) = (self.shown(page), self.shown(to));
        let out = match (&self.folder, to.is_file()) {
            (Some(_), true) => "outside of its folder",
            (Some(_), false) => "on the web",
            (None, _) if self.start.is_object() => "on the web",
            (None, _) => "on another host or port, or without TLS",
        };
        let follow = Remedy::from("if that is right, follow with ").option("follow-foreign");
        let follow = if to.is_file() { follow } else { follow.text("; headers do not go there") };
        Error::failed(format!("{page} links to {shown}, which is {out}")).remedy(follow)
    }
}

/// The URL of a file, without detours.
fn file(path: &Path) -> Option<Url> {
    Url::parse(Url::from_file_path(path).ok()?.as_str()).ok()
}

/// The file that a link names letter by letter, where it is there: other programs write names of files as they are, not as URLs.
fn literal(page: &Address, href: &str) -> Option<Url> {
    if !href.contains(['%', '?', '#']) || href.contains("://") {
        return None;
    }
    let path = page.path()?.parent()?.join(href);
    if path.is_file() { file(&path) } else { None }
}

/// A link as it is shown: its query may have a key in it.
fn without_query(href: &str) -> String {
    let (place, query) = href.split_once('?').map_or((href, ""), |(place, _)| (place, "?***"));
    stacyard_store::without_password(place) + query
}

#[cfg(test)]
mod tests {
    use stacyard_http::HttpOptions;

    use super::*;

    fn leads(start: &str, page: &str, href: &str, may_leave: bool) -> String {
        let home = Home::of(start, may_leave).unwrap();
        let http = Http::new(&home.start.0, &HttpOptions::default()).unwrap();
        match home.resolve(&Address(page.parse().unwrap()), href, &http) {
            Ok(Leads::To(to)) => home.shown(&to),
            Ok(Leads::Nowhere(why)) => format!("nowhere: {why}"),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn links_lead_where_they_say() {
        let (start, page) = ("https://h/a/catalog.json", "https://h/a/b/collection.json");
        for (href, to) in [
            ("./x.json", "https://h/a/b/x.json"),
            ("../../y.json#part", "https://h/y.json"),
            ("/z.json", "https://h/z.json"),
            ("https://H:443/w.json", "https://h/w.json"),
            ("x.json?key=secret", "https://h/a/b/x.json?***"),
        ] {
            assert_eq!(leads(start, page, href, false), to, "{href}");
        }
        insta::assert_snapshot!(leads(start, page, "//other/x.json", false), @"error: https://h/a/b/collection.json links to https://other/x.json, which is on another host or port, or without TLS");
        insta::assert_snapshot!(leads(start, page, "http://h/x.json", false), @"error: https://h/a/b/collection.json links to http://h/x.json, which is on another host or port, or without TLS");
        assert_eq!(leads(start, page, "//other/x.json", true), "https://other/x.json");
        for may_leave in [false, true] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(leads(start, page, "file:///etc/passwd", may_leave), @r#"nowhere: https://h/a/b/collection.json links to "file:///etc/passwd", a file of this machine"#);
                insta::assert_snapshot!(leads(start, page, "ftp://h/x?k=secret", may_leave), @r#"nowhere: https://h/a/b/collection.json links to "ftp://h/x?***", which is no file and not on the web"#);
            }
        }
    }

    #[test]
    fn links_stay_in_their_bucket() {
        let (start, page) = ("s3://b/a/catalog.json", "s3://b/a/b/collection.json");
        for (href, to) in [
            ("./x.json", "s3://b/a/b/x.json"),
            ("../../../../y.json#part", "s3://b/y.json"),
            ("/z.json", "s3://b/z.json"),
            ("s3://b/w.json", "s3://b/w.json"),
        ] {
            assert_eq!(leads(start, page, href, false), to, "{href}");
        }
        for may_leave in [false, true] {
            for href in [
                "s3://other/x.json",
                "//other/x.json",
                "gs://b/x.json",
                "x.json?versionId=1",
                "file:///etc/passwd",
            ] {
                assert!(leads(start, page, href, may_leave).starts_with("nowhere"), "{href}");
            }
            assert!(leads(start, "https://h/x.json", "s3://b/x.json", may_leave).starts_with("nowhere"));
            assert!(
                leads("https://h/x.json", "https://h/x.json", "s3://b/x.json", may_leave)
                    .starts_with("nowhere")
            );
        }
        insta::assert_snapshot!(leads(start, page, "https://h/x.json", false), @"error: s3://b/a/b/collection.json links to https://h/x.json, which is on the web");
        assert_eq!(leads(start, page, "https://h/x.json", true), "https://h/x.json");
        for start in ["s3://b", "s3://b/", "s3://b/a/"] {
            let home = Home::of(start, false).unwrap();
            assert_eq!(home.name, format!("{}/catalog.json", start.trim_end_matches('/')));
        }
    }

    #[test]
    fn files_stay_in_their_folder() {
        let (start, page) = ("/cat/catalog.json", "file:///cat/b/collection.json");
        for (href, to) in [
            ("./x.json", "/cat/b/x.json"),
            ("../y%20y.json", "/cat/y y.json"),
            ("/cat/z.json", "/cat/z.json"),
            ("file:///cat/w.json", "/cat/w.json"),
        ] {
            assert_eq!(leads(start, page, href, false), to, "{href}");
        }
        insta::assert_snapshot!(leads(start, page, "../../etc/passwd", false), @"error: /cat/b/collection.json links to /etc/passwd, which is outside of its folder");
        insta::assert_snapshot!(leads(start, page, "https://h/x.json", false), @"error: /cat/b/collection.json links to https://h/x.json, which is on the web");
        insta::assert_snapshot!(leads(start, page, "..%2F..%2Fetc/passwd", true), @r#"nowhere: /cat/b/collection.json links to "..%2F..%2Fetc/passwd", a file of this machine"#);
        assert_eq!(leads(start, page, "/catalogue/x.json", true), "/catalogue/x.json");
        assert!(leads(start, page, "/catalogue/x.json", false).starts_with("error"));
    }

    #[test]
    fn names_of_files_may_stand_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().canonicalize().unwrap();
        let start = here.join("catalog.json");
        let page = Url::from_file_path(&start).unwrap();
        for (there, href) in [
            ("a%20b.json", "a%20b.json"),
            ("c d.json", "c%20d.json"),
            ("e#f.json", "./e#f.json"),
            ("g?h.json", "g?h.json"),
        ] {
            std::fs::write(here.join(there), "").unwrap();
            let to = leads(start.to_str().unwrap(), page.as_str(), href, false);
            assert_eq!(to, here.join(there).to_str().unwrap(), "{href}");
        }
    }
}
