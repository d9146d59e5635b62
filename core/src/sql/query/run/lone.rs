//! One row by its key: the query that is asked most, without operators.

use super::super::plan::{Node, QueryPlan, RowExpr, Scan};
use super::{Frame, Runtime};
use crate::error::Result;
use crate::sql::access::lone_key;
use crate::tree::KeyRange;
use crate::value::Value;

/// What a plan computes from the rows of one table, if that is all it does.
fn projected(root: &Node) -> Option<(&[RowExpr], &Scan)> {
    let Node::Project { input, exprs } = root else { return None };
    match input.as_ref() {
        Node::Scan(scan) if scan.rows.is_none() && scan.among.is_empty() => Some((exprs, scan)),
        _ => None,
    }
}

impl Runtime<'_> {
    /// Runs a plan that asks for one row by its key, and puts what it computes from it into `row`.
    /// `None`: it is not of that kind, and nothing was done. `false`: there is no such row.
    ///
    /// # Errors
    /// A fault; a limit; what an expression gives.
    pub(super) fn lone_row(&self, plan: &QueryPlan, row: &mut Vec<Value>) -> Result<Option<bool>> {
        let Some((exprs, scan)) = projected(&plan.root) else { return Ok(None) };
        let frame = Frame { rt: self, subs: &plan.subs, given: &self.ctx.params };
        let source = frame.source(scan);
        let table = &source.table.table;
        let width = table.def.columns.len();
        let key = match &scan.filter {
            Some(filter) if self.counted.is_none() && scan.wanted.get(width) != Some(&true) => {
                lone_key(&source.table, filter, frame.given)
            }
            _ => None,
        };
        let Some(key) = key else { return Ok(None) };
        frame.step()?;
        if self.ctx.txn.is_some() {
            self.ctx.note_read(source, KeyRange::exact(&key));
        }
        let Some(stored) = source.table.rows.get(self.ctx.chunks, &key)? else {
            return Ok(Some(false));
        };
        let mut below = vec![Value::Null; scan.wanted.len()];
        table.decode_into(&stored, |at| scan.wanted.get(at) == Some(&true), &mut below)?;
        row.reserve(exprs.len());
        for expr in exprs {
            row.push(frame.value(expr, &below)?);
        }
        Ok(Some(true))
    }
}
