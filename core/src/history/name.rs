//! Ids and names of branches and snapshots, and how one is told from the other.

use std::fmt;
use std::str::FromStr;

/// Length of a branch name in bytes of UTF-8.
pub const NAME_MAX_BYTES: usize = 255;

/// Words that stand for something else where a branch may be named.
const RESERVED: [&str; 1] = ["head"];

/// The text is no id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id here is \"{0}\" and 32 hexadecimal digits")]
pub struct IdParseError(&'static str);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $context:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// What its text begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The `counter`th id that a statement with this seed makes. The seed is what the host
            /// drew for the statement, so that a re-run makes the same ids.
            pub fn derive(seed: &[u8; 32], counter: u64) -> Self {
                let mut hasher = blake3::Hasher::new_derive_key($context);
                hasher.update(seed).update(&counter.to_le_bytes());
                let mut id = [0; 16];
                hasher.finalize_xof().fill(&mut id);
                $name(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, IdParseError> {
                parse_id($prefix, text).map($name)
            }
        }
    };
}

id! {
    /// A branch, whatever it is called; a name used again after deletion has another id. Shown as
    /// `br_` and 32 hexadecimal digits.
    BranchId, "br_", "offshoot 2025 branch id"
}

id! {
    /// A snapshot. Shown as `snap_` and 32 hexadecimal digits.
    SnapshotId, "snap_", "offshoot 2025 snapshot id"
}

fn parse_id(prefix: &'static str, text: &str) -> Result<[u8; 16], IdParseError> {
    let error = IdParseError(prefix);
    let digits = text.strip_prefix(prefix).ok_or(error)?.as_bytes();
    if digits.len() != 32 {
        return Err(error);
    }
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16).ok_or(error)?;
        let low = char::from(pair[1]).to_digit(16).ok_or(error)?;
        *byte = (high * 16 + low) as u8;
    }
    Ok(id)
}

/// Why a text cannot name a branch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is empty.
    #[error("a branch name is empty")]
    Empty,
    /// It is longer than `NAME_MAX_BYTES`.
    #[error("a branch name has at most {NAME_MAX_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// It holds a character that names do not.
    #[error("a branch name holds letters, digits and / - _ . only, not {0:?}")]
    Character(char),
    /// It begins or ends with a slash or holds two in a row.
    #[error("a branch name has something before and after each slash")]
    EmptySegment,
    /// A part between slashes is `.` or `..`, which web clients remove from addresses.
    #[error("no part of a branch name is \".\" or \"..\"")]
    Dots,
    /// It begins with `-`, which a command line takes for an option.
    #[error("a branch name does not begin with \"-\"")]
    Dash,
    /// It looks like the id of a branch, a snapshot or a commit.
    #[error("{0:?} looks like an id; choose another name")]
    LooksLikeId(String),
    /// It is a reserved word.
    #[error("{0:?} is a reserved word")]
    Reserved(String),
}

/// Whether a text may name a branch: 1 to `NAME_MAX_BYTES` bytes; letters and digits of any script
/// and `/ - _ .`; nothing empty, `.` or `..` between slashes; not beginning with `-`; not `HEAD`
/// in any case; and not what could be taken for an id: `br_` or `snap_` followed by hexadecimal
/// digits only, or the 64 digits of a commit. Names are compared byte by byte.
pub fn check_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > NAME_MAX_BYTES {
        return Err(NameError::TooLong(name.len()));
    }
    let allowed = |c: &char| c.is_alphanumeric() || "/-_.".contains(*c);
    if let Some(other) = name.chars().find(|c| !allowed(c)) {
        return Err(NameError::Character(other));
    }
    if name.starts_with('-') {
        return Err(NameError::Dash);
    }
    for segment in name.split('/') {
        match segment {
            "" => return Err(NameError::EmptySegment),
            "." | ".." => return Err(NameError::Dots),
            _ => {}
        }
    }
    if looks_like_id(name) {
        return Err(NameError::LooksLikeId(name.to_owned()));
    }
    if RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name)) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    Ok(())
}

fn looks_like_id(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    let after = |prefix: &str| lower.strip_prefix(prefix).is_some_and(hex);
    after(BranchId::PREFIX) || after(SnapshotId::PREFIX) || (lower.len() == 64 && hex(&lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let good = [
            "main",
            "feature/auth-2",
            "v1.0",
            "a/b/c.d_e",
            ".hidden",
            "br_feature",
            "snap_shot",
            "br_",
            "développement",
            "分支",
            "heads",
            "_",
            "a-",
            "deadbeef",
            &"x".repeat(255),
        ];
        for name in good {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let hex = "0123456789abcdef".repeat(4);
        let bad = [
            ("", NameError::Empty),
            (&*"x".repeat(256), NameError::TooLong(256)),
            (&*"é".repeat(128), NameError::TooLong(256)),
            ("a b", NameError::Character(' ')),
            ("a\0", NameError::Character('\0')),
            ("a\n", NameError::Character('\n')),
            ("a%2Fb", NameError::Character('%')),
            ("a\\b", NameError::Character('\\')),
            ("e\u{301}", NameError::Character('\u{301}')),
            ("\u{202e}a", NameError::Character('\u{202e}')),
            ("a'b", NameError::Character('\'')),
            ("/a", NameError::EmptySegment),
            ("a/", NameError::EmptySegment),
            ("a//b", NameError::EmptySegment),
            ("/", NameError::EmptySegment),
            (".", NameError::Dots),
            ("..", NameError::Dots),
            ("a/../b", NameError::Dots),
            ("a/.", NameError::Dots),
            ("-f", NameError::Dash),
            ("br_00ff", NameError::LooksLikeId("br_00ff".into())),
            ("BR_00FF", NameError::LooksLikeId("BR_00FF".into())),
            ("snap_1", NameError::LooksLikeId("snap_1".into())),
            (&hex, NameError::LooksLikeId(hex.clone())),
            ("HEAD", NameError::Reserved("HEAD".into())),
            ("head", NameError::Reserved("head".into())),
        ];
        for (name, error) in bad {
            assert_eq!(check_name(name), Err(error), "{name}");
        }
    }

    #[test]
    fn ids_follow_the_seed_and_survive() {
        let id = BranchId::derive(&[1; 32], 0);
        assert_eq!(id, BranchId::derive(&[1; 32], 0));
        assert_ne!(id, BranchId::derive(&[1; 32], 1));
        assert_ne!(id, BranchId::derive(&[2; 32], 0));
        assert_ne!(id.0, SnapshotId::derive(&[1; 32], 0).0);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(matches!(check_name(&id.to_string()), Err(NameError::LooksLikeId(_))));
        for text in ["", "br_", "br_0", "snap_0123456789abcdef0123456789abcdef"] {
            assert!(text.parse::<BranchId>().is_err(), "{text}");
        }
    }
}
