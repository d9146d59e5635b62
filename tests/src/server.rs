//! A server: a process of the program over one file.

use crate::client::Client;
use crate::folder::Folder;
use crate::program;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a server may take until it says where it listens. Only a broken one takes it.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server, killed when dropped. A panic of the server fails the test that owns it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    client: Client,
    place: Place,
}

/// Where a server's file and its complaints are.
#[derive(Debug)]
struct Place {
    data: PathBuf,
    complaints: PathBuf,
    folder: Option<Folder>,
    arguments: &'static [&'static str],
}

/// A server that did not come up.
#[derive(Debug)]
pub struct Refused {
    /// How it ended.
    pub status: ExitStatus,
    /// What it complained about.
    pub stderr: String,
}

impl Server {
    /// Over a new file in a folder of its own.
    pub fn new() -> Self {
        Server::with(&[])
    }

    /// The same, started with further arguments, as it is again after an end.
    pub fn with(arguments: &'static [&'static str]) -> Self {
        let folder = Folder::new();
        let place = Place {
            data: folder.join("test.offshoot"),
            complaints: folder.join("stderr"),
            folder: Some(folder),
            arguments,
        };
        Server::start(place)
            .unwrap_or_else(|refused| panic!("the server did not start: {refused:?}"))
    }

    /// Over a file that someone else keeps.
    pub fn over(data: &Path) -> Result<Self, Refused> {
        let complaints = data.with_extension("stderr");
        Server::start(Place { data: data.to_owned(), complaints, folder: None, arguments: &[] })
    }

    fn start(place: Place) -> Result<Self, Refused> {
        let mut command = program::command();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&place.data)
            .args(place.arguments);
        command.stdout(Stdio::piped());
        // Appended to: a server that starts again does not hide what the one before said.
        let complaints = File::options().create(true).append(true).open(&place.complaints);
        command.stderr(complaints.unwrap());
        let mut process = Process(command.spawn().expect("the program starts"));
        let Some(base) = address(&mut process) else {
            let status = process.0.wait().unwrap();
            let stderr = std::fs::read_to_string(&place.complaints).unwrap_or_default();
            return Err(Refused { status, stderr });
        };
        let client = Client::new(base);
        Ok(Server { process, client, place })
    }

    /// Its client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its file.
    pub fn data(&self) -> &Path {
        &self.place.data
    }

    /// What it, and those before it on this file, complained about.
    pub fn complaints(&self) -> String {
        let bytes = std::fs::read(&self.place.complaints).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Ends the process as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Asks it to end (SIGTERM) and waits until it has, which must be in order.
    pub fn terminate(&mut self) {
        let id = self.process.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success(), "no signal could be sent");
        let status = self.process.0.wait().unwrap();
        assert!(status.success(), "shutdown ended with {status}: {}", self.complaints());
    }

    /// Starts it again on the same file, after it ended. It listens on another port.
    pub fn restart(&mut self) {
        let place = Place {
            data: self.place.data.clone(),
            complaints: self.place.complaints.clone(),
            folder: None,
            arguments: self.place.arguments,
        };
        let again = Server::start(place);
        let mut again = again.unwrap_or_else(|e| panic!("the server did not start again: {e:?}"));
        std::mem::swap(&mut self.process, &mut again.process);
        std::mem::swap(&mut self.client, &mut again.client);
    }
}

impl Default for Server {
    fn default() -> Self {
        Server::new()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.0.kill();
        let _ = self.process.0.wait();
        let complaints = self.complaints();
        if std::thread::panicking() {
            let kept = self.place.folder.as_ref().map(Folder::path);
            eprintln!("the server's stderr (its folder is {kept:?}):\n{complaints}");
        } else {
            assert!(!complaints.contains("panicked"), "the server panicked:\n{complaints}");
        }
    }
}

/// A process that does not outlive its owner.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads what the server prints until it says where it listens; `None` where it ends before. What
/// it prints later is read too, so that it never waits for a reader.
fn address(process: &mut Process) -> Option<String> {
    let stdout = process.0.stdout.take().expect("stdout is a pipe");
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    loop {
        match receive.recv_timeout(READY_TIMEOUT) {
            Ok(line) => {
                if let Some(base) = address_in(&line) {
                    return Some(base);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                panic!("the server says nothing of where it listens")
            }
        }
    }
}

fn address_in(line: &str) -> Option<String> {
    const START: &str = "http://127.0.0.1:";
    let rest = &line[line.find(START)? + START.len()..];
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u16>().ok().map(|port| format!("{START}{port}"))
}

#[cfg(test)]
mod tests {
    use super::address_in;

    #[test]
    fn where_it_listens() {
        let base = Some("http://127.0.0.1:4711".to_owned());
        assert_eq!(address_in("http://127.0.0.1:4711"), base);
        assert_eq!(address_in("Offshoot listens on http://127.0.0.1:4711/v1 now"), base);
        assert_eq!(address_in("http://127.0.0.1:x"), None);
        assert_eq!(address_in("starting"), None);
    }
}
