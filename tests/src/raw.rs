//! HTTP by hand, for what a proper client does not send.

use crate::client::{Client, Reply};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// POSTs `length` bytes of body, made by `byte`, after asking whether they are welcome
/// (`Expect: 100-continue`). So the reply to a body that is too long is read for certain: whoever
/// refuses it by its announced length has not been sent it, and whoever counts has read it all.
pub fn post_expecting(
    client: &Client,
    path: &str,
    length: usize,
    byte: impl Fn(usize) -> u8,
) -> Reply {
    let host = client.base().strip_prefix("http://").expect("a plain address");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut status = head(&mut reader).0;
    let mut announced = None;
    if status == 100 {
        let body: Vec<u8> = (0..length).map(byte).collect();
        // It may answer before it has read everything; the reply tells.
        let _ = stream.write_all(&body);
        (status, announced) = head(&mut reader);
    }
    let mut body = Vec::new();
    match announced {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body).unwrap();
        }
        None => {
            let _ = reader.read_to_end(&mut body);
        }
    }
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
    Reply::new(status, body, format!("POST {path} with {length} bytes"))
}

/// Reads a status line and headers: the status, and the length of the body where it is given.
fn head(reader: &mut impl BufRead) -> (u16, Option<usize>) {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
    let mut length = None;
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
    (status, length)
}
