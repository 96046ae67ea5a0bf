//! A few requests of the Kafka protocol on a connection of their own, without a client library:
//! <https://kafka.apache.org/protocol.html>. Versions before flexible ones: plain integers, lengths and texts.

use std::io::{Error, ErrorKind};
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const CLIENT_ID: &str = "devstack";
const CORRELATION: i32 = 1;
/// More than any answer to these requests has.
const LARGEST_ANSWER: i32 = 16 * 1024 * 1024;

/// A request without its header.
pub(crate) struct Request {
    /// The API's key and version.
    pub(crate) api: (i16, i16),
    pub(crate) body: Vec<u8>,
}

/// An answer without its header, read from the front.
pub(crate) struct Answer {
    bytes: Vec<u8>,
    read: usize,
}

/// Sends a request to the broker on this port of 127.0.0.1, and waits two seconds for the answer.
pub(crate) async fn ask(port: u16, request: &Request) -> std::io::Result<Answer> {
    let elapsed = |_elapsed| Error::from(ErrorKind::TimedOut);
    tokio::time::timeout(ANSWER_WITHIN, exchange(port, request)).await.map_err(elapsed)?
}

async fn exchange(port: u16, request: &Request) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(&framed(request)).await?;
    let length = stream.read_i32().await?;
    let correlation = stream.read_i32().await?;
    let rest = usize::try_from(length.saturating_sub(4)).map_err(|_negative| no_answer())?;
    if length > LARGEST_ANSWER || correlation != CORRELATION {
        return Err(no_answer());
    }
    let mut bytes = vec![0; rest];
    stream.read_exact(&mut bytes).await?;
    Ok(Answer { bytes, read: 0 })
}

fn framed(request: &Request) -> Vec<u8> {
    let mut head = Vec::with_capacity(18);
    head.extend(request.api.0.to_be_bytes());
    head.extend(request.api.1.to_be_bytes());
    head.extend(CORRELATION.to_be_bytes());
    text(&mut head, CLIENT_ID);
    let mut framed = count(head.len() + request.body.len()).to_be_bytes().to_vec();
    framed.extend(head);
    framed.extend(&request.body);
    framed
}

/// Appends a text with its length.
pub(crate) fn text(body: &mut Vec<u8>, text: &str) {
    body.extend(i16::try_from(text.len()).unwrap_or(i16::MAX).to_be_bytes());
    body.extend(text.as_bytes());
}

/// A length as the protocol has it.
pub(crate) fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

impl Answer {
    pub(crate) fn int8(&mut self) -> std::io::Result<i8> {
        self.take().map(i8::from_be_bytes)
    }

    pub(crate) fn int16(&mut self) -> std::io::Result<i16> {
        self.take().map(i16::from_be_bytes)
    }

    pub(crate) fn int32(&mut self) -> std::io::Result<i32> {
        self.take().map(i32::from_be_bytes)
    }

    pub(crate) fn text(&mut self) -> std::io::Result<String> {
        let length = usize::try_from(self.int16()?).unwrap_or(0);
        String::from_utf8(self.slice(length)?.to_owned()).map_err(|_not_utf_8| no_answer())
    }

    pub(crate) fn skip_bytes(&mut self) -> std::io::Result<()> {
        let length = usize::try_from(self.int32()?).unwrap_or(0);
        self.slice(length).map(drop)
    }

    fn take<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        self.slice(N)?.try_into().map_err(|_length| no_answer())
    }

    fn slice(&mut self, length: usize) -> std::io::Result<&[u8]> {
        let end = self.read.saturating_add(length);
        let slice = self.bytes.get(self.read..end).ok_or_else(no_answer)?;
        self.read = end;
        Ok(slice)
    }
}

fn no_answer() -> Error {
    Error::new(ErrorKind::InvalidData, "not an answer of a Kafka broker")
}

#[cfg(test)]
mod tests;
