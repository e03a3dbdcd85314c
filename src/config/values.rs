//! The types of settings that are more than numbers and strings.

use std::{
    fmt,
    net::{IpAddr, SocketAddr, UdpSocket},
    str::FromStr,
};

use ipnet::IpNet;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IntoDeserializer, SeqAccess, Visitor},
};
use url::{Position, Url};

/// How strict to be about a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Start with whatever there is.
    Development,
    /// Refuse what would hurt in public.
    Production,
}

/// When SQLite waits for the disk. A process that is killed loses nothing either way: this is about power
/// failures and crashes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// At checkpoints: a power failure may take the transactions since the last one; the file stays whole.
    Normal,
    /// At each commit too: a power failure takes nothing that was acknowledged.
    Full,
}

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People if standard output is a terminal, machines otherwise.
    Auto,
    /// Machines: one bunyan JSON object a line.
    Json,
    /// People.
    Pretty,
}

/// An address to listen on: as it stands, or this machine's own in the network that stands there.
pub fn own_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let network: IpNet = text.parse().map_err(|_| {
        de::Error::custom(format!("{text:?} is neither an IP address nor a network: write 127.0.0.1, or 10.0.0.0/24"))
    })?;
    address_in(network).ok_or_else(|| de::Error::custom(format!("no address of this machine is in {network}")))
}

/// From where the kernel would speak to that network. Nothing is sent.
fn address_in(network: IpNet) -> Option<IpAddr> {
    let anywhere: IpAddr = if network.addr().is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind(SocketAddr::new(anywhere, 0)).ok()?;
    socket.connect(SocketAddr::new(network.hosts().next()?, 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    network.contains(&own).then_some(own)
}

/// Scheme and authority of a site: `https://minitwit.example`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    secure: bool,
    authority: String,
}

impl Origin {
    /// Whether the scheme is https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Host, and port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || format!("{text:?} is no origin: write https://HOST or http://HOST:PORT, without a path");
        let url = Url::parse(text).map_err(|_| refused())?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(refused()),
        };
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        // Whatever else stands in it, a user or a path, makes it another URL than that.
        let is_bare = url.as_str() == format!("{}://{authority}/", url.scheme()) && !text.ends_with('/');
        if !is_bare || !text.contains("://") {
            return Err(refused());
        }
        Ok(Self { secure, authority: authority.to_owned() })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One of an enum's words. The settings' own library would not say which there are.
pub(super) fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(String::deserialize(deserializer)?.into_deserializer())
}

/// A list from TOML (`["a", "b"]`), or from a variable (`a,b`), which knows no lists.
pub(super) fn comma_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Items<T>(std::marker::PhantomData<T>);

    impl<'de, T: FromStr> Visitor<'de> for Items<T>
    where
        T::Err: fmt::Display,
    {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list, or its items with commas between")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| parse_item(item)).collect()
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element::<String>()? {
                list.push(parse_item(&item)?);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_any(Items(std::marker::PhantomData))
}

fn parse_item<T: FromStr, E: de::Error>(item: &str) -> Result<T, E>
where
    T::Err: fmt::Display,
{
    item.parse().map_err(|why| E::custom(format_args!("{item:?}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_no_more() {
        for (text, shown) in [
            ("https://minitwit.example", "https://minitwit.example"),
            ("HTTPS://Minitwit.Example:8443", "https://minitwit.example:8443"),
            ("https://minitwit.example:443", "https://minitwit.example"),
            ("http://my_app:8080", "http://my_app:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(
                (origin.to_string().as_str(), origin.is_secure()),
                (shown, shown.starts_with("https")),
                "{text}"
            );
        }
        for text in [
            "",
            "null",
            "example.org",
            "https:example.org",
            "ftp://example.org",
            "https://",
            "https://example.org/",
            "https://example.org/a",
            "https://example.org?",
            "https://example.org#",
            "https://me@example.org",
            "https://example org",
            "https://example.org:99999",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
