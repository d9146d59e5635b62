//! GROUP BY and aggregates.

use super::super::plan::{Aggregate, Group, Node, RowExpr};
use super::{Frame, Operator};
use crate::error::Result;
use crate::expr::{Accumulator, AggregateFunction, Expr};
use crate::sql::types::same_key;
use crate::tree::KeyRange;
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// What one aggregate of one group has taken in.
struct State {
    accumulator: Accumulator,
    seen: HashSet<Vec<u8>>,
    /// Arguments with what they are sorted by, where an order is asked for.
    kept: Vec<(Vec<Value>, Vec<Value>)>,
}

impl State {
    fn new(call: &Aggregate) -> State {
        let accumulator = Accumulator::new(call.function);
        State { accumulator, seen: HashSet::new(), kept: Vec::new() }
    }
}

/// A call as it is evaluated.
struct Call<'f> {
    call: &'f Aggregate,
    /// The only argument, where it is a plain column.
    column: Option<usize>,
    plain: bool,
}

/// Opens an operator that groups.
pub(super) fn open<'f>(frame: Frame<'f>, group: &'f Group) -> Result<Box<dyn Operator + 'f>> {
    if group.keys.is_empty()
        && let Some(row) = from_tree(frame, group)?
    {
        return Ok(Box::new(Rows { rows: vec![row].into_iter() }));
    }
    let calls: Vec<Call<'f>> = group
        .calls
        .iter()
        .map(|call| Call {
            column: match call.args.as_slice() {
                [Expr::Column(at)] if *at < group.input.width() => Some(*at),
                _ => None,
            },
            plain: !call.distinct && call.filter.is_none() && call.order.is_empty(),
            call,
        })
        .collect();
    let mut input = frame.open(&group.input)?;
    let mut row = vec![Value::Null; group.input.width()];
    let fresh = || group.calls.iter().map(State::new).collect::<Vec<State>>();
    let mut keys: Vec<Vec<Value>> = Vec::new();
    let mut states: Vec<Vec<State>> = Vec::new();
    let mut found: HashMap<Vec<u8>, usize> = HashMap::new();
    if group.keys.is_empty() {
        // One group, whether there are rows or not.
        keys.push(Vec::new());
        states.push(fresh());
    }
    let mut bytes = Vec::new();
    while input.next(&mut row)? {
        let mut at = 0;
        if !group.keys.is_empty() {
            bytes.clear();
            for key in &group.keys {
                match key {
                    Expr::Column(at) if *at < row.len() => {
                        same_key(&mut bytes, row.get(*at).unwrap_or(&Value::Null));
                    }
                    key => same_key(&mut bytes, &frame.value(key, &row)?),
                }
            }
            at = match found.get(bytes.as_slice()) {
                Some(at) => *at,
                None => {
                    let values = group.keys.iter().map(|key| frame.value(key, &row));
                    let values = values.collect::<Result<Vec<Value>>>()?;
                    frame.hold(&values)?;
                    frame.hold_bytes(2 * bytes.len() + 128 * (1 + group.calls.len()))?;
                    keys.push(values);
                    states.push(fresh());
                    found.insert(bytes.clone(), states.len() - 1);
                    states.len() - 1
                }
            };
        }
        let Some(of_group) = states.get_mut(at) else { continue };
        for (state, call) in of_group.iter_mut().zip(&calls) {
            add(frame, state, call, &row)?;
        }
    }
    let mut rows = Vec::with_capacity(keys.len());
    for (mut row, states) in keys.into_iter().zip(states) {
        for (state, call) in states.into_iter().zip(&group.calls) {
            row.push(finish(state, call)?);
        }
        rows.push(row);
    }
    Ok(Box::new(Rows { rows: rows.into_iter() }))
}

fn add(frame: Frame<'_>, state: &mut State, call: &Call<'_>, row: &[Value]) -> Result<()> {
    if let (Some(at), true) = (call.column, call.plain) {
        let before = state.accumulator.size_bytes();
        let value = row.get(at).map_or(&[][..], std::slice::from_ref);
        state.accumulator.add(value)?;
        let after = state.accumulator.size_bytes();
        return if after > before { frame.hold_bytes(after - before) } else { Ok(()) };
    }
    if let Some(filter) = &call.call.filter
        && !frame.holds(filter, row)?
    {
        return Ok(());
    }
    let args = call.call.args.iter().map(|arg| frame.value(arg, row));
    let args = args.collect::<Result<Vec<Value>>>()?;
    if call.call.distinct {
        let Some(value) = args.first().filter(|value| !value.is_null()) else { return Ok(()) };
        let mut key = Vec::with_capacity(16);
        same_key(&mut key, value);
        frame.hold_bytes(key.len() + 48)?;
        if !state.seen.insert(key) {
            return Ok(());
        }
    }
    if !call.call.order.is_empty() {
        let keys = call.call.order.iter().map(|key| frame.value(&key.expr, row));
        let keys = keys.collect::<Result<Vec<Value>>>()?;
        frame.hold(&keys)?;
        frame.hold(&args)?;
        state.kept.push((keys, args));
        return Ok(());
    }
    let before = state.accumulator.size_bytes();
    state.accumulator.add(&args)?;
    let after = state.accumulator.size_bytes();
    if after > before { frame.hold_bytes(after - before) } else { Ok(()) }
}

fn finish(mut state: State, call: &Aggregate) -> Result<Value> {
    if !call.order.is_empty() {
        super::sort::by_keys(&mut state.kept, &call.order);
        for (_, args) in &state.kept {
            state.accumulator.add(args)?;
        }
    }
    Ok(state.accumulator.finish()?)
}

/// Aggregates of a whole table that its tree, or the ends of a key or an index, know.
fn from_tree(frame: Frame<'_>, group: &Group) -> Result<Option<Vec<Value>>> {
    let Node::Scan(scan) = &group.input else { return Ok(None) };
    if !scan.rows.as_ref().is_some_and(|rows| rows.is_everything()) {
        return Ok(None);
    }
    let plain = |call: &Aggregate| call.filter.is_none();
    if !group.calls.iter().all(plain) {
        return Ok(None);
    }
    let ctx = frame.rt.ctx;
    let source = frame.source(scan);
    let count = || Value::integer(source.table.rows.count().into());
    let mut row = Vec::with_capacity(group.calls.len());
    for call in &group.calls {
        let descending = match (call.function, call.args.as_slice()) {
            (AggregateFunction::CountRows, _) => {
                row.push(count());
                continue;
            }
            (AggregateFunction::Min, [_]) => false,
            (AggregateFunction::Max, [_]) => true,
            _ => return Ok(None),
        };
        match end_of(frame, group, &call.args, descending)? {
            Some(value) => row.push(value),
            None => return Ok(None),
        }
    }
    ctx.note_read(source, KeyRange::all());
    Ok(Some(row))
}

/// The first or last value of a column that is not NULL, where a key or an index begins with it.
fn end_of(
    frame: Frame<'_>,
    group: &Group,
    args: &[RowExpr],
    descending: bool,
) -> Result<Option<Value>> {
    let (Node::Scan(scan), [expr @ Expr::Column(_)]) = (&group.input, args) else {
        return Ok(None);
    };
    let not_null = expr.clone().is_null(true);
    let ctx = frame.rt.ctx;
    let table = &frame.source(scan).table;
    let mut plan = crate::sql::access::plan_rows(ctx, table, Some(not_null))?;
    let sorted = [crate::sql::access::Sorted { expr: expr.clone(), descending }];
    if !plan.bring_in_order(table, &sorted, true) {
        return Ok(None);
    }
    let mut input = super::scan::rows(frame, scan, std::sync::Arc::new(plan))?;
    let mut row = vec![Value::Null; scan.wanted.len()];
    match input.next(&mut row)? {
        true => Ok(Some(frame.value(expr, &row)?)),
        false => Ok(Some(Value::Null)),
    }
}

struct Rows {
    rows: std::vec::IntoIter<Vec<Value>>,
}

impl Operator for Rows {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let Some(next) = self.rows.next() else { return Ok(false) };
        for (place, value) in row.iter_mut().zip(next) {
            *place = value;
        }
        Ok(true)
    }
}
