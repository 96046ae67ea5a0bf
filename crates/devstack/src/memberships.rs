//! Ends the memberships of consumer groups that nobody holds any more. A group gives a member that was killed six
//! seconds to come back (its session) before anybody else gets its partitions, and a broker that starts again begins
//! to count anew. On a machine whose processes are known to be gone nobody needs to wait for them.

use std::io::Error;
use std::time::{Duration, Instant};

use crate::protocol::{Answer, Request, ask, count, text};

const LEAVE_GROUP: (i16, i16) = (13, 0);
const DESCRIBE_GROUPS: (i16, i16) = (15, 0);
/// The coordinator is loading its groups, is not there yet, or is another broker, or does not know yet that it is the
/// one.
const NOT_YET: [i16; 3] = [14, 15, 16];
const UNKNOWN_MEMBER: i16 = 25;
const LOADED_WITHIN: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Makes every member leave the group, whichever of these brokers coordinates it; says how many there were.
pub(crate) async fn end(ports: &[u16], group: &str) -> std::io::Result<usize> {
    let (port, members) = members(ports, group).await?;
    for member in &members {
        let mut body = Vec::new();
        text(&mut body, group);
        text(&mut body, member);
        match ask(port, &Request { api: LEAVE_GROUP, body }).await?.int16()? {
            0 | UNKNOWN_MEMBER => {}
            code => return Err(refused("LeaveGroup", code)),
        }
    }
    Ok(members.len())
}

async fn members(ports: &[u16], group: &str) -> std::io::Result<(u16, Vec<String>)> {
    let mut body = count(1).to_be_bytes().to_vec();
    text(&mut body, group);
    let request = Request { api: DESCRIBE_GROUPS, body };
    let began = Instant::now();
    for port in ports.iter().copied().cycle() {
        let mut answer = ask(port, &request).await?;
        let _groups = answer.int32()?;
        match answer.int16()? {
            0 => return Ok((port, described(answer)?)),
            code if NOT_YET.contains(&code) && began.elapsed() < LOADED_WITHIN => tokio::time::sleep(ASK_EVERY).await,
            code => return Err(refused("DescribeGroups", code)),
        }
    }
    Err(Error::other("there is no broker to ask"))
}

/// The ids of the members, from what follows the error code.
fn described(mut answer: Answer) -> std::io::Result<Vec<String>> {
    let (_group, _state, _protocol_type, _protocol) = (answer.text()?, answer.text()?, answer.text()?, answer.text()?);
    let mut members = Vec::new();
    for _member in 0..answer.int32()? {
        members.push(answer.text()?);
        let (_client, _host) = (answer.text()?, answer.text()?);
        // What it subscribed to, and what it was given.
        answer.skip_bytes()?;
        answer.skip_bytes()?;
    }
    Ok(members)
}

fn refused(what: &str, code: i16) -> Error {
    Error::other(format!("the broker refused {what} with code {code}"))
}
