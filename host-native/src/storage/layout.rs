//! The bytes of a database file: header, slots, frames, marks. `docs/format.md` draws them.
//!
//! Everything is checked by a BLAKE3 sum cut to 16 bytes; numbers are little-endian. Frames begin
//! with the file's tag, eight bytes drawn at its creation, so that no bytes which a user stores
//! can pass for a frame when a damaged file is searched.

use offshoot_core::chunk::{Hash, PackIndex, RefChange};
use std::hash::{BuildHasher, Hasher, RandomState};

pub(super) const MAGIC: &[u8; 8] = b"OFFSHOOT";
pub(super) const VERSION: u32 = 1;
/// Where the log begins.
pub(super) const LOG_START: u64 = 4096;
const SLOT_AT: [u64; 2] = [512, 1024];
const SLOT_LEN: usize = 64;
/// Length of a frame's header.
pub(super) const FRAME_LEN: usize = 64;
/// Length of a mark.
pub(super) const MARK_LEN: usize = 40;
/// Frames begin at multiples of this.
pub(super) const ALIGN: u64 = 8;

fn sum(parts: &[u8]) -> [u8; 16] {
    let mut sum = [0; 16];
    sum.copy_from_slice(&Hash::of(parts).as_bytes()[..16]);
    sum
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

pub(super) fn align(offset: u64) -> u64 {
    offset.next_multiple_of(ALIGN)
}

/// The eight bytes that begin every frame of one file.
pub(super) type Tag = [u8; 8];

/// What a file's first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub tag: Tag,
    /// Sequence of the last write before the log's first: not 0 after a compaction.
    pub base: u64,
}

impl Header {
    /// A header with a new tag.
    pub(super) fn new(base: u64) -> Header {
        loop {
            // The keys of a `RandomState` come from the system's source of randomness.
            let tag = RandomState::new().build_hasher().finish().to_le_bytes();
            if tag[0] != 0 {
                return Header { tag, base };
            }
        }
    }

    /// The first `LOG_START` bytes of a file, with `slot` in both places.
    pub(super) fn encode(&self, slot: &Slot) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LOG_START as usize);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.tag);
        bytes.extend_from_slice(&self.base.to_le_bytes());
        let sum = sum(&bytes);
        bytes.extend_from_slice(&sum);
        for at in SLOT_AT {
            bytes.resize(at as usize, 0);
            bytes.extend_from_slice(&slot.encode(&self.tag));
        }
        bytes.resize(LOG_START as usize, 0);
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Header, String> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err("this is not an Offshoot database".into());
        }
        let version = u32_at(bytes, 8).unwrap_or_default();
        if version != VERSION {
            return Err(format!(
                "its format version is {version}, and this program knows {VERSION}"
            ));
        }
        let (Some(head), Some(stored)) = (bytes.get(..32), bytes.get(32..48)) else {
            return Err("the file header is cut off".into());
        };
        if sum(head) != *stored {
            return Err("the sum of the file header is wrong (offset 0)".into());
        }
        let mut tag = [0; 8];
        tag.copy_from_slice(&head[16..24]);
        Ok(Header { tag, base: u64_at(head, 24).unwrap_or_default() })
    }
}

/// What is known to be good. Two of them are written in turn, so that one is always whole; neither
/// is synced on its own, so one may be older than the truth and is never newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Slot {
    /// The higher of two is newer.
    pub generation: u64,
    /// The log is durable up to this offset at least.
    pub end: u64,
    /// Sequence of the last write before `end`.
    pub sequence: u64,
    /// Offset of the newest index checkpoint; 0 if there is none.
    pub checkpoint: u64,
    /// The file was closed, and nothing follows `end`.
    pub closed: bool,
}

impl Slot {
    fn encode(&self, tag: &Tag) -> [u8; SLOT_LEN] {
        let mut bytes = Vec::with_capacity(SLOT_LEN);
        for number in [self.generation, self.end, self.sequence, self.checkpoint] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&u64::from(self.closed).to_le_bytes());
        bytes.extend_from_slice(tag);
        let sum = sum(&bytes);
        bytes.extend_from_slice(&sum);
        let mut slot = [0; SLOT_LEN];
        slot.copy_from_slice(&bytes);
        slot
    }

    fn decode(bytes: &[u8], tag: &Tag) -> Option<Slot> {
        let head = bytes.get(..48)?;
        if bytes.get(48..64)? != sum(head) || &head[40..48] != tag {
            return None;
        }
        Some(Slot {
            generation: u64_at(head, 0)?,
            end: u64_at(head, 8)?,
            sequence: u64_at(head, 16)?,
            checkpoint: u64_at(head, 24)?,
            closed: u64_at(head, 32)? == 1,
        })
    }

    /// Both slots of a file's first bytes; `None` where one is damaged.
    pub(super) fn both(bytes: &[u8], tag: &Tag) -> [Option<Slot>; 2] {
        SLOT_AT.map(|at| Slot::decode(bytes.get(at as usize..)?, tag))
    }

    /// Where this slot goes, and its bytes.
    pub(super) fn placed(&self, tag: &Tag) -> (u64, [u8; SLOT_LEN]) {
        (SLOT_AT[(self.generation % 2) as usize], self.encode(tag))
    }

    /// The offset where the slot of this number stands.
    pub(super) fn offset(number: usize) -> u64 {
        SLOT_AT[number % 2]
    }
}

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One submitted write: a ref change, a pack, or both.
    Write = 1,
    /// A sorted run of the index.
    Run = 2,
    /// A checkpoint: the refs, the list of runs, and from where to read on.
    Checkpoint = 3,
    /// A pack that a compaction gathered.
    Fold = 4,
}

/// A frame's header, before and after the bytes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub kind: Kind,
    /// How many bytes of the payload the frame's sum covers; a pack's index and body have their own.
    pub lead: u32,
    /// Length of the payload in bytes.
    pub payload: u64,
    /// Sequence of this write; of the last one before it if this is not a write.
    pub sequence: u64,
    /// Up to which sequence all was durable when this frame was written.
    pub durable: u64,
    /// The sum of the frame before it, cut: frames form a chain.
    pub chain: u64,
}

impl Frame {
    /// From the frame's start to the start of the next.
    pub(super) fn stride(&self) -> u64 {
        align((FRAME_LEN as u64).saturating_add(self.payload))
    }

    /// Puts the header in front of a payload whose first `FRAME_LEN` bytes were left for it, and
    /// returns the link for the next frame's `chain`.
    pub(super) fn seal(&self, tag: &Tag, bytes: &mut [u8]) -> u64 {
        let mut head = Vec::with_capacity(FRAME_LEN);
        head.extend_from_slice(tag);
        head.extend_from_slice(&[self.kind as u8, 0, 0, 0]);
        head.extend_from_slice(&self.lead.to_le_bytes());
        for number in [self.payload, self.sequence, self.durable, self.chain] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        bytes[..48].copy_from_slice(&head);
        let sum = frame_sum(bytes, self.lead);
        bytes[48..FRAME_LEN].copy_from_slice(&sum);
        link(&sum)
    }

    /// The header, if these bytes can be one; nothing is verified yet.
    pub(super) fn peek(bytes: &[u8], tag: &Tag) -> Option<Frame> {
        let head = bytes.get(..FRAME_LEN)?;
        if !head.starts_with(tag) || head[9..12] != [0; 3] {
            return None;
        }
        let kind = match head[8] {
            1 => Kind::Write,
            2 => Kind::Run,
            3 => Kind::Checkpoint,
            4 => Kind::Fold,
            _ => return None,
        };
        let frame = Frame {
            kind,
            lead: u32_at(head, 12)?,
            payload: u64_at(head, 16)?,
            sequence: u64_at(head, 24)?,
            durable: u64_at(head, 32)?,
            chain: u64_at(head, 40)?,
        };
        (u64::from(frame.lead) <= frame.payload).then_some(frame)
    }

    /// Verifies the frame's own sum over header and lead, and returns the link for the next frame.
    pub(super) fn verify(&self, bytes: &[u8]) -> Option<u64> {
        let stored = bytes.get(48..FRAME_LEN)?;
        let covered = FRAME_LEN.checked_add(self.lead as usize)?;
        let sum = frame_sum(bytes.get(..covered)?, self.lead);
        (stored == sum).then(|| link(&sum))
    }
}

// Header and lead stand in one run of bytes apart from the sum itself; hash that run with the sum
// left out.
fn frame_sum(bytes: &[u8], lead: u32) -> [u8; 16] {
    let lead = &bytes[FRAME_LEN..FRAME_LEN + lead as usize];
    let mut covered = Vec::with_capacity(48 + 32);
    covered.extend_from_slice(&bytes[..48]);
    // A long lead (an index run) is hashed where it stands.
    covered.extend_from_slice(Hash::of(lead).as_bytes());
    sum(&covered)
}

fn link(sum: &[u8; 16]) -> u64 {
    u64_at(sum, 0).unwrap_or_default()
}

/// Stands after the last frame until the next one replaces it: a promise that everything up to
/// `sequence` was durable. It shares the page that the next frame dirties anyway, so it costs no
/// write of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub sequence: u64,
}

impl Mark {
    pub(super) fn encode(&self, tag: &Tag) -> [u8; MARK_LEN] {
        let mut bytes = [0; MARK_LEN];
        bytes[..8].copy_from_slice(tag);
        bytes[8] = b'M';
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        let sum = sum(&bytes[..24]);
        bytes[24..].copy_from_slice(&sum);
        bytes
    }

    pub(super) fn decode(bytes: &[u8], tag: &Tag) -> Option<Mark> {
        let bytes = bytes.get(..MARK_LEN)?;
        let mark = Mark { sequence: u64_at(bytes, 16)? };
        (bytes == mark.encode(tag)).then_some(mark)
    }
}

/// A write frame's bytes with room for the header in front, and how much the frame's sum covers.
/// `pack` is an encoded pack, or empty.
pub(super) fn write_payload(change: Option<&RefChange>, pack: &[u8]) -> (Vec<u8>, u32) {
    let empty = Vec::new();
    let (kind, name, value) = match change {
        None => (0, "", &empty),
        Some(RefChange { name, new: Some(value), .. }) => (1, name.as_str(), value),
        Some(RefChange { name, new: None, .. }) => (2, name.as_str(), &empty),
    };
    let len = FRAME_LEN + 7 + name.len() + value.len() + pack.len();
    let mut bytes = Vec::with_capacity(align(len as u64) as usize);
    bytes.resize(FRAME_LEN, 0);
    bytes.push(kind);
    // `RefChange::check` bounds both.
    bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(value);
    let lead = bytes.len() - FRAME_LEN + pack.len().min(PackIndex::HEADER_LEN);
    bytes.extend_from_slice(pack);
    (bytes, lead as u32)
}

/// What became of a ref: its name, and the value it now has.
pub(super) type RefSet = (String, Option<Vec<u8>>);

/// The ref change and the pack's bytes (empty if there is none) of a write's or fold's payload.
pub(super) fn read_payload(payload: &[u8]) -> Result<(Option<RefSet>, &[u8]), &'static str> {
    let (head, rest) = payload.split_at_checked(7).ok_or("a write is cut off")?;
    let name_len = usize::from(u16::from_le_bytes([head[1], head[2]]));
    let value_len = u32::from_le_bytes([head[3], head[4], head[5], head[6]]) as usize;
    let (name, rest) = rest.split_at_checked(name_len).ok_or("a ref is cut off")?;
    let (value, pack) = rest.split_at_checked(value_len).ok_or("a ref is cut off")?;
    let name = std::str::from_utf8(name).map_err(|_| "the name of a ref is not UTF-8")?;
    match head[0] {
        0 => Ok((None, pack)),
        1 => Ok((Some((name.to_owned(), Some(value.to_vec()))), pack)),
        2 => Ok((Some((name.to_owned(), None)), pack)),
        _ => Err("a ref change of no known kind"),
    }
}
