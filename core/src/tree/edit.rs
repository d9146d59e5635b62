//! Trees made and changed.
//!
//! A level is a sequence of entries, cut into nodes. An edit of one level starts at the node that
//! holds the first changed key, streams old entries and changes through the chunker, and stops where
//! a new node ends exactly where an old one did: from there on nothing differs until the next change.
//! The nodes that went and came are the changes of the level above, so the same code climbs to the
//! root.

use super::blob::{store_value, stored_len_max};
use super::chunker::{Chunker, Finished, child_body};
use super::node::{Node, encode};
use super::{KEY_MAX_BYTES, Root, TreeError};
use crate::chunk::{Chunks, Hash};

/// A change of one level: the key, and the entry's body with the rows it stands for (`None`: gone).
type Change = (Vec<u8>, Option<(Vec<u8>, u64)>);

/// Builds a tree from pairs in ascending order of their keys.
///
/// # Errors
/// `Order` where keys do not ascend, `KeyTooLong`.
pub fn build(
    chunks: &Chunks,
    pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
) -> Result<Root, TreeError> {
    let mut chunker = Chunker::new(chunks, 0);
    let mut nodes: Vec<Finished> = Vec::new();
    let mut last: Option<Vec<u8>> = None;
    for (key, value) in pairs {
        check_key(&key)?;
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(TreeError::Order);
        }
        last = Some(key.clone());
        nodes.extend(chunker.push(key, store_value(chunks, &value), 1));
    }
    nodes.extend(chunker.finish());
    climb(chunks, nodes, 0)
}

/// From all nodes of a level to the root.
fn climb(chunks: &Chunks, mut nodes: Vec<Finished>, mut level: u8) -> Result<Root, TreeError> {
    loop {
        match &nodes[..] {
            [] => return Ok(Root::empty_staged(chunks)),
            [one] => return Ok(Root { hash: one.hash, count: one.rows, level }),
            _ => {}
        }
        level += 1;
        let mut chunker = Chunker::new(chunks, level);
        let mut above = Vec::new();
        for node in nodes {
            above.extend(chunker.push(node.last, child_body(node.hash, node.rows), node.rows));
        }
        above.extend(chunker.finish());
        nodes = above;
    }
}

/// Applies changes to a tree. Keys ascend and occur once; `None` removes.
///
/// # Errors
/// A fault; `Order`, `KeyTooLong`; `Malformed` where stored chunks are no tree.
pub fn edit(
    chunks: &Chunks,
    root: Root,
    changes: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
) -> Result<Root, TreeError> {
    let mut level_changes: Vec<Change> = Vec::new();
    for (key, value) in changes {
        check_key(&key)?;
        if level_changes.last().is_some_and(|(last, _)| *last >= key) {
            return Err(TreeError::Order);
        }
        let body = value.map(|value| (store_value(chunks, &value), 1));
        level_changes.push((key, body));
    }
    if level_changes.is_empty() {
        return Ok(root);
    }
    if root.count == 0 {
        let pairs = level_changes.into_iter().filter_map(|(key, body)| Some((key, body?.0)));
        let mut chunker = Chunker::new(chunks, 0);
        let mut nodes = Vec::new();
        pairs.for_each(|(key, body)| nodes.extend(chunker.push(key, body, 1)));
        nodes.extend(chunker.finish());
        return climb(chunks, nodes, 0);
    }
    let top = Node::open(chunks.get(&root.hash, &[])?)?;
    for level in 0..=root.level {
        let (above, whole) = edit_level(chunks, &top, level, level_changes)?;
        if level == root.level {
            return match whole {
                // The root's own sequence was rewritten: what came of it is the level's all.
                Some(nodes) => collapse(chunks, climb(chunks, nodes, level)?),
                None => Ok(root),
            };
        }
        if above.is_empty() {
            return Ok(root);
        }
        level_changes = above;
    }
    Ok(root)
}

/// A root with one child is not canonical: the child is the root.
fn collapse(chunks: &Chunks, mut root: Root) -> Result<Root, TreeError> {
    while root.level > 0 {
        let node = Node::open(chunks.get(&root.hash, &[])?)?;
        match (node.len(), node.child(0)) {
            (1, Some(child)) => {
                root = Root { hash: child.hash, count: child.rows, level: root.level - 1 };
            }
            _ => break,
        }
    }
    Ok(root)
}

fn check_key(key: &[u8]) -> Result<(), TreeError> {
    match key.len() <= KEY_MAX_BYTES {
        true => Ok(()),
        false => Err(TreeError::KeyTooLong(key.len())),
    }
}

/// Rewrites one level. Returns the changes of the level above; for the root's own level instead the
/// nodes that replace it.
fn edit_level(
    chunks: &Chunks,
    top: &Node,
    level: u8,
    changes: Vec<Change>,
) -> Result<(Vec<Change>, Option<Vec<Finished>>), TreeError> {
    let is_top = level == top.level();
    let mut gone: Vec<Vec<u8>> = Vec::new();
    let mut came: Vec<Finished> = Vec::new();
    let mut changes = changes.into_iter().peekable();
    let mut path = Path::default();
    while let Some((key, _)) = changes.peek() {
        let mut chunker = Chunker::new(chunks, level);
        let mut node = path.seek(chunks, top, level, key)?;
        loop {
            gone.push(node.key(node.len().saturating_sub(1)).to_vec());
            for i in 0..node.len() {
                let old = node.key(i);
                while let Some((key, body)) = changes.next_if(|(key, _)| &key[..] < old) {
                    if let Some((body, rows)) = body {
                        came.extend(chunker.push(key, body, rows));
                    }
                }
                match changes.next_if(|(key, _)| &key[..] == old) {
                    Some((key, Some((body, rows)))) => came.extend(chunker.push(key, body, rows)),
                    Some((_, None)) => {}
                    None => {
                        let rows = node.child(i).filter(|_| level > 0).map_or(1, |c| c.rows);
                        let body = match level {
                            0 => node.stored(i).to_vec(),
                            _ => {
                                let (start, end) = node.value_span(i);
                                node.chunk().bytes().get(start..end).unwrap_or(&[]).to_vec()
                            }
                        };
                        came.extend(chunker.push(old.to_vec(), body, rows));
                    }
                }
            }
            let next = path.next(chunks)?;
            if next.is_none() {
                // Beyond the last old key: what is left is added at the end.
                for (key, body) in changes.by_ref() {
                    if let Some((body, rows)) = body {
                        came.extend(chunker.push(key, body, rows));
                    }
                }
            }
            let Some(following) = next else { break };
            let last = following.key(following.len().saturating_sub(1));
            let touched = changes.peek().is_some_and(|(key, _)| &key[..] <= last);
            if chunker.is_between() && !touched {
                break;
            }
            node = following;
        }
        came.extend(chunker.finish());
    }
    if is_top {
        return Ok((Vec::new(), Some(came)));
    }
    // The same key may go and come: then its entry changes.
    let mut above: std::collections::BTreeMap<Vec<u8>, Option<(Vec<u8>, u64)>> =
        gone.into_iter().map(|key| (key, None)).collect();
    for node in came {
        above.insert(node.last, Some((child_body(node.hash, node.rows), node.rows)));
    }
    Ok((above.into_iter().collect(), None))
}

/// The way from the root to a node of one level, to go on to the next of that level.
#[derive(Default)]
struct Path(Vec<(Node, usize)>);

impl Path {
    /// The node of `level` that holds `key`, or the last one.
    fn seek(
        &mut self,
        chunks: &Chunks,
        top: &Node,
        level: u8,
        key: &[u8],
    ) -> Result<Node, TreeError> {
        self.0.clear();
        let mut node = top.clone();
        while node.level() > level {
            let i = node.lower(key).min(node.len().saturating_sub(1));
            let below = child(chunks, &node, i)?;
            self.0.push((node, i));
            node = below;
        }
        Ok(node)
    }

    /// The next node of the level.
    fn next(&mut self, chunks: &Chunks) -> Result<Option<Node>, TreeError> {
        let mut up = 0;
        loop {
            let Some((node, i)) = self.0.pop() else { return Ok(None) };
            if i + 1 >= node.len() {
                up += 1;
                continue;
            }
            let mut below = child(chunks, &node, i + 1)?;
            self.0.push((node, i + 1));
            for _ in 0..up {
                let first = child(chunks, &below, 0)?;
                self.0.push((below, 0));
                below = first;
            }
            return Ok(Some(below));
        }
    }
}

/// Child `i` of a node, with its siblings as hints.
pub(super) fn child(chunks: &Chunks, node: &Node, i: usize) -> Result<Node, TreeError> {
    let hash = node.child(i).map(|child| child.hash);
    let hash =
        hash.ok_or(TreeError::Malformed { chunk: node.hash(), why: "a child is missing" })?;
    let hints = |node: &Node| -> Vec<Hash> { node.hints(i, false) };
    let chunk = match chunks.get(&hash, &[]) {
        Err(crate::chunk::ChunkError::Fault(_)) => chunks.get(&hash, &hints(node))?,
        other => other?,
    };
    let below = Node::open(chunk)?;
    match below.level() + 1 == node.level() {
        true => Ok(below),
        false => Err(TreeError::Malformed { chunk: hash, why: "it has another level" }),
    }
}

/// The bytes of the empty tree.
pub(super) fn empty_leaf() -> Vec<u8> {
    encode(0, &[])
}

const _: () = assert!(stored_len_max() < super::chunker::NODE_MAX_BYTES);
