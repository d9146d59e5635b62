//! Reading the log, frame by frame, and judging where it stops.
//!
//! A frame that is not whole is either the torn end of a write that nobody was told of, or damage
//! to one that was acknowledged. What follows decides: a mark, a slot or any later frame that says
//! "all up to sequence n was durable when I was written" proves damage if the bad frame is at or
//! before n. Later bytes alone prove nothing, since the pages of an unsynced group may reach the
//! disk in any order.

use super::layout::{self, FRAME_LEN, Frame, Kind, MARK_LEN, Mark, RefSet, Tag};
use super::raw::RawFile;
use offshoot_core::chunk::{PackIndex, StoreError};

const WINDOW: u64 = 1 << 20;

/// Where in the log one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// Offset of the next frame.
    pub offset: u64,
    /// Sequence of the last write before it.
    pub sequence: u64,
    /// Link of the last frame before it.
    pub chain: u64,
}

/// One whole frame.
pub(super) struct Entry<'a> {
    /// Its offset.
    pub at: u64,
    pub frame: Frame,
    pub payload: &'a [u8],
    /// The ref that it changes.
    pub change: Option<RefSet>,
    pub pack: Option<PackAt<'a>>,
}

/// A pack in the file, index and body verified by their sums.
pub(super) struct PackAt<'a> {
    /// Its offset in the file.
    pub at: u64,
    pub index: PackIndex,
    pub bytes: &'a [u8],
}

pub(super) enum Next<'a> {
    Frame(Entry<'a>),
    /// No whole frame stands here, and why.
    Stop(&'static str),
}

pub(super) fn io(e: std::io::Error) -> StoreError {
    StoreError::Io(e.to_string())
}

/// Reads frames from a position up to a limit.
pub(super) struct LogReader<'a> {
    file: &'a dyn RawFile,
    tag: Tag,
    limit: u64,
    pub at: Position,
    window: Vec<u8>,
    window_at: u64,
}

impl<'a> LogReader<'a> {
    pub(super) fn new(file: &'a dyn RawFile, tag: Tag, at: Position, limit: u64) -> Self {
        LogReader { file, tag, limit, at, window: Vec::new(), window_at: 0 }
    }

    /// The frame at the current position, and moves past it.
    pub(super) fn next(&mut self) -> Result<Next<'_>, StoreError> {
        match self.verified()? {
            Ok((frame, link)) => self.take(frame, link),
            Err(why) => Ok(Next::Stop(why)),
        }
    }

    /// Moves past a frame that was read by itself, if it is the next one; whether it was.
    pub(super) fn pass(&mut self, at: u64, frame: &Frame, link: u64) -> bool {
        let next = self.at.offset == at && frame.chain == self.at.chain;
        if next {
            self.at.offset = at.saturating_add(frame.stride());
            self.at.chain = link;
        }
        next
    }

    // The header here, if it follows from what came before and its sum is right.
    fn verified(&mut self) -> Result<Result<(Frame, u64), &'static str>, StoreError> {
        let (at, tag) = (self.at, self.tag);
        let room = self.limit.saturating_sub(at.offset);
        let head = self.bytes(at.offset, room.min(FRAME_LEN as u64))?;
        let Some(frame) = Frame::peek(head, &tag) else {
            return Ok(Err("no frame begins here"));
        };
        let sequence = match frame.kind {
            Kind::Write => at.sequence.wrapping_add(1),
            _ => at.sequence,
        };
        if frame.payload > room.saturating_sub(FRAME_LEN as u64) {
            return Ok(Err("a frame is longer than what is left of the file"));
        }
        let lead = self.bytes(at.offset, FRAME_LEN as u64 + u64::from(frame.lead))?;
        let Some(link) = frame.verify(lead) else {
            return Ok(Err("the sum of a frame is wrong"));
        };
        if frame.sequence != sequence || frame.chain != at.chain {
            return Ok(Err("a frame does not follow from the one before it"));
        }
        Ok(Ok((frame, link)))
    }

    fn take(&mut self, frame: Frame, link: u64) -> Result<Next<'_>, StoreError> {
        let at = self.at.offset;
        let next = Position {
            offset: at.saturating_add(frame.stride()),
            sequence: frame.sequence,
            chain: link,
        };
        let bytes = self.bytes(at, FRAME_LEN as u64 + frame.payload)?;
        let payload = bytes.get(FRAME_LEN..).unwrap_or_default();
        let (mut change, mut pack) = (None, None);
        if matches!(frame.kind, Kind::Write | Kind::Fold) {
            match read_write(payload, at) {
                Ok(read) => (change, pack) = read,
                Err(why) => return Ok(Next::Stop(why)),
            }
        }
        // Only now: after a `Stop` the position is still that of the bad frame. The window is not
        // touched between, so the borrow is of its bytes alone.
        let position = &mut self.at;
        *position = next;
        let payload_at = (at - self.window_at) as usize + FRAME_LEN;
        let payload = &self.window[payload_at..payload_at + frame.payload as usize];
        let pack = pack.map(|(pack_at, index)| PackAt {
            at: pack_at,
            bytes: &payload[payload.len() - index.len..],
            index,
        });
        Ok(Next::Frame(Entry { at, frame, payload, change, pack }))
    }

    // Bytes of the file, through a window so that small frames cost no call each. The caller keeps
    // within `limit`.
    fn bytes(&mut self, offset: u64, len: u64) -> Result<&[u8], StoreError> {
        let end = offset.saturating_add(len);
        let window_end = self.window_at + self.window.len() as u64;
        if offset < self.window_at || end > window_end {
            let want = len.max(WINDOW).min(self.limit.saturating_sub(offset)).max(len);
            let want = usize::try_from(want)
                .map_err(|_| StoreError::Io("a frame is too long for this machine".into()))?;
            self.window.clear();
            self.window.resize(want, 0);
            self.file.read_at(&mut self.window, offset).map_err(io)?;
            self.window_at = offset;
        }
        let from = (offset - self.window_at) as usize;
        Ok(&self.window[from..from + len as usize])
    }

    /// The next offset from `from` on where a frame with a right sum or a mark stands.
    pub(super) fn find(&mut self, from: u64) -> Result<Option<(u64, Found)>, StoreError> {
        let tag = self.tag;
        let mut offset = layout::align(from);
        while offset < self.limit {
            let len = (self.limit - offset).min(WINDOW / 2);
            let words = self.bytes(offset, len)?.chunks_exact(8);
            let Some(word) = words.into_iter().position(|word| word == tag) else {
                offset += len.next_multiple_of(8);
                continue;
            };
            offset += word as u64 * 8;
            if let Some(found) = self.proven_at(offset)? {
                return Ok(Some((offset, found)));
            }
            offset += 8;
        }
        Ok(None)
    }

    /// Where to read on after damage: the next frame from `from` on whose sum is right.
    pub(super) fn resume(&mut self, from: u64) -> Result<Option<Position>, StoreError> {
        let mut from = from;
        while let Some((offset, found)) = self.find(from)? {
            if let Found::Frame(frame) = found {
                let own = u64::from(frame.kind == Kind::Write);
                let sequence = frame.sequence.wrapping_sub(own);
                return Ok(Some(Position { offset, sequence, chain: frame.chain }));
            }
            from = offset + 8;
        }
        Ok(None)
    }

    fn proven_at(&mut self, offset: u64) -> Result<Option<Found>, StoreError> {
        let (tag, room) = (self.tag, self.limit - offset);
        let bytes = self.bytes(offset, room.min(FRAME_LEN as u64))?;
        if let Some(mark) = Mark::decode(bytes, &tag) {
            return Ok(Some(Found::Mark(mark)));
        }
        let Some(frame) = Frame::peek(bytes, &tag) else { return Ok(None) };
        let covered = FRAME_LEN as u64 + u64::from(frame.lead);
        if covered > room {
            return Ok(None);
        }
        let bytes = self.bytes(offset, covered)?;
        Ok(frame.verify(bytes).map(|_| Found::Frame(frame)))
    }

    /// The highest sequence that anything from `from` on proves durable, and the end of what is
    /// not zero there, a mark at `from` itself left out.
    pub(super) fn evidence(&mut self, from: u64) -> Result<(u64, u64), StoreError> {
        let (mut proven, mut search, mut leftovers) = (0, from, from);
        while let Some((at, found)) = self.find(search)? {
            proven = proven.max(match found {
                Found::Mark(mark) => mark.sequence,
                Found::Frame(frame) => frame.durable,
            });
            if at == from && matches!(found, Found::Mark(_)) {
                leftovers = from + layout::align(MARK_LEN as u64);
            }
            search = at + 8;
        }
        let (mut offset, mut end) = (leftovers, from);
        while offset < self.limit {
            let len = (self.limit - offset).min(WINDOW / 2);
            if let Some(last) = self.bytes(offset, len)?.iter().rposition(|b| *b != 0) {
                end = offset + last as u64 + 1;
            }
            offset += len;
        }
        Ok((proven, end))
    }
}

/// What `find` came upon.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    Frame(Frame),
    Mark(Mark),
}

type ReadWrite = (Option<RefSet>, Option<(u64, PackIndex)>);

// The parts of a write frame at `at`; the pack's sums are verified.
fn read_write(payload: &[u8], at: u64) -> Result<ReadWrite, &'static str> {
    let (change, pack) = layout::read_payload(payload)?;
    if pack.is_empty() {
        return Ok((change, None));
    }
    let index = PackIndex::read(pack).map_err(|_| "the index of a pack is damaged")?;
    index.check_body(pack).map_err(|_| "the body of a pack is damaged")?;
    let pack_at = at + (FRAME_LEN + payload.len() - pack.len()) as u64;
    Ok((change, Some((pack_at, index))))
}
