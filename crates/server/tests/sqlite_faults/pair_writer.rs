//! Repeatedly inserts two traces of ticket 123 in one transaction into the SQLite file that the first argument names, until
//! it is killed or a write fails.
#![expect(clippy::expect_used, reason = "a test program fails by panicking")]

use std::{env, path::PathBuf};

fn main() {
    let file: PathBuf = env::args_os().nth(1).expect("a file").into();
    loop {
        wts_testkit::write_sqlite(
            &file,
            "begin immediate;
             insert into ticket_traces (tid, updated_at, op, remark) select 123, updated_at, op, '' from ticket_traces where opid = 1;
             insert into ticket_traces (tid, updated_at, op, remark) select 123, updated_at, op, '' from ticket_traces where opid = 1;
             commit;",
        );
    }
}
