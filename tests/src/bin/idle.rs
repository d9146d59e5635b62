//! Opens connections to an address and says nothing on them: `idle ADDRESS NUMBER`.
//!
//! Prints how many it opened, holds them until its input ends, and then prints how many the other
//! side has closed meanwhile. A program of its own, so that neither it nor the server it asks meets
//! the other's limit of open files.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().expect("an address");
    let number: usize = arguments.next().and_then(|text| text.parse().ok()).expect("a number");
    rlimit::increase_nofile_limit(number as u64 + 64).expect("files");
    let open = || TcpStream::connect(&address).expect("a connection");
    let connections: Vec<TcpStream> = (0..number).map(|_| open()).collect();
    println!("{}", connections.len());
    std::io::stdin().read_to_end(&mut Vec::new()).expect("input");
    let closed = |stream: &&TcpStream| {
        stream.set_nonblocking(true).expect("a socket");
        let mut socket: &TcpStream = stream;
        // Nothing was asked, so what can be read is the end.
        !socket.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    println!("{}", connections.iter().filter(closed).count());
}
