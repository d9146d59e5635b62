//! Trees made and changed.
//!
//! A level is a sequence of entries, cut into nodes. An edit of one level starts at the node that
//! holds the first changed key, streams old entries and changes through the chunker, and stops where
//! a new node ends exactly where an old one did: from there on nothing differs until the next change.
//! The nodes that went and came are the changes of the level above, so the same code climbs to the
//! root.

use super::ahead::want_edited;
use super::blob::{Stored, stored_len_max};
use super::chunker::{Chunker, EntryBody, Finished};
use super::node::{Child, Node, encode};
use super::{KEY_MAX_BYTES, Root, TreeError};
use crate::chunk::{Chunks, Hash};

/// Builds a tree from pairs in ascending order of their keys.
///
/// # Errors
/// `Order` where keys do not ascend, `KeyTooLong`.
pub fn build<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    chunks: &Chunks,
    pairs: impl IntoIterator<Item = (K, V)>,
) -> Result<Root, TreeError> {
    let mut chunker = Chunker::new(chunks, 0);
    let mut nodes: Vec<Finished> = Vec::new();
    let mut last: Option<K> = None;
    for (key, value) in pairs {
        check_key(key.as_ref(), last.as_ref())?;
        nodes.extend(chunker.push(key.as_ref(), &Stored::new(chunks, value)));
        last = Some(key);
    }
    nodes.extend(chunker.finish());
    climb(chunks, nodes, 0)
}

/// From all nodes of a level to the root.
fn climb(chunks: &Chunks, mut nodes: Vec<Finished>, mut level: u8) -> Result<Root, TreeError> {
    loop {
        match &nodes[..] {
            [] => return Ok(Root::empty_staged(chunks)),
            [one] => {
                return Ok(Root { hash: one.child.hash, count: one.child.rows, level });
            }
            _ => {}
        }
        level += 1;
        let mut chunker = Chunker::new(chunks, level);
        let mut above = Vec::new();
        for node in nodes {
            above.extend(chunker.push(&node.last, &node.child));
        }
        above.extend(chunker.finish());
        nodes = above;
    }
}

/// Applies changes to a tree. Keys ascend and occur once; `None` removes.
///
/// # Errors
/// A fault; `Order`, `KeyTooLong`; `Malformed` where stored chunks are no tree.
pub fn edit<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    chunks: &Chunks,
    root: Root,
    changes: impl IntoIterator<Item = (K, Option<V>)>,
) -> Result<Root, TreeError> {
    let changes = changes.into_iter();
    let mut pairs: Vec<(K, Option<Stored<V>>)> = Vec::with_capacity(changes.size_hint().0);
    for (key, value) in changes {
        check_key(key.as_ref(), pairs.last().map(|(last, _)| last))?;
        pairs.push((key, value.map(|value| Stored::new(chunks, value))));
    }
    if pairs.is_empty() {
        return Ok(root);
    }
    if root.count == 0 {
        let mut chunker = Chunker::new(chunks, 0);
        let mut nodes = Vec::new();
        for (key, body) in &pairs {
            if let Some(body) = body {
                nodes.extend(chunker.push(key.as_ref(), body));
            }
        }
        nodes.extend(chunker.finish());
        return climb(chunks, nodes, 0);
    }
    let top = Node::open(chunks.get(&root.hash, &[])?)?;
    want_edited(chunks, &top, &pairs)?;
    let mut edited = edit_level(chunks, &top, 0, &pairs)?;
    for level in 0..=root.level {
        if level == root.level {
            // The root's own sequence was rewritten: what came of it is the level's all.
            return collapse(chunks, climb(chunks, edited.came, level)?);
        }
        let changes = edited.changes();
        if changes.is_empty() {
            return Ok(root);
        }
        edited = edit_level(chunks, &top, level + 1, &changes)?;
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

fn check_key<K: AsRef<[u8]>>(key: &[u8], last: Option<&K>) -> Result<(), TreeError> {
    if key.len() > KEY_MAX_BYTES {
        return Err(TreeError::KeyTooLong(key.len()));
    }
    match last.is_some_and(|last| last.as_ref() >= key) {
        true => Err(TreeError::Order),
        false => Ok(()),
    }
}

/// The nodes of a level that an edit replaced, and what came in their place, each in the order of
/// keys.
#[derive(Default)]
struct Edited {
    gone: Vec<(Vec<u8>, Hash)>,
    came: Vec<Finished>,
}

impl Edited {
    /// What this means for the level above. The same key may go and come: then its entry changes.
    fn changes(self) -> Vec<(Vec<u8>, Option<Child>)> {
        let mut changes = Vec::with_capacity(self.came.len());
        let mut gone = self.gone.into_iter().peekable();
        for Finished { last, child } in self.came {
            while let Some((key, _)) = gone.next_if(|(key, _)| *key < last) {
                changes.push((key, None));
            }
            match gone.next_if(|(key, _)| *key == last) {
                Some((_, hash)) if hash == child.hash => {}
                _ => changes.push((last, Some(child))),
            }
        }
        changes.extend(gone.map(|(key, _)| (key, None)));
        changes
    }
}

/// Rewrites the nodes of one level that changes fall into, and those after them until old and new
/// nodes end together again.
fn edit_level<K: AsRef<[u8]>, B: EntryBody>(
    chunks: &Chunks,
    top: &Node,
    level: u8,
    changes: &[(K, Option<B>)],
) -> Result<Edited, TreeError> {
    let mut edited = Edited::default();
    let Edited { gone, came } = &mut edited;
    let mut changes = changes.iter().map(|(key, body)| (key.as_ref(), body)).peekable();
    let mut path = Path::default();
    let mut chunker = Chunker::new(chunks, level);
    while let Some((key, _)) = changes.peek() {
        let mut node = path.seek(chunks, top, level, key)?;
        loop {
            let len = node.len();
            gone.push((node.key(len.saturating_sub(1)).to_vec(), node.hash()));
            let mut i = 0;
            while i < len {
                let next = changes.peek().map_or(len, |(key, _)| node.lower(key));
                // Whether the node ends after its last entry must be asked: the level's last node
                // ends where the level does.
                if chunker.follows(&node, i) {
                    let until = next.min(len - 1);
                    if until > i {
                        chunker.copy_run(&node, i..until);
                        i = until;
                    }
                }
                while i < next {
                    came.extend(chunker.copy(&node, i));
                    i += 1;
                }
                if i < len
                    && let Some((key, body)) = changes.next()
                {
                    if let Some(body) = body {
                        came.extend(chunker.push(key, body));
                    }
                    i += usize::from(node.key(i) == key);
                }
            }
            let next = path.next(chunks)?;
            if next.is_none() {
                // Beyond the last old key: what is left is added at the end.
                for (key, body) in changes.by_ref() {
                    if let Some(body) = body {
                        came.extend(chunker.push(key, body));
                    }
                }
            }
            let Some(following) = next else { break };
            let last = following.key(following.len().saturating_sub(1));
            let touched = changes.peek().is_some_and(|(key, _)| *key <= last);
            if chunker.is_between() && !touched {
                break;
            }
            node = following;
        }
        came.extend(chunker.finish());
    }
    Ok(edited)
}

/// The way from the root to a node of one level, to go on to the next of that level.
#[derive(Default)]
struct Path(Vec<(Node, usize)>);

impl Path {
    /// The node of `level` that holds `key`, or the last one. Keys ascend from call to call, so the
    /// way is gone up only as far as needed.
    fn seek(
        &mut self,
        chunks: &Chunks,
        top: &Node,
        level: u8,
        key: &[u8],
    ) -> Result<Node, TreeError> {
        let mut node = top.clone();
        while let Some((above, _)) = self.0.pop() {
            if above.key(above.len().saturating_sub(1)) >= key {
                node = above;
                break;
            }
        }
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
    encode(0, &[], &[])
}

const _: () = assert!(stored_len_max() < super::chunker::NODE_MAX_BYTES);
