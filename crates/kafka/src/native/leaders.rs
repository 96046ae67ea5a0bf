//! A fetch may be told that some partitions have a leader and others none. librdkafka makes room for all, fills in those with
//! a leader, and then believes all: uninitialised memory becomes a partition's epoch (nothing is read of it again) or an
//! index below zero (a crash); [its issue 5280](https://github.com/confluentinc/librdkafka/issues/5280). So the room is
//! filled with a partition that no topic has, which is passed over. The linker leads the call here:
//! `.cargo/config.toml`, ADR 0023.

use std::ffi::{c_char, c_int, c_void};

use rdkafka_sys as sys;

/// No topic has so many: librdkafka passes over an index beyond its table.
const NO_PARTITION: i32 = i32::MAX;

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

/// Calls from other files of librdkafka come here. That from its own file is for one partition, and fills it in always.
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
            (&raw mut (*room.offset(nth)).id).write(NO_PARTITION);
        }
    }
}
