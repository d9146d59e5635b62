//! The expressions directly inside an expression.

use gluesql_core::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, WindowSpec, WindowType,
};

/// Calls `f` with each expression directly inside; subqueries are not looked into.
pub(in crate::sql) fn children<'e>(expr: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match expr {
        Expr::IsFalse(e)
        | Expr::IsNotFalse(e)
        | Expr::IsTrue(e)
        | Expr::IsNotTrue(e)
        | Expr::IsNull(e)
        | Expr::IsNotNull(e)
        | Expr::IsUnknown(e)
        | Expr::IsNotUnknown(e)
        | Expr::Nested(e)
        | Expr::UnaryOp { expr: e, .. }
        | Expr::Cast { expr: e, .. }
        | Expr::Extract { expr: e, .. }
        | Expr::Ceil { expr: e, .. }
        | Expr::Floor { expr: e, .. }
        | Expr::Collate { expr: e, .. }
        | Expr::InSubquery { expr: e, .. } => f(e),
        Expr::IsDistinctFrom(a, b)
        | Expr::IsNotDistinctFrom(a, b)
        | Expr::BinaryOp { left: a, right: b, .. }
        | Expr::Like { expr: a, pattern: b, .. }
        | Expr::ILike { expr: a, pattern: b, .. }
        | Expr::SimilarTo { expr: a, pattern: b, .. }
        | Expr::RLike { expr: a, pattern: b, .. }
        | Expr::AnyOp { left: a, right: b, .. }
        | Expr::AllOp { left: a, right: b, .. }
        | Expr::AtTimeZone { timestamp: a, time_zone: b }
        | Expr::Position { expr: a, r#in: b } => {
            f(a);
            f(b);
        }
        Expr::Between { expr, low, high, .. } => {
            f(expr);
            f(low);
            f(high);
        }
        Expr::InList { expr, list, .. } => {
            f(expr);
            list.iter().for_each(f);
        }
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            f(expr);
            substring_from.iter().chain(substring_for).for_each(|e| f(e));
        }
        Expr::Trim { expr, trim_what, trim_characters, .. } => {
            f(expr);
            trim_what.iter().for_each(|e| f(e));
            trim_characters.iter().flatten().for_each(f);
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            f(expr);
            f(overlay_what);
            f(overlay_from);
            overlay_for.iter().for_each(|e| f(e));
        }
        Expr::Case { operand, conditions, results, else_result } => {
            operand.iter().for_each(|e| f(e));
            conditions.iter().chain(results).for_each(&mut *f);
            else_result.iter().for_each(|e| f(e));
        }
        Expr::Tuple(items) => items.iter().for_each(f),
        Expr::Interval(interval) => f(&interval.value),
        Expr::Function(call) => {
            arguments(call).for_each(&mut *f);
            if let Some(WindowType::WindowSpec(spec)) = &call.over {
                window_parts(spec).for_each(f);
            }
        }
        _ => {}
    }
}

/// What a window is divided and ordered by.
pub(in crate::sql) fn window_parts(spec: &WindowSpec) -> impl Iterator<Item = &Expr> {
    spec.partition_by.iter().chain(spec.order_by.iter().map(|key| &key.expr))
}

/// The arguments of a call that are expressions.
pub(super) fn arguments(call: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &call.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}
