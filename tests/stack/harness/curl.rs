//! A client that speaks TLS, checks certificates and knows compression: curl. Our own HTTP client has
//! none of these, and a proxy is better judged by somebody else's.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

/// Where requests go, and who is asking.
pub struct Curl {
    origin: String,
    address: SocketAddr,
    authority: PathBuf,
    jar: Option<tempfile::NamedTempFile>,
    from: Ipv4Addr,
}

/// A request to be changed before it is sent.
pub struct Request {
    arguments: Vec<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// `2` or `1.1`.
    pub version: String,
    headers: Vec<(String, String)>,
    /// As it came over the line, unless it was to be decompressed.
    pub body: Vec<u8>,
}

impl Curl {
    pub fn new(origin: &str, address: SocketAddr, authority: PathBuf) -> Self {
        Self { origin: origin.to_owned(), address, authority, jar: None, from: Ipv4Addr::LOCALHOST }
    }

    /// The same with a cookie jar.
    pub fn with_cookies(mut self) -> Self {
        self.jar = Some(tempfile::NamedTempFile::new().unwrap());
        self
    }

    /// The same at another address.
    pub fn from(mut self, address: Ipv4Addr) -> Self {
        self.from = address;
        self
    }

    pub fn get(&self, path: &str) -> Request {
        self.request(&format!("{}{path}", self.origin))
    }

    /// A form, as a browser sends it.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let mut request = self.get(path);
        for (name, value) in fields {
            request = request.with(&["--data-urlencode", &format!("{name}={value}")]);
        }
        request
    }

    /// Over plain http.
    pub fn plain(&self, address: SocketAddr, path: &str) -> Request {
        self.request(&format!("http://{address}{path}"))
    }

    fn request(&self, url: &str) -> Request {
        let name = self.origin.trim_start_matches("https://").rsplit_once(':').unwrap().0;
        let resolve = format!("{name}:{}:{}", self.address.port(), self.address.ip());
        let from = self.from.to_string();
        let mut request = Request { arguments: Vec::new() }
            // Nobody's ~/.curlrc and no proxy of the environment.
            .with(&["--disable", "--noproxy", "*", "--silent", "--show-error", "--include", "--max-time", "20"])
            .with(&["--path-as-is", "--resolve", &resolve, "--interface", &from, "--cacert"])
            .with(&[text(&self.authority)]);
        if let Some(jar) = &self.jar {
            request = request.with(&["--cookie", text(jar.path()), "--cookie-jar", text(jar.path())]);
        }
        request.with(&[url])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Request {
    /// With more of curl's arguments.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    pub fn header(self, header: &str) -> Self {
        self.with(&["--header", header])
    }

    /// Sends it; panics with curl's words when there is no answer.
    pub fn send(self) -> Answer {
        let output = Command::new("curl").args(&self.arguments).output().expect("curl runs: scripts/setup installs it");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "curl {:?}: {told}", self.arguments);
        Answer::read(&output.stdout)
    }

    /// The same; `None` when there is no answer.
    pub fn try_send(self) -> Option<Answer> {
        let output = Command::new("curl").args(&self.arguments).output().expect("curl runs: scripts/setup installs it");
        output.status.success().then(|| Answer::read(&output.stdout))
    }

    /// Why curl gives up, as its exit status: 60 is a certificate that it does not trust.
    pub fn refusal(self) -> Option<i32> {
        Command::new("curl").args(&self.arguments).output().unwrap().status.code()
    }
}

impl Answer {
    fn read(output: &[u8]) -> Self {
        let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let head = str::from_utf8(&output[..end]).unwrap();
        let mut lines = head.lines();
        let mut first = lines.next().unwrap().trim_start_matches("HTTP/").split(' ');
        let (version, status) = (first.next().unwrap().to_owned(), first.next().unwrap().parse().unwrap());
        // A body that was expected with `100-continue`: the answer proper follows.
        if status == 100 {
            return Self::read(&output[end..]);
        }
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self { status, version, headers: headers.collect(), body: output[end..].to_vec() }
    }

    /// The value of a header; empty when it is not there. Panics when it is there twice.
    pub fn header(&self, name: &str) -> &str {
        let values = self.headers(name);
        assert!(values.len() < 2, "{name}: {values:?}");
        values.first().copied().unwrap_or_default()
    }

    /// Its values when it may be there several times.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}
