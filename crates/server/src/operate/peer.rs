//! Who asks, and by which URL: a request as its client has sent it. Between the two may be proxies; what their headers say counts only
//! where they are trusted, since any client can write such headers, too.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::FORWARDED;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;
use stacyard_store::Error;

/// The proxies that are trusted, as networks: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Of addresses, or of networks as an address and the length of its prefix.
    ///
    /// # Errors
    /// What is neither.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let network = |text: &str| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| {
                Error::usage(format!("{text:?} is no network"), "write an address or 10.0.0.0/8")
            })
        };
        Ok(Self(texts.into_iter().map(network).collect::<Result<_, _>>()?))
    }

    fn trust(&self, address: IpAddr) -> bool {
        // A socket of both versions shows version 4 as a part of version 6.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Where a request comes from. What is not known is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client, as far as it can be told.
    pub(crate) client: Option<IpAddr>,
    pub(crate) scheme: Option<String>,
    pub(crate) host: Option<String>,
    /// The path below which clients see the server.
    pub(crate) prefix: Option<String>,
}

impl Origin {
    /// Of a request, by what its connection and the headers of trusted proxies say.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let Some(peer) = peer.filter(|peer| proxies.trust(*peer)) else {
            return Self { client: peer, ..Self::default() };
        };
        let hops = hops(headers);
        // Each proxy adds at the right whom it was asked by. Whoever is not trusted is the client; what is left of it, it may have
        // made up.
        let client = hops.iter().rposition(|hop| hop.client.is_none_or(|client| !proxies.trust(client)));
        let hop = hops.get(client.unwrap_or(0));
        let known = |own: Option<&String>, name| own.cloned().or_else(|| last(headers, name));
        let mut host =
            known(hop.and_then(|hop| hop.host.as_ref()), "x-forwarded-host").filter(|host| is_host(host));
        let scheme = known(hop.and_then(|hop| hop.scheme.as_ref()), "x-forwarded-proto")
            .map(|scheme| scheme.to_ascii_lowercase())
            .filter(|scheme| matches!(&**scheme, "http" | "https"));
        if let (Some(host), Some(port)) = (&mut host, last(headers, "x-forwarded-port")) {
            let is_usual = matches!((scheme.as_deref(), &*port), (Some("https"), "443") | (_, "80"));
            if port.parse::<u16>().is_ok() && !is_usual && !has_port(host) {
                host.push(':');
                host.push_str(&port);
            }
        }
        Self {
            client: Some(hop.and_then(|hop| hop.client).unwrap_or(peer)),
            scheme,
            host,
            prefix: last(headers, "x-forwarded-prefix").as_deref().and_then(prefix),
        }
    }
}

/// Whether it goes into a URL as it is: a name or an address, and maybe a port.
pub(crate) fn is_host(host: &str) -> bool {
    !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A path below which the server is: without a slash at its end. `None`: it is none, or the root.
pub(crate) fn prefix(text: &str) -> Option<String> {
    let path = text.trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    (path.starts_with('/') && !path.contains("//") && path.chars().all(fits)).then(|| path.to_owned())
}

/// What one proxy says of the request that it was sent.
#[derive(Debug, Default)]
struct Hop {
    /// `None` where it is hidden or obscured (RFC 7239 section 6).
    client: Option<IpAddr>,
    scheme: Option<String>,
    host: Option<String>,
}

/// What the proxies say, the last one at the end. `Forwarded` says more than `X-Forwarded-For`.
fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let forwarded: Vec<Hop> = elements(headers, FORWARDED.as_str()).map(forwarded).collect();
    if !forwarded.is_empty() {
        return forwarded;
    }
    let client = |text: &str| Hop { client: address(text), ..Hop::default() };
    elements(headers, "x-forwarded-for").map(client).collect()
}

/// One element of `Forwarded`: `for=192.0.2.60;proto=http;host=a.org`.
fn forwarded(element: &str) -> Hop {
    let mut hop = Hop::default();
    for (name, value) in element.split(';').filter_map(|pair| pair.split_once('=')) {
        let value = value.trim().trim_matches('"').to_owned();
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = address(&value),
            "proto" => hop.scheme = Some(value),
            "host" => hop.host = Some(value),
            _ => {}
        }
    }
    hop
}

/// `192.0.2.43`, `192.0.2.43:4711`, `[2001:db8::1]:4711`, `2001:db8::1`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The elements of a header that is a list, and may be there several times.
fn elements<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|element| !element.is_empty())
}

/// What the nearest proxy says.
fn last(headers: &HeaderMap, name: &str) -> Option<String> {
    elements(headers, name).last().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::HeaderName;

    use super::*;

    fn origin(peer: &str, headers: &[(&str, &str)]) -> Origin {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let proxies = Proxies::parse(["10.0.0.0/8", "::1", "127.0.0.1"]).unwrap();
        Origin::of(&extensions, &headers.collect(), &proxies)
    }

    fn told(origin: &Origin) -> String {
        let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
        let client = origin.client.map_or_else(|| "-".to_owned(), |client| client.to_string());
        format!("{client} {} {} {}", text(&origin.scheme), text(&origin.host), text(&origin.prefix))
    }

    const ALL: &[(&str, &str)] = &[
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "stac.example.org"),
        ("x-forwarded-prefix", "/v1/"),
    ];

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(told(&origin("10.1.2.3", ALL)), "203.0.113.9 https stac.example.org /v1");
        assert_eq!(told(&origin("::ffff:10.1.2.3", ALL)), "203.0.113.9 https stac.example.org /v1");
        assert_eq!(told(&origin("192.0.2.1", ALL)), "192.0.2.1 - - -");
    }

    #[test]
    fn the_client_is_the_last_one_that_is_not_trusted() {
        let chain = [("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.7")];
        assert_eq!(told(&origin("10.1.2.3", &chain)), "203.0.113.9 - - -");
        let all_trusted = [("x-forwarded-for", "10.0.0.8, 10.0.0.7")];
        assert_eq!(told(&origin("127.0.0.1", &all_trusted)), "10.0.0.8 - - -");
    }

    /// The examples of RFC 7239 section 4 and 7.1, with what a client has made up before them.
    #[test]
    fn forwarded_goes_before_the_other_headers() {
        let forwarded = [
            ("forwarded", "for=6.6.6.6;proto=ftp;host=evil.org"),
            (
                "forwarded",
                r#"For="[2001:db8:cafe::17]:4711";proto=HTTPS;host="a.org:8443";by=203.0.113.43, for=10.0.0.1"#,
            ),
            ("x-forwarded-for", "1.1.1.1"),
        ];
        assert_eq!(told(&origin("::1", &forwarded)), "2001:db8:cafe::17 https a.org:8443 -");
        let hidden = [("forwarded", "for=_hidden;proto=https, for=10.0.0.1;proto=http")];
        assert_eq!(told(&origin("::1", &hidden)), "::1 https - -");
    }

    #[test]
    fn ports_are_told_where_they_are_not_the_usual_ones() {
        for (port, host) in [("443", "a.org"), ("8443", "a.org:8443"), ("x", "a.org")] {
            let headers =
                [("x-forwarded-host", "a.org"), ("x-forwarded-proto", "https"), ("x-forwarded-port", port)];
            assert_eq!(origin("10.0.0.1", &headers).host.as_deref(), Some(host));
        }
        let both = [("x-forwarded-host", "a.org:81"), ("x-forwarded-port", "82")];
        assert_eq!(origin("10.0.0.1", &both).host.as_deref(), Some("a.org:81"));
    }

    #[test]
    fn nothing_else_gets_into_urls() {
        for (name, value) in [
            ("x-forwarded-host", "a.org/\"><script>"),
            ("x-forwarded-proto", "javascript"),
            ("x-forwarded-prefix", "//evil.org"),
            ("x-forwarded-prefix", "v1"),
            ("x-forwarded-prefix", "/"),
        ] {
            let origin = origin("10.0.0.1", &[(name, value)]);
            let empty = Some(String::new());
            assert!(origin.host.is_none() && origin.scheme.is_none(), "{origin:?}");
            assert!(origin.prefix.is_none() || origin.prefix == empty, "{origin:?}");
        }
        assert!(Proxies::parse(["10.0.0.0/40"]).is_err() && Proxies::parse(["proxy"]).is_err());
    }
}
