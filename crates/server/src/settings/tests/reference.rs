//! Generates SETTINGS.md, the reference of the settings.

use std::{fmt::Write, fs};

use super::{super::setting::variable_of, *};
use crate::config::FIXED;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/SETTINGS.md");

/// The section about connection poolers.
const POOLERS: &str = "
## Connection poolers

`WTS_DATABASE_URL` can name a connection pooler such as PgBouncer if the pooler is in session mode (`pool_mode = session`). In
transaction or statement mode the service does not start; if the mode changes later, `/readyz` returns 503 and the log names
the cause. This includes PgBouncer 1.21 and later with `max_prepared_statements`: in these modes, the timeouts that the service
sets would apply to other clients.

- Leave `server_reset_query` of PgBouncer at `DISCARD ALL`, so that the settings of the service end with its session.
- The pool needs `WTS_DATABASE_CONNECTIONS` + 8 server connections for each instance of the service.
- `?pool_mode=session` at the end of the URL skips the check of the mode when the service connects. Use it if a pooler in
  session mode is rejected, for example because it reserves a server connection only when a client prepares a statement.
";

fn row(setting: &Declaration) -> String {
    let default = match setting.default {
        DefaultValue::Value(value) => format!("`{value}`"),
        DefaultValue::Unset(meaning) => meaning.to_owned(),
    };
    let (variable, help) = (setting.variable(), setting.help);
    format!("| `{variable}` | {help} | {default} |")
}

fn reference() -> String {
    let mut text = "\
# Settings

Every setting is an environment variable, a line of the settings file that `--config` or `WTS_CONFIG` names
(`listen = \"127.0.0.1:8080\"`), and a flag of `wts serve`, `wts config` and `wts doctor` (`--listen`). A flag takes precedence over the
environment, and the environment over the file. A secret has no flag; a file that contains it can be given instead:
"
    .to_owned();
    let files: Vec<_> = ALL
        .iter()
        .filter_map(|setting| Some(format!("`{}`", variable_of(&setting.file_name()?))))
        .collect();
    let _ = writeln!(text, "{}.", files.join(", "));
    let mut group = "";
    for setting in ALL {
        if setting.group != group {
            group = setting.group;
            let _ = write!(
                text,
                "\n## {group}\n\n| setting | description | default |\n| --- | --- | --- |\n"
            );
        }
        let _ = writeln!(text, "{}", row(setting));
    }
    text.push_str(POOLERS);
    let (heading, limits) = FIXED.split_once(":\n").unwrap();
    let limits = limits.replace("  ", "- ");
    let _ = write!(text, "\n## {heading}\n\n{limits}\n");
    let retired: Vec<_> = RETIRED
        .map(|name| format!("`{}`", variable_of(name)))
        .into();
    let _ = writeln!(
        text,
        "\n## Retired\n\nThese are ignored with a warning: {}.",
        retired.join(", ")
    );
    text
}

#[test]
fn settings_md_is_up_to_date() {
    let expected = reference();
    if fs::read_to_string(FILE).ok().as_ref() != Some(&expected) {
        fs::write(FILE, expected).unwrap();
        panic!("{FILE} was out of date and has been regenerated");
    }
}
