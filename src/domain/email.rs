//! An e-mail address, as far as a form can know one.

/// The longest address, in bytes (RFC 5321's limit of a path, less its brackets).
pub const MAX_BYTES: usize = 254;

/// Contains an `@`, at most [`MAX_BYTES`] long, no control characters. Whether it receives mail
/// only a mail can tell, and Minitwit sends none.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Trims and checks; `None` when this can be no address.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let address = raw.trim();
        let fits = address.contains('@') && address.len() <= MAX_BYTES;
        (fits && !address.chars().any(char::is_control)).then(|| Self(address.to_owned()))
    }

    /// The address, for the database and nothing else: it is never shown or logged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_an_at_and_has_a_limit() {
        assert!(Email::parse("Roger+Histand@hotmail.com").is_some());
        assert!(Email::parse("@").is_some(), "the contract asks for an @ and no more");
        assert!(Email::parse("broken").is_none());
        assert!(Email::parse("a@b\0c").is_none());
        assert!(Email::parse(&format!("{}@", "x".repeat(253))).is_some());
        assert!(Email::parse(&format!("{}@", "x".repeat(254))).is_none());
    }
}
