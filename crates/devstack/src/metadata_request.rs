//! Asks a broker who is there, and who has which partition.

use crate::protocol::{Answer, Request, ask};

const METADATA: (i16, i16) = (3, 1);

/// A partition of any topic, Kafka's own included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// `node.id` of the broker that leads it; negative if nobody does.
    pub leader: i32,
    /// The brokers that are to have it.
    pub replicas: Vec<i32>,
    /// Those that have all of it.
    pub in_sync: Vec<i32>,
}

/// The ids of the brokers that clients may use, as the broker on this port sees it. One that has started but is not
/// registered with its controller is not among them, and would refuse to create a topic.
pub(crate) async fn brokers(port: u16) -> std::io::Result<Vec<i32>> {
    let no_topics = 0_i32.to_be_bytes().to_vec();
    read_brokers(&mut ask(port, &Request { api: METADATA, body: no_topics }).await?)
}

/// Every partition, as the broker on this port sees it.
pub(crate) async fn partitions(port: u16) -> std::io::Result<Vec<PartitionState>> {
    let all_topics = (-1_i32).to_be_bytes().to_vec();
    let mut answer = ask(port, &Request { api: METADATA, body: all_topics }).await?;
    let (_brokers, _controller) = (read_brokers(&mut answer)?, answer.int32()?);
    let mut partitions = Vec::new();
    for _topic in 0..answer.int32()? {
        let (_error, topic, _internal) = (answer.int16()?, answer.text()?, answer.int8()?);
        for _partition in 0..answer.int32()? {
            let _error = answer.int16()?;
            partitions.push(PartitionState {
                topic: topic.clone(),
                partition: answer.int32()?,
                leader: answer.int32()?,
                replicas: read_ids(&mut answer)?,
                in_sync: read_ids(&mut answer)?,
            });
        }
    }
    Ok(partitions)
}

fn read_brokers(answer: &mut Answer) -> std::io::Result<Vec<i32>> {
    let mut ids = Vec::new();
    for _broker in 0..answer.int32()? {
        ids.push(answer.int32()?);
        let (_host, _port, _rack) = (answer.text()?, answer.int32()?, answer.text()?);
    }
    Ok(ids)
}

fn read_ids(answer: &mut Answer) -> std::io::Result<Vec<i32>> {
    (0..answer.int32()?).map(|_id| answer.int32()).collect()
}
