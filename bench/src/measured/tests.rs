//! Percentiles and rates.

use super::*;

fn millis(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
    values.into_iter().map(Duration::from_millis).collect()
}

#[test]
fn the_99th_of_a_hundred_latencies_is_p99_and_the_50th_is_p50() {
    let measured = Measured::of(millis((1..=100).rev()), Duration::from_secs(1), 0);
    let expected = Latency { p50: Duration::from_millis(50), p99: Duration::from_millis(99) };
    assert_eq!(measured.latency, Some(expected));
    assert_eq!((measured.p50_micros(), measured.p99_micros()), (50_000, 99_000));
}

#[test]
fn a_single_latency_is_every_percentile() {
    let measured = Measured::of(millis([7]), Duration::from_secs(1), 0);
    assert_eq!((measured.p50_micros(), measured.p99_micros()), (7_000, 7_000));
}

#[test]
fn the_slowest_of_fifty_shows_in_p99() {
    let measured = Measured::of(millis([1; 49].into_iter().chain([900])), Duration::from_secs(1), 0);
    assert_eq!((measured.p50_micros(), measured.p99_micros()), (1_000, 900_000));
}

#[test]
fn nothing_measured_has_no_latency_and_no_rate() {
    let measured = Measured::of(Vec::new(), Duration::from_secs(1), 3);
    assert_eq!((measured.latency, measured.per_second, measured.refused), (None, 0, 3));
}

#[test]
fn a_rate_is_per_second_however_long_it_was_counted() {
    assert_eq!(Measured::whole(300, Duration::from_millis(1_500)).per_second, 200);
    assert_eq!(Measured::whole(1, Duration::from_micros(10)).per_second, 100_000);
}

#[test]
fn a_rate_is_told_in_percent_of_its_limit() {
    let rate = |per_second| Measured { per_second, ..Measured::default() };
    assert_eq!(rate(90).percent_of(&rate(1_000)), 9);
    assert_eq!(rate(90).percent_of(&rate(0)), 9_000, "a limit that measured nothing does not divide by nothing");
}
