//! Reading everything, and saying what is wrong where.

use super::layout::{Header, Kind, LOG_START, Slot};
use super::log::{Checkpoint, Refs};
use super::open::{
    corrupt, newest_slot, read_checkpoint, read_head, read_index_frame, replay, unopened,
};
use super::raw::{OsPlace, Place, RawFile};
use super::run::{Index, Key, Location, Recent, Run, key, locate};
use super::scan::{Entry, LogReader, Next, PackAt, Position, io};
use super::store::FileStore;
use offshoot_core::chunk::{Pack, StoreError};
use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Something wrong in a database file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// What.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {}: {}", self.offset, self.what)
    }
}

/// Reads all of a database file that nobody has open, including one that is too damaged to be
/// opened: every frame, every chunk, the index. An incomplete write at the end, which opening would
/// move aside, is not a finding.
pub fn verify_file(path: impl AsRef<Path>) -> Result<Vec<Finding>, StoreError> {
    verify_place(&OsPlace::new(path.as_ref()))
}

/// The same for a place that need not be of the operating system.
#[doc(hidden)]
pub fn verify_place(place: &dyn Place) -> Result<Vec<Finding>, StoreError> {
    let file = place.open("", false).map_err(|e| unopened(place, &e))?;
    let len = file.len().map_err(io)?;
    let mut check = Check { file: &*file, len, findings: Vec::new() };
    let head = read_head(&*file, len)?;
    let slot = Header::decode(&head).map(|header| (header, newest_slot(&head, &header)));
    match slot {
        Err(what) => check.find(0, what),
        Ok((header, Err(e))) => {
            check.find(Slot::offset(0), e.to_string());
            check.log(&header, &head, Slot::default())?;
        }
        Ok((header, Ok(slot))) => drop(check.log(&header, &head, slot)?),
    }
    Ok(check.findings)
}

impl FileStore {
    /// Reads everything that is in the file now: every frame, every chunk, the index, the refs.
    /// Readers and writers go on meanwhile.
    pub fn verify(&self) -> Result<Vec<Finding>, StoreError> {
        self.flush()?;
        let (file, header, slot, at, refs) = {
            let log = self.inner.log();
            (log.file.clone(), log.header, log.slot, log.at, log.refs.clone())
        };
        let head = read_head(&*file, at.offset)?;
        let mut check = Check { file: &*file, len: at.offset, findings: Vec::new() };
        let slot = Slot { end: at.offset, sequence: at.sequence, ..slot };
        let logged = check.log(&header, &head, slot)?;
        if check.findings.is_empty() && logged != refs {
            check.find(at.offset, "the refs in memory are not those in the log");
        }
        Ok(check.findings)
    }
}

struct Check<'a> {
    file: &'a dyn RawFile,
    len: u64,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn find(&mut self, offset: u64, what: impl Into<String>) {
        self.findings.push(Finding { offset, what: what.into() });
    }

    // The refs that the log ends with.
    fn log(&mut self, header: &Header, head: &[u8], slot: Slot) -> Result<Refs, StoreError> {
        for (number, read) in Slot::both(head, &header.tag).iter().enumerate() {
            if read.is_none() {
                self.find(Slot::offset(number), "a slot of the file header is damaged");
            }
        }
        if slot.end > self.len {
            let what = format!("the file is cut off: it had at least {} bytes", slot.end);
            self.find(self.len, what);
        }
        let index = self.index(header, slot.checkpoint)?;
        let covered = index.as_ref().map_or(0, |(checkpoint, _)| checkpoint.covered.offset);

        let mut seen = HashSet::new();
        let (mut recent, mut refs) = (Recent::default(), Refs::new());
        let from = Position { offset: LOG_START, sequence: header.base, chain: 0 };
        let mut reader = LogReader::new(self.file, header.tag, from, self.len);
        loop {
            let at = reader.at;
            match reader.next()? {
                Next::Frame(entry) => {
                    let pack = entry.pack.as_ref();
                    if let Some(Err(e)) = pack.map(|pack| Pack::decode(pack.bytes)) {
                        self.find(entry.at, e.to_string());
                    }
                    if entry.at < covered {
                        seen.extend(pack.into_iter().flat_map(places));
                    }
                    // The index is checked by `seen`; here only refs matter.
                    replay(&Entry { pack: None, ..entry }, &mut recent, &mut refs);
                }
                Next::Stop(why) => {
                    let (proven, _) = reader.evidence(at.offset)?;
                    if at.offset >= slot.end && at.sequence >= proven.max(slot.sequence) {
                        break;
                    }
                    self.find(at.offset, format!("{why}, where an acknowledged write stood"));
                    match reader.resume(at.offset + 8)? {
                        Some(position) => reader.at = position,
                        None => break,
                    }
                }
            }
        }
        if self.findings.is_empty()
            && let Some((_, index)) = index
        {
            self.compare(slot.checkpoint, &index, &seen);
        }
        Ok(refs)
    }

    fn index(
        &mut self,
        header: &Header,
        at: u64,
    ) -> Result<Option<(Checkpoint, Index)>, StoreError> {
        if at == 0 {
            return Ok(None);
        }
        let read = || {
            let checkpoint = read_checkpoint(self.file, header, at, self.len)?;
            let mut index = Index::default();
            for at in &checkpoint.runs {
                let (_, _, payload) =
                    read_index_frame(self.file, header, *at, self.len, Kind::Run)?;
                let run = Run::read(payload, *at).map_err(|what| corrupt(*at, what))?;
                index.runs.push(Arc::new(run));
            }
            Ok((checkpoint, index))
        };
        match read() {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Corrupt(what)) => {
                self.find(at, what);
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    // Whether the index names what the packs hold, all of it and nothing else.
    fn compare(&mut self, at: u64, index: &Index, seen: &HashSet<(Key, Location)>) {
        let mut indexed = HashSet::new();
        for (key, place) in index.runs.iter().flat_map(|run| run.chunks()) {
            if !seen.contains(&(key, place)) {
                return self.find(at, "the index names a place where no pack has this chunk");
            }
            indexed.insert(key);
        }
        if seen.iter().any(|(key, _)| !indexed.contains(key)) {
            self.find(at, "the index lacks a chunk that a pack has");
        }
    }
}

fn places<'a>(pack: &'a PackAt<'_>) -> impl Iterator<Item = (Key, Location)> + 'a {
    pack.index.entries.iter().map(|(hash, slice)| (key(hash), locate(slice, pack.at)))
}
