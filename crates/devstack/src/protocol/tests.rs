//! Requests and answers, byte by byte.

use super::*;

#[test]
fn a_request_is_framed_with_its_length() {
    let framed = framed(&Request { api: (3, 1), body: vec![0, 0, 0, 0] });
    let expected = b"\0\0\0\x16\0\x03\0\x01\0\0\0\x01\0\x08devstack\0\0\0\0";
    assert_eq!(framed, expected);
}

#[test]
fn an_answer_is_read_from_the_front_and_never_beyond_its_end() {
    let mut answer = Answer { bytes: b"\0\x07\0\x02ok\0\0\0\x03abc\xff\xff\xff\xff\0\0\0\x09".to_vec(), read: 0 };
    assert_eq!(answer.int16().unwrap(), 7);
    assert_eq!(answer.text().unwrap(), "ok");
    answer.skip_bytes().unwrap();
    answer.skip_bytes().unwrap();
    assert_eq!(answer.int32().unwrap(), 9);
    assert!(answer.int16().is_err());
}
