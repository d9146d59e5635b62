//! What differs between two trees.
//!
//! Both are walked together; where they point to the same chunk both step over all of it. The cost is
//! that of the differences: nodes that differ, and the ways to them.

use super::ahead::want_differing;
use super::bytes::Bytes;
use super::cursor::KeyRange;
use super::node::Node;
use super::{Root, TreeError};
use crate::chunk::{Chunks, Faulting, Hash, both};
use std::cmp::Ordering;
use std::sync::Arc;

/// A key whose value differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Arc<[u8]>,
    /// Its value in the first tree.
    pub old: Option<Arc<[u8]>>,
    /// Its value in the second.
    pub new: Option<Arc<[u8]>>,
}

type Pair = (Arc<[u8]>, Arc<[u8]>);

/// One tree on the walk: the subtrees and pairs that are still ahead, nearest last.
struct Side<'c> {
    chunks: &'c Chunks,
    path: Vec<(Node, usize)>,
    // A root that has not been opened yet.
    root: Option<Hash>,
}

/// What comes next on a side.
enum Ahead {
    Subtree(Hash, u8),
    Pair,
    End,
}

impl<'c> Side<'c> {
    fn new(chunks: &'c Chunks, root: Root) -> Self {
        let root = (root.count > 0).then_some(root.hash);
        Side { chunks, path: Vec::new(), root }
    }

    fn ahead(&mut self, level: u8) -> Ahead {
        if let Some(hash) = self.root {
            return Ahead::Subtree(hash, level);
        }
        loop {
            let Some((node, i)) = self.path.last() else { return Ahead::End };
            if *i >= node.len() {
                self.path.pop();
                continue;
            }
            return match node.child(*i).filter(|_| !node.is_leaf()) {
                Some(child) => Ahead::Subtree(child.hash, node.level() - 1),
                None => Ahead::Pair,
            };
        }
    }

    /// The last key of the subtree ahead, where a parent tells.
    fn last(&self) -> Option<&[u8]> {
        if self.root.is_some() {
            return None;
        }
        self.path.last().map(|(node, i)| node.key(*i))
    }

    fn key(&self) -> &[u8] {
        self.path.last().map_or(&[], |(node, i)| node.key(*i))
    }

    /// Steps over what is ahead.
    fn skip(&mut self) {
        if self.root.take().is_some() {
            return;
        }
        if let Some((_, i)) = self.path.last_mut() {
            *i += 1;
        }
    }

    /// Opens the subtree ahead.
    fn open(&mut self) -> Result<(), TreeError> {
        let hash = match (self.root, self.path.last()) {
            (Some(hash), _) => hash,
            (None, Some((node, i))) => match node.child(*i) {
                Some(child) => child.hash,
                None => return Ok(()),
            },
            (None, None) => return Ok(()),
        };
        let node = Node::open(self.chunks.get(&hash, &[])?)?;
        self.skip();
        self.path.push((node, 0));
        Ok(())
    }

    fn take(&mut self) -> Result<Pair, TreeError> {
        let Some((node, i)) = self.path.last_mut() else {
            return Err(TreeError::Order);
        };
        let key = Arc::from(node.key(*i));
        let (start, end) = node.value_span(*i);
        let value = match node.stored(*i) {
            [0, ..] => Bytes::part(node.chunk(), start + 1, end).into_arc(),
            stored => super::blob::load_value(self.chunks, stored)?,
        };
        *i += 1;
        Ok((key, value))
    }

    /// The large values that the open leaf has ahead.
    fn values(&self) -> Vec<Hash> {
        let leaf = self.path.last().filter(|(node, _)| node.is_leaf());
        let Some((node, i)) = leaf else { return Vec::new() };
        let tops = (*i..node.len()).filter_map(|i| super::blob::top(node.stored(i)));
        tops.map(|(top, _)| top).collect()
    }

    fn stored(&self) -> &[u8] {
        self.path.last().map_or(&[], |(node, i)| node.stored(*i))
    }
}

/// The differences of two trees in the order of their keys.
pub struct Diff<'c> {
    old: Side<'c>,
    new: Side<'c>,
    chunks: &'c Chunks,
    roots: (Root, Root),
    range: KeyRange,
}

/// Walks two trees for the keys of a range whose values differ.
pub fn diff<'c>(chunks: &'c Chunks, old: Root, new: Root, range: &KeyRange) -> Diff<'c> {
    let (mut a, mut b) = (Side::new(chunks, old), Side::new(chunks, new));
    if old.hash == new.hash {
        (a.root, b.root) = (None, None);
    }
    Diff { old: a, new: b, chunks, roots: (old, new), range: range.clone() }
}

impl Diff<'_> {
    /// The next difference.
    ///
    /// # Errors
    /// A fault, after which the walk is of no more use; `Malformed`.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and says so in its type")]
    pub fn next(&mut self) -> Result<Option<Change>, TreeError> {
        loop {
            let ahead = (self.old.ahead(self.roots.0.level), self.new.ahead(self.roots.1.level));
            match ahead {
                (Ahead::End, Ahead::End) => return Ok(None),
                (Ahead::Subtree(a, x), Ahead::Subtree(b, y)) => {
                    if a == b {
                        self.old.skip();
                        self.new.skip();
                    } else if self.skip_outside() {
                    } else {
                        match x.cmp(&y) {
                            Ordering::Greater => self.open(true, false)?,
                            Ordering::Less => self.open(false, true)?,
                            Ordering::Equal => self.open_lower()?,
                        }
                    }
                }
                (Ahead::Subtree(..), _) => match outside(&self.range, &self.old) {
                    true => self.old.skip(),
                    false => self.open(true, false)?,
                },
                (_, Ahead::Subtree(..)) => match outside(&self.range, &self.new) {
                    true => self.new.skip(),
                    false => self.open(false, true)?,
                },
                (Ahead::Pair, Ahead::End) => {
                    let (key, old) = self.take_old()?;
                    if let Some(change) = self.kept(key, Some(old), None) {
                        return Ok(Some(change));
                    }
                }
                (Ahead::End, Ahead::Pair) => {
                    let (key, new) = self.take_new()?;
                    if let Some(change) = self.kept(key, None, Some(new)) {
                        return Ok(Some(change));
                    }
                }
                (Ahead::Pair, Ahead::Pair) => {
                    let change = match self.old.key().cmp(self.new.key()) {
                        Ordering::Less => {
                            let (key, old) = self.take_old()?;
                            self.kept(key, Some(old), None)
                        }
                        Ordering::Greater => {
                            let (key, new) = self.take_new()?;
                            self.kept(key, None, Some(new))
                        }
                        Ordering::Equal if self.old.stored() == self.new.stored() => {
                            self.old.skip();
                            self.new.skip();
                            None
                        }
                        Ordering::Equal => {
                            let ((key, old), (_, new)) = both(self.take_old(), self.take_new())?;
                            self.kept(key, Some(old), Some(new))
                        }
                    };
                    if change.is_some() {
                        return Ok(change);
                    }
                }
            }
        }
    }

    fn take_old(&mut self) -> Result<Pair, TreeError> {
        let taken = self.old.take();
        self.want_values(&taken)?;
        taken
    }

    fn take_new(&mut self) -> Result<Pair, TreeError> {
        let taken = self.new.take();
        self.want_values(&taken)?;
        taken
    }

    /// Where a large value is missing, those of the open leaves that differ are asked for together.
    fn want_values(&self, taken: &Result<Pair, TreeError>) -> Result<(), TreeError> {
        if !taken.as_ref().is_err_and(Faulting::is_fault) {
            return Ok(());
        }
        let (old, new) = (self.old.values(), self.new.values());
        let only = |a: &[Hash], b: &[Hash]| -> Vec<Hash> {
            a.iter().filter(|hash| !b.contains(hash)).copied().collect()
        };
        Ok(both(self.chunks.want(&only(&old, &new)), self.chunks.want(&only(&new, &old)))
            .map(drop)?)
    }

    fn kept(
        &self,
        key: Arc<[u8]>,
        old: Option<Arc<[u8]>>,
        new: Option<Arc<[u8]>>,
    ) -> Option<Change> {
        self.range.contains(&key).then_some(Change { key, old, new })
    }

    /// Opens the subtree that ends first (both where neither end is known): what lies below the
    /// other may be the same further on.
    fn open_lower(&mut self) -> Result<(), TreeError> {
        let order = match (self.old.last(), self.new.last()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => Ordering::Equal,
        };
        self.open(order.is_le(), order.is_ge())
    }

    /// Opens the subtree ahead on one side or on both. Where one is missing, others that differ are
    /// asked for too: the walk will come to them.
    fn open(&mut self, old: bool, new: bool) -> Result<(), TreeError> {
        let one = if old { self.old.open() } else { Ok(()) };
        let other = if new { self.new.open() } else { Ok(()) };
        let opened = both(one, other).map(drop);
        if opened.as_ref().is_err_and(Faulting::is_fault) {
            let (old, new) = self.roots;
            want_differing(self.chunks, old, new, &self.range)?;
        }
        opened
    }

    /// Steps over subtrees that end before the range begins.
    fn skip_outside(&mut self) -> bool {
        let (old, new) = (outside(&self.range, &self.old), outside(&self.range, &self.new));
        if old {
            self.old.skip();
        }
        if new {
            self.new.skip();
        }
        old || new
    }
}

fn outside(range: &KeyRange, side: &Side<'_>) -> bool {
    side.last().is_some_and(|last| range.is_below(last))
}
