//! Addresses to listen on, and what to change when one cannot be had.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use super::{OpsSettings, ServerSettings};

impl ServerSettings {
    /// The address of the public listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}

impl OpsSettings {
    /// The address of the operators' listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}

/// The error for an address that a section of the settings gives (`server` or `ops`).
#[must_use]
pub fn cannot_listen(section: &str, address: SocketAddr, why: io::Error) -> anyhow::Error {
    let (who, alias) = match section {
        "server" => ("the site and the API", " or PORT"),
        _ => ("operators", ""),
    };
    let variable = format!("MINITWIT__{}__", section.to_uppercase());
    let set_port = format!("{section}.port (variable {variable}PORT{alias})");
    let remedy = match why.kind() {
        ErrorKind::AddrInUse => {
            format!(": another program listens on port {} already. End that, or set another {set_port}", address.port())
        }
        ErrorKind::PermissionDenied => {
            format!(": this user may not listen on port {}. Set {set_port} to 1024 or more", address.port())
        }
        ErrorKind::AddrNotAvailable => {
            format!(": this machine has no address {}. Set {section}.host (variable {variable}HOST)", address.ip())
        }
        _ => String::new(),
    };
    anyhow::Error::new(why).context(format!("cannot listen on {address} for {who}{remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_who_cannot_and_what_to_set() {
        let address = "127.0.0.1:80".parse().unwrap();
        for (section, kind, said) in [
            ("server", ErrorKind::AddrInUse, ["the site and the API", "MINITWIT__SERVER__PORT or PORT"]),
            ("server", ErrorKind::PermissionDenied, ["may not listen on port 80", "server.port"]),
            ("ops", ErrorKind::AddrInUse, ["for operators", "MINITWIT__OPS__PORT)"]),
            ("ops", ErrorKind::AddrNotAvailable, ["no address 127.0.0.1", "MINITWIT__OPS__HOST"]),
            ("ops", ErrorKind::OutOfMemory, ["cannot listen on 127.0.0.1:80", "for operators"]),
        ] {
            let sentence = cannot_listen(section, address, kind.into()).to_string();
            assert!(said.iter().all(|said| sentence.contains(said)), "{sentence}");
        }
    }
}
