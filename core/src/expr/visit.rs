//! Walking a tree.

use super::{DEPTH_MAX, EvalError, Expr, Function, InItems, LikePattern};
use crate::value::Value;

impl<C> Expr<C> {
    /// Calls `f` with each node directly below.
    fn each_child<'e>(&'e self, f: &mut dyn FnMut(&'e Expr<C>)) {
        match self {
            Expr::Literal(_) | Expr::Column(_) => {}
            Expr::Not(e) | Expr::Neg(e) => f(e),
            Expr::IsNull { expr, .. } | Expr::Cast { expr, .. } => f(expr),
            Expr::And(terms) | Expr::Or(terms) => terms.iter().for_each(f),
            Expr::Compare { left, right, .. } | Expr::IsDistinct { left, right, .. } => {
                f(left);
                f(right);
            }
            Expr::Arith { first, rest } => {
                f(first);
                rest.iter().for_each(|(_, term)| f(term));
            }
            Expr::Between { expr, low, high, .. } => {
                f(expr);
                f(low);
                f(high);
            }
            Expr::InList { expr, list, .. } => {
                f(expr);
                if let InItems::Exprs(items) = list {
                    items.iter().for_each(f);
                }
            }
            Expr::Like { expr, pattern, .. } => {
                f(expr);
                if let LikePattern::Dynamic { pattern, .. } = pattern {
                    f(pattern);
                }
            }
            Expr::Case { operand, whens, otherwise } => {
                operand.iter().for_each(|e| f(e));
                for (when, then) in whens {
                    f(when);
                    f(then);
                }
                otherwise.iter().for_each(|e| f(e));
            }
            Expr::Function { args, .. } => args.iter().for_each(f),
        }
    }

    /// Whether the tree is shallow enough to be worked with. Whoever builds a tree from input
    /// counts while building, or asks here before anything else.
    ///
    /// # Errors
    /// `TooDeep` beyond [`DEPTH_MAX`].
    pub fn check_depth(&self) -> Result<(), EvalError> {
        match self.within(DEPTH_MAX) {
            true => Ok(()),
            false => Err(EvalError::TooDeep),
        }
    }

    fn within(&self, allowed: usize) -> bool {
        let Some(below) = allowed.checked_sub(1) else { return false };
        let mut fits = true;
        self.each_child(&mut |child| fits = fits && child.within(below));
        fits
    }

    /// Calls `f` with each column that is read, as often as it is.
    pub fn visit_columns(&self, f: &mut dyn FnMut(&C)) {
        if let Expr::Column(column) = self {
            f(column);
        }
        self.each_child(&mut |child| child.visit_columns(f));
    }

    /// The columns that are read, each once, in order.
    pub fn columns(&self) -> Vec<C>
    where
        C: Ord + Clone,
    {
        let mut columns = Vec::new();
        self.visit_columns(&mut |column| columns.push(column.clone()));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether the value may differ from one evaluation to the next: time, random numbers, UUIDs.
    pub fn is_volatile(&self) -> bool {
        let now = |arg: &Expr<C>| matches!(arg, Expr::Literal(Value::Text(text)) if text.eq_ignore_ascii_case("now"));
        let mut volatile = match self {
            Expr::Function { function, args } => {
                let times =
                    args.len() - usize::from(*function == Function::StrfTime).min(args.len());
                function.is_volatile()
                    || (function.reads_time() && (times == 0 || args.iter().any(now)))
            }
            _ => false,
        };
        self.each_child(&mut |child| volatile = volatile || child.is_volatile());
        volatile
    }

    /// Whether the value is the same for every row and at every time.
    pub fn is_constant(&self) -> bool {
        let mut columns = false;
        self.visit_columns(&mut |_| columns = true);
        !columns && !self.is_volatile()
    }

    /// The same tree with other names for its columns.
    ///
    /// # Errors
    /// The first that `f` returns.
    pub fn map_columns<D, E>(&self, f: &mut dyn FnMut(&C) -> Result<D, E>) -> Result<Expr<D>, E> {
        self.replace_columns(&mut |column| f(column).map(Expr::Column))
    }

    /// The same tree with other trees in the place of its columns.
    ///
    /// # Errors
    /// The first that `f` returns.
    pub fn replace_columns<D, E>(
        &self,
        f: &mut dyn FnMut(&C) -> Result<Expr<D>, E>,
    ) -> Result<Expr<D>, E> {
        let mut map = |e: &Expr<C>| e.replace_columns(f);
        Ok(match self {
            Expr::Literal(value) => Expr::Literal(value.clone()),
            Expr::Column(column) => f(column)?,
            Expr::Not(e) => Expr::Not(Box::new(map(e)?)),
            Expr::Neg(e) => Expr::Neg(Box::new(map(e)?)),
            Expr::And(terms) => Expr::And(terms.iter().map(map).collect::<Result<_, E>>()?),
            Expr::Or(terms) => Expr::Or(terms.iter().map(map).collect::<Result<_, E>>()?),
            Expr::Compare { op, left, right } => {
                Expr::Compare { op: *op, left: Box::new(map(left)?), right: Box::new(map(right)?) }
            }
            Expr::Arith { first, rest } => Expr::Arith {
                first: Box::new(map(first)?),
                rest: rest.iter().map(|(op, e)| Ok((*op, map(e)?))).collect::<Result<_, E>>()?,
            },
            Expr::IsNull { expr, negated } => {
                Expr::IsNull { expr: Box::new(map(expr)?), negated: *negated }
            }
            Expr::IsDistinct { left, right, negated } => Expr::IsDistinct {
                left: Box::new(map(left)?),
                right: Box::new(map(right)?),
                negated: *negated,
            },
            Expr::Between { expr, low, high, negated } => Expr::Between {
                expr: Box::new(map(expr)?),
                low: Box::new(map(low)?),
                high: Box::new(map(high)?),
                negated: *negated,
            },
            Expr::InList { expr, list, negated } => Expr::InList {
                expr: Box::new(map(expr)?),
                list: match list {
                    InItems::Literals(set) => InItems::Literals(set.clone()),
                    InItems::Exprs(items) => {
                        InItems::Exprs(items.iter().map(map).collect::<Result<_, E>>()?)
                    }
                },
                negated: *negated,
            },
            Expr::Like { expr, pattern, negated } => Expr::Like {
                expr: Box::new(map(expr)?),
                pattern: match pattern {
                    LikePattern::Ready(matcher) => LikePattern::Ready(matcher.clone()),
                    LikePattern::Dynamic { pattern, escape, case_insensitive } => {
                        LikePattern::Dynamic {
                            pattern: Box::new(map(pattern)?),
                            escape: *escape,
                            case_insensitive: *case_insensitive,
                        }
                    }
                },
                negated: *negated,
            },
            Expr::Case { operand, whens, otherwise } => {
                let operand = operand.as_ref().map(|e| map(e).map(Box::new)).transpose()?;
                let pairs = whens.iter().map(|(when, then)| Ok((map(when)?, map(then)?)));
                let whens = pairs.collect::<Result<_, E>>()?;
                let otherwise = otherwise.as_ref().map(|e| map(e).map(Box::new)).transpose()?;
                Expr::Case { operand, whens, otherwise }
            }
            Expr::Cast { expr, ty } => Expr::Cast { expr: Box::new(map(expr)?), ty: *ty },
            Expr::Function { function, args } => Expr::Function {
                function: *function,
                args: args.iter().map(map).collect::<Result<_, E>>()?,
            },
        })
    }
}
