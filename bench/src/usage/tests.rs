//! What /proc says, and what is made of it.

use super::*;

#[test]
fn a_program_s_name_may_hold_brackets_and_spaces() {
    let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 10 0 0 0 100 20 3 4 20 0 1 0 5 6 7";
    let expected = Stat { parent: 7, own_ticks: 120, ended_children_ticks: 7 };
    assert_eq!(Stat::parse(line), Some(expected));
    assert_eq!(Stat::parse("garbage"), None);
}

#[test]
fn memory_is_read_by_the_name_of_its_line() {
    let status = "VmPeak:\t 9 kB\nVmRSS:\t   2048 kB\nRssAnon:\t 1024 kB\n";
    assert_eq!((kib(status, "VmRSS:"), kib(status, "RssAnon:"), kib(status, "RssShmem:")), (2_048, 1_024, 0));
}

#[test]
fn this_process_uses_processor_time_and_memory_and_has_threads() {
    let watch = Watch::load();
    let before = watch.read();
    let mut sum = 0_u64;
    while watch.read().since(&before)[0].cpu < TICK * 2 {
        sum = (0..100_000_u64).fold(sum, u64::wrapping_add);
    }
    let cost = watch.read().since(&before)[0];
    assert!(cost.process == "load" && cost.resident_kib > 0, "{cost:?}, {sum}");
    assert!(threads(std::process::id()).unwrap().values().sum::<usize>() >= 1);
}

#[test]
fn a_process_that_has_ended_costs_nothing() {
    let watch = Watch::default().and("gone", u32::MAX).and_family("none", u32::MAX);
    let costs = watch.read().since(&watch.read());
    assert!(costs.iter().all(|cost| cost.cpu == Duration::ZERO && cost.resident_kib == 0), "{costs:?}");
}
