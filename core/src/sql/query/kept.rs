//! Queries whose plans are kept with their statements, and texts that share one.
//!
//! ```text
//!   text ─▶ Parsed ─▶ kept plan ── values, and the table as it is now ─▶ path ─▶ rows
//! ```
//!
//! A query on one table whose conditions compare columns with parameters is bound once, with the values
//! left open ([`keeping`](crate::sql::keeping)), and run many times. A value that is left open is what a
//! frame is given from outside, as in a correlated subquery: its scan puts the values in and then
//! chooses its path. So does a query on all rows of one table, without conditions. Any other form of
//! query is bound each time as if this file were not there.
//!
//! A text with literals behind comparisons and in lists of IN, below its WHERE, has the plan of the
//! text with parameters in their place ([`Lifted`]), or its syntax tree where no plan is kept: a
//! parameter is bound as the literal would be.

use super::plan::{Node, Statement};
use crate::error::{Error, Result};
use crate::row::Table;
use crate::sql::context::QueryContext;
use crate::sql::keeping::{Keeping, PARAMS_MAX, Slot, families, may_be_kept};
use crate::sql::request::Output;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{ObjectName, Query, SetExpr, Statement as Ast, TableFactor};
use std::sync::Arc;

/// The longest text whose literals are looked at, in bytes.
const LIFTED_BYTES_MAX: usize = 1024;

/// The plan of a query on one table.
#[derive(Debug)]
pub(in crate::sql) struct KeptQuery {
    name: ObjectName,
    statement: Statement,
}

impl Keeping<KeptQuery> {
    /// Runs a statement by its kept plan, which is made where there is none yet. `None`: it has
    /// none, and nothing was done.
    ///
    /// # Errors
    /// A fault; a limit; what an expression gives.
    pub fn run(&self, ctx: &QueryContext<'_>, statement: &Ast) -> Result<Option<Output>> {
        let params = ctx.params;
        if params.len() > PARAMS_MAX {
            return Ok(None);
        }
        ctx.limits.check_time()?;
        let mut slot = self.known();
        if let Slot::Kept(kept) = &slot {
            let Ok(source) = ctx.source(&kept.plan.name) else { return Ok(None) };
            if kept.is_of(&source.table.table) {
                return match kept.is_for(&params) {
                    true => super::run::execute_on(ctx, &kept.plan.statement, source).map(Some),
                    false => Ok(None),
                };
            }
            slot = Slot::Untried;
        }
        if let Slot::Untried = slot
            && may_be_kept(&params)
        {
            slot = match made(ctx, statement)? {
                Some((plan, table)) => self.keep(&table, &params, plan),
                None => self.never(),
            };
        }
        let Slot::Kept(kept) = slot else { return Ok(None) };
        let source = ctx.source(&kept.plan.name)?;
        super::run::execute_on(ctx, &kept.plan.statement, source).map(Some)
    }
}

/// A plan with the values of all parameters left open, where there can be one.
fn made(ctx: &QueryContext<'_>, statement: &Ast) -> Result<Option<(KeptQuery, Arc<Table>)>> {
    let Ast::Query(query) = statement else { return Ok(None) };
    let Some(name) = lone_table(query, ctx.params.is_empty()) else { return Ok(None) };
    let Ok(source) = ctx.source(name) else { return Ok(None) };
    if !source.current || source.table.table.def.view().is_some() {
        return Ok(None);
    }
    let types = families(&ctx.params);
    // Where a parameter stands anywhere else, it is not found.
    let bare = QueryContext { params: (&[][..]).into(), ..*ctx };
    let statement = match super::bind::statement_with(&bare, query, &types) {
        Ok(statement) => statement,
        Err(fault @ Error::Fault(_)) => return Err(fault),
        // Bound with its values it says what is wrong, if anything is.
        Err(_) => return Ok(None),
    };
    let root = &statement.query.root;
    let plain = statement.ctes.is_empty()
        && statement.query.subs.is_empty()
        && if ctx.params.is_empty() { is_of_all(root) } else { is_plain(root) };
    let table = source.table.table.clone();
    Ok(plain.then(|| (KeptQuery { name: name.clone(), statement }, table)))
}

/// The only table of a query that is no more than a SELECT, and that has conditions only if they may
/// be left open.
fn lone_table(query: &Query, whole: bool) -> Option<&ObjectName> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let ([table], None) = (select.from.as_slice(), &query.with) else { return None };
    if whole && select.selection.is_some() {
        return None;
    }
    match &table.relation {
        TableFactor::Table { name, args: None, .. } if table.joins.is_empty() => Some(name),
        _ => None,
    }
}

/// Whether a plan is one scan whose path is chosen when it is opened, and what is computed from its
/// rows.
fn is_plain(node: &Node) -> bool {
    match node {
        Node::Scan(scan) => scan.rows.is_none() && scan.among.is_empty(),
        Node::Place { input, .. } | Node::Filter { input, .. } | Node::Project { input, .. } => {
            is_plain(input)
        }
        _ => false,
    }
}

/// Whether a plan is what is computed from all rows of a table: their path, which may be the order
/// that is asked for, depends on no value.
fn is_of_all(node: &Node) -> bool {
    match node {
        Node::Scan(scan) => scan.filter.is_none() && scan.among.is_empty(),
        Node::Place { input, .. }
        | Node::Project { input, .. }
        | Node::Sort { input, .. }
        | Node::Limit { input, .. } => is_of_all(input),
        Node::Group(group) => is_of_all(&group.input),
        _ => false,
    }
}

/// A query with parameters in the place of literals, and the literals.
#[derive(Debug, PartialEq)]
pub(in crate::sql) struct Lifted {
    pub sql: String,
    pub params: Vec<Value>,
}

/// Takes literals out of the conditions of a query: those behind a comparison, and those of lists of
/// IN. `None`: there are none, or what is written might be meant otherwise. Elsewhere a literal may name
/// a column of the result or be its number, so it stays.
pub(in crate::sql) fn lifted(sql: &str) -> Option<Lifted> {
    let text = sql.trim_start();
    let is_select = text.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("SELECT "));
    if !is_select || sql.len() > LIFTED_BYTES_MAX {
        return None;
    }
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
    let mut shape = String::with_capacity(text.len() + 8);
    let mut params = Vec::new();
    // How far the text was taken over, and whether a comparison stands before what comes.
    let (mut done, mut i, mut compares) = (0, 0, false);
    // Whether the outermost WHERE was read, whether conditions are read, and how far a list of IN was:
    // what stands before that WHERE may name a column of the result, a subquery as a whole included.
    let (mut below, mut conditions, mut list) = (false, false, List::Outside);
    let mut depth = 0usize;
    while i < bytes.len() {
        let start = i;
        match at(i) {
            b'$' | b'?' | b':' | b'@' | b'\\' | b'[' | b'{' | b'#' => return None,
            b'-' if at(i + 1) == b'-' => return None,
            b'/' if at(i + 1) == b'*' => return None,
            b' ' | b'\t' | b'\n' | b'\r' => i += 1,
            b'=' | b'<' | b'>' => {
                i += 1;
                compares = conditions;
                list = List::Outside;
            }
            b'(' if list == List::Announced => {
                i += 1;
                depth += 1;
                list = List::Inside;
            }
            b',' if list == List::Inside => i += 1,
            quote @ (b'"' | b'`') => {
                i = closed(bytes, i + 1, quote)?;
                (compares, list) = (false, List::Outside);
            }
            b'\'' => {
                i = closed(bytes, i + 1, b'\'')?;
                let alone = list == List::Inside && is_alone(bytes, i);
                if (std::mem::take(&mut compares) && ends(at(i))) || alone {
                    let inner = text.get(start + 1..i - 1)?;
                    shape.push_str(text.get(done..start)?);
                    params.push(Value::from(inner.replace("''", "'")));
                    done = i;
                }
            }
            b'0'..=b'9' => {
                while at(i).is_ascii_alphanumeric() || matches!(at(i), b'.' | b'_') {
                    i += 1;
                }
                let digits = text.get(start..i)?;
                let plain = digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
                let alone = list == List::Inside && is_alone(bytes, i);
                let compared = std::mem::take(&mut compares) && ends(at(i));
                if plain && (compared || alone) {
                    shape.push_str(text.get(done..start)?);
                    params.push(Value::Int(digits.parse().ok()?));
                    done = i;
                }
            }
            first if first.is_ascii_alphabetic() || first == b'_' || first >= 0x80 => {
                while at(i).is_ascii_alphanumeric() || at(i) == b'_' || at(i) >= 0x80 {
                    i += 1;
                }
                compares = false;
                let word = text.get(start..i)?;
                let is = |known: &&str| word.eq_ignore_ascii_case(known);
                list = if conditions && is(&"IN") { List::Announced } else { List::Outside };
                if is(&"WHERE") {
                    below |= depth == 0;
                    conditions = below;
                } else if ["SELECT", "GROUP", "ORDER", "HAVING", "WINDOW"].iter().any(is) {
                    conditions = false;
                    below &= depth > 0;
                }
            }
            other => {
                i += 1;
                match other {
                    b'(' => depth += 1,
                    b')' => depth = depth.checked_sub(1)?,
                    _ => {}
                }
                (compares, list) = (false, List::Outside);
            }
        }
        if done == i && done > start {
            shape.push('$');
            shape.push_str(&params.len().to_string());
        }
    }
    if params.is_empty() || params.len() > PARAMS_MAX {
        return None;
    }
    shape.push_str(text.get(done..)?);
    Some(Lifted { sql: shape, params })
}

/// How far a list of IN was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Outside,
    /// Its bracket comes next.
    Announced,
    Inside,
}

/// Whether an item of a list is over here.
fn is_alone(bytes: &[u8], from: usize) -> bool {
    let next = bytes
        .get(from..)
        .into_iter()
        .flatten()
        .find(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
    matches!(next, Some(b',' | b')'))
}

/// Behind what closes a quote.
fn closed(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == quote)? + 1;
        match bytes.get(at) {
            Some(next) if *next == quote => at += 1,
            _ => return Some(at),
        }
    }
}

/// Whether a literal is over before this.
fn ends(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b')' | b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sql: &str) -> Option<(String, Vec<Value>)> {
        lifted(sql).map(|lifted| (lifted.sql, lifted.params))
    }

    #[test]
    fn literals_behind_comparisons_are_taken_out() {
        let found = shape("select name, 'x' from t where id=42 and n <> 'it''s' LIMIT 5;");
        let (sql, params) = found.unwrap();
        assert_eq!(sql, "select name, 'x' from t where id=$1 and n <> $2 LIMIT 5;");
        assert_eq!(params, [Value::Int(42), Value::from("it's")]);
        let (sql, params) =
            shape("SELECT a IN (9) FROM t WHERE a NOT IN (1 ,'x', -2) AND b IN (SELECT c = 3 FROM u WHERE d = 4)")
                .unwrap();
        assert_eq!(
            sql,
            "SELECT a IN (9) FROM t WHERE a NOT IN ($1 ,$2, -2) AND b IN (SELECT c = 3 FROM u WHERE d = $3)"
        );
        assert_eq!(params.len(), 3);
        let (sql, params) = shape("SELECT \"a = 1\" FROM t WHERE (a >= 7)").unwrap();
        assert_eq!(
            (sql.as_str(), params),
            ("SELECT \"a = 1\" FROM t WHERE (a >= $1)", vec![Value::Int(7)])
        );
    }

    #[test]
    fn what_may_be_meant_otherwise_stays() {
        for sql in [
            "SELECT 1",
            "SELECT a FROM t WHERE a = $1 AND b = 2",
            "SELECT a FROM t WHERE a = 1.5",
            "SELECT a FROM t WHERE a = 1e3",
            "SELECT a FROM t WHERE a = 0x1F",
            "SELECT a FROM t WHERE a = 12345678901234567890",
            "SELECT a FROM t WHERE a = -5",
            "SELECT a FROM t WHERE a = 5::text",
            "SELECT a FROM t WHERE a = 'x' -- = 5",
            "SELECT a FROM t WHERE a = 'x' /* = 5 */",
            "SELECT a FROM t WHERE a = e'x\\'' AND b = 5",
            "SELECT a FROM t WHERE a = e'x'",
            "SELECT a FROM t WHERE a = 5+1",
            "SELECT a FROM t WHERE a BETWEEN 1 AND 5",
            "SELECT a FROM t WHERE b GROUP BY a = 5 HAVING a = 5 ORDER BY a = 5",
            "SELECT count(*) FILTER (WHERE a = 5) FROM t",
            "SELECT (SELECT a FROM t WHERE a = 5), a IN (1, 2), a = 3 FROM t",
            "SELECT a FROM (SELECT a FROM t WHERE a = 5) q",
            "SELECT a FROM t WHERE b UNION SELECT a = 5 FROM t",
            "SELECT a FROM t WHERE a = 'open",
            "DELETE FROM t WHERE a = 5",
        ] {
            assert_eq!(shape(sql), None, "{sql}");
        }
    }
}
