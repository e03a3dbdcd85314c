//! What the settings alone tell.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;

use super::finding::Finding;
use crate::config::{DatabaseUrl, KNOWN_PASSWORD, LogFormat, Mode, Settings};

/// Fewer characters than this can be tried through.
const STRONG: usize = 12;
/// Words that are tried first.
const COMMON: [&str; 12] = [
    "password",
    "passw0rd",
    "minitwit",
    "simulator",
    "postgres",
    "changeme",
    "change-me",
    "secret",
    "example",
    "default",
    "admin",
    "letmein",
];

/// Everything that needs neither database nor disk.
pub(super) fn check(settings: &Settings, is_container: bool) -> Vec<Finding> {
    let mut findings = vec![mode(settings), simulator_password(settings)];
    findings.extend(database_password(settings));
    findings.extend([origin(settings), site_listener(settings, is_container), ops_listener(settings, is_container)]);
    findings.extend([trusted_proxies(settings), replicas(settings), password_rules(settings), log_format(settings)]);
    findings
}

fn is_production(settings: &Settings) -> bool {
    settings.mode == Mode::Production
}

fn mode(settings: &Settings) -> Finding {
    const CHECK: &str = "settings";
    match (settings.check_values(), settings.mode) {
        (Err(why), _) => Finding::failure(CHECK, why.to_string(), "set it as that says: Minitwit refuses to start"),
        (Ok(()), Mode::Production) => Finding::ok(CHECK, "production mode"),
        (Ok(()), Mode::Development) if settings.server.origin.is_secure() => Finding::warning(
            CHECK,
            "development mode, with an https origin",
            "set MINITWIT__MODE=production, which refuses to start with what would hurt",
        ),
        (Ok(()), Mode::Development) => Finding::ok(CHECK, "development mode"),
    }
}

fn simulator_password(settings: &Settings) -> Finding {
    const CHECK: &str = "simulator password";
    if !settings.simulator.enabled {
        return Finding::ok(CHECK, "not needed: the API is off");
    }
    let password = settings.simulator.password.expose_secret();
    match weakness(password, &settings.simulator.username) {
        Some(weakness) => Finding::bad(
            is_production(settings),
            CHECK,
            weakness,
            "set MINITWIT__SIMULATOR__PASSWORD_FILE to a file with a random one (openssl rand -hex 24)",
        ),
        None => Finding::ok(CHECK, format!("{} characters", password.chars().count())),
    }
}

/// `None` when the URL holds no password: a socket, or a server that asks for none.
fn database_password(settings: &Settings) -> Option<Finding> {
    const CHECK: &str = "database password";
    let DatabaseUrl::Postgres(url) = DatabaseUrl::parse(settings.database.url.expose_secret()) else { return None };
    let (user, password) = url.credentials()?;
    let password = percent_decode_str(password).decode_utf8_lossy();
    Some(match weakness(&password, user) {
        Some(weakness) => Finding::bad(
            is_production(settings),
            CHECK,
            weakness,
            "give the role a random one (openssl rand -hex 24), and MINITWIT__DATABASE__URL_FILE the URL with it",
        ),
        None => Finding::ok(CHECK, format!("{} characters", password.chars().count())),
    })
}

/// What is wrong with a password, without saying it.
fn weakness(password: &str, user: &str) -> Option<&'static str> {
    let (password, user) = (password.to_lowercase(), user.to_lowercase());
    // `minitwit1234` is `minitwit`.
    let word = password.trim_matches(|c: char| !c.is_alphabetic());
    if password.is_empty() {
        Some("there is none")
    } else if password == KNOWN_PASSWORD {
        Some("the default one, which everybody knows")
    } else if COMMON.contains(&word) || word == user {
        Some("one that is tried first")
    } else if password.chars().count() < STRONG {
        Some("shorter than 12 characters")
    } else if password.chars().collect::<std::collections::BTreeSet<_>>().len() < 5 {
        Some("hardly more than one character, repeated")
    } else {
        None
    }
}

fn origin(settings: &Settings) -> Finding {
    const CHECK: &str = "origin";
    let origin = &settings.server.origin;
    if is_production(settings) && !origin.is_secure() {
        return Finding::failure(
            CHECK,
            format!("{origin}: cookies are not Secure, and passwords cross the network as they are"),
            "set MINITWIT__SERVER__ORIGIN to the https address that people type",
        );
    }
    Finding::ok(CHECK, origin.to_string())
}

fn site_listener(settings: &Settings, is_container: bool) -> Finding {
    const CHECK: &str = "site's listener";
    let (address, host) = (settings.server.address(), settings.server.host);
    let is_open = is_public(host) || (host.is_unspecified() && !is_container);
    if is_open && settings.server.origin.is_secure() {
        return Finding::warning(
            CHECK,
            format!("{address}: reachable past the proxy, without TLS"),
            "set MINITWIT__SERVER__HOST to 127.0.0.1, or to an address that only the proxy reaches",
        );
    }
    Finding::ok(CHECK, address.to_string())
}

fn ops_listener(settings: &Settings, is_container: bool) -> Finding {
    const CHECK: &str = "operators' listener";
    const ADVICE: &str = "set MINITWIT__OPS__HOST to 127.0.0.1, or to an address that only Prometheus reaches";
    let (address, host) = (settings.ops.address(), settings.ops.host);
    if is_public(host) {
        return Finding::failure(CHECK, format!("{address}: everybody may read the metrics"), ADVICE);
    }
    if host.is_unspecified() && !is_container {
        return Finding::warning(CHECK, format!("{address}: on every network of this machine"), ADVICE);
    }
    Finding::ok(CHECK, address.to_string())
}

/// Whether an address is one of the Internet's.
fn is_public(host: IpAddr) -> bool {
    match host.to_canonical() {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || is_shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified())
        }
    }
}

fn trusted_proxies(settings: &Settings) -> Finding {
    const CHECK: &str = "trusted proxies";
    let networks = &settings.server.trusted_proxies;
    if networks.iter().any(|network| network.prefix_len() == 0) {
        return Finding::failure(
            CHECK,
            "everybody: an address in X-Forwarded-For is believed whoever sends it",
            "set MINITWIT__SERVER__TRUSTED_PROXIES to the proxy's network",
        );
    }
    // There is no TLS in Minitwit: where people type https stands a proxy.
    if networks.is_empty() && settings.server.origin.is_secure() {
        return Finding::warning(
            CHECK,
            "none, though https means that there is a proxy: everybody shares its throttle",
            "set MINITWIT__SERVER__TRUSTED_PROXIES to the proxy's network",
        );
    }
    let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
    Finding::ok(CHECK, if networks.is_empty() { "none".to_owned() } else { networks.join(", ") })
}

fn replicas(settings: &Settings) -> Finding {
    const CHECK: &str = "replicas";
    let replicas = settings.database.replicas;
    if replicas > 1 && settings.database.is_sqlite() {
        return Finding::bad(
            is_production(settings),
            CHECK,
            format!("{replicas}, on SQLite, which is one file that one process serves"),
            "use Postgres, or set MINITWIT__DATABASE__REPLICAS=1",
        );
    }
    Finding::ok(CHECK, replicas.to_string())
}

fn password_rules(settings: &Settings) -> Finding {
    const CHECK: &str = "people's passwords";
    let rules = &settings.passwords;
    // OWASP's cheapest choice, 7 MiB five times, times its passes.
    let is_cheap = u64::from(rules.memory_kib) * u64::from(rules.iterations) < 5 * 7168;
    if is_production(settings) && is_cheap {
        return Finding::warning(
            CHECK,
            format!("hashed with {} KiB, {} times: cheap to guess", rules.memory_kib, rules.iterations),
            "leave passwords.memory_kib and passwords.iterations at their defaults",
        );
    }
    if is_production(settings) && rules.min_length < 8 {
        let found = format!("the least length is {}", rules.min_length);
        return Finding::warning(CHECK, found, "set MINITWIT__PASSWORDS__MIN_LENGTH=8; the simulator is exempt");
    }
    Finding::ok(CHECK, format!("the least length is {}, {} KiB a hash", rules.min_length, rules.memory_kib))
}

fn log_format(settings: &Settings) -> Finding {
    const CHECK: &str = "log format";
    if is_production(settings) && settings.log.format == LogFormat::Pretty {
        return Finding::warning(
            CHECK,
            "pretty: no log store reads the fields",
            "set MINITWIT__LOG__FORMAT to json, or leave it at auto",
        );
    }
    Finding::ok(CHECK, format!("{:?}", settings.log.format).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::State;

    fn state_of(check: &str, is_container: bool, change: impl FnOnce(&mut Settings)) -> State {
        let mut settings = Settings::defaults();
        change(&mut settings);
        let findings = super::check(&settings, is_container);
        findings.iter().find(|finding| finding.check == check).unwrap().state
    }

    #[test]
    fn weak_passwords_are_known() {
        for weak in
            ["", "super_safe!", "Password", "changeme123", "Minitwit!2026", "me123", "k3Jf9sLq2xz", "aaaaaaaaaaaaaaaa"]
        {
            assert!(weakness(weak, "me").is_some(), "{weak}");
        }
        for strong in ["k3Jf9sLq2xzP", "correct horse battery staple"] {
            assert_eq!(weakness(strong, "me"), None);
        }
    }

    #[test]
    fn a_listener_on_every_network_is_fine_in_a_container_only() {
        const CHECK: &str = "operators' listener";
        let on = |host: &str| host.parse().unwrap();
        assert_eq!(state_of(CHECK, false, |settings| settings.ops.host = on("0.0.0.0")), State::Warning);
        assert_eq!(state_of(CHECK, false, |settings| settings.ops.host = on("::")), State::Warning);
        assert_eq!(state_of(CHECK, true, |settings| settings.ops.host = on("0.0.0.0")), State::Ok);
        for private in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "100.64.0.1", "::1", "fd00::1"] {
            assert_eq!(state_of(CHECK, false, |settings| settings.ops.host = on(private)), State::Ok, "{private}");
        }
        for public in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert_eq!(state_of(CHECK, true, |settings| settings.ops.host = on(public)), State::Failure, "{public}");
        }
    }

    #[test]
    fn the_site_past_its_proxy_is_a_warning() {
        const CHECK: &str = "site's listener";
        let behind_proxy = |settings: &mut Settings| {
            settings.server.origin = "https://minitwit.example".parse().unwrap();
            settings.server.host = "0.0.0.0".parse().unwrap();
        };
        assert_eq!(state_of(CHECK, false, behind_proxy), State::Warning);
        assert_eq!(state_of(CHECK, true, behind_proxy), State::Ok);
        assert_eq!(state_of(CHECK, false, |settings| settings.server.host = "0.0.0.0".parse().unwrap()), State::Ok);
    }
}
