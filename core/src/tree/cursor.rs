//! Reading in the order of keys, both ways.

use super::blob::{self, load_value};
use super::bytes::Bytes;
use super::node::Node;
use super::{Root, TreeError};
use crate::chunk::{ChunkError, Chunks, Faulting, Hash};
use std::ops::Bound;
use std::sync::Arc;

/// A range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// Where it begins.
    pub lower: Bound<Vec<u8>>,
    /// Where it ends.
    pub upper: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        KeyRange { lower: Bound::Unbounded, upper: Bound::Unbounded }
    }

    /// The keys that begin with these bytes.
    pub fn prefix(prefix: &[u8]) -> Self {
        let upper = successor(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        KeyRange { lower: Bound::Included(prefix.to_vec()), upper }
    }

    /// One key.
    pub fn exact(key: &[u8]) -> Self {
        KeyRange { lower: Bound::Included(key.to_vec()), upper: Bound::Included(key.to_vec()) }
    }

    /// Whether a key lies in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        !self.is_below(key) && !self.is_above(key)
    }

    /// Whether a key comes before it.
    pub(super) fn is_below(&self, key: &[u8]) -> bool {
        match &self.lower {
            Bound::Included(lower) => key < &lower[..],
            Bound::Excluded(lower) => key <= &lower[..],
            Bound::Unbounded => false,
        }
    }

    /// Whether a key comes after it.
    pub(super) fn is_above(&self, key: &[u8]) -> bool {
        match &self.upper {
            Bound::Included(upper) => key > &upper[..],
            Bound::Excluded(upper) => key >= &upper[..],
            Bound::Unbounded => false,
        }
    }
}

/// The first key after all that begin with these bytes; `None` where there is none.
pub fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let end = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut key = prefix[..=end].to_vec();
    key[end] += 1;
    Some(key)
}

/// A key and its value where they stand.
pub type PairRef<'p> = (&'p [u8], &'p [u8]);

/// A place in a tree, moving one way.
pub struct Cursor<'c> {
    chunks: &'c Chunks,
    range: KeyRange,
    reverse: bool,
    // Inner nodes with the child that was taken, then the leaf with the next entry.
    path: Vec<(Node, usize)>,
    leaf: Option<Node>,
    // Forwards: the next entry. Backwards: one more than the next entry.
    at: usize,
    // The value that was read last, where it stands outside the leaf.
    blob: Option<Arc<[u8]>>,
    // Where the range ends in this leaf. Forwards: one more than its last entry. Backwards: its first.
    until: usize,
    // Come past until now.
    leaves: usize,
}

impl<'c> Cursor<'c> {
    /// A cursor before the first pair of a range (or after its last, in reverse).
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn new(
        chunks: &'c Chunks,
        root: Root,
        range: &KeyRange,
        reverse: bool,
    ) -> Result<Self, TreeError> {
        let (range, path) = (range.clone(), Vec::new());
        let mut cursor = Cursor {
            chunks,
            range,
            reverse,
            path,
            leaf: None,
            at: 0,
            blob: None,
            until: 0,
            leaves: 0,
        };
        if root.count > 0 {
            cursor.descend(Node::open(chunks.get(&root.hash, &[])?)?)?;
        }
        Ok(cursor)
    }

    /// From a node down to the leaf where the range begins.
    fn descend(&mut self, mut node: Node) -> Result<(), TreeError> {
        while !node.is_leaf() {
            let i = match self.reverse {
                false => self.first_at(&node),
                true => self.last_at(&node, false),
            };
            if i >= node.len() {
                return Ok(());
            }
            let below = self.child(&node, i)?;
            self.path.push((node, i));
            node = below;
        }
        self.at = match self.reverse {
            false => self.first_at(&node),
            true => self.last_at(&node, true),
        };
        self.enter(node);
        Ok(())
    }

    /// The first entry that may lie in the range.
    fn first_at(&self, node: &Node) -> usize {
        match &self.range.lower {
            Bound::Unbounded => 0,
            Bound::Included(key) => node.lower(key),
            Bound::Excluded(key) => {
                let i = node.lower(key);
                i + usize::from(node.key(i) == &key[..] && i < node.len())
            }
        }
    }

    /// For a leaf: one more than the last entry that may lie in the range. For an inner node: the
    /// child that holds it.
    fn last_at(&self, node: &Node, leaf: bool) -> usize {
        let i = match &self.range.upper {
            Bound::Unbounded => node.len(),
            Bound::Included(key) if leaf => {
                let i = node.lower(key);
                i + usize::from(i < node.len() && node.key(i) == &key[..])
            }
            Bound::Included(key) | Bound::Excluded(key) => node.lower(key),
        };
        if leaf { i } else { i.min(node.len().saturating_sub(1)) }
    }

    fn child(&self, node: &Node, i: usize) -> Result<Node, TreeError> {
        let missing = TreeError::Malformed { chunk: node.hash(), why: "a child is missing" };
        let hash = node.child(i).ok_or(missing)?.hash;
        let chunk = match self.chunks.get(&hash, &[]) {
            Err(ChunkError::Fault(_)) => {
                let hints = self.ahead(node, i, self.path.last())?;
                self.chunks.get(&hash, &hints)?
            }
            other => other?,
        };
        let below = Node::open(chunk)?;
        match below.level() + 1 == node.level() {
            true => Ok(below),
            false => Err(TreeError::Malformed { chunk: hash, why: "it has another level" }),
        }
    }

    /// What comes after child `i` of a node: its siblings, and what stands below the node's own
    /// siblings, which are children of `above`. The further the walk has come the more.
    fn ahead(
        &self,
        node: &Node,
        i: usize,
        above: Option<&(Node, usize)>,
    ) -> Result<Vec<Hash>, TreeError> {
        const FIRST_HINTS: usize = 16;
        const HINTS_PER_LEAF: usize = 4;
        let most = self.leaves.saturating_mul(HINTS_PER_LEAF).saturating_add(FIRST_HINTS);
        let after = |node: &Node, i: Option<usize>| {
            let range = match (i, self.reverse) {
                (Some(i), false) => i + 1..node.len(),
                (Some(i), true) => 0..i,
                (None, _) => 0..node.len(),
            };
            let mut found: Vec<usize> = range.filter(|at| self.may_hold(node, *at)).collect();
            if self.reverse {
                found.reverse();
            }
            found.into_iter().filter_map(|at| node.child(at)).map(|child| child.hash).collect()
        };
        let mut hints: Vec<Hash> = after(node, Some(i));
        let further = above.map(|(above, at)| after(above, Some(*at))).unwrap_or_default();
        for hash in further {
            if hints.len() >= most {
                break;
            }
            match self.chunks.at_hand(&hash)? {
                Some(chunk) => hints.extend(after(&Node::open(chunk)?, None)),
                None => hints.push(hash),
            }
        }
        hints.truncate(most);
        Ok(hints)
    }

    /// Whether child `i` may hold keys of the range.
    fn may_hold(&self, node: &Node, i: usize) -> bool {
        let begins_after = i > 0 && self.range.is_above(node.key(i - 1));
        !begins_after && !self.range.is_below(node.key(i))
    }

    /// The next pair.
    ///
    /// # Errors
    /// A fault, after which the cursor is of no more use; `Malformed`.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and says so in its type")]
    pub fn next(&mut self) -> Result<Option<(Bytes, Bytes)>, TreeError> {
        match self.advance()? {
            None => Ok(None),
            Some(i) => self.pair_at(i),
        }
    }

    /// The pair at an entry that [`Cursor::advance`] has just come to.
    pub(super) fn pair_at(&self, i: usize) -> Result<Option<(Bytes, Bytes)>, TreeError> {
        let (Some(leaf), Some(value)) = (&self.leaf, self.value_at(i)?) else { return Ok(None) };
        let (start, _) = leaf.value_span(i);
        let key = Bytes::part(leaf.chunk(), start - leaf.key(i).len(), start);
        Ok(Some((key, value)))
    }

    /// That pair's value.
    pub(super) fn value_at(&self, i: usize) -> Result<Option<Bytes>, TreeError> {
        let Some(leaf) = &self.leaf else { return Ok(None) };
        let (start, end) = leaf.value_span(i);
        Ok(Some(match leaf.stored(i) {
            [0, ..] => Bytes::part(leaf.chunk(), start + 1, end),
            stored => Bytes::from(self.load(leaf, stored)?),
        }))
    }

    /// That pair's key and value, where they stand.
    #[inline]
    pub(super) fn in_place(&mut self, i: usize) -> Result<Option<PairRef<'_>>, TreeError> {
        let Some(leaf) = &self.leaf else { return Ok(None) };
        let value = match leaf.stored(i) {
            [0, value @ ..] => value,
            stored => {
                let value = self.load(leaf, stored)?;
                &**self.blob.insert(value)
            }
        };
        Ok(Some((leaf.key(i), value)))
    }

    /// That pair's key.
    pub(super) fn key_at(&self, i: usize) -> &[u8] {
        self.leaf.as_ref().map_or(&[], |leaf| leaf.key(i))
    }

    /// A value that stands outside its leaf; where it is missing, those that come next are asked for
    /// as well.
    fn load(&self, leaf: &Node, stored: &[u8]) -> Result<Arc<[u8]>, TreeError> {
        match load_value(self.chunks, stored) {
            Err(fault) if fault.is_fault() => {
                if let Some((top, _)) = blob::top(stored) {
                    self.chunks.get(&top, &self.values_ahead(leaf)?)?;
                }
                Err(fault)
            }
            value => value,
        }
    }

    /// The large values that come after this one, as far as leaves are at hand.
    fn values_ahead(&self, leaf: &Node) -> Result<Vec<Hash>, TreeError> {
        let entries = match self.reverse {
            false => self.at..self.until,
            true => self.until..self.at,
        };
        let tops = |leaf: &Node, entries: std::ops::Range<usize>| -> Vec<Hash> {
            entries.filter_map(|i| Some(blob::top(leaf.stored(i))?.0)).collect()
        };
        let mut values = tops(leaf, entries);
        let [.., (node, i)] = &self.path[..] else { return Ok(values) };
        let above = self.path.len().checked_sub(2).and_then(|above| self.path.get(above));
        for hash in self.ahead(node, *i, above)? {
            let Some(chunk) = self.chunks.at_hand(&hash)? else { continue };
            let leaf = Node::open(chunk)?;
            if leaf.is_leaf() {
                values.extend(tops(&leaf, 0..leaf.len()));
            }
        }
        Ok(values)
    }

    /// To the next entry, of this leaf or of the next: its number in the leaf.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<Option<usize>, TreeError> {
        while self.leaf.is_some() {
            match self.reverse {
                false if self.at < self.until => {
                    self.at += 1;
                    return Ok(Some(self.at - 1));
                }
                true if self.at > self.until => {
                    self.at -= 1;
                    return Ok(Some(self.at));
                }
                _ => {
                    self.leaf = None;
                    self.turn()?;
                }
            }
        }
        Ok(None)
    }

    /// Takes a leaf for the one to read.
    fn enter(&mut self, leaf: Node) {
        self.until = match self.reverse {
            false => self.last_at(&leaf, true),
            true => self.first_at(&leaf),
        };
        self.leaf = Some(leaf);
        self.leaves += 1;
    }

    /// To the next leaf.
    fn turn(&mut self) -> Result<(), TreeError> {
        while let Some((node, i)) = self.path.pop() {
            let next = match self.reverse {
                false => i + 1,
                true if i == 0 => continue,
                true => i - 1,
            };
            if next >= node.len() || !self.may_hold(&node, next) {
                continue;
            }
            let mut below = self.child(&node, next)?;
            self.path.push((node, next));
            while !below.is_leaf() {
                let i = if self.reverse { below.len().saturating_sub(1) } else { 0 };
                let leaf = self.child(&below, i)?;
                self.path.push((below, i));
                below = leaf;
            }
            self.at = if self.reverse { below.len() } else { 0 };
            self.enter(below);
            return Ok(());
        }
        Ok(())
    }
}
