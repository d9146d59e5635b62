//! Rewriting the file without what is dead, and copying it while it is in use.

use super::layout::{self, FRAME_LEN, Header, Kind, LOG_START, Slot};
use super::log::{Checkpoint, Draft, Log, Refs};
use super::open::{corrupt, replay};
use super::raw::{OsPlace, Place, RawFile};
use super::run::{Index, KeyMap, Recent, fold, key, locate};
use super::scan::{Entry, LogReader, Next, PackAt, Position, io};
use super::store::FileStore;
use offshoot_core::chunk::{Chunk, Hash, Pack, StoreError, Ticket};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, PoisonError};

/// What a compaction keeps.
pub struct Compaction<'a> {
    /// Whether a chunk is to be kept.
    pub live: &'a dyn Fn(&Hash) -> bool,
    /// Whether the keyframe of a commit is to be kept.
    pub keep_keyframe: &'a dyn Fn(&Hash) -> bool,
    /// Chunks and keyframes of later writes are kept in any case: take `Store::durable` before
    /// finding out what is live.
    pub since: Ticket,
    /// Chunks and keyframes to add.
    pub extra: Vec<Pack>,
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CompactStats {
    /// Length of the log before, in bytes.
    pub bytes_before: u64,
    /// Length of the log after, in bytes.
    pub bytes_after: u64,
    /// How many chunks were kept, those that arrived meanwhile left out.
    pub chunks_kept: u64,
    /// How many chunks were dropped, a second copy of a kept one included.
    pub chunks_dropped: u64,
}

const BESIDE: &str = ".compact";
const PARTIAL: &str = ".partial";
// Live chunks are gathered into packs of about this many bytes, uncompressed.
const FOLD_BYTES: usize = 1 << 20;
// What arrived meanwhile is copied while writers wait once it is less than this.
const LAST_CARRY_MAX: u64 = 1 << 20;

fn start(header: &Header) -> Position {
    Position { offset: LOG_START, sequence: header.base, chain: 0 }
}

impl FileStore {
    /// Writes a new file with what is live and puts it in the place of the old one. Readers and
    /// writers go on meanwhile. If it fails before the new file is in place, or the process ends,
    /// the old one stands as it was.
    pub fn compact(&self, plan: &Compaction<'_>) -> Result<CompactStats, StoreError> {
        let inner = &self.inner;
        self.flush()?;
        let _one = inner.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        inner.alive()?;
        let (source, refs) = {
            let log = inner.log();
            let source = Source { file: log.file.clone(), header: log.header, upto: log.at };
            (source, log.refs.clone())
        };
        let built = inner.place.open(BESIDE, true).map_err(io).and_then(|file| {
            let mut target = Target::create(file, source.upto.sequence, refs)?;
            source.copy_live(plan, &mut target)?;
            target.write_index()?;
            let mut from = source.upto;
            loop {
                let now = inner.log().at;
                if now.offset - from.offset < LAST_CARRY_MAX {
                    return Ok((target, from));
                }
                from = target.carry(&source, from, now)?;
            }
        });
        // From here on writers wait.
        let mut log = inner.log();
        let bytes_before = log.at.offset;
        let complete = built.and_then(|(mut target, from)| {
            inner.alive()?;
            target.carry(&source, from, log.at)?;
            target.finish()?;
            Ok(target)
        });
        let target = match complete {
            Ok(target) => target,
            Err(e) => {
                drop(log);
                let _ = inner.place.remove(BESIDE);
                return Err(e);
            }
        };
        if let Err(e) = inner.place.rename(BESIDE, "").and_then(|()| inner.place.sync()) {
            drop(log);
            // Which of the two files a later opener finds is not known.
            inner.stop(&e.to_string());
            return Err(io(e));
        }
        let Target { log: new, index, stats, .. } = target;
        let syncs = log.syncs + new.syncs;
        let stats = CompactStats { bytes_before, bytes_after: new.at.offset, ..stats };
        let mut lookup = inner.lookup_mut();
        lookup.file = new.file.clone();
        lookup.index = index;
        drop(lookup);
        *log = Log { syncs, ..new };
        Ok(stats)
    }

    /// Copies the database to a new file at `path` as it is now; writers wait no longer than it
    /// takes to look where the log ends. The copy is read back before it gets its name.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        self.backup_to(&OsPlace::new(path.as_ref()))
    }

    /// Copies the database to a place that need not be of the operating system.
    #[doc(hidden)]
    pub fn backup_to(&self, target: &dyn Place) -> Result<(), StoreError> {
        self.flush()?;
        let (source, checkpoint) = {
            let log = self.inner.log();
            let source = Source { file: log.file.clone(), header: log.header, upto: log.at };
            (source, log.slot.checkpoint)
        };
        match target.open("", false) {
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(io(e)),
            Ok(_) => return Err(StoreError::Io(format!("{} exists already", target.name("")))),
        }
        let file = target.open(PARTIAL, true).map_err(io)?;
        let copied = source.copy_whole(&*file, checkpoint).and_then(|()| {
            target.rename(PARTIAL, "").map_err(io)?;
            target.sync().map_err(io)
        });
        if copied.is_err() {
            let _ = target.remove(PARTIAL);
        }
        copied
    }
}

// A log up to a position that does not move.
struct Source {
    file: Arc<dyn RawFile>,
    header: Header,
    upto: Position,
}

impl Source {
    fn reader(&self, from: Position, upto: Position) -> LogReader<'_> {
        LogReader::new(&*self.file, self.header.tag, from, upto.offset)
    }

    fn copy_live(&self, plan: &Compaction<'_>, target: &mut Target) -> Result<(), StoreError> {
        let mut reader = self.reader(start(&self.header), self.upto);
        while reader.at.offset < self.upto.offset {
            let entry = frame(&mut reader)?;
            let Some(pack) = &entry.pack else { continue };
            let recent = entry.frame.sequence > plan.since.0;
            for (hash, slice) in &pack.index.entries {
                if (recent || (plan.live)(hash)) && !target.holds(hash) {
                    let block = block_of(pack, slice.block, slice.stored);
                    let chunk = slice.read(*hash, block).map_err(|e| corrupt(entry.at, e))?;
                    target.push(chunk)?;
                } else {
                    target.stats.chunks_dropped += 1;
                }
            }
            for keyframe in &pack.index.keyframes {
                if recent || (plan.keep_keyframe)(&keyframe.0) {
                    target.pack.keyframes.push(*keyframe);
                }
            }
        }
        for pack in &plan.extra {
            for chunk in &pack.chunks {
                if !target.holds(&chunk.hash()) {
                    target.push(chunk.clone())?;
                }
            }
            target.pack.keyframes.extend_from_slice(&pack.keyframes);
        }
        target.write_pack()
    }

    fn copy_whole(&self, to: &dyn RawFile, checkpoint: u64) -> Result<(), StoreError> {
        let end = self.upto.offset;
        let slot =
            Slot { generation: 1, end, sequence: self.upto.sequence, checkpoint, closed: true };
        to.set_len(0).map_err(io)?;
        to.write_at(&self.header.encode(&slot), 0).map_err(io)?;
        let mut buffer = vec![0; 1 << 20];
        let mut from = LOG_START;
        while from < end {
            let part = &mut buffer[..(end - from).min(1 << 20) as usize];
            self.file.read_at(part, from).map_err(io)?;
            to.write_at(part, from).map_err(io)?;
            from += part.len() as u64;
        }
        to.sync().map_err(io)?;
        let mut copy = LogReader::new(to, self.header.tag, start(&self.header), end);
        while copy.at.offset < end {
            frame(&mut copy)?;
        }
        Ok(())
    }
}

fn frame<'a>(reader: &'a mut LogReader<'_>) -> Result<Entry<'a>, StoreError> {
    let at = reader.at.offset;
    match reader.next()? {
        Next::Frame(entry) => Ok(entry),
        Next::Stop(why) => Err(corrupt(at, why)),
    }
}

// Empty if it lies outside, which the chunk's hash then shows.
fn block_of<'a>(pack: &PackAt<'a>, at: u64, len: u32) -> &'a [u8] {
    let from = usize::try_from(at).unwrap_or(usize::MAX);
    pack.bytes.get(from..from.saturating_add(len as usize)).unwrap_or_default()
}

// The new file.
struct Target {
    log: Log,
    index: Index,
    held: KeyMap<()>,
    pack: Pack,
    pack_bytes: usize,
    stats: CompactStats,
}

impl Target {
    fn create(file: Arc<dyn RawFile>, base: u64, refs: Refs) -> Result<Target, StoreError> {
        let mut log = Log::create(file, base, refs).map_err(io)?;
        // The refs, for whoever reads the log from its start.
        let checkpoint = Checkpoint { covered: log.at, runs: vec![], refs: log.refs.clone() };
        log.append(vec![Draft::whole(Kind::Checkpoint, &checkpoint.encode())]).map_err(io)?;
        Ok(Target {
            log,
            index: Index::default(),
            held: KeyMap::default(),
            pack: Pack::default(),
            pack_bytes: 0,
            stats: CompactStats::default(),
        })
    }

    fn holds(&self, hash: &Hash) -> bool {
        self.held.contains_key(&key(hash))
    }

    fn push(&mut self, chunk: Chunk) -> Result<(), StoreError> {
        self.held.insert(key(&chunk.hash()), ());
        self.stats.chunks_kept += 1;
        self.pack_bytes += chunk.bytes().len();
        self.pack.chunks.push(chunk);
        match self.pack_bytes >= FOLD_BYTES {
            true => self.write_pack(),
            false => Ok(()),
        }
    }

    fn write_pack(&mut self) -> Result<(), StoreError> {
        let pack = std::mem::take(&mut self.pack);
        self.pack_bytes = 0;
        if pack.is_empty() {
            return Ok(());
        }
        let (bytes, index) = pack.encode_indexed().map_err(|e| StoreError::Io(e.to_string()))?;
        let (bytes, lead) = layout::write_payload(None, &bytes);
        let pack_at = (bytes.len() - index.len) as u64;
        let at = self.log.append(vec![Draft { kind: Kind::Fold, lead, bytes }]).map_err(io)?;
        let pack_at = at.first().copied().unwrap_or_default() + pack_at;
        for (hash, slice) in &index.entries {
            self.index.recent.chunks.insert(key(hash), locate(slice, pack_at));
        }
        self.index.recent.keyframes.extend(index.keyframes);
        Ok(())
    }

    fn write_index(&mut self) -> Result<(), StoreError> {
        let recent: Recent = std::mem::take(&mut self.index.recent);
        let (run, _) = fold(&recent, &[]);
        let refs = self.log.refs.clone();
        let run = self.log.checkpoint(self.log.at, &refs, &[], run).map_err(io)?;
        self.index.runs.push(Arc::new(run));
        self.held = KeyMap::default();
        Ok(())
    }

    // Durable as a whole before it gets its name, slot included: nothing older vouches for it.
    fn finish(&mut self) -> Result<(), StoreError> {
        let checkpoint = self.log.slot.checkpoint;
        self.log.write_slot(checkpoint, false).map_err(io)?;
        self.log.sync().map_err(io)
    }

    // Copies the writes between two positions as they are.
    fn carry(
        &mut self,
        source: &Source,
        from: Position,
        upto: Position,
    ) -> Result<Position, StoreError> {
        let mut reader = source.reader(from, upto);
        while reader.at.offset < upto.offset {
            let entry = frame(&mut reader)?;
            if entry.frame.kind != Kind::Write {
                continue;
            }
            let mut bytes = vec![0; FRAME_LEN];
            bytes.extend_from_slice(entry.payload);
            let draft = Draft { kind: Kind::Write, lead: entry.frame.lead, bytes };
            let at = self.log.append(vec![draft]).map_err(io)?;
            // The same frame in another place.
            let moved = at.first().copied().unwrap_or_default();
            let pack = entry.pack.as_ref().map(|pack| PackAt {
                at: pack.at - entry.at + moved,
                index: pack.index.clone(),
                bytes: pack.bytes,
            });
            let entry = Entry { at: moved, pack, ..entry };
            replay(&entry, &mut self.index.recent, &mut self.log.refs);
        }
        Ok(upto)
    }
}
