//! Expressions as bytes (`docs/format.md`, "Expressions"): a version, then the tree, each node
//! before its parts.

use super::{CompareOp, DEPTH_MAX, Expr, Function, InItems, LikePattern, LiteralSet, Matcher};
use crate::codec::{DecodeError, Reader, Writer};
use crate::value::{ArithOp, SqlType, Value, encode_value, read_value};
use std::sync::Arc;

const VERSION: u8 = 1;

const LITERAL: u8 = 1;
const COLUMN: u8 = 2;
const NOT: u8 = 3;
const NEG: u8 = 4;
const AND: u8 = 5;
const OR: u8 = 6;
const COMPARE: u8 = 7;
const ARITH: u8 = 8;
const IS_NULL: u8 = 9;
const IS_DISTINCT: u8 = 10;
const BETWEEN: u8 = 11;
const IN_LITERALS: u8 = 12;
const IN_EXPRS: u8 = 13;
const LIKE: u8 = 14;
const CASE: u8 = 15;
const CAST: u8 = 16;
const FUNCTION: u8 = 17;

/// How a column's name is stored inside an expression.
pub trait ColumnCode: Sized {
    /// Appends the name.
    fn write(&self, w: &mut Writer);

    /// Reads a name.
    ///
    /// # Errors
    /// If the bytes are none.
    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// A column's id, as stored.
impl ColumnCode for [u8; 16] {
    fn write(&self, w: &mut Writer) {
        w.fixed(self);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array()
    }
}

/// A column's position.
impl ColumnCode for usize {
    fn write(&self, w: &mut Writer) {
        w.uint(*self as u64);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        usize::try_from(r.uint()?).map_err(|_| r.malformed())
    }
}

impl<C: ColumnCode> Expr<C> {
    /// The stored form. The tree is one that [`Expr::check_depth`] lets through.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(VERSION);
        self.write(&mut w);
        w.finish()
    }

    /// Reads a stored form, all of the bytes.
    ///
    /// # Errors
    /// If they are no stored form of an expression, or of one that is too deep.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("expression", bytes);
        if r.u8()? != VERSION {
            return Err(r.malformed());
        }
        let expr = Expr::read(&mut r, DEPTH_MAX)?;
        r.end()?;
        Ok(expr)
    }

    fn write(&self, w: &mut Writer) {
        match self {
            Expr::Literal(value) => {
                w.u8(LITERAL);
                write_value(w, value);
            }
            Expr::Column(column) => {
                w.u8(COLUMN);
                column.write(w);
            }
            Expr::Not(expr) => expr.write(w.u8(NOT)),
            Expr::Neg(expr) => expr.write(w.u8(NEG)),
            Expr::And(terms) => write_all(w.u8(AND), terms),
            Expr::Or(terms) => write_all(w.u8(OR), terms),
            Expr::Compare { op, left, right } => {
                w.u8(COMPARE).u8(compare_code(*op));
                left.write(w);
                right.write(w);
            }
            Expr::Arith { first, rest } => {
                first.write(w.u8(ARITH));
                w.uint(rest.len() as u64);
                rest.iter().for_each(|(op, term)| term.write(w.u8(arith_code(*op))));
            }
            Expr::IsNull { expr, negated } => expr.write(w.u8(IS_NULL).u8((*negated).into())),
            Expr::IsDistinct { left, right, negated } => {
                left.write(w.u8(IS_DISTINCT).u8((*negated).into()));
                right.write(w);
            }
            Expr::Between { expr, low, high, negated } => {
                expr.write(w.u8(BETWEEN).u8((*negated).into()));
                low.write(w);
                high.write(w);
            }
            Expr::InList { expr, list: InItems::Literals(set), negated } => {
                expr.write(w.u8(IN_LITERALS).u8((*negated).into()));
                w.uint(set.written().len() as u64);
                set.written().iter().for_each(|value| write_value(w, value));
            }
            Expr::InList { expr, list: InItems::Exprs(items), negated } => {
                expr.write(w.u8(IN_EXPRS).u8((*negated).into()));
                write_all(w, items);
            }
            Expr::Like { expr, pattern, negated } => write_like(w, expr, pattern, *negated),
            Expr::Case { operand, whens, otherwise } => {
                write_maybe(w.u8(CASE), operand.as_deref());
                w.uint(whens.len() as u64);
                for (when, then) in whens {
                    when.write(w);
                    then.write(w);
                }
                write_maybe(w, otherwise.as_deref());
            }
            Expr::Cast { expr, ty } => {
                let mut bytes = Vec::new();
                ty.encode(&mut bytes);
                expr.write(w.u8(CAST).fixed(&bytes));
            }
            Expr::Function { function, args } => {
                write_all(w.u8(FUNCTION).u8(function.code()), args);
            }
        }
    }

    fn read(r: &mut Reader<'_>, allowed: usize) -> Result<Self, DecodeError> {
        let below = allowed.checked_sub(1).ok_or_else(|| r.malformed())?;
        let one = |r: &mut Reader<'_>| Expr::read(r, below).map(Box::new);
        let many = |r: &mut Reader<'_>| -> Result<Vec<Expr<C>>, DecodeError> {
            (0..r.count()?).map(|_| Expr::read(r, below)).collect()
        };
        Ok(match r.u8()? {
            LITERAL => Expr::Literal(read_value(r)?),
            COLUMN => Expr::Column(C::read(r)?),
            NOT => Expr::Not(one(r)?),
            NEG => Expr::Neg(one(r)?),
            AND => Expr::And(many(r)?),
            OR => Expr::Or(many(r)?),
            COMPARE => {
                let op = code(r, compare_by_code)?;
                Expr::Compare { op, left: one(r)?, right: one(r)? }
            }
            ARITH => {
                let first = one(r)?;
                let steps = 0..r.count()?;
                let rest = steps.map(|_| Ok((code(r, arith_by_code)?, Expr::read(r, below)?)));
                Expr::Arith { first, rest: rest.collect::<Result<_, DecodeError>>()? }
            }
            IS_NULL => {
                let negated = flag(r)?;
                Expr::IsNull { expr: one(r)?, negated }
            }
            IS_DISTINCT => {
                let negated = flag(r)?;
                Expr::IsDistinct { left: one(r)?, right: one(r)?, negated }
            }
            BETWEEN => {
                let negated = flag(r)?;
                Expr::Between { expr: one(r)?, low: one(r)?, high: one(r)?, negated }
            }
            IN_LITERALS => {
                let (negated, expr) = (flag(r)?, one(r)?);
                let values = (0..r.count()?).map(|_| read_value(r)).collect::<Result<_, _>>()?;
                let list = InItems::Literals(Arc::new(LiteralSet::new(values)));
                Expr::InList { expr, list, negated }
            }
            IN_EXPRS => {
                let (negated, expr) = (flag(r)?, one(r)?);
                // A list of nothing but literals has the other form.
                match InItems::new(many(r)?) {
                    list @ InItems::Exprs(_) => Expr::InList { expr, list, negated },
                    InItems::Literals(_) => return Err(r.malformed()),
                }
            }
            LIKE => read_like(r, below)?,
            CASE => {
                let operand = read_maybe(r, below)?;
                let pairs = 0..r.count()?;
                let whens = pairs.map(|_| Ok((Expr::read(r, below)?, Expr::read(r, below)?)));
                let whens = whens.collect::<Result<_, DecodeError>>()?;
                Expr::Case { operand, whens, otherwise: read_maybe(r, below)? }
            }
            CAST => {
                let ty = SqlType::read(r)?;
                Expr::Cast { expr: one(r)?, ty }
            }
            FUNCTION => {
                let function = code(r, Function::by_code)?;
                let args = many(r)?;
                Expr::call(function, args).map_err(|_| r.malformed())?
            }
            _ => return Err(r.malformed()),
        })
    }
}

fn write_value(w: &mut Writer, value: &Value) {
    let mut bytes = Vec::new();
    encode_value(&mut bytes, value);
    w.fixed(&bytes);
}

fn write_all<C: ColumnCode>(w: &mut Writer, exprs: &[Expr<C>]) {
    w.uint(exprs.len() as u64);
    exprs.iter().for_each(|expr| expr.write(w));
}

fn write_maybe<C: ColumnCode>(w: &mut Writer, expr: Option<&Expr<C>>) {
    w.u8(expr.is_some().into());
    expr.into_iter().for_each(|expr| expr.write(w));
}

fn read_maybe<C: ColumnCode>(
    r: &mut Reader<'_>,
    allowed: usize,
) -> Result<Option<Box<Expr<C>>>, DecodeError> {
    match flag(r)? {
        true => Ok(Some(Box::new(Expr::read(r, allowed)?))),
        false => Ok(None),
    }
}

/// One byte of flags: 1 negated, 2 ILIKE, 4 an escape character follows. Then what is tested, and
/// the pattern as an expression.
fn write_like<C: ColumnCode>(
    w: &mut Writer,
    expr: &Expr<C>,
    pattern: &LikePattern<C>,
    negated: bool,
) {
    let (escape, case_insensitive) = match pattern {
        LikePattern::Ready(matcher) => (matcher.escape(), matcher.case_insensitive()),
        LikePattern::Dynamic { escape, case_insensitive, .. } => (*escape, *case_insensitive),
    };
    let flags = [(negated, 1), (case_insensitive, 2), (escape.is_some(), 4)];
    w.u8(LIKE).u8(flags.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum());
    escape.into_iter().for_each(|c| {
        w.uint(u32::from(c).into());
    });
    expr.write(w);
    match pattern {
        LikePattern::Ready(matcher) => {
            w.u8(LITERAL);
            write_value(w, &Value::Text(Matcher::pattern(matcher).clone()));
        }
        LikePattern::Dynamic { pattern, .. } => pattern.write(w),
    }
}

fn read_like<C: ColumnCode>(r: &mut Reader<'_>, allowed: usize) -> Result<Expr<C>, DecodeError> {
    let flags = r.u8()?;
    if flags > 7 {
        return Err(r.malformed());
    }
    let escape = match flags & 4 {
        0 => None,
        _ => {
            let scalar = u32::try_from(r.uint()?).ok().and_then(char::from_u32);
            Some(scalar.ok_or_else(|| r.malformed())?)
        }
    };
    let expr = Expr::read(r, allowed)?;
    let pattern = Expr::read(r, allowed)?;
    Ok(expr.like(pattern, escape, flags & 2 != 0, flags & 1 != 0))
}

fn flag(r: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(r.malformed()),
    }
}

fn code<T>(r: &mut Reader<'_>, known: fn(u8) -> Option<T>) -> Result<T, DecodeError> {
    let code = r.u8()?;
    known(code).ok_or_else(|| r.malformed())
}

const COMPARE_OPS: [CompareOp; 6] =
    [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];

const ARITH_OPS: [ArithOp; 10] = [
    ArithOp::Add,
    ArithOp::Sub,
    ArithOp::Mul,
    ArithOp::Div,
    ArithOp::Rem,
    ArithOp::Concat,
    ArithOp::BitAnd,
    ArithOp::BitOr,
    ArithOp::ShiftLeft,
    ArithOp::ShiftRight,
];

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    // Every operator is in its table, and tables are short.
    all.iter().position(|known| known == one).map_or(u8::MAX, |at| at as u8)
}

fn compare_code(op: CompareOp) -> u8 {
    place(&COMPARE_OPS, &op)
}

fn compare_by_code(code: u8) -> Option<CompareOp> {
    COMPARE_OPS.get(usize::from(code)).copied()
}

fn arith_code(op: ArithOp) -> u8 {
    place(&ARITH_OPS, &op)
}

fn arith_by_code(code: u8) -> Option<ArithOp> {
    ARITH_OPS.get(usize::from(code)).copied()
}
