//! Two trees that went apart, put together.

use super::cursor::KeyRange;
use super::diff::{Change, diff};
use super::{Root, TreeError, edit};
use crate::chunk::Chunks;
use std::cmp::Ordering;

/// A pair that both sides changed, and differently.
#[derive(Debug, Clone, Copy)]
pub struct Clash<'m> {
    /// The key.
    pub key: &'m [u8],
    /// What both came from.
    pub base: Option<&'m [u8]>,
    /// What our side holds.
    pub ours: Option<&'m [u8]>,
    /// What the other side holds.
    pub theirs: Option<&'m [u8]>,
}

/// Merges two trees that came from `base`. Where one side did not change at all the other is the
/// result as it stands; else the changes of `theirs` are applied to `ours`, which rewrites no node
/// that they do not touch. Because equal pairs make equal nodes, what only one side changed comes out
/// as that side's own nodes. `resolve` decides pairs that both changed differently (`None` removes).
///
/// # Errors
/// A fault; `Malformed`.
pub fn merge(
    chunks: &Chunks,
    base: Root,
    ours: Root,
    theirs: Root,
    resolve: &mut dyn FnMut(Clash<'_>) -> Option<Vec<u8>>,
) -> Result<Root, TreeError> {
    if ours == base || ours == theirs {
        return Ok(theirs);
    }
    if theirs == base {
        return Ok(ours);
    }
    let mut our_changes = diff(chunks, base, ours, &KeyRange::all());
    let mut their_changes = diff(chunks, base, theirs, &KeyRange::all());
    let (mut our, mut their) = (our_changes.next()?, their_changes.next()?);
    let mut changes = Vec::new();
    while let Some(theirs) = their {
        match our.as_ref().map_or(Ordering::Greater, |our| our.key.cmp(&theirs.key)) {
            Ordering::Less => {
                our = our_changes.next()?;
                their = Some(theirs);
                continue;
            }
            Ordering::Greater => changes.push(taken(&theirs)),
            Ordering::Equal => {
                let ours = our.as_ref().and_then(|our| our.new.as_deref());
                if ours != theirs.new.as_deref() {
                    let clash = Clash {
                        key: &theirs.key,
                        base: theirs.old.as_deref(),
                        ours,
                        theirs: theirs.new.as_deref(),
                    };
                    changes.push((theirs.key.to_vec(), resolve(clash)));
                }
            }
        }
        their = their_changes.next()?;
    }
    edit(chunks, ours, changes)
}

fn taken(change: &Change) -> (Vec<u8>, Option<Vec<u8>>) {
    (change.key.to_vec(), change.new.as_ref().map(|value| value.to_vec()))
}
