//! Asks a broker who it is, with forty bytes of the Kafka protocol and no client library.
//! <https://kafka.apache.org/protocol.html#The_Messages_Metadata>, version 1.

use std::io::{Error, ErrorKind};
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const CLIENT_ID: &[u8; 8] = b"devstack";

/// How many brokers clients may use, as the broker on this port sees it. One that has started but is not registered
/// with its controller answers 0, and would refuse to create a topic.
pub(crate) async fn count_brokers(port: u16) -> std::io::Result<i32> {
    tokio::time::timeout(ANSWER_WITHIN, exchange(port)).await.map_err(|_elapsed| Error::from(ErrorKind::TimedOut))?
}

async fn exchange(port: u16) -> std::io::Result<i32> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(&request()).await?;
    let length = stream.read_i32().await?;
    let correlation = stream.read_i32().await?;
    if length < 8 || correlation != 1 {
        return Err(Error::new(ErrorKind::InvalidData, "not an answer of a Kafka broker"));
    }
    stream.read_i32().await
}

fn request() -> Vec<u8> {
    let mut body = Vec::with_capacity(32);
    body.extend(3_i16.to_be_bytes()); // api key: Metadata
    body.extend(1_i16.to_be_bytes()); // api version
    body.extend(1_i32.to_be_bytes()); // correlation id
    body.extend(8_i16.to_be_bytes()); // length of the client id
    body.extend(CLIENT_ID);
    body.extend(0_i32.to_be_bytes()); // no topics
    let mut framed = 22_i32.to_be_bytes().to_vec();
    framed.append(&mut body);
    framed
}
