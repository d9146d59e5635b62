//! A commit: where it stands in history, who made it, and what it changed.
//!
//! ```text
//!   0xC1 | flags | parents | jump | scn | generation | merges | time | author | message | body
//!   └──────────────────────────────── header ───────────────────────────────────────┘
//! ```
//!
//! The header comes first, so that walking history never decodes a body. The bytes are drawn one by
//! one in `docs/format.md`; the commit's id is their hash.

use super::{CommitId, Delta, Micros, Scn};
use crate::chunk::Hash;
use crate::codec::{DecodeError, Reader, Writer};

/// First byte of a commit: the record (high half) and its version (low half).
pub const COMMIT_MAGIC: u8 = 0xC1;

/// Parents of one commit: the line's own first, then what was merged into it.
pub const PARENTS_MAX: usize = 8;

/// Length of an author in bytes; a longer one is cut when the commit is made.
pub const AUTHOR_MAX_BYTES: usize = 256;

/// Length of a message in bytes; a longer one is cut when the commit is made.
pub const MESSAGE_MAX_BYTES: usize = 4096;

/// A commit whose encoded delta is longer than this holds the root of its state instead: reading
/// the changes of such a commit from the trees costs no more than reading them from the delta, and
/// a chunk stays small.
pub const DELTA_MAX_BYTES: usize = 64 * 1024;

/// A keyframe is due where the deltas since the one before reach this many bytes.
pub const KEYFRAME_EVERY_BYTES: u64 = 1024 * 1024;

/// SCNs stay below this, so that every JSON reader can hold them.
pub const SCN_LIMIT: u64 = 1 << 53;

const FLAG_ROOT: u8 = 0x01;
const FLAG_JUMP: u8 = 0x02;
const PARENTS_SHIFT: u32 = 4;

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The changes, relative to the first parent (to nothing, in a first commit).
    Delta(Delta),
    /// The root of the state after the commit; the changes are the difference of two trees.
    Root(Hash),
}

/// What a header tells of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// A delta of this many bytes.
    Delta {
        /// Encoded length.
        bytes: u64,
    },
    /// The root of the state after the commit.
    Root(Hash),
}

/// Whether a commit of these changes must hold the root of its state instead of the changes.
/// `rewrites` says that its DDL rewrites or drops data; that a table was dropped is seen in the
/// delta itself. This is a rule of the format: every host that makes the same commit decides alike,
/// so that ids are equal.
pub fn needs_root(delta: &Delta, rewrites: bool) -> bool {
    rewrites
        || delta.schemas.iter().any(|change| change.new.is_none())
        || delta.encoded_len() > DELTA_MAX_BYTES
}

/// Where a commit stands: everything in it that follows from its parents and the time.
/// Made by `CommitReader::links`, or `Links::first`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// See `Commit::parents`.
    pub parents: Vec<CommitId>,
    /// See `Commit::jump`.
    pub jump: Option<(CommitId, Scn)>,
    /// See `Commit::scn`.
    pub scn: Scn,
    /// See `Commit::generation`.
    pub generation: u64,
    /// See `Commit::merges`.
    pub merges: u64,
    /// See `Commit::time`.
    pub time: Micros,
}

impl Links {
    /// The links of the first commit of a database.
    pub fn first(now: Micros) -> Self {
        Links { parents: Vec::new(), jump: None, scn: Scn(1), generation: 1, merges: 0, time: now }
    }

    /// The commit that stands here. Author and message are cut to their limits, at a character.
    pub fn commit(self, author: &str, message: &str, body: Body) -> Commit {
        let Links { parents, jump, scn, generation, merges, time } = self;
        let author = cut(author, AUTHOR_MAX_BYTES).to_owned();
        let message = cut(message, MESSAGE_MAX_BYTES).to_owned();
        Commit { parents, jump, scn, generation, merges, time, author, message, body }
    }
}

fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// One step of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit before it on its line, then those merged into it; none in a first commit. At most
    /// `PARENTS_MAX`, each once.
    pub parents: Vec<CommitId>,
    /// An earlier commit of the first-parent line, and its SCN (see `history::line`); none in a
    /// first commit.
    pub jump: Option<(CommitId, Scn)>,
    /// Number on its line.
    pub scn: Scn,
    /// 1 + the largest of its parents': larger than that of every ancestor.
    pub generation: u64,
    /// How many commits of its line up to this one have more than one parent. Where two commits of
    /// a line have equal counts nothing was merged in between, so the line alone says what one has
    /// that the other lacks.
    pub merges: u64,
    /// When it was made; later than its first parent.
    pub time: Micros,
    /// Who made it.
    pub author: String,
    /// What it was for.
    pub message: String,
    /// What it changed.
    pub body: Body,
}

/// A commit without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitHeader {
    /// See `Commit::parents`.
    pub parents: Vec<CommitId>,
    /// See `Commit::jump`.
    pub jump: Option<(CommitId, Scn)>,
    /// See `Commit::scn`.
    pub scn: Scn,
    /// See `Commit::generation`.
    pub generation: u64,
    /// See `Commit::merges`.
    pub merges: u64,
    /// See `Commit::time`.
    pub time: Micros,
    /// See `Commit::author`.
    pub author: String,
    /// See `Commit::message`.
    pub message: String,
    /// What kind of body follows.
    pub body: BodyKind,
}

impl Commit {
    /// The encoded form: the bytes of the commit's chunk, whose hash is its id.
    pub fn encode(&self) -> Vec<u8> {
        let (root, body_bytes) = match &self.body {
            Body::Root(_) => (FLAG_ROOT, 32),
            Body::Delta(delta) => (0, delta.encoded_len()),
        };
        let links_bytes = 32 * (self.parents.len() + 1) + 48;
        let text_bytes = self.author.len() + self.message.len() + 8;
        let mut w = Writer::with_capacity(links_bytes + text_bytes + body_bytes);
        let jump = if self.jump.is_some() { FLAG_JUMP } else { 0 };
        // `Links` admits no more than eight parents; more would not decode.
        let parents = (self.parents.len() as u8) << PARENTS_SHIFT;
        w.u8(COMMIT_MAGIC).u8(parents | jump | root);
        for parent in &self.parents {
            w.fixed(parent.0.as_bytes());
        }
        if let Some((id, scn)) = &self.jump {
            w.fixed(id.0.as_bytes()).uint(scn.0);
        }
        w.uint(self.scn.0).uint(self.generation).uint(self.merges).int(self.time.0);
        w.text(&self.author).text(&self.message);
        match &self.body {
            Body::Delta(delta) => delta.encode(&mut w),
            Body::Root(root) => {
                w.fixed(root.as_bytes());
            }
        }
        w.finish()
    }

    /// The header alone.
    pub fn into_header(self) -> CommitHeader {
        let Commit { parents, jump, scn, generation, merges, time, author, message, body } = self;
        let body = match body {
            Body::Root(root) => BodyKind::Root(root),
            Body::Delta(delta) => BodyKind::Delta { bytes: delta.encoded_len() as u64 },
        };
        CommitHeader { parents, jump, scn, generation, merges, time, author, message, body }
    }

    /// The commit's name. Whoever also needs the bytes hashes those.
    pub fn id(&self) -> CommitId {
        CommitId(Hash::of(&self.encode()))
    }

    /// Reads what `encode` wrote. Any other bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (header, mut r) = read_header(bytes)?;
        let body = match header.body {
            BodyKind::Root(root) => Body::Root(root),
            BodyKind::Delta { .. } => {
                let delta = Delta::decode(&mut r)?;
                r.end()?;
                Body::Delta(delta)
            }
        };
        let CommitHeader { parents, jump, scn, generation, merges, time, author, message, .. } =
            header;
        Ok(Commit { parents, jump, scn, generation, merges, time, author, message, body })
    }
}

impl CommitHeader {
    /// Reads the header of a commit; a delta that follows it is not looked into.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        read_header(bytes).map(|(header, _)| header)
    }

    /// The commit before it on its line.
    pub fn first_parent(&self) -> Option<CommitId> {
        self.parents.first().copied()
    }

    /// The links, for comparison with what they should be.
    pub fn links(&self) -> Links {
        Links {
            parents: self.parents.clone(),
            jump: self.jump,
            scn: self.scn,
            generation: self.generation,
            merges: self.merges,
            time: self.time,
        }
    }
}

/// A header in place.
struct RawHeader<'a> {
    parents: ([CommitId; PARENTS_MAX], usize),
    jump: Option<(CommitId, Scn)>,
    scn: Scn,
    generation: u64,
    merges: u64,
    time: Micros,
    author: &'a str,
    message: &'a str,
    body: BodyKind,
}

/// What going back along a line needs of a commit: nothing is copied out of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The commit before it on its line.
    pub first_parent: Option<CommitId>,
    /// What kind of body it has.
    pub body: BodyKind,
    /// Where a delta begins in the commit's bytes; it goes to their end.
    pub delta_at: usize,
}

impl Step {
    /// Reads a commit as far as that takes.
    ///
    /// # Errors
    /// Bytes that are no commit; a delta is not looked into.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (header, r) = read_raw(bytes)?;
        let (parents, count) = header.parents;
        Ok(Step {
            first_parent: parents.first().copied().filter(|_| count > 0),
            body: header.body,
            delta_at: bytes.len() - r.left(),
        })
    }
}

/// The header and, for a delta, a reader at its first byte.
fn read_header(bytes: &[u8]) -> Result<(CommitHeader, Reader<'_>), DecodeError> {
    let (raw, r) = read_raw(bytes)?;
    let (parents, count) = raw.parents;
    let header = CommitHeader {
        parents: parents.iter().take(count).copied().collect(),
        jump: raw.jump,
        scn: raw.scn,
        generation: raw.generation,
        merges: raw.merges,
        time: raw.time,
        author: raw.author.to_owned(),
        message: raw.message.to_owned(),
        body: raw.body,
    };
    Ok((header, r))
}

fn read_raw(bytes: &[u8]) -> Result<(RawHeader<'_>, Reader<'_>), DecodeError> {
    let mut r = Reader::new("commit", bytes);
    if r.u8()? != COMMIT_MAGIC {
        return Err(r.malformed());
    }
    let flags = r.u8()?;
    let count = usize::from(flags >> PARENTS_SHIFT);
    let has_jump = flags & FLAG_JUMP != 0;
    // Whoever has a parent has a jump.
    if flags & 0x0C != 0 || count > PARENTS_MAX || has_jump != (count > 0) {
        return Err(r.malformed());
    }
    let mut parents = [CommitId(Hash::from_bytes([0; 32])); PARENTS_MAX];
    for i in 0..count {
        let parent = read_id(&mut r)?;
        if parents.iter().take(i).any(|earlier| *earlier == parent) {
            return Err(r.malformed());
        }
        if let Some(place) = parents.get_mut(i) {
            *place = parent;
        }
    }
    let jump = match has_jump {
        true => Some((read_id(&mut r)?, Scn(r.uint()?))),
        false => None,
    };
    let scn = Scn(r.uint()?);
    let (generation, merges) = (r.uint()?, r.uint()?);
    let jumps_back = jump.is_none_or(|(_, to)| to.0 >= 1 && to < scn);
    if (scn.0 == 1) != (count == 0)
        || !(1..SCN_LIMIT).contains(&scn.0)
        || !(scn.0..u64::MAX).contains(&generation)
        || merges >= scn.0
        || !jumps_back
    {
        return Err(r.malformed());
    }
    let time = Micros(r.int()?);
    let author = limited(&mut r, AUTHOR_MAX_BYTES)?;
    let message = limited(&mut r, MESSAGE_MAX_BYTES)?;
    let body = match flags & FLAG_ROOT != 0 {
        false => BodyKind::Delta { bytes: r.left() as u64 },
        true => {
            let root = Hash::from_bytes(r.array()?);
            r.end()?;
            BodyKind::Root(root)
        }
    };
    let parents = (parents, count);
    let header = RawHeader { parents, jump, scn, generation, merges, time, author, message, body };
    Ok((header, r))
}

fn limited<'a>(r: &mut Reader<'a>, max: usize) -> Result<&'a str, DecodeError> {
    let text = r.text()?;
    match text.len() <= max {
        true => Ok(text),
        false => Err(r.malformed()),
    }
}

pub(super) fn read_id(r: &mut Reader<'_>) -> Result<CommitId, DecodeError> {
    Ok(CommitId(Hash::from_bytes(r.array()?)))
}
