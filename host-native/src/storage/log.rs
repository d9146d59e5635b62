//! Appending to the log.
//!
//! Frames go into space that was filled with zeros beforehand, so that syncing a small commit
//! changes no metadata of the file system; long frames are appended as they are, since writing
//! their space twice would cost more.

use super::layout::{self, FRAME_LEN, Frame, Header, Kind, LOG_START, MARK_LEN, Mark, Slot};
use super::raw::RawFile;
use super::run::Run;
use super::scan::Position;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

// Groups up to this many bytes go into space prepared with zeros.
const SMALL_GROUP: u64 = 64 << 10;
const GROW_MIN: u64 = 64 << 10;
const GROW_MAX: u64 = 4 << 20;

pub(super) type Refs = BTreeMap<String, Vec<u8>>;

/// A frame to be written: its bytes, `FRAME_LEN` of them left free in front.
pub(super) struct Draft {
    pub kind: Kind,
    pub lead: u32,
    pub bytes: Vec<u8>,
}

impl Draft {
    /// A frame whose own sum covers all of its payload.
    pub(super) fn whole(kind: Kind, payload: &[u8]) -> Draft {
        let mut bytes = Vec::with_capacity(FRAME_LEN + payload.len() + 8);
        bytes.resize(FRAME_LEN, 0);
        bytes.extend_from_slice(payload);
        Draft { kind, lead: payload.len() as u32, bytes }
    }
}

/// The end of a database file, where it grows. One thread at a time holds it.
pub(super) struct Log {
    pub file: Arc<dyn RawFile>,
    pub header: Header,
    /// Where the next frame goes.
    pub at: Position,
    /// Length of the file, zeros at its end included.
    pub len: u64,
    /// Sequence of the last write that a sync covered.
    pub synced: u64,
    /// What the newer slot says.
    pub slot: Slot,
    /// The refs as the frames before `at` have them.
    pub refs: Refs,
    /// Bytes of log that no checkpoint covers.
    pub unindexed: u64,
    /// How often the file was synced.
    pub syncs: u64,
}

impl Log {
    /// Writes the beginning of a new database into an empty file, and syncs it.
    pub(super) fn create(file: Arc<dyn RawFile>, base: u64, refs: Refs) -> io::Result<Log> {
        let header = Header::new(base);
        let slot = Slot { generation: 1, end: LOG_START, sequence: base, ..Slot::default() };
        file.set_len(0)?;
        file.write_at(&header.encode(&slot), 0)?;
        file.sync()?;
        let at = Position { offset: LOG_START, sequence: base, chain: 0 };
        let (len, synced) = (LOG_START, base);
        Ok(Log { file, header, at, len, synced, slot, refs, unindexed: 0, syncs: 1 })
    }

    /// Writes frames one after the other; where each begins. They are not durable yet.
    pub(super) fn append(&mut self, drafts: Vec<Draft>) -> io::Result<Vec<u64>> {
        let mut offsets = Vec::with_capacity(drafts.len());
        let mut at = self.at;
        let mut group = Vec::new();
        for draft in drafts {
            let mut bytes = draft.bytes;
            let frame = Frame {
                kind: draft.kind,
                lead: draft.lead,
                payload: (bytes.len() - FRAME_LEN) as u64,
                sequence: at.sequence + u64::from(draft.kind == Kind::Write),
                durable: self.synced,
                chain: at.chain,
            };
            let chain = frame.seal(&self.header.tag, &mut bytes);
            bytes.resize(frame.stride() as usize, 0);
            offsets.push(at.offset);
            let offset = at.offset + frame.stride();
            at = Position { offset, sequence: frame.sequence, chain };
            match group.is_empty() {
                true => group = bytes,
                false => group.extend_from_slice(&bytes),
            }
        }
        let mark_end = at.offset + layout::align(MARK_LEN as u64);
        if mark_end > self.len {
            let step = match group.len() as u64 <= SMALL_GROUP {
                true => self.at.offset.clamp(GROW_MIN, GROW_MAX),
                false => 0,
            };
            let len = (mark_end + step).next_multiple_of(4096);
            group.resize((len - self.at.offset) as usize, 0);
            self.len = len;
        }
        self.file.write_at(&group, self.at.offset)?;
        self.unindexed += at.offset - self.at.offset;
        self.at = at;
        Ok(offsets)
    }

    /// Makes all that was appended durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.syncs += 1;
        self.synced = self.at.sequence;
        self.mark()
    }

    /// Leaves a mark behind the last frame: what is durable, for whoever opens the file after this
    /// process was killed.
    pub(super) fn mark(&mut self) -> io::Result<()> {
        let mark = Mark { sequence: self.synced };
        self.file.write_at(&mark.encode(&self.header.tag), self.at.offset)
    }

    /// Writes the next slot: all is durable up to here.
    pub(super) fn write_slot(&mut self, checkpoint: u64, closed: bool) -> io::Result<()> {
        self.slot = Slot {
            generation: self.slot.generation + 1,
            end: self.at.offset,
            sequence: self.at.sequence,
            checkpoint,
            closed,
        };
        let (at, bytes) = self.slot.placed(&self.header.tag);
        self.file.write_at(&bytes, at)
    }

    /// Writes and syncs a checkpoint that says: `runs`, then `new`, index the log up to `covered`,
    /// where the refs were `refs`. Returns the new run as it stands in the file.
    pub(super) fn checkpoint(
        &mut self,
        covered: Position,
        refs: &Refs,
        runs: &[Arc<Run>],
        mut new: Run,
    ) -> io::Result<Run> {
        // What was written since `covered` stays to be read on opening.
        let tail = self.at.offset - covered.offset;
        let at = self.append(vec![Draft::whole(Kind::Run, new.bytes())])?;
        new.frame = at.first().copied().unwrap_or_default();
        let mut offsets: Vec<u64> = runs.iter().map(|run| run.frame).collect();
        offsets.push(new.frame);
        let checkpoint = Checkpoint { covered, runs: offsets, refs: refs.clone() };
        let at = self.append(vec![Draft::whole(Kind::Checkpoint, &checkpoint.encode())])?;
        self.sync()?;
        self.write_slot(at.first().copied().unwrap_or_default(), false)?;
        self.unindexed = tail;
        Ok(new)
    }
}

/// From what a database is opened without reading all of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// Everything before this is in the runs and the refs.
    pub covered: Position,
    /// Offsets of the run frames, oldest first.
    pub runs: Vec<u64>,
    /// All refs at `covered`.
    pub refs: Refs,
}

impl Checkpoint {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [self.covered.offset, self.covered.sequence, self.covered.chain] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&(self.runs.len() as u32).to_le_bytes());
        self.runs.iter().for_each(|at| bytes.extend_from_slice(&at.to_le_bytes()));
        bytes.extend_from_slice(&(self.refs.len() as u32).to_le_bytes());
        for (name, value) in &self.refs {
            bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(value);
        }
        bytes
    }

    pub(super) fn decode(payload: &[u8]) -> Option<Checkpoint> {
        let mut rest = payload;
        let covered = Position {
            offset: u64::from_le_bytes(take(&mut rest)?),
            sequence: u64::from_le_bytes(take(&mut rest)?),
            chain: u64::from_le_bytes(take(&mut rest)?),
        };
        let mut runs = Vec::new();
        for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
            runs.push(u64::from_le_bytes(take(&mut rest)?));
        }
        let mut refs = Refs::new();
        for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
            let name_len = usize::from(u16::from_le_bytes(take(&mut rest)?));
            let value_len = u32::from_le_bytes(take(&mut rest)?) as usize;
            let (name, after) = rest.split_at_checked(name_len)?;
            let (value, after) = after.split_at_checked(value_len)?;
            refs.insert(std::str::from_utf8(name).ok()?.to_owned(), value.to_vec());
            rest = after;
        }
        rest.is_empty().then_some(Checkpoint { covered, runs, refs })
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}
