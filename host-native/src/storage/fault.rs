//! A place in memory that can lose power: what tests put in the stead of a disk.
//!
//! What was written since the last sync survives a loss of power in sectors of 512 bytes, each or
//! not, in any combination; names change in order, up to some point. Every choice comes from a
//! seed.

use super::raw::{Place, RawFile};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;

/// What happens at a chosen operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Part of the operation is done, and no later one: the power is gone, or the process is.
    Stop,
    /// Part of the operation is done and an error returned; later ones work again.
    Fail,
}

/// What survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process ended: everything that it wrote.
    Killed,
    /// The power was lost: what was synced, and any part of the rest.
    PowerLost,
}

/// Files in memory. Clones are the same place.
#[derive(Clone)]
pub struct FaultPlace(Arc<Mutex<World>>);

struct World {
    files: Vec<FileNow>,
    names: BTreeMap<String, usize>,
    // What the names were after the last sync, and what was done since.
    durable_names: BTreeMap<String, usize>,
    renames: Vec<BTreeMap<String, usize>>,
    rng: u64,
    operations: u64,
    fault_at: Option<(u64, Fault)>,
    dead: bool,
    syncs: u64,
}

#[derive(Default, Clone)]
struct FileNow {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    // Written since the last sync; `None`: the length changed.
    unsynced: Vec<(usize, Option<Vec<u8>>)>,
}

impl FaultPlace {
    /// An empty place whose choices follow from `seed`.
    pub fn new(seed: u64) -> Self {
        FaultPlace(Arc::new(Mutex::new(World {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            renames: Vec::new(),
            rng: seed | 1,
            operations: 0,
            fault_at: None,
            dead: false,
            syncs: 0,
        })))
    }

    /// A place that holds one database file.
    pub fn with(bytes: Vec<u8>) -> Self {
        let place = FaultPlace::new(1);
        {
            let mut world = place.world();
            world.files.push(FileNow { durable: bytes.clone(), bytes, unsynced: vec![] });
            world.names.insert(String::new(), 0);
            world.durable_names.insert(String::new(), 0);
        }
        place
    }

    /// Lets `fault` happen at the operation after `operations` more.
    pub fn fault_after(&self, operations: u64, fault: Fault) {
        let mut world = self.world();
        world.fault_at = Some((world.operations + operations, fault));
    }

    /// How many operations that change something there were.
    pub fn operations(&self) -> u64 {
        self.world().operations
    }

    /// How many syncs of files there were.
    pub fn syncs(&self) -> u64 {
        self.world().syncs
    }

    /// The place as the next process finds it.
    pub fn after(&self, crash: Crash) -> FaultPlace {
        let mut world = self.world();
        let (mut files, mut names) = (world.files.clone(), world.names.clone());
        if crash == Crash::PowerLost {
            let points = world.renames.len() as u64 + 1;
            let kept = world.below(points);
            names = match kept.checked_sub(1) {
                Some(last) => world.renames[last].clone(),
                None => world.durable_names.clone(),
            };
            for file in &mut files {
                file.bytes = world.survivors(file);
                file.durable = file.bytes.clone();
                file.unsynced.clear();
            }
        }
        let next = FaultPlace::new(world.draw());
        {
            let mut after = next.world();
            after.files = files;
            after.names = names.clone();
            // What a process left unsynced may still go with the power later.
            (after.durable_names, after.renames) = match crash {
                Crash::PowerLost => (names, vec![]),
                Crash::Killed => (world.durable_names.clone(), world.renames.clone()),
            };
        }
        next
    }

    /// The bytes of a file; `None` if there is none.
    pub fn bytes(&self, suffix: &str) -> Option<Vec<u8>> {
        let world = self.world();
        world.names.get(suffix).map(|file| world.files[*file].bytes.clone())
    }

    /// The suffixes of all files.
    pub fn names(&self) -> Vec<String> {
        self.world().names.keys().cloned().collect()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    // xorshift64*
    fn draw(&mut self) -> u64 {
        self.rng ^= self.rng >> 12;
        self.rng ^= self.rng << 25;
        self.rng ^= self.rng >> 27;
        self.rng.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1
    }

    fn below(&mut self, n: u64) -> usize {
        ((self.draw() >> 20) % n.max(1)) as usize
    }

    fn survivors(&mut self, file: &FileNow) -> Vec<u8> {
        let mut bytes = file.durable.clone();
        // Sometimes nothing or everything made it, which chance alone would seldom bring.
        let odds = [0, 1, 2, 3, 4][self.below(5)];
        for (at, written) in &file.unsynced {
            let Some(written) = written else {
                if self.below(4) < odds {
                    bytes.resize(*at, 0);
                }
                continue;
            };
            let mut from = 0;
            while from < written.len() {
                let to = ((at + from) / SECTOR + 1) * SECTOR - at;
                let to = to.min(written.len());
                if self.below(4) < odds {
                    put(&mut bytes, at + from, &written[from..to]);
                }
                from = to;
            }
        }
        bytes
    }

    // Counts an operation; `Err` if this one fails, after the part that is done of it.
    fn operate(&mut self) -> Result<(), Option<Fault>> {
        if self.dead {
            return Err(None);
        }
        let now = self.operations;
        self.operations += 1;
        match self.fault_at {
            Some((at, fault)) if at == now => {
                self.dead = fault == Fault::Stop;
                Err(Some(fault))
            }
            _ => Ok(()),
        }
    }

    fn rename_all(&mut self, names: BTreeMap<String, usize>) {
        self.renames.push(names.clone());
        self.names = names;
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
    let end = at + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(written);
}

fn failed() -> io::Error {
    io::Error::other("an injected fault")
}

struct FaultFile {
    place: FaultPlace,
    file: usize,
}

impl RawFile for FaultFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let world = self.place.world();
        let bytes = &world.files[self.file].bytes;
        let from = usize::try_from(offset).map_err(|_| ErrorKind::UnexpectedEof)?;
        let part = bytes.get(from..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(part.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut world = self.place.world();
        let part = match world.operate() {
            Ok(()) => bytes.len(),
            Err(None) => return Err(failed()),
            Err(Some(_)) => world.below(bytes.len() as u64 + 1),
        };
        let file = &mut world.files[self.file];
        put(&mut file.bytes, offset as usize, &bytes[..part]);
        file.unsynced.push((offset as usize, Some(bytes[..part].to_vec())));
        if part == bytes.len() && world.fault_at.is_none_or(|(at, _)| at + 1 != world.operations) {
            return Ok(());
        }
        Err(failed())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.place.world();
        world.operate().map_err(|_| failed())?;
        world.syncs += 1;
        let file = &mut world.files[self.file];
        file.durable = file.bytes.clone();
        file.unsynced.clear();
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut world = self.place.world();
        world.operate().map_err(|_| failed())?;
        let file = &mut world.files[self.file];
        file.bytes.resize(len as usize, 0);
        file.unsynced.push((len as usize, None));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.place.world().files[self.file].bytes.len() as u64)
    }
}

impl Place for FaultPlace {
    fn open(&self, suffix: &str, create: bool) -> io::Result<Arc<dyn RawFile>> {
        let mut world = self.world();
        if let Some(file) = world.names.get(suffix) {
            return Ok(Arc::new(FaultFile { place: self.clone(), file: *file }));
        }
        if !create {
            return Err(ErrorKind::NotFound.into());
        }
        world.operate().map_err(|_| failed())?;
        let file = world.files.len();
        world.files.push(FileNow::default());
        let mut names = world.names.clone();
        names.insert(suffix.to_owned(), file);
        world.rename_all(names);
        Ok(Arc::new(FaultFile { place: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.world();
        world.operate().map_err(|_| failed())?;
        let mut names = world.names.clone();
        let file = names.remove(from).ok_or(ErrorKind::NotFound)?;
        names.insert(to.to_owned(), file);
        world.rename_all(names);
        Ok(())
    }

    fn remove(&self, suffix: &str) -> io::Result<()> {
        let mut world = self.world();
        world.operate().map_err(|_| failed())?;
        let mut names = world.names.clone();
        names.remove(suffix);
        world.rename_all(names);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.world();
        world.operate().map_err(|_| failed())?;
        world.durable_names = world.names.clone();
        world.renames.clear();
        Ok(())
    }

    fn name(&self, suffix: &str) -> String {
        format!("memory{suffix}")
    }
}
