//! From a file to a store: header, slots, checkpoint, and the tail of the log after it.

use super::layout::{FRAME_LEN, Frame, Header, Kind, LOG_START, Slot};
use super::log::{Checkpoint, Log, Refs};
use super::raw::{Place, RawFile};
use super::run::{Index, Recent, Run, key, locate};
use super::scan::{Entry, LogReader, Next, Position, io};
use offshoot_core::chunk::StoreError;
use std::io::ErrorKind;
use std::sync::Arc;

const NEW: &str = ".new";

/// What opening a database found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// There was no database; this one is new.
    pub created: bool,
    /// The last user of the file closed it properly.
    pub was_closed: bool,
    /// How many bytes of log had to be read, because no index checkpoint covered them.
    pub scanned_bytes: u64,
    /// One of the two slots of the file header was damaged, as a crash while it was written leaves
    /// it, and was written anew. The other one served.
    pub repaired_slot: bool,
    /// The end of the log that was cut off, if it was torn.
    pub torn: Option<Torn>,
}

/// An incomplete write at the end of a log, from a crash before anyone was told that it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Where in the database file it began.
    pub offset: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// The file that it was moved to.
    pub saved_as: String,
}

pub(super) struct Opened {
    pub log: Log,
    pub index: Index,
    pub recovery: Recovery,
}

pub(super) fn corrupt(offset: u64, what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what} (offset {offset})"))
}

/// Opens or creates the database at `place`.
pub(super) fn open(place: &dyn Place, create: bool, use_index: bool) -> Result<Opened, StoreError> {
    let file = place.open("", create).map_err(|e| unopened(place, &e))?;
    let len = file.len().map_err(io)?;
    if len == 0 {
        if !create {
            return Err(StoreError::Corrupt(format!("{} is empty", place.name(""))));
        }
        // The empty file is held until the new one, which is held too, has its place.
        let log = new_database(place).map_err(io)?;
        let recovery = Recovery { created: true, ..Recovery::default() };
        return Ok(Opened { log, index: Index::default(), recovery });
    }
    let head = read_head(&*file, len)?;
    let named = |what| StoreError::Corrupt(format!("{}: {what}", place.name("")));
    let header = Header::decode(&head).map_err(named)?;
    recover(place, file, header, &head, len, use_index)
}

/// Why a file could not be opened, in words for whoever named it.
pub(super) fn unopened(place: &dyn Place, e: &std::io::Error) -> StoreError {
    let name = place.name("");
    match e.kind() {
        ErrorKind::WouldBlock => StoreError::Io(format!("{name} is in use by another process")),
        _ => StoreError::Io(format!("cannot open {name}: {e}")),
    }
}

// Written beside and then renamed, so that a file that is not empty is never half begun.
fn new_database(place: &dyn Place) -> std::io::Result<Log> {
    let log = Log::create(place.open(NEW, true)?, 0, Refs::new())?;
    place.rename(NEW, "")?;
    place.sync()?;
    Ok(log)
}

/// The first bytes of a file, as far as header and slots go.
pub(super) fn read_head(file: &dyn RawFile, len: u64) -> Result<Vec<u8>, StoreError> {
    let mut head = vec![0; len.min(LOG_START) as usize];
    file.read_at(&mut head, 0).map_err(io)?;
    Ok(head)
}

/// The newer of the slots that are whole.
pub(super) fn newest_slot(head: &[u8], header: &Header) -> Result<Slot, StoreError> {
    let slots = Slot::both(head, &header.tag).into_iter().flatten();
    slots
        .max_by_key(|slot| slot.generation)
        .ok_or_else(|| corrupt(Slot::offset(0), "both slots of the file header are damaged"))
}

fn recover(
    place: &dyn Place,
    file: Arc<dyn RawFile>,
    header: Header,
    head: &[u8],
    len: u64,
    use_index: bool,
) -> Result<Opened, StoreError> {
    let mut slot = newest_slot(head, &header)?;
    if slot.end > len {
        let what = format!("the file has {len} bytes, and had at least {}", slot.end);
        return Err(corrupt(len, what));
    }
    let mut from = Position { offset: LOG_START, sequence: header.base, chain: 0 };
    let (mut index, mut refs) = (Index::default(), Refs::new());
    let mut newest_run = None;
    if use_index && slot.checkpoint != 0 {
        let checkpoint = read_checkpoint(&*file, &header, slot.checkpoint, len)?;
        for at in &checkpoint.runs {
            let (frame, link, payload) = read_index_frame(&*file, &header, *at, len, Kind::Run)?;
            let run = Run::read(payload, *at).map_err(|what| corrupt(*at, what))?;
            index.runs.push(Arc::new(run));
            newest_run = Some((*at, frame, link));
        }
        (from, refs) = (checkpoint.covered, checkpoint.refs);
    }
    let mut reader = LogReader::new(&*file, header.tag, from, len);
    let mut scanned_bytes = 0;
    let why = loop {
        // This one was read already, and may be long.
        if newest_run.as_ref().is_some_and(|(at, frame, link)| reader.pass(*at, frame, *link)) {
            newest_run = None;
        }
        match reader.next()? {
            Next::Frame(entry) => {
                replay(&entry, &mut index.recent, &mut refs);
                let indexed = matches!(entry.frame.kind, Kind::Run | Kind::Checkpoint);
                scanned_bytes += if indexed { 0 } else { entry.frame.stride() };
            }
            Next::Stop(why) if use_index => break why,
            Next::Stop(why) => {
                // If the next whole frame follows by its number, only a part of the index was
                // lost between. Not so right after a compaction: its packs have no numbers.
                let at = reader.at;
                match reader.resume(at.offset + 8)? {
                    Some(next) if next.sequence == at.sequence && at.sequence != header.base => {
                        reader.at = next;
                    }
                    _ => break why,
                }
            }
        }
    };
    let at = reader.at;
    let (proven, end) = reader.evidence(at.offset)?;
    let lost_index_only = !use_index && at.sequence != header.base;
    if at.sequence < slot.sequence.max(proven) || (at.offset < slot.end && !lost_index_only) {
        return Err(corrupt(at.offset, format!("{why}, where an acknowledged write stood")));
    }
    if !use_index {
        slot.checkpoint = 0;
    }
    let torn = match end > at.offset {
        true => Some(cut(place, &*file, at.offset, end)?),
        false => None,
    };
    let recovery = Recovery {
        created: false,
        // A closed slot stays until the next one is written, while the log goes on.
        was_closed: slot.closed && slot.end == at.offset && torn.is_none(),
        scanned_bytes,
        repaired_slot: Slot::both(head, &header.tag).contains(&None),
        torn,
    };
    let settled = recovery.was_closed && use_index && !recovery.repaired_slot;
    let mut log = Log {
        len: file.len().map_err(io)?,
        file,
        header,
        at,
        synced: at.sequence,
        slot,
        refs,
        unindexed: scanned_bytes,
        syncs: 0,
    };
    // What was read, and the very name of the file, may still be only in the system's memory, if
    // the process before was killed. From here on they count as durable, so they must be.
    if !settled {
        log.file.sync().map_err(io)?;
        place.sync().map_err(io)?;
        log.syncs = 1;
        log.write_slot(slot.checkpoint, false).map_err(io)?;
    }
    Ok(Opened { log, index, recovery })
}

/// Takes over what one frame says.
pub(super) fn replay(entry: &Entry<'_>, recent: &mut Recent, refs: &mut Refs) {
    if let Some(pack) = &entry.pack {
        for (hash, slice) in &pack.index.entries {
            recent.chunks.insert(key(hash), locate(slice, pack.at));
        }
        recent.keyframes.extend(pack.index.keyframes.iter().copied());
    }
    match &entry.change {
        Some((name, Some(value))) => drop(refs.insert(name.clone(), value.clone())),
        Some((name, None)) => drop(refs.remove(name)),
        None => {}
    }
    // Where no write came between, a checkpoint says what is known already, except at the start of
    // a compacted log, whose refs stand nowhere else.
    if entry.frame.kind == Kind::Checkpoint
        && let Some(checkpoint) = Checkpoint::decode(entry.payload)
        && checkpoint.covered.sequence == entry.frame.sequence
    {
        *refs = checkpoint.refs;
    }
}

pub(super) fn read_checkpoint(
    file: &dyn RawFile,
    header: &Header,
    at: u64,
    len: u64,
) -> Result<Checkpoint, StoreError> {
    let (_, _, payload) = read_index_frame(file, header, at, len, Kind::Checkpoint)?;
    Checkpoint::decode(&payload)
        .filter(|checkpoint| checkpoint.covered.offset <= len)
        .ok_or_else(|| corrupt(at, "an index checkpoint makes no sense"))
}

/// A frame of the index with its link and its payload, its sum verified. Its place in the chain is not: the slot
/// or the checkpoint that named it vouches for it.
pub(super) fn read_index_frame(
    file: &dyn RawFile,
    header: &Header,
    at: u64,
    len: u64,
    kind: Kind,
) -> Result<(Frame, u64, Vec<u8>), StoreError> {
    let damaged = || corrupt(at, "a part of the index is damaged");
    let room = len.saturating_sub(at);
    let mut bytes = vec![0; room.min(FRAME_LEN as u64) as usize];
    file.read_at(&mut bytes, at).map_err(io)?;
    let frame = Frame::peek(&bytes, &header.tag)
        .filter(|frame| frame.kind == kind && u64::from(frame.lead) == frame.payload)
        .filter(|frame| frame.payload <= room - FRAME_LEN as u64)
        .ok_or_else(damaged)?;
    bytes.resize(FRAME_LEN + frame.lead as usize, 0);
    file.read_at(&mut bytes[FRAME_LEN..], at + FRAME_LEN as u64).map_err(io)?;
    let link = frame.verify(&bytes).ok_or_else(damaged)?;
    bytes.drain(..FRAME_LEN);
    Ok((frame, link, bytes))
}

// Moves a torn end beside the database, so that nothing is lost for good, and cuts it off.
fn cut(place: &dyn Place, file: &dyn RawFile, at: u64, end: u64) -> Result<Torn, StoreError> {
    let mut suffix = format!(".torn-{at}");
    for again in 2.. {
        match place.open(&suffix, false) {
            Err(e) if e.kind() == ErrorKind::NotFound => break,
            Err(e) => return Err(io(e)),
            Ok(_) => suffix = format!(".torn-{at}-{again}"),
        }
    }
    let beside = place.open(&suffix, true).map_err(io)?;
    let mut buffer = vec![0; 1 << 20];
    let mut from = at;
    while from < end {
        let part = &mut buffer[..(end - from).min(1 << 20) as usize];
        file.read_at(part, from).map_err(io)?;
        beside.write_at(part, from - at).map_err(io)?;
        from += part.len() as u64;
    }
    beside.sync().map_err(io)?;
    place.sync().map_err(io)?;
    file.set_len(at).map_err(io)?;
    Ok(Torn { offset: at, bytes: end - at, saved_as: place.name(&suffix) })
}
