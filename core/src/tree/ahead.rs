//! Nodes asked for before a walk comes to them, over a source that faults.
//!
//! A node is known by its parent alone. So whoever knows which keys or subtrees it will read asks for
//! them level by level: as many restarts as the tree has levels, whatever is read of it. Elsewhere
//! nothing here does anything.

use super::blob;
use super::cursor::KeyRange;
use super::node::Node;
use super::{Root, TreeError};
use crate::chunk::{Chunks, Hash};
use std::collections::HashSet;
use std::ops::Range;

/// A walk that may end early asks for so many chunks at first …
const FIRST_REACH: usize = 16;
/// … and for so many more for each that is at hand.
const REACH_PER_CHUNK: usize = 4;

/// Asks for all chunks of some trees. What is no tree is passed over: whoever reads it says so.
///
/// # Errors
/// A fault that names all chunks of one level that are not at hand.
pub fn want_all(chunks: &Chunks, roots: &[Hash]) -> Result<(), TreeError> {
    if chunks.restarts().is_none() {
        return Ok(());
    }
    let empty = Root::empty().hash;
    let mut seen: HashSet<Hash> = HashSet::new();
    // Each with the levels of lists below it where it belongs to a large value.
    let mut level: Vec<(Hash, Option<usize>)> = Vec::new();
    level.extend(roots.iter().filter(|r| **r != empty && seen.insert(**r)).map(|r| (*r, None)));
    while !level.is_empty() {
        let wanted: Vec<Hash> = level.iter().map(|(hash, _)| *hash).collect();
        chunks.want(&wanted)?;
        let mut below = Vec::new();
        for (hash, lists) in level {
            let mut name = |hash, lists| {
                if seen.insert(hash) {
                    below.push((hash, lists));
                }
            };
            match lists {
                Some(0) => {}
                Some(lists) => {
                    let pieces = blob::children(chunks, hash).unwrap_or_default();
                    pieces.into_iter().for_each(|piece| name(piece, Some(lists - 1)));
                }
                None => {
                    let Ok(node) = Node::open(chunks.get(&hash, &[])?) else { continue };
                    for i in 0..node.len() {
                        match node.child(i).filter(|_| !node.is_leaf()) {
                            Some(child) => name(child.hash, None),
                            None => {
                                if let Some((top, lists)) = blob::top(node.stored(i)) {
                                    name(top, Some(lists));
                                }
                            }
                        }
                    }
                }
            }
        }
        level = below;
    }
    Ok(())
}

/// The leaves that keys lead to, which ascend; each with the keys that lead there. Every level is
/// wanted at once.
///
/// # Errors
/// A fault; `Malformed`.
pub(super) fn leaves_of<K: AsRef<[u8]>>(
    chunks: &Chunks,
    root: Root,
    keys: &[K],
) -> Result<Vec<(Node, Range<usize>)>, TreeError> {
    if root.count == 0 || keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut nodes = vec![(Node::open(chunks.get(&root.hash, &[])?)?, 0..keys.len())];
    while nodes.first().is_some_and(|(node, _)| !node.is_leaf()) {
        let mut below: Vec<(Hash, Range<usize>)> = Vec::new();
        for (node, range) in &nodes {
            for k in range.clone() {
                let Some(to) = keys.get(k).and_then(|key| node.child(node.lower(key.as_ref())))
                else {
                    continue;
                };
                match below.last_mut() {
                    Some((hash, range)) if *hash == to.hash => range.end = k + 1,
                    _ => below.push((to.hash, k..k + 1)),
                }
            }
        }
        nodes = open_all(chunks, below)?;
    }
    Ok(nodes)
}

/// Asks for the nodes that an edit of these keys reads: those that the keys lead to, and the ones
/// after them, where old and new nodes may first end together again.
///
/// # Errors
/// A fault; `Malformed`.
pub(super) fn want_edited<K: AsRef<[u8]>, V>(
    chunks: &Chunks,
    top: &Node,
    changes: &[(K, V)],
) -> Result<(), TreeError> {
    if chunks.restarts().is_none() {
        return Ok(());
    }
    let mut nodes = vec![(top.clone(), 0..changes.len())];
    while nodes.first().is_some_and(|(node, _)| !node.is_leaf()) {
        let mut below: Vec<(Hash, Range<usize>)> = Vec::new();
        for (node, range) in &nodes {
            let mut name = |i: usize, range: Range<usize>| {
                let Some(child) = node.child(i) else { return };
                match below.last_mut() {
                    Some((hash, known)) if *hash == child.hash => known.end = range.end,
                    _ => below.push((child.hash, range)),
                }
            };
            if range.is_empty() {
                name(0, range.clone());
            }
            for k in range.clone() {
                let Some((key, _)) = changes.get(k) else { continue };
                let i = node.lower(key.as_ref()).min(node.len().saturating_sub(1));
                name(i, k..k + 1);
                let more = changes.get(k + 1).filter(|_| k + 1 < range.end);
                if more.is_none_or(|(next, _)| node.lower(next.as_ref()) > i) {
                    name(i + 1, k + 1..k + 1);
                }
            }
        }
        nodes = open_all(chunks, below)?;
    }
    Ok(())
}

fn open_all(
    chunks: &Chunks,
    nodes: Vec<(Hash, Range<usize>)>,
) -> Result<Vec<(Node, Range<usize>)>, TreeError> {
    let wanted: Vec<Hash> = nodes.iter().map(|(hash, _)| *hash).collect();
    chunks.want(&wanted)?;
    let open = |(hash, range)| Ok((Node::open(chunks.get(&hash, &[])?)?, range));
    nodes.into_iter().map(open).collect()
}

/// Asks for nodes of a range that only one of two trees has, the uppermost first. Not for all of them
/// at once: who compares may be content with the first difference.
///
/// # Errors
/// A fault; `Malformed`.
pub(super) fn want_differing(
    chunks: &Chunks,
    old: Root,
    new: Root,
    range: &KeyRange,
) -> Result<(), TreeError> {
    if chunks.restarts().is_none() {
        return Ok(());
    }
    let mut at_hand = 0;
    let mut sides: [Vec<Hash>; 2] = [Vec::new(), Vec::new()];
    for level in (0..=old.level.max(new.level)).rev() {
        for (nodes, root) in sides.iter_mut().zip([old, new]) {
            if root.level == level && root.count > 0 {
                nodes.push(root.hash);
            }
        }
        let [a, b] = &sides;
        let shared: HashSet<Hash> = {
            let in_a: HashSet<&Hash> = a.iter().collect();
            b.iter().filter(|hash| in_a.contains(hash)).copied().collect()
        };
        let mut missing = [Vec::new(), Vec::new()];
        for (nodes, missing) in sides.iter_mut().zip(&mut missing) {
            let mut below = Vec::new();
            for hash in nodes.iter().filter(|hash| !shared.contains(hash)) {
                let Some(chunk) = chunks.at_hand(hash)? else {
                    missing.push(*hash);
                    continue;
                };
                at_hand += 1;
                let node = Node::open(chunk)?;
                if !node.is_leaf() {
                    below.extend(children_in(&node, range));
                }
            }
            *nodes = below;
        }
        // From both in turn: the walk comes to them side by side.
        let [a, b] = missing;
        let mut wanted: Vec<Hash> = Vec::with_capacity(a.len() + b.len());
        for i in 0..a.len().max(b.len()) {
            wanted.extend(a.get(i).into_iter().chain(b.get(i)));
        }
        if !wanted.is_empty() {
            wanted.truncate(FIRST_REACH + REACH_PER_CHUNK * at_hand);
            return Ok(chunks.want(&wanted)?);
        }
    }
    Ok(())
}

/// The children that may hold keys of a range.
fn children_in<'n>(node: &'n Node, range: &'n KeyRange) -> impl Iterator<Item = Hash> + 'n {
    (0..node.len())
        .filter(|i| *i == 0 || !range.is_above(node.key(i - 1)))
        .filter(|i| !range.is_below(node.key(*i)))
        .filter_map(|i| node.child(i))
        .map(|child| child.hash)
}
