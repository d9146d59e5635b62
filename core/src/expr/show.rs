//! Expressions as SQL, for people: what SHOW, errors and migrations print. Operands that are not
//! plain stand in parentheses.

use super::{Expr, Function, InItems, LikePattern};
use crate::value::{Value, hex};

impl<C> Expr<C> {
    /// The expression as SQL, with these names for its columns.
    pub fn to_sql(&self, name: &dyn Fn(&C) -> String) -> String {
        let mut out = String::new();
        self.show(name, &mut out);
        out
    }

    fn show(&self, name: &dyn Fn(&C) -> String, out: &mut String) {
        let not = |negated: &bool| if *negated { " NOT" } else { "" };
        match self {
            Expr::Literal(value) => out.push_str(&literal(value)),
            Expr::Column(column) => out.push_str(&name(column)),
            Expr::Not(expr) => {
                out.push_str("NOT ");
                expr.operand(name, out);
            }
            Expr::Neg(expr) => {
                out.push('-');
                // Two minus signs would begin a comment.
                expr.wrapped(name, out, !matches!(**expr, Expr::Column(_)));
            }
            Expr::And(terms) => joined(terms, " AND ", "TRUE", name, out),
            Expr::Or(terms) => joined(terms, " OR ", "FALSE", name, out),
            Expr::Compare { op, left, right } => {
                left.operand(name, out);
                out.push_str(&format!(" {} ", op.symbol()));
                right.operand(name, out);
            }
            Expr::Arith { first, rest } => {
                // Each change of operator closes a parenthesis over what came before.
                let pairs = || rest.iter().zip(rest.iter().skip(1));
                let changes = pairs().filter(|((a, _), (b, _))| a != b).count();
                (0..changes).for_each(|_| out.push('('));
                first.operand(name, out);
                let mut last = rest.first().map(|(op, _)| *op);
                for (op, term) in rest {
                    if last != Some(*op) {
                        out.push(')');
                        last = Some(*op);
                    }
                    out.push_str(&format!(" {} ", op.symbol()));
                    term.operand(name, out);
                }
            }
            Expr::IsNull { expr, negated } => {
                expr.operand(name, out);
                out.push_str(&format!(" IS{} NULL", not(negated)));
            }
            Expr::IsDistinct { left, right, negated } => {
                left.operand(name, out);
                out.push_str(&format!(" IS{} DISTINCT FROM ", not(negated)));
                right.operand(name, out);
            }
            Expr::Between { expr, low, high, negated } => {
                expr.operand(name, out);
                out.push_str(&format!("{} BETWEEN ", not(negated)));
                low.operand(name, out);
                out.push_str(" AND ");
                high.operand(name, out);
            }
            Expr::InList { expr, list, negated } => {
                expr.operand(name, out);
                out.push_str(&format!("{} IN (", not(negated)));
                match list {
                    InItems::Literals(set) => {
                        let items: Vec<String> = set.written().iter().map(literal).collect();
                        out.push_str(&items.join(", "));
                    }
                    InItems::Exprs(items) => listed(items, name, out),
                }
                out.push(')');
            }
            Expr::Like { expr, pattern, negated } => {
                expr.operand(name, out);
                let (escape, case_insensitive) = match pattern {
                    LikePattern::Ready(m) => (m.escape(), m.case_insensitive()),
                    LikePattern::Dynamic { escape, case_insensitive, .. } => {
                        (*escape, *case_insensitive)
                    }
                };
                let like = if case_insensitive { "ILIKE" } else { "LIKE" };
                out.push_str(&format!("{} {like} ", not(negated)));
                match pattern {
                    LikePattern::Ready(m) => out.push_str(&quoted(m.pattern())),
                    LikePattern::Dynamic { pattern, .. } => pattern.operand(name, out),
                }
                if let Some(escape) = escape {
                    out.push_str(&format!(" ESCAPE {}", quoted(&escape.to_string())));
                }
            }
            Expr::Case { operand, whens, otherwise } => {
                out.push_str("CASE");
                let mut part = |word: &str, expr: &Expr<C>| {
                    out.push_str(word);
                    expr.show(name, out);
                };
                operand.iter().for_each(|expr| part(" ", expr));
                for (when, then) in whens {
                    part(" WHEN ", when);
                    part(" THEN ", then);
                }
                otherwise.iter().for_each(|expr| part(" ELSE ", expr));
                out.push_str(" END");
            }
            Expr::Cast { expr, ty } => {
                out.push_str("CAST(");
                expr.show(name, out);
                out.push_str(&format!(" AS {ty})"));
            }
            Expr::Function { function, args } => match function {
                Function::Now => out.push_str("CURRENT_TIMESTAMP"),
                Function::CurrentDate | Function::CurrentTime => out.push_str(function.name()),
                _ => {
                    out.push_str(function.name());
                    out.push('(');
                    listed(args, name, out);
                    out.push(')');
                }
            },
        }
    }

    /// The expression where an operator stands beside it.
    fn operand(&self, name: &dyn Fn(&C) -> String, out: &mut String) {
        let plain = match self {
            Expr::Literal(_) | Expr::Column(_) | Expr::Cast { .. } => true,
            Expr::Function { .. } | Expr::Case { .. } => true,
            // Shown as one word.
            Expr::And(terms) | Expr::Or(terms) => terms.is_empty(),
            _ => false,
        };
        self.wrapped(name, out, !plain);
    }

    fn wrapped(&self, name: &dyn Fn(&C) -> String, out: &mut String, parentheses: bool) {
        if parentheses {
            out.push('(');
        }
        self.show(name, out);
        if parentheses {
            out.push(')');
        }
    }
}

fn joined<C>(
    terms: &[Expr<C>],
    word: &str,
    empty: &str,
    name: &dyn Fn(&C) -> String,
    out: &mut String,
) {
    if terms.is_empty() {
        out.push_str(empty);
    }
    for (i, term) in terms.iter().enumerate() {
        if i > 0 {
            out.push_str(word);
        }
        match term {
            Expr::And(_) | Expr::Or(_) | Expr::Not(_) | Expr::Case { .. } => {
                term.operand(name, out)
            }
            _ => term.show(name, out),
        }
    }
}

fn listed<C>(exprs: &[Expr<C>], name: &dyn Fn(&C) -> String, out: &mut String) {
    for (i, expr) in exprs.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        expr.show(name, out);
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value as SQL writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(v) => if *v { "TRUE" } else { "FALSE" }.into(),
        Value::Int(_) | Value::Int128(_) | Value::UInt128(_) | Value::Decimal(_) => value.to_text(),
        // With an exponent it is read as a float, not as a decimal.
        Value::Float(v) if v.is_finite() => format!("{v:e}"),
        Value::Text(text) => quoted(text),
        Value::Blob(bytes) => format!("X'{}'", hex(bytes)),
        Value::Date(_) | Value::Time(_) | Value::Timestamp(_) | Value::Interval { .. } => {
            format!("{} {}", value.kind(), quoted(&value.to_text()))
        }
        other => format!("CAST({} AS {})", quoted(&other.to_text()), other.sql_type()),
    }
}
