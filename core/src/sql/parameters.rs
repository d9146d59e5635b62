//! Parameters: how they are written and numbered, who gives their values, and what they are where a
//! statement is only prepared.
//!
//! ```text
//!   VALUES (?, :name, ?5, @at, :name, $2)    as it is written
//!   VALUES ($1, $2,  $5, $6,  $2,   $2)      as it is bound: 6 values, `:name` is number 2, `@at` 6
//! ```
//!
//! Numbers are given as in SQLite: `?` is one more than the largest so far, `?5` and `$5` are number 5,
//! and a name takes the next free number where it stands first. `:a`, `@a` and `$a` are three
//! parameters; who gives values by name may leave the sign out, and means all that go by the name.

use crate::error::{Error, Result};
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::keywords::Keyword;
use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation, Whitespace};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;

/// The largest number of a parameter, as in SQLite.
const NUMBER_MAX: usize = 32_766;

/// The parameters that a statement has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The largest number.
    count: usize,
    /// Numbers that have names, and these as they are written; in the order of the numbers.
    names: Vec<(usize, Box<str>)>,
}

impl Parameters {
    /// How many values the statement takes: the largest number.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The name of a parameter as it is written, with its sign; numbers begin at 1. `None`: it has
    /// none, or there is no such number.
    pub fn name(&self, number: usize) -> Option<&str> {
        let at = self.names.binary_search_by_key(&number, |(known, _)| *known).ok()?;
        self.names.get(at).map(|(_, name)| &**name)
    }

    /// The values that are given by name, in the order of their numbers. A name may have its sign
    /// (`:`, `@` or `$`) or not; a number is a name too (`1` or `?1`).
    ///
    /// # Errors
    /// `Sql` for a parameter that is given no value, or more than one, and for a name that the
    /// statement does not have.
    pub fn ordered<N: AsRef<str>>(
        &self,
        given: impl IntoIterator<Item = (N, Value)>,
    ) -> Result<Vec<Value>> {
        let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, name) in &self.names {
            let bare = name.get(1..).unwrap_or_default();
            for name in [name, bare] {
                known.entry(name).or_default().push(*number);
            }
        }
        let mut values: Vec<Option<Value>> = vec![None; self.count];
        for (name, value) in given {
            let name = name.as_ref();
            let number = name.strip_prefix(['?', '$']).unwrap_or(name).parse::<usize>().ok();
            let own = number.filter(|n| (1..=self.count).contains(n) && self.name(*n).is_none());
            let meant = match own {
                Some(number) => vec![number],
                None => known.get(name).cloned().unwrap_or_default(),
            };
            if meant.is_empty() {
                return Err(Error::Sql(format!("the statement has no parameter '{name}'")));
            }
            for number in meant {
                let place = number.checked_sub(1).and_then(|at| values.get_mut(at));
                if place.is_some_and(|place| place.replace(value.clone()).is_some()) {
                    let shown = self.shown(number);
                    return Err(Error::Sql(format!("the parameter {shown} is given twice")));
                }
            }
        }
        let whole = values.into_iter().enumerate().map(|(at, value)| {
            value.ok_or_else(|| {
                let shown = self.shown(at + 1);
                Error::Sql(format!("the parameter {shown} is given no value"))
            })
        });
        whole.collect()
    }

    /// Refuses to go on with more values than there are parameters, or with fewer than there are with
    /// names. What a number lacks is said where it is read.
    ///
    /// # Errors
    /// `Sql`.
    pub(super) fn check(&self, given: usize) -> Result<()> {
        if given > self.count {
            return Err(Error::Sql(format!(
                "{given} values were given for {} parameters",
                self.count
            )));
        }
        match self.names.iter().find(|(number, _)| *number > given) {
            None => Ok(()),
            Some((number, name)) => Err(Error::Sql(format!(
                "there is no value for the parameter {name}, which is number {number}: {given} were \
                 given"
            ))),
        }
    }

    fn shown(&self, number: usize) -> String {
        self.name(number).map_or_else(|| format!("${number}"), str::to_owned)
    }
}

/// Numbers the parameters among the tokens of a statement: all become `$n`.
///
/// # Errors
/// `Sql` for a number that is out of range.
pub(super) fn number(tokens: &mut [TokenWithLocation]) -> Result<Parameters> {
    let mut found = Parameters::default();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for at in 0..tokens.len() {
        let Some(written) = written(tokens, at) else { continue };
        let number = match written.get(1..) {
            Some("") if written == "?" => found.count + 1,
            Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
                digits.parse().unwrap_or(0)
            }
            _ => *numbers.entry(written.clone()).or_insert(found.count + 1),
        };
        if number == 0 || number > NUMBER_MAX {
            return Err(Error::Sql(format!(
                "the parameter {written}: numbers are from 1 to {NUMBER_MAX}"
            )));
        }
        found.count = found.count.max(number);
        if let Some(token) = tokens.get_mut(at) {
            // A name of two tokens leaves a blank behind, so that positions in messages stay true.
            let two = !matches!(token.token, Token::Placeholder(_));
            token.token = Token::Placeholder(format!("${number}"));
            if let (true, Some(name)) = (two, tokens.get_mut(at + 1)) {
                name.token = Token::Whitespace(Whitespace::Space);
            }
        }
    }
    found.names = numbers.into_iter().map(|(name, n)| (n, name.into_boxed_str())).collect();
    found.names.sort_unstable();
    Ok(found)
}

/// The parameter that begins at a token, as it is written.
fn written(tokens: &[TokenWithLocation], at: usize) -> Option<String> {
    let token = |at: usize| tokens.get(at).map(|t| &t.token);
    let sign = match token(at)? {
        Token::Placeholder(name) => return Some(name.clone()),
        Token::AtSign => '@',
        // `a[1:n]` and `a:b` have their colon right behind a value.
        Token::Colon if !at.checked_sub(1).and_then(token).is_some_and(ends_value) => ':',
        _ => return None,
    };
    match token(at + 1)? {
        Token::Word(word) if word.quote_style.is_none() => Some(format!("{sign}{}", word.value)),
        _ => None,
    }
}

fn ends_value(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_some() || word.keyword == Keyword::NoKeyword,
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => true,
        token => matches!(token, Token::RParen | Token::RBracket),
    }
}

/// What a statement is bound with: values, or nothing where it is only asked what it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Params<'p> {
    values: &'p [Value],
    asked: Option<&'p Asked>,
}

impl<'p> From<&'p [Value]> for Params<'p> {
    fn from(values: &'p [Value]) -> Self {
        Params { values, asked: None }
    }
}

impl<'p> From<&'p Asked> for Params<'p> {
    fn from(asked: &'p Asked) -> Self {
        Params { values: &[], asked: Some(asked) }
    }
}

impl Deref for Params<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.values
    }
}

impl<'p> Params<'p> {
    /// Who is told of types, where the statement is not to run.
    pub fn asked(&self) -> Option<&'p Asked> {
        self.asked
    }
}

/// The first position that stands for a parameter without a value, in a statement that is not to run.
const PARAMETER: usize = 1 << 26;

/// What is found out about the parameters of a statement that is not to run.
#[derive(Debug)]
pub(crate) struct Asked(RefCell<Vec<SqlType>>);

impl Asked {
    /// Nothing known yet of so many parameters.
    pub fn new(count: usize) -> Self {
        Asked(RefCell::new(vec![SqlType::Any; count]))
    }

    /// The position that stands for the parameter that `$1` names.
    ///
    /// # Errors
    /// As [`number_of`].
    pub fn position(&self, name: &str) -> Result<usize> {
        let number = number_of(name)?;
        match number > self.0.borrow().len() {
            true => Err(Error::Internal(format!("the parameter {name} was not counted"))),
            false => Ok(PARAMETER + number),
        }
    }

    /// What stands at a position meets something of this type. What came first is kept.
    pub fn tell(&self, position: usize, ty: SqlType) {
        let mut types = self.0.borrow_mut();
        let at = position.checked_sub(PARAMETER + 1);
        if let Some(known) = at.and_then(|at| types.get_mut(at))
            && *known == SqlType::Any
        {
            *known = ty;
        }
    }

    /// The type of what stands at a position.
    pub fn type_at(&self, position: usize) -> Option<SqlType> {
        let at = position.checked_sub(PARAMETER + 1)?;
        self.0.borrow().get(at).copied()
    }

    /// The types by number; `Any` where nothing was found out.
    pub fn into_types(self) -> Vec<SqlType> {
        self.0.into_inner()
    }
}

/// The number that `$1` says.
///
/// # Errors
/// `Unsupported` for what is no number.
pub(super) fn number_of(name: &str) -> Result<usize> {
    let number = name.strip_prefix('$').and_then(|n| n.parse::<usize>().ok());
    number.ok_or_else(|| {
        Error::Unsupported(format!(
            "the parameter {name}; parameters are ?, ?1, $1, :name, @name and $name"
        ))
    })
}

/// The value of the parameter that `$1` names.
///
/// # Errors
/// `Sql` where there is none.
pub(super) fn param<'p>(name: &str, params: &'p [Value]) -> Result<&'p Value> {
    number_of(name)?.checked_sub(1).and_then(|at| params.get(at)).ok_or_else(|| {
        Error::Sql(format!("there is no parameter {name}: {} were given", params.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;

    /// Names by number.
    fn names(sql: &str) -> Vec<String> {
        let parsed = parse(sql, 1000).unwrap().parameters;
        (1..=parsed.count()).map(|n| parsed.name(n).unwrap_or("-").to_owned()).collect()
    }

    #[test]
    fn numbers_are_given_as_in_sqlite() {
        assert_eq!(
            names("SELECT ?, :name, ?5, @at, :name, $2"),
            ["-", ":name", "-", "-", "-", "@at"]
        );
        assert_eq!(names("SELECT :a, @a, $a, :A, :a"), [":a", "@a", "$a", ":A"]);
        assert_eq!(names("SELECT ?3, ?, :x"), ["-", "-", "-", "-", ":x"]);
        assert_eq!(names("SELECT :end, :from WHERE 1 IN(:a)"), [":end", ":from", ":a"]);
        for wrong in [
            "SELECT ?0",
            "SELECT $0",
            "SELECT ?32767",
            "SELECT $99999999999999999999",
            "SELECT ?32766, ?",
        ] {
            let error = parse(wrong, 1000).unwrap_err();
            assert!(error.to_string().contains("numbers are from 1 to 32766"), "{wrong}: {error}");
        }
    }

    #[test]
    fn what_looks_like_a_parameter_is_none() {
        let none: [&str; 0] = [];
        assert_eq!(names("SELECT ':a', \"@b\" FROM (SELECT 1 AS \"@b\") AS t -- :c"), none);
        assert_eq!(names("SELECT '1'::integer, CAST(1 AS text)::text /* $d */"), none);
        assert_eq!(names("SELECT $$:a$$, $q$ @b ? $q$, E':c'"), none);
        assert_eq!(names("SELECT '{\"a\": 1}' -> 'a', '{}' ->> '$.a:b'"), none);
        assert_eq!(names("SELECT ?::integer, :x::text"), ["-", ":x"]);
    }
}
