//! Random bytes from the kernel: cluster ids and passwords.

use std::fs::File;
use std::io::Read;

use crate::StackError;

/// `N` unpredictable bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], StackError> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(StackError::io("read /dev/urandom"))?;
    Ok(bytes)
}
