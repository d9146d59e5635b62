//! The few things that storage asks of an operating system, so that a test can stand in for one
//! that loses power at the worst moment.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open file, held by nobody else.
pub trait RawFile: Send + Sync {
    /// Fills the buffer from `offset`, or fails with `UnexpectedEof`.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all of `bytes` at `offset`, growing the file where needed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Returns when everything written, and the length, would survive a loss of power.
    fn sync(&self) -> io::Result<()>;
    /// Cuts the file off, or grows it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }
}

/// Where a database lives: its file, and those beside it, whose names are its own with a suffix.
/// The empty suffix is the database itself.
pub trait Place: Send + Sync {
    /// Opens the file exclusively: `WouldBlock` if another opener has it, `NotFound` if it is not
    /// there and `create` is false.
    fn open(&self, suffix: &str, create: bool) -> io::Result<Arc<dyn RawFile>>;
    /// Puts one file in the place of another, atomically.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; succeeds if there is none.
    fn remove(&self, suffix: &str) -> io::Result<()>;
    /// Returns when creations, renames and removals would survive a loss of power.
    fn sync(&self) -> io::Result<()>;
    /// The name, for messages.
    fn name(&self, suffix: &str) -> String;
}

/// A path of the operating system.
pub struct OsPlace(PathBuf);

impl OsPlace {
    /// The database at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        OsPlace(path.into())
    }

    fn path(&self, suffix: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    fn folder(&self) -> &Path {
        match self.0.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

impl Place for OsPlace {
    fn open(&self, suffix: &str, create: bool) -> io::Result<Arc<dyn RawFile>> {
        let path = self.path(suffix);
        if create {
            std::fs::create_dir_all(self.folder())?;
        }
        loop {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(create).truncate(false).open(&path)?;
            file.try_lock().map_err(|e| match e {
                TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
                TryLockError::Error(e) => e,
            })?;
            // A compaction elsewhere may have put another file here between opening and locking.
            if is_still_at(&file, &path)? {
                return Ok(Arc::new(OsFile(file)));
            }
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, suffix: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path(suffix)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    #[cfg(unix)]
    fn sync(&self) -> io::Result<()> {
        File::open(self.folder())?.sync_all()
    }

    // Other systems have no handle of a directory to sync; their renames are journalled.
    #[cfg(not(unix))]
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn name(&self, suffix: &str) -> String {
        self.path(suffix).display().to_string()
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok(there.ino() == ours.ino() && there.dev() == ours.dev()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

// An open file cannot be replaced here.
#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

struct OsFile(File);

impl RawFile for OsFile {
    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, buffer, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, bytes, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(&self.0, buffer, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
            }
        }
        Ok(())
    }

    #[cfg(windows)]
    fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(&self.0, bytes, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => {
                    bytes = &bytes[written..];
                    offset += written as u64;
                }
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|m| m.len())
    }
}
