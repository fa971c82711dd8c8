//! Getting PostgreSQL from the system's package manager.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::{URL_VARIABLE, account, binaries};

/// A package manager and what makes it bring a PostgreSQL server.
struct Manager {
    program: &'static str,
    commands: &'static [&'static [&'static str]],
}

const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        commands: &[
            &["apt-get", "update"],
            &[
                "env", // so that sudo lets the variable through
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "-y",
                "--no-install-recommends",
                "postgresql",
            ],
        ],
    },
    Manager {
        program: "dnf",
        commands: &[&["dnf", "install", "-y", "postgresql-server"]],
    },
    Manager {
        program: "apk",
        commands: &[&["apk", "add", "--no-cache", "postgresql"]],
    },
    Manager {
        program: "pacman",
        commands: &[&["pacman", "-Sy", "--noconfirm", "--needed", "postgresql"]],
    },
    Manager {
        program: "zypper",
        commands: &[&[
            "zypper",
            "--non-interactive",
            "install",
            "postgresql-server",
        ]],
    },
];

/// How far we may go on this system.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    /// `sudo` without a password.
    Sudo,
    None,
}

/// Installs PostgreSQL.
///
/// A package may bring a cluster of its own; that one is neither used nor touched.
///
/// # Errors
///
/// If there is no package manager we know or we may not use it, saying what to do instead; if it fails.
pub(super) fn install() -> Result<()> {
    let manager = MANAGERS
        .iter()
        .find(|manager| binaries::on_path(manager.program).is_some());
    let commands = plan(manager, privilege()?)?;
    println!("    no PostgreSQL here: installing it; this stays on the system");
    for command in commands {
        let line = command.join(" ");
        println!("    {line}");
        let (program, args) = command.split_first().context("an empty command")?;
        // Not under the warden: to kill a package manager half-way leaves the system broken.
        let status = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("could not start `{line}`"))?;
        ensure!(
            status.success(),
            "`{line}` ended with {status}; {}",
            advice(manager)
        );
    }
    Ok(())
}

fn privilege() -> Result<Privilege> {
    if account::is_root()? {
        return Ok(Privilege::Root);
    }
    let sudo = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(match sudo {
        Ok(status) if status.success() => Privilege::Sudo,
        _ => Privilege::None,
    })
}

/// The commands that install PostgreSQL, each whole.
fn plan(manager: Option<&Manager>, privilege: Privilege) -> Result<Vec<Vec<&'static str>>> {
    let prefix: &[&str] = match privilege {
        Privilege::Root => &[],
        Privilege::Sudo => &["sudo", "-n"],
        Privilege::None => bail!(
            "no PostgreSQL here, and no right to install it; {}",
            advice(manager)
        ),
    };
    let Some(manager) = manager else {
        bail!(
            "no PostgreSQL here, and no package manager that is known; {}",
            advice(None)
        );
    };
    Ok(manager
        .commands
        .iter()
        .map(|command| [prefix, command].concat())
        .collect())
}

fn advice(manager: Option<&Manager>) -> String {
    let install = match manager {
        Some(manager) => {
            let commands: Vec<_> = manager.commands.iter().map(|command| format!("sudo {}", command.join(" "))).collect();
            format!("run `{}`", commands.join(" && "))
        }
        None => "install PostgreSQL, its initdb on the PATH (with Homebrew: `brew install postgresql@17`)".to_owned(),
    };
    format!(
        "either {install},\nor name a server: {URL_VARIABLE}=postgres://SUPERUSER:PASSWORD@HOST/postgres"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apt() -> Option<&'static Manager> {
        MANAGERS.iter().find(|manager| manager.program == "apt-get")
    }

    #[test]
    fn root_installs_without_sudo() {
        let commands = plan(apt(), Privilege::Root).unwrap();

        assert_eq!(commands[0], ["apt-get", "update"]);
        assert_eq!(commands[1].last(), Some(&"postgresql"));
    }

    #[test]
    fn another_user_installs_with_a_sudo_that_never_asks() {
        let commands = plan(apt(), Privilege::Sudo).unwrap();

        assert!(
            commands
                .iter()
                .all(|command| command.starts_with(&["sudo", "-n"]))
        );
    }

    #[test]
    fn who_may_not_install_is_told_what_to_run_and_what_to_set() {
        let message = plan(apt(), Privilege::None).unwrap_err().to_string();

        assert!(message.contains(
            "sudo apt-get update && sudo env DEBIAN_FRONTEND=noninteractive apt-get install"
        ));
        assert!(message.contains("WTS_TEST_POSTGRES_URL=postgres://"));
    }

    #[test]
    fn an_unknown_system_is_told_so_even_where_we_are_root() {
        let message = plan(None, Privilege::Root).unwrap_err().to_string();

        assert!(message.contains("no package manager that is known"));
        assert!(message.contains("WTS_TEST_POSTGRES_URL=postgres://"));
    }
}
