//! Tests that errors about damaged settings files do not contain the secrets of the file.

use super::*;

const WHOLE: &str = "listen = '127.0.0.1:2'
jwt_secret = 'hunter2-and-25-other-random-bytes'
database_url = 'postgres://wts:hunter2@db:5432/wts?sslmode=disable'
database_read_urls = ['postgres://wts:hunter2@standby/wts']
jwt_jwks_url = 'https://sign-in.example/jwks?token=hunter2'
max_in_flight = 16
";

/// The parts of a settings file in which secrets are recognized.
const SECRET_PLACES: [&str; 3] = [
    "//wts:hunter2@db",
    "//wts:hunter2@standby",
    "?token=hunter2",
];

#[test]
fn error_about_a_damaged_file_contains_no_secret() {
    let slips = [
        "'", "\"", "
", "=", "[", "@",
    ];
    let slips = slips.map(|inserted| (0, inserted));
    let (mut taken, mut refused) = (0, 0);
    for at in 0..=WHOLE.len() {
        let (before, after) = WHOLE.split_at(at);
        for (dropped, inserted) in slips.into_iter().chain([(1, "")]) {
            let after = after.get(dropped..).unwrap_or_default();
            let damaged = [before, inserted, after].concat();
            // A password in any other part cannot be recognized.
            if !SECRET_PLACES.iter().all(|place| damaged.contains(place)) {
                continue;
            }
            let said = match settings(&[], Some(&damaged)) {
                Ok(settings) => {
                    taken += 1;
                    let lines = settings
                        .effective()
                        .map(|(_, line)| line.unwrap_or_else(|error| error));
                    lines.collect()
                }
                Err(error) => {
                    refused += 1;
                    format!("{error:#}")
                }
            };
            assert!(!said.contains("hunter2"), "{damaged}\n{said}");
        }
    }
    assert!(taken > 100 && refused > 100, "{taken}, {refused}");
}
