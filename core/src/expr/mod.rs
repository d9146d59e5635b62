//! stub
use crate::value::{Value, ValueError};
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<C> {
    Column(C),
    Literal(Value),
}
pub struct EvalContext<'a>(std::marker::PhantomData<&'a ()>);
impl EvalContext<'static> {
    pub const fn timeless() -> Self {
        EvalContext(std::marker::PhantomData)
    }
}
#[derive(Debug, Clone, thiserror::Error)]
pub enum EvalError {
    #[error("{0}")]
    Value(ValueError),
    #[error("x")]
    Expired,
    #[error("y")]
    Limit,
}
impl<C: Clone> Expr<C> {
    pub fn map_columns<D, E>(&self, f: &mut impl FnMut(&C) -> Result<D, E>) -> Result<Expr<D>, E> {
        Ok(match self {
            Expr::Column(c) => Expr::Column(f(c)?),
            Expr::Literal(v) => Expr::Literal(v.clone()),
        })
    }
    pub fn visit_columns(&self, f: &mut impl FnMut(&C)) {
        if let Expr::Column(c) = self {
            f(c)
        }
    }
    pub fn columns(&self) -> Vec<C> {
        let mut v = vec![];
        self.visit_columns(&mut |c| v.push(c.clone()));
        v
    }
    pub fn encode(&self) -> Vec<u8> {
        vec![]
    }
    pub fn decode(_: &[u8]) -> Result<Self, ValueError> {
        Ok(Expr::Literal(Value::Null))
    }
}
impl Expr<usize> {
    pub fn eval(&self, _r: &[Value], _c: &EvalContext) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }
}
