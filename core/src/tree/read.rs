//! Single pairs, counts and ranks.

use super::ahead::leaves_of;
use super::blob::load_value;
use super::bytes::Bytes;
use super::cursor::{Cursor, KeyRange};
use super::edit::child;
use super::node::Node;
use super::{Root, TreeError};
use crate::chunk::{Chunks, Faulting, all};
use std::ops::Bound;

/// The value of a key.
///
/// # Errors
/// A fault; `Malformed`.
pub fn get(chunks: &Chunks, root: Root, key: &[u8]) -> Result<Option<Bytes>, TreeError> {
    if root.count == 0 {
        return Ok(None);
    }
    let mut node = Node::open(chunks.get(&root.hash, &[])?)?;
    loop {
        let i = node.lower(key);
        if i >= node.len() {
            return Ok(None);
        }
        if node.is_leaf() {
            return match node.key(i) == key {
                false => Ok(None),
                true => value(chunks, &node, i).map(Some),
            };
        }
        node = child(chunks, &node, i)?;
    }
}

fn value(chunks: &Chunks, leaf: &Node, i: usize) -> Result<Bytes, TreeError> {
    let (start, end) = leaf.value_span(i);
    match leaf.stored(i) {
        [0, ..] => Ok(Bytes::part(leaf.chunk(), start + 1, end)),
        stored => Ok(load_value(chunks, stored)?.into()),
    }
}

/// The values of keys that ascend. Each level is wanted at once, so that a cold read faults once a
/// level and not once a key.
///
/// # Errors
/// A fault; `Malformed`.
pub fn get_many(
    chunks: &Chunks,
    root: Root,
    keys: &[&[u8]],
) -> Result<Vec<Option<Bytes>>, TreeError> {
    let mut found = vec![None; keys.len()];
    let mut fault = Ok(());
    for (leaf, range) in leaves_of(chunks, root, keys)? {
        for k in range {
            let Some(key) = keys.get(k) else { continue };
            let i = leaf.lower(key);
            if i < leaf.len()
                && leaf.key(i) == *key
                && let Some(place) = found.get_mut(k)
            {
                match value(chunks, &leaf, i) {
                    Err(error) if error.is_fault() => fault = Err(error),
                    value => *place = Some(value?),
                }
            }
        }
    }
    fault.map(|()| found)
}

/// How many keys are below `key`.
///
/// # Errors
/// A fault; `Malformed`.
pub fn rank(chunks: &Chunks, root: Root, key: &[u8]) -> Result<u64, TreeError> {
    if root.count == 0 {
        return Ok(0);
    }
    let mut node = Node::open(chunks.get(&root.hash, &[])?)?;
    let mut before = 0u64;
    loop {
        let i = node.lower(key);
        if node.is_leaf() {
            return Ok(before + i as u64);
        }
        let rows = (0..i).filter_map(|i| node.child(i)).map(|child| child.rows);
        before = rows.fold(before, u64::saturating_add);
        if i >= node.len() {
            return Ok(before);
        }
        node = child(chunks, &node, i)?;
    }
}

/// How many keys lie in a range.
///
/// # Errors
/// A fault; `Malformed`.
pub fn count_range(chunks: &Chunks, root: Root, range: &KeyRange) -> Result<u64, TreeError> {
    let up_to = |key: &[u8], included: bool| -> Result<u64, TreeError> {
        let below = rank(chunks, root, key)?;
        Ok(below + u64::from(included && get(chunks, root, key)?.is_some()))
    };
    let start = match &range.lower {
        Bound::Unbounded => 0,
        Bound::Included(key) => up_to(key, false)?,
        Bound::Excluded(key) => up_to(key, true)?,
    };
    let end = match &range.upper {
        Bound::Unbounded => root.count,
        Bound::Included(key) => up_to(key, true)?,
        Bound::Excluded(key) => up_to(key, false)?,
    };
    Ok(end.saturating_sub(start))
}

/// The key at a position, counted from 0.
///
/// # Errors
/// A fault; `Malformed`.
pub fn nth(chunks: &Chunks, root: Root, mut position: u64) -> Result<Option<Bytes>, TreeError> {
    if position >= root.count {
        return Ok(None);
    }
    let mut node = Node::open(chunks.get(&root.hash, &[])?)?;
    while !node.is_leaf() {
        let mut at = None;
        for i in 0..node.len() {
            let rows = node.child(i).map_or(0, |child| child.rows);
            if position < rows {
                at = Some(i);
                break;
            }
            position -= rows;
        }
        let Some(i) = at else { return Ok(None) };
        node = child(chunks, &node, i)?;
    }
    let i = usize::try_from(position).unwrap_or(usize::MAX);
    if i >= node.len() {
        return Ok(None);
    }
    let (start, _) = node.value_span(i);
    Ok(Some(Bytes::part(node.chunk(), start - node.key(i).len(), start)))
}

/// About how many bytes keys and values take, from at most eight leaves spread over the tree. The
/// same tree gives the same number.
///
/// # Errors
/// A fault; `Malformed`.
pub fn size_estimate(chunks: &Chunks, root: Root) -> Result<u64, TreeError> {
    const LEAVES: u64 = 8;
    let leaves = LEAVES.min(root.count);
    let sample = |i: u64| -> Result<(u64, u64), TreeError> {
        let (mut bytes, mut rows) = (0u64, 0u64);
        let Some(key) = nth(chunks, root, root.count / leaves * i)? else { return Ok((0, 0)) };
        let mut range = KeyRange::all();
        range.lower = Bound::Included(key.to_vec());
        let mut cursor = Cursor::new(chunks, root, &range, false)?;
        for _ in 0..16 {
            let Some((key, value)) = cursor.next()? else { break };
            bytes += (key.len() + value.len()) as u64;
            rows += 1;
        }
        Ok((bytes, rows))
    };
    let samples = all((0..leaves).map(sample))?;
    let (bytes, rows) = samples.iter().fold((0u64, 0u64), |sum, s| (sum.0 + s.0, sum.1 + s.1));
    match rows {
        0 => Ok(0),
        rows => {
            let all = u128::from(bytes) * u128::from(root.count) / u128::from(rows);
            Ok(u64::try_from(all).unwrap_or(u64::MAX))
        }
    }
}
