//! `ecr-publish` whose readers have gone.

use std::path::Path;

use verdict_testkit::{assert_ends_quietly, assert_full_disk_is_an_error};

const ECR_PUBLISH: &str = env!("CARGO_BIN_EXE_ecr-publish");

#[test]
fn commands_end_quietly() {
    let plan = ["plan", "--json", "--revision", "0123456789abcdef0123456789abcdef01234567"];
    let table: [(&[&str], i32); 3] = [
        (&["--help"], 0),
        (&plan, 0),
        (&["plan", "--service", "web", "--revision", "no revision"], 1),
    ];
    assert_ends_quietly(ECR_PUBLISH, Path::new("."), &table);
    assert_full_disk_is_an_error(ECR_PUBLISH, Path::new("."), &[&plan]);
}
