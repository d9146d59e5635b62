//! Whether chunks are a tree, and which chunks they are.

use super::blob;
use super::chunker::ends;
use super::edit::child;
use super::node::Node;
use super::{Root, TreeError};
use crate::chunk::{Chunks, Hash};

/// Tells `visit` of every chunk of a tree; below a chunk that it knows (it answers `false`) nothing
/// is visited. Answers whether the root was new.
///
/// # Errors
/// A fault; `Malformed`.
pub fn visit_chunks(
    chunks: &Chunks,
    root: Hash,
    visit: &mut dyn FnMut(Hash) -> bool,
) -> Result<bool, TreeError> {
    if root == Root::empty().hash {
        return Ok(visit(root));
    }
    if !visit(root) {
        return Ok(false);
    }
    let mut ahead = vec![root];
    while let Some(hash) = ahead.pop() {
        let node = Node::open(chunks.get(&hash, &ahead)?)?;
        for i in 0..node.len() {
            match node.child(i).filter(|_| !node.is_leaf()) {
                Some(child) => {
                    if visit(child.hash) {
                        ahead.push(child.hash);
                    }
                }
                None => blob::visit(chunks, node.stored(i), visit)?,
            }
        }
    }
    Ok(true)
}

/// Verifies every law of a tree: order across nodes, levels, counts, separators, and that each node
/// ends where the content says. `report` is told of each break.
///
/// # Errors
/// A fault; what cannot be read at all.
pub fn check(chunks: &Chunks, root: Root, report: &mut dyn FnMut(String)) -> Result<(), TreeError> {
    if root.count == 0 {
        return Ok(());
    }
    let top = Node::open(chunks.get(&root.hash, &[])?)?;
    if top.level() != root.level {
        report(format!("root {} has level {}, not {}", root.hash, top.level(), root.level));
    }
    if !top.is_leaf() && top.len() < 2 {
        report(format!("root {} has one child", root.hash));
    }
    let mut last: Option<Vec<u8>> = None;
    let rows = check_node(chunks, &top, true, &mut last, report)?;
    if rows != root.count {
        report(format!("tree {} holds {rows} pairs, its root says {}", root.hash, root.count));
    }
    Ok(())
}

/// Checks a node and all below it; recursion is bounded by the level, which is at most 64.
fn check_node(
    chunks: &Chunks,
    node: &Node,
    is_last: bool,
    last: &mut Option<Vec<u8>>,
    report: &mut dyn FnMut(String),
) -> Result<u64, TreeError> {
    let mut size = 0;
    let mut rows = 0u64;
    for i in 0..node.len() {
        let key = node.key(i);
        let before = size;
        let (start, end) = node.value_span(i);
        size += 6 + key.len() + (end - start);
        let ends = ends(key, node.level(), before, size, i + 1);
        let at_end = i + 1 == node.len();
        if ends != at_end && !(at_end && is_last) {
            report(format!("node {} ends in the wrong place", node.hash()));
        }
        if node.is_leaf() {
            if last.as_ref().is_some_and(|last| &last[..] >= key) {
                report(format!("leaf {} is out of order", node.hash()));
            }
            *last = Some(key.to_vec());
            blob::visit(chunks, node.stored(i), &mut |_| true)?;
            if node.stored(i).first() == Some(&1) {
                blob::load_value(chunks, node.stored(i))?;
            }
            rows += 1;
            continue;
        }
        let below = child(chunks, node, i)?;
        let found = check_node(chunks, &below, is_last && at_end, last, report)?;
        if last.as_deref() != Some(key) {
            report(format!("node {} names another last key for child {i}", node.hash()));
        }
        if node.child(i).is_some_and(|child| child.rows != found) {
            report(format!("node {} counts child {i} wrong", node.hash()));
        }
        rows = rows.saturating_add(found);
    }
    Ok(rows)
}
