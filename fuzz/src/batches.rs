//! A record batch and its records: all that is read lies in the input, and what we encode reads back.

use crate::memory::within;
use milena_wire::buf::Reader;
use milena_wire::record_batch::RecordBatch;

/// Reads all of them.
pub fn run(bytes: &[u8]) {
    within(0, || {
        let Ok(batch) = RecordBatch::decode(&mut Reader::new(bytes)) else { return };
        let _ = batch.verify_crc();
        for record in batch.records().map_while(Result::ok) {
            let _ = (record.key, record.value, record.headers().count());
        }
        let header = batch.header.encode(batch.body);
        let again = RecordBatch::decode(&mut Reader::new(&header)).map(|batch| batch.header);
        assert!(again.is_err() || batch.body.is_empty(), "a header without its body is cut");
    });
}
