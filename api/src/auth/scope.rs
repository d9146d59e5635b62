//! Scopes: what a credential allows, everywhere or on branches of certain names.

/// A kind of permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Reading of everything on a branch.
    Read,
    /// Writing of data and schemas; creating, merging and deleting branches.
    Write,
    /// Creating, merging and deleting branches alone.
    Branch,
    /// Protection, keys, webhooks and metrics; and all of the others, for who makes keys can make
    /// any key.
    Admin,
}

impl Scope {
    /// Its name in tokens and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Branch => "branch",
            Scope::Admin => "admin",
        }
    }

    fn gives(self, needed: Scope) -> bool {
        self == needed || self == Scope::Admin || (self == Scope::Write && needed == Scope::Branch)
    }
}

/// One scope, on the branches that a pattern names or on all.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    scope: Scope,
    pattern: Option<String>,
}

/// A text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeError(String);

impl std::fmt::Display for ScopeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "'{}' is no scope: read, write, branch or admin, with ':' and a pattern of branch \
             names for some branches only (write:feature-*)",
            self.0
        )
    }
}

impl std::error::Error for ScopeError {}

/// What a caller may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Grant>);

impl Scopes {
    /// Reading and writing: what a key has that was given no scopes.
    pub fn read_write() -> Self {
        let all = |scope| Grant { scope, pattern: None };
        Scopes(vec![all(Scope::Read), all(Scope::Write)])
    }

    /// Scopes by name: `read`, `write`, `branch`, `admin`, with `sync:` before them or not, and with
    /// a pattern of branch names behind them or not.
    ///
    /// # Errors
    /// The first that is none.
    pub fn parse<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, ScopeError> {
        let grant = |name: S| grant(name.as_ref()).ok_or(ScopeError(name.as_ref().to_owned()));
        names.into_iter().map(grant).collect::<Result<_, _>>().map(Scopes)
    }

    /// As [`Scopes::parse`], without what is no scope here: a token may carry those of others.
    pub fn known<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Scopes(names.into_iter().filter_map(|name| grant(name.as_ref())).collect())
    }

    /// Whether this may be done on a branch.
    pub fn on(&self, needed: Scope, branch: &str) -> bool {
        self.grants(needed)
            .any(|grant| grant.pattern.as_ref().is_none_or(|pattern| matches(pattern, branch)))
    }

    /// Whether this may be done on some branch.
    pub fn somewhere(&self, needed: Scope) -> bool {
        self.grants(needed).next().is_some()
    }

    /// Whether this may be done on every branch.
    pub fn everywhere(&self, needed: Scope) -> bool {
        self.grants(needed).any(|grant| grant.pattern.is_none())
    }

    /// Whether anything at all may be done on a branch: enough to make another one from it.
    pub fn touches(&self, branch: &str) -> bool {
        [Scope::Read, Scope::Branch].into_iter().any(|scope| self.on(scope, branch))
    }

    /// The same of every branch.
    pub fn touches_all(&self) -> bool {
        [Scope::Read, Scope::Branch].into_iter().any(|scope| self.everywhere(scope))
    }

    fn grants(&self, needed: Scope) -> impl Iterator<Item = &Grant> {
        self.0.iter().filter(move |grant| grant.scope.gives(needed))
    }
}

fn grant(text: &str) -> Option<Grant> {
    let text = text.strip_prefix("sync:").unwrap_or(text);
    let (name, pattern) = match text.split_once(':') {
        Some((_, "")) => return None,
        Some((name, pattern)) => (name, Some(pattern.to_owned())),
        None => (text, None),
    };
    let scopes = [Scope::Read, Scope::Write, Scope::Branch, Scope::Admin];
    let scope = scopes.into_iter().find(|scope| scope.name() == name)?;
    Some(Grant { scope, pattern })
}

/// Whether a name fits a pattern in which `*` stands for any text. Linear but for going back to the
/// last `*`, so at worst the product of both lengths, which are short.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(same) if same == byte => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    (p, n) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("a*", "a"),
            ("a*", "abc"),
            ("*", ""),
            ("*b*d", "abcd"),
            ("f-*-x", "f--x-x"),
            ("a", "a"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("a*", "ba"), ("", "a"), ("a", "ab"), ("*b*d", "abcde"), ("feature-*", "feature")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_scopes_give() {
        let scopes = Scopes::parse(["sync:read", "write:feature-*"]).unwrap();
        assert!(scopes.everywhere(Scope::Read));
        assert!(scopes.on(Scope::Write, "feature-a") && scopes.on(Scope::Branch, "feature-a"));
        assert!(!scopes.on(Scope::Write, "main") && !scopes.on(Scope::Admin, "feature-a"));
        assert!(scopes.somewhere(Scope::Write) && !scopes.everywhere(Scope::Write));
        let admin = Scopes::parse(["admin"]).unwrap();
        assert!(admin.on(Scope::Read, "main") && admin.on(Scope::Write, "main"));
        assert!(!Scopes::parse(["branch"]).unwrap().on(Scope::Write, "main"));
        assert!(!Scopes::parse(["write"]).unwrap().on(Scope::Read, "main"));
        assert_eq!(Scopes::known(["read", "mail:send", "write:"]), Scopes::known(["read"]));
        assert!(Scopes::parse(["reader"]).is_err() && Scopes::parse(["write:"]).is_err());
    }
}
