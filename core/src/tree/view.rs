//! A tree with a small overlay in memory.
//!
//! A commit of one row changes an overlay, not a tree; a tree is made of it only when the overlay has
//! grown (a keyframe). Cloning copies two pointers, so savepoints, branches and readers' snapshots
//! are clones. Every read looks at both and gives what the folded tree would give.

use super::ahead::leaves_of;
use super::bytes::Bytes;
use super::cursor::{Cursor, KeyRange, PairRef};
use super::diff::{Change, Diff, diff};
use super::{Root, TreeError, edit};
use crate::chunk::{Chunks, both};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

type Overlay = imbl::OrdMap<Arc<[u8]>, Option<Arc<[u8]>>>;

/// A tree and what changed since it was made.
#[derive(Debug, Clone)]
pub struct View {
    root: Root,
    overlay: Overlay,
    // Pairs added less pairs removed.
    grown: i64,
    bytes: usize,
}

impl View {
    /// A tree as it is.
    pub fn from_root(root: Root) -> Self {
        View { root, overlay: Overlay::new(), grown: 0, bytes: 0 }
    }

    /// The tree underneath; all of the view where [`View::is_clean`].
    pub fn root(&self) -> Root {
        self.root
    }

    /// Whether the overlay is empty.
    pub fn is_clean(&self) -> bool {
        self.overlay.is_empty()
    }

    /// How many pairs there are. O(1).
    pub fn count(&self) -> u64 {
        self.root.count.saturating_add_signed(self.grown)
    }

    /// About how many bytes the overlay takes.
    pub fn overlay_bytes(&self) -> usize {
        self.bytes
    }

    /// How many changes the overlay holds.
    pub fn overlay_len(&self) -> usize {
        self.overlay.len()
    }

    /// Sets the value of a key. `existed` says whether the key has a value now.
    pub fn put(&mut self, key: Arc<[u8]>, value: Arc<[u8]>, existed: bool) {
        self.grown += i64::from(!existed);
        self.set(key, Some(value));
    }

    /// Removes a key. `existed` says whether the key has a value now.
    pub fn delete(&mut self, key: Arc<[u8]>, existed: bool) {
        self.grown -= i64::from(existed);
        self.set(key, None);
    }

    fn set(&mut self, key: Arc<[u8]>, value: Option<Arc<[u8]>>) {
        let size = |value: &Option<Arc<[u8]>>| value.as_ref().map_or(0, |v| v.len());
        self.bytes += size(&value);
        let key_len = key.len();
        match self.overlay.insert(key, value) {
            Some(before) => self.bytes = self.bytes.saturating_sub(size(&before)),
            None => self.bytes += key_len + 64,
        }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn get(&self, chunks: &Chunks, key: &[u8]) -> Result<Option<Bytes>, TreeError> {
        match self.overlay.get(key) {
            Some(value) => Ok(value.clone().map(Bytes::from)),
            None => super::get(chunks, self.root, key),
        }
    }

    /// The values of keys that ascend, with one fault a level.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn get_many(
        &self,
        chunks: &Chunks,
        keys: &[&[u8]],
    ) -> Result<Vec<Option<Bytes>>, TreeError> {
        let mut found = super::get_many(chunks, self.root, keys)?;
        for (place, key) in found.iter_mut().zip(keys) {
            if let Some(value) = self.overlay.get(*key) {
                *place = value.clone().map(Bytes::from);
            }
        }
        Ok(found)
    }

    /// Pairs of a range in order, or from its end.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn cursor<'c>(
        &'c self,
        chunks: &'c Chunks,
        range: &KeyRange,
        reverse: bool,
    ) -> Result<ViewCursor<'c>, TreeError> {
        let empty = is_empty(range);
        let overlay = match self.overlay.is_empty() || empty {
            true => None,
            false => Some(self.overlay.range::<_, [u8]>((
                range.lower.as_ref().map(|key| &key[..]),
                range.upper.as_ref().map(|key| &key[..]),
            ))),
        };
        let root = if empty { Root::empty() } else { self.root };
        let tree = Cursor::new(chunks, root, range, reverse)?;
        Ok(ViewCursor { tree, overlay, reverse, from_tree: None, from_overlay: None, begun: false })
    }

    /// How many keys are below `key`.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn rank(&self, chunks: &Chunks, key: &[u8]) -> Result<u64, TreeError> {
        let mut range = KeyRange::all();
        range.upper = Bound::Excluded(key.to_vec());
        self.count_range(chunks, &range)
    }

    /// How many keys lie in a range: the tree's count, corrected by the overlay's part of the range.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn count_range(&self, chunks: &Chunks, range: &KeyRange) -> Result<u64, TreeError> {
        if is_empty(range) {
            return Ok(0);
        }
        let mut count = super::count_range(chunks, self.root, range)?;
        let bounds =
            (range.lower.as_ref().map(|key| &key[..]), range.upper.as_ref().map(|key| &key[..]));
        for (key, value) in self.overlay.range::<_, [u8]>(bounds) {
            let before = super::get(chunks, self.root, key)?.is_some();
            match (before, value.is_some()) {
                (false, true) => count += 1,
                (true, false) => count = count.saturating_sub(1),
                _ => {}
            }
        }
        Ok(count)
    }

    /// The key at a position, counted from 0.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn nth(&self, chunks: &Chunks, position: u64) -> Result<Option<Bytes>, TreeError> {
        if self.overlay.is_empty() {
            return super::nth(chunks, self.root, position);
        }
        if position >= self.count() {
            return Ok(None);
        }
        // The tree's key at a guess, corrected by how many keys of the view are below it.
        let guess = position.min(self.root.count.saturating_sub(1));
        let Some(start) = super::nth(chunks, self.root, guess)? else {
            return self.step(chunks, &KeyRange::all(), false, position);
        };
        let below = self.rank(chunks, &start)?;
        let mut range = KeyRange::all();
        match below <= position {
            true => {
                range.lower = Bound::Included(start.to_vec());
                self.step(chunks, &range, false, position - below)
            }
            false => {
                range.upper = Bound::Excluded(start.to_vec());
                self.step(chunks, &range, true, below - position - 1)
            }
        }
    }

    fn step(
        &self,
        chunks: &Chunks,
        range: &KeyRange,
        reverse: bool,
        steps: u64,
    ) -> Result<Option<Bytes>, TreeError> {
        let mut cursor = self.cursor(chunks, range, reverse)?;
        for _ in 0..steps {
            cursor.next()?;
        }
        Ok(cursor.next()?.map(|(key, _)| key))
    }

    /// Folds the overlay into the tree and stages the new nodes.
    ///
    /// # Errors
    /// A fault; `KeyTooLong`.
    pub fn materialise(&self, chunks: &Chunks) -> Result<Root, TreeError> {
        edit(chunks, self.root, self.overlay.iter().map(|(key, value)| (key, value.as_ref())))
    }

    /// About how many bytes all pairs take.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn size_estimate(&self, chunks: &Chunks) -> Result<u64, TreeError> {
        Ok(super::size_estimate(chunks, self.root)?.saturating_add(self.bytes as u64))
    }

    /// What differs between two views, in the order of keys.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn diff<'c>(
        chunks: &'c Chunks,
        old: &'c View,
        new: &'c View,
    ) -> Result<ViewDiff<'c>, TreeError> {
        Self::diff_range(chunks, old, new, &KeyRange::all())
    }

    /// What differs in a range.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn diff_range<'c>(
        chunks: &'c Chunks,
        old: &'c View,
        new: &'c View,
        range: &KeyRange,
    ) -> Result<ViewDiff<'c>, TreeError> {
        // Keys that an overlay touches are looked up on both sides; where both stand on one tree,
        // keys with the same entry in both overlays cannot differ.
        let mut touched: Vec<&'c Arc<[u8]>> = Vec::new();
        match old.root.hash == new.root.hash {
            true => {
                for item in old.overlay.diff(&new.overlay) {
                    touched.push(match item {
                        imbl::ordmap::DiffItem::Add(key, _) => key,
                        imbl::ordmap::DiffItem::Update { new: (key, _), .. } => key,
                        imbl::ordmap::DiffItem::Remove(key, _) => key,
                    });
                }
            }
            false => {
                touched.extend(old.overlay.keys());
                touched.extend(new.overlay.keys());
            }
        }
        touched.retain(|key| range.contains(key));
        touched.sort();
        touched.dedup();
        let mut tree = diff(chunks, old.root, new.root, range);
        let next = match chunks.restarts() {
            None => tree.next()?,
            Some(_) => {
                let ahead = |view: &View| leaves_of(chunks, view.root, &touched).map(drop);
                let ahead = both(ahead(old), ahead(new));
                both(ahead, tree.next())?.1
            }
        };
        touched.reverse();
        let looked_up = VecDeque::new();
        Ok(ViewDiff { chunks, old, new, tree, next, touched, looked_up, batch: 8 })
    }
}

/// Whether no key can lie in a range: its ends have crossed.
fn is_empty(range: &KeyRange) -> bool {
    match (&range.lower, &range.upper) {
        (Bound::Included(a), Bound::Included(b)) => a > b,
        (Bound::Included(a) | Bound::Excluded(a), Bound::Excluded(b))
        | (Bound::Excluded(a), Bound::Included(b)) => a >= b,
        _ => false,
    }
}

type OverlayRange<'c> =
    imbl::ordmap::RangedIter<'c, Arc<[u8]>, Option<Arc<[u8]>>, imbl::shared_ptr::DefaultSharedPtr>;

/// A change of an overlay.
type Entry<'c> = (&'c Arc<[u8]>, &'c Option<Arc<[u8]>>);

/// A place in a view.
pub struct ViewCursor<'c> {
    tree: Cursor<'c>,
    overlay: Option<OverlayRange<'c>>,
    reverse: bool,
    /// The tree's next entry, in the leaf where its cursor stands.
    from_tree: Option<usize>,
    from_overlay: Option<Entry<'c>>,
    begun: bool,
}

/// Where the next pair is.
enum Next<'c> {
    /// In the tree's leaf.
    Tree(usize),
    Overlay(&'c Arc<[u8]>, &'c Arc<[u8]>),
}

impl<'c> ViewCursor<'c> {
    /// The next pair.
    ///
    /// # Errors
    /// A fault, after which the cursor is of no more use; `Malformed`.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and says so in its type")]
    pub fn next(&mut self) -> Result<Option<(Bytes, Bytes)>, TreeError> {
        match self.advance()? {
            None => Ok(None),
            Some(Next::Tree(i)) => self.tree.pair_at(i),
            Some(Next::Overlay(key, value)) => {
                Ok(Some((Bytes::from(key.clone()), Bytes::from(value.clone()))))
            }
        }
    }

    /// The next pair where it stands, good until the next call. For scans: nothing is counted, copied
    /// or allocated for it.
    ///
    /// # Errors
    /// As [`ViewCursor::next`].
    pub fn next_in_place(&mut self) -> Result<Option<PairRef<'_>>, TreeError> {
        match self.advance()? {
            None => Ok(None),
            Some(Next::Tree(i)) => self.tree.in_place(i),
            Some(Next::Overlay(key, value)) => Ok(Some((key, value))),
        }
    }

    fn advance(&mut self) -> Result<Option<Next<'c>>, TreeError> {
        if self.overlay.is_none() {
            return Ok(self.tree.advance()?.map(Next::Tree));
        }
        if !self.begun {
            self.begun = true;
            self.from_overlay = self.step();
        }
        loop {
            if self.from_tree.is_none() {
                self.from_tree = self.tree.advance()?;
            }
            let order = match (self.from_tree, self.from_overlay) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(i), Some((key, _))) if self.reverse => key[..].cmp(self.tree.key_at(i)),
                (Some(i), Some((key, _))) => self.tree.key_at(i).cmp(&key[..]),
            };
            if order.is_lt() {
                if self.from_overlay.is_none() {
                    // From here on the tree goes alone.
                    self.overlay = None;
                }
                return Ok(self.from_tree.take().map(Next::Tree));
            }
            if order.is_eq() {
                self.from_tree = None;
            }
            let entry = self.from_overlay;
            self.from_overlay = self.step();
            if let Some((key, Some(value))) = entry {
                return Ok(Some(Next::Overlay(key, value)));
            }
        }
    }

    fn step(&mut self) -> Option<Entry<'c>> {
        let overlay = self.overlay.as_mut()?;
        if self.reverse { overlay.next_back() } else { overlay.next() }
    }
}

/// The differences of two views.
pub struct ViewDiff<'c> {
    chunks: &'c Chunks,
    old: &'c View,
    new: &'c View,
    tree: Diff<'c>,
    next: Option<Change>,
    /// Keys that an overlay touches and that were not looked up yet, nearest last.
    touched: Vec<&'c Arc<[u8]>>,
    /// Those that were, nearest first.
    looked_up: VecDeque<LookedUp<'c>>,
    /// How many are looked up together next.
    batch: usize,
}

/// A key with its values in both views.
type LookedUp<'c> = (&'c Arc<[u8]>, Option<Bytes>, Option<Bytes>);

/// So many keys are looked up together at most, so that a cold read faults once for all of them.
const BATCH_MAX: usize = 256;

impl ViewDiff<'_> {
    /// The next difference.
    ///
    /// # Errors
    /// A fault, after which the walk is of no more use; `Malformed`.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and says so in its type")]
    pub fn next(&mut self) -> Result<Option<Change>, TreeError> {
        loop {
            if self.looked_up.is_empty() {
                self.look_up()?;
            }
            let order = match (&self.next, self.looked_up.front()) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(change), Some((key, ..))) => change.key.cmp(key),
            };
            if order.is_lt() {
                let change = self.next.take();
                self.next = self.tree.next()?;
                return Ok(change);
            }
            if order.is_eq() {
                self.next = self.tree.next()?;
            }
            let Some((key, old, new)) = self.looked_up.pop_front() else { continue };
            if old.as_deref() != new.as_deref() {
                let (old, new) = (old.map(Bytes::into_arc), new.map(Bytes::into_arc));
                return Ok(Some(Change { key: key.clone(), old, new }));
            }
        }
    }

    /// Looks the next touched keys up in both views.
    fn look_up(&mut self) -> Result<(), TreeError> {
        let from = self.touched.len().saturating_sub(self.batch);
        self.batch = (self.batch * 2).min(BATCH_MAX);
        let nearest = || self.touched.iter().skip(from).rev();
        let keys: Vec<&[u8]> = nearest().map(|key| &key[..]).collect();
        let old = self.old.get_many(self.chunks, &keys)?;
        let new = self.new.get_many(self.chunks, &keys)?;
        let found = nearest().zip(old).zip(new).map(|((key, old), new)| (*key, old, new));
        self.looked_up = found.collect();
        self.touched.truncate(from);
        Ok(())
    }
}
