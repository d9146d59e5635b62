//! Statements about branches.
//!
//! ```text
//!   CREATE BRANCH [IF NOT EXISTS] name [FROM source] [AS OF point]
//!   DROP BRANCH [IF EXISTS] name [FORCE]
//!   MERGE BRANCH source INTO target [USING source_wins | target_wins | newest_wins | manual | abort]
//!       [DRY RUN]
//!   USE BRANCH name
//! ```
//!
//! They are read from the tokens here, because no parser knows them. A name may hold dashes, dots and
//! slashes without quotes (`feature/tax-2025`), and stand in any quotes. They are no part of a
//! transaction: what they change is not on a branch but the branches themselves.

use super::points::{PointText, parse_point};
use super::request::{Output, OutputColumn, Request, StatementKind};
use crate::database::{AsOf, Database, MAIN, MergeReport, MergeRequest, NewBranch, Receipt};
use crate::error::{Error, Kind, Result};
use crate::merge::Policy;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation, Word};

/// A statement about branches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Branching {
    Create { name: String, source: Option<String>, point: Option<PointText>, or_keep: bool },
    Drop { name: String, if_there: bool, force: bool },
    Merge { source: String, target: String, policy: Policy, dry_run: bool },
    Use(String),
}

const POLICIES: [Policy; 5] =
    [Policy::SourceWins, Policy::TargetWins, Policy::Newest, Policy::Manual, Policy::Abort];

/// Reads a statement about branches; `None`: it is about something else.
///
/// # Errors
/// `Sql` where it goes on in another way than it should.
pub(super) fn read(tokens: &[TokenWithLocation]) -> Result<Option<Branching>> {
    let mut reader = Reader { tokens, at: 0 };
    while reader.token() == Some(&Token::SemiColon) {
        reader.at += 1;
    }
    let verbs = ["CREATE", "DROP", "MERGE", "USE"];
    let Some(verb) = verbs.into_iter().find(|verb| reader.takes(&[verb, "BRANCH"])) else {
        return Ok(None);
    };
    let read = match verb {
        "CREATE" => {
            let or_keep = reader.takes(&["IF", "NOT", "EXISTS"]);
            let name = reader.name()?;
            let source = reader.takes(&["FROM"]).then(|| reader.name()).transpose()?;
            Branching::Create { name, source, point: reader.point()?, or_keep }
        }
        "DROP" => {
            let if_there = reader.takes(&["IF", "EXISTS"]);
            Branching::Drop { name: reader.name()?, if_there, force: reader.takes(&["FORCE"]) }
        }
        "MERGE" => {
            let source = reader.name()?;
            if !reader.takes(&["INTO"]) {
                return Err(reader.wrong("INTO and a branch"));
            }
            let target = reader.name()?;
            let policy = reader.takes(&["USING"]).then(|| reader.policy()).transpose()?;
            let dry_run = reader.takes(&["DRY", "RUN"]);
            Branching::Merge { source, target, policy: policy.unwrap_or_default(), dry_run }
        }
        _ => Branching::Use(reader.name()?),
    };
    while reader.token() == Some(&Token::SemiColon) {
        reader.at += 1;
    }
    match reader.token() {
        None => Ok(Some(read)),
        Some(_) => Err(reader.wrong("the end of the statement")),
    }
}

/// Tokens, from one of them on.
struct Reader<'t> {
    tokens: &'t [TokenWithLocation],
    at: usize,
}

impl Reader<'_> {
    /// The next one that is not blank.
    fn token(&mut self) -> Option<&Token> {
        let blank = |t: &&TokenWithLocation| matches!(t.token, Token::Whitespace(_));
        let rest = self.tokens.get(self.at..).unwrap_or(&[]);
        self.at += rest.iter().take_while(blank).count();
        self.tokens.get(self.at).map(|t| &t.token).filter(|token| **token != Token::EOF)
    }

    /// Takes these words, if all of them stand here.
    fn takes(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        for word in words {
            match self.token() {
                Some(Token::Word(Word { value, quote_style: None, .. }))
                    if value.eq_ignore_ascii_case(word) =>
                {
                    self.at += 1;
                }
                _ => {
                    self.at = start;
                    return false;
                }
            }
        }
        true
    }

    /// A branch's name: quoted, or all that stands together.
    fn name(&mut self) -> Result<String> {
        let quoted = match self.token() {
            Some(Token::SingleQuotedString(text)) => Some(text.clone()),
            Some(Token::Word(Word { value, quote_style: Some(_), .. })) => Some(value.clone()),
            _ => None,
        };
        if let Some(name) = quoted {
            self.at += 1;
            return Ok(name);
        }
        let rest = self.tokens.get(self.at..).unwrap_or(&[]);
        let part = |token: &Token| {
            let plain = matches!(token, Token::Word(Word { quote_style: None, .. }));
            plain || matches!(token, Token::Number(..) | Token::Minus | Token::Div | Token::Period)
        };
        let parts = rest.iter().map(|t| &t.token).take_while(|token| part(token));
        let parts: Vec<String> = parts.map(ToString::to_string).collect();
        if parts.is_empty() {
            return Err(self.wrong("a branch's name"));
        }
        self.at += parts.len();
        Ok(parts.concat())
    }

    fn policy(&mut self) -> Result<Policy> {
        let named = POLICIES.into_iter().find(|policy| self.takes(&[policy.name()]));
        named.ok_or_else(|| {
            let names: Vec<&str> = POLICIES.iter().map(|policy| policy.name()).collect();
            self.wrong(&format!("one of {}", names.join(", ")))
        })
    }

    fn point(&mut self) -> Result<Option<PointText>> {
        if self.token().is_none() {
            return Ok(None);
        }
        let found = parse_point(self.tokens, self.at)?;
        Ok(found.map(|(_, to, point)| {
            self.at = to;
            point
        }))
    }

    fn wrong(&mut self, expected: &str) -> Error {
        let found = self.token().map_or_else(|| "the end".to_owned(), |t| format!("'{t}'"));
        let place = self.tokens.get(self.at).map_or_else(String::new, |t| t.location.to_string());
        Error::Sql(format!("syntax error: expected {expected}, found {found}{place}"))
    }
}

impl Branching {
    /// What kind of statement it is, and the columns that it gives.
    pub fn described(&self) -> (StatementKind, Vec<OutputColumn>) {
        match self {
            Branching::Create { .. } => (StatementKind::CreateBranch, Vec::new()),
            Branching::Drop { .. } => (StatementKind::DropBranch, Vec::new()),
            Branching::Merge { .. } => (StatementKind::MergeBranch, merge_columns()),
            Branching::Use(_) => (StatementKind::UseBranch, Vec::new()),
        }
    }

    /// Does what it says to the branches. USE does nothing here but see that there is such a branch.
    ///
    /// # Errors
    /// What the database refuses; see [`Database::create_branch`], [`Database::delete_branch`] and
    /// [`Database::merge`].
    pub(super) fn run(
        &self,
        database: &Database,
        request: &Request<'_>,
        (branch, author): (&str, &str),
    ) -> Result<Output> {
        match self {
            Branching::Create { name, source, point, or_keep } => {
                let as_of = match point {
                    Some(point) => point.resolve(request.params)?,
                    None => AsOf::Now,
                };
                // As everywhere: from where this session is.
                let source = source.clone().unwrap_or_else(|| branch.to_owned());
                let new = NewBranch { name: name.clone(), source, as_of, ..NewBranch::default() };
                match database.create_branch(&request.moment, new) {
                    Err(Error::Exists { kind: Kind::Branch, .. }) if *or_keep => {
                        Ok(Output::done(StatementKind::CreateBranch, 0))
                    }
                    Err(error) => Err(error),
                    Ok(Receipt { ticket, .. }) => {
                        Ok(Output { ticket, ..Output::done(StatementKind::CreateBranch, 0) })
                    }
                }
            }
            Branching::Drop { name, if_there, force } => {
                let here = database.branch(branch)?.id;
                let there = database.branch(name).ok();
                if *name != MAIN && there.is_some_and(|record| record.id == here) {
                    return Err(Error::Invalid(format!(
                        "this session is on branch '{name}': USE BRANCH {MAIN} first"
                    )));
                }
                match database.delete_branch(&request.moment, name, *force) {
                    Err(Error::NotFound { kind: Kind::Branch, .. }) if *if_there => {
                        Ok(Output::done(StatementKind::DropBranch, 0))
                    }
                    Err(error) => Err(error),
                    Ok(Receipt { ticket, .. }) => {
                        Ok(Output { ticket, ..Output::done(StatementKind::DropBranch, 0) })
                    }
                }
            }
            Branching::Merge { source, target, policy, dry_run } => {
                let merge = MergeRequest {
                    source: source.clone(),
                    target: target.clone(),
                    policy: *policy,
                    dry_run: *dry_run,
                    author: author.to_owned(),
                    ..MergeRequest::default()
                };
                let Receipt { value, ticket } = database.merge(&request.moment, &merge)?;
                Ok(Output { ticket, ..merged(value) })
            }
            Branching::Use(name) => {
                database.branch(name)?;
                Ok(Output::done(StatementKind::UseBranch, 0))
            }
        }
    }
}

/// The columns of a merge.
fn merge_columns() -> Vec<OutputColumn> {
    let column = |name: &str, ty| OutputColumn { name: name.to_owned(), ty };
    vec![
        column("changes_merged", SqlType::BigInt),
        column("schema_changed", SqlType::Boolean),
        column("conflicts_resolved", SqlType::BigInt),
        column("dry_run", SqlType::Boolean),
    ]
}

/// A merge as one row.
fn merged(report: MergeReport) -> Output {
    let MergeReport { changes, schema_changed, settled, dry_run, commit, .. } = report;
    let count = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let settled = u64::try_from(settled.len()).unwrap_or(u64::MAX);
    Output {
        columns: merge_columns(),
        rows: vec![vec![
            count(changes),
            Value::Bool(schema_changed),
            count(settled),
            Value::Bool(dry_run),
        ]],
        commit,
        ..Output::done(StatementKind::MergeBranch, changes)
    }
}
