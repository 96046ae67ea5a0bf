//! Partitions of which a fetch is told that they have no leader. A broker that has just come back says "not the leader" to
//! fetches and tells who is: of some partitions a broker, of others nobody. librdkafka makes room for all of them, fills in
//! those that have one, and then believes all: what lay in memory before becomes a partition's leader epoch. Nothing is
//! ever read again of one whose epoch has become too high, since every later answer looks older; an index that is below
//! zero ends the process (`rd_kafka_handle_Fetch_metadata_update` of librdkafka 2.12; ADR 0023).
//!
//! So the room is filled as soon as it is made, with a partition that no topic has: librdkafka passes over that. The linker
//! leads the call here (`--wrap`, in `.cargo/config.toml`).

use std::ffi::{c_char, c_int, c_void};

use rdkafka_sys as sys;

/// Of no topic.
const NOWHERE: i32 = i32::MAX;

/// `rd_kafka_Uuid_t`.
#[repr(C)]
struct Uuid {
    most: i64,
    least: i64,
    base64: [c_char; 23],
}

unsafe extern "C" {
    /// librdkafka's own.
    fn __real_rd_kafkap_leader_discovery_set_topic(
        buffer: *mut c_void,
        told: *mut sys::rd_kafka_metadata_t,
        topic: c_int,
        id: Uuid,
        name: *mut c_char,
        partitions: c_int,
    );
}

type SetTopic = unsafe extern "C" fn(*mut c_void, *mut sys::rd_kafka_metadata_t, c_int, Uuid, *mut c_char, c_int);

/// Keeps both in whatever is linked: without the linker's flag nothing is.
#[used]
static LED_HERE: [SetTopic; 2] =
    [__wrap_rd_kafkap_leader_discovery_set_topic, __real_rd_kafkap_leader_discovery_set_topic];

/// Whoever calls librdkafka's own comes here.
///
/// # Safety
/// As librdkafka calls it: `told` has that topic, and `buffer` has room for its partitions.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafkap_leader_discovery_set_topic(
    buffer: *mut c_void,
    told: *mut sys::rd_kafka_metadata_t,
    topic: c_int,
    id: Uuid,
    name: *mut c_char,
    partitions: c_int,
) {
    // SAFETY: the arguments are passed on as they came. Then the topic has that many partitions, of which only one
    // field is written, and nothing read. What is told begins with its public part, as librdkafka promises.
    unsafe {
        __real_rd_kafkap_leader_discovery_set_topic(buffer, told, topic, id, name, partitions);
        let room = (*(*told).topics.offset(topic as isize)).partitions;
        for nth in 0..partitions as isize {
            (&raw mut (*room.offset(nth)).id).write(NOWHERE);
        }
    }
}
