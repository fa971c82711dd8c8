//! Getting from the system's package manager what a task needs.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{account, programs};

/// Something that a task needs and does not bring.
pub(crate) struct Package {
    /// What people call it.
    pub(crate) what: &'static str,
    /// What each package manager calls it.
    pub(crate) names: &'static [(&'static str, &'static str)],
    /// What else can be done, as the end of a sentence.
    pub(crate) otherwise: &'static str,
}

/// A package manager and what makes it bring a package, whose name comes last.
struct Manager {
    program: &'static str,
    before: &'static [&'static [&'static str]],
    install: &'static [&'static str],
}

const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        before: &[&["apt-get", "update"]],
        install: &[
            "env", // so that sudo lets the variable through
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "install",
            "-y",
            "--no-install-recommends",
        ],
    },
    Manager {
        program: "dnf",
        before: &[],
        install: &["dnf", "install", "-y"],
    },
    Manager {
        program: "apk",
        before: &[],
        install: &["apk", "add", "--no-cache"],
    },
    Manager {
        program: "pacman",
        before: &[],
        install: &["pacman", "-Sy", "--noconfirm", "--needed"],
    },
    Manager {
        program: "zypper",
        before: &[],
        install: &["zypper", "--non-interactive", "install"],
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

impl Package {
    /// Installs it. What a package may start by itself is neither used nor touched.
    ///
    /// # Errors
    ///
    /// If there is no package manager we know or we may not use it, saying what to do instead; if it fails.
    pub(crate) fn install(&self) -> Result<()> {
        let manager = MANAGERS
            .iter()
            .find(|manager| programs::on_path(manager.program).is_some());
        let commands = self.plan(manager, privilege()?)?;
        println!(
            "    no {} here: installing it; this stays on the system",
            self.what
        );
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
                self.advice(manager)
            );
        }
        Ok(())
    }

    /// The commands that install it, each whole.
    fn plan(
        &self,
        manager: Option<&Manager>,
        privilege: Privilege,
    ) -> Result<Vec<Vec<&'static str>>> {
        let prefix: &[&str] = match privilege {
            Privilege::Root => &[],
            Privilege::Sudo => &["sudo", "-n"],
            Privilege::None => bail!(
                "no {} here, and no right to install it; {}",
                self.what,
                self.advice(manager)
            ),
        };
        let Some(commands) = manager.and_then(|manager| self.commands(manager)) else {
            bail!(
                "no {} here, and no package manager that is known to have it; {}",
                self.what,
                self.advice(None)
            );
        };
        Ok(commands
            .into_iter()
            .map(|command| [prefix, &command].concat())
            .collect())
    }

    fn commands(&self, manager: &Manager) -> Option<Vec<Vec<&'static str>>> {
        let (_, name) = self
            .names
            .iter()
            .find(|(program, _)| *program == manager.program)?;
        let before = manager.before.iter().map(|command| command.to_vec());
        Some(
            before
                .chain([[manager.install, &[name]].concat()])
                .collect(),
        )
    }

    fn advice(&self, manager: Option<&Manager>) -> String {
        let install = match manager.and_then(|manager| self.commands(manager)) {
            Some(commands) => {
                let commands: Vec<_> = commands
                    .iter()
                    .map(|command| format!("sudo {}", command.join(" ")))
                    .collect();
                format!("run `{}`", commands.join(" && "))
            }
            None => format!("install {}", self.what),
        };
        format!("either {install},\nor {}", self.otherwise)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: Package = Package {
        what: "PostgreSQL",
        names: &[("apt-get", "postgresql")],
        otherwise: "name a server",
    };

    fn manager(program: &str) -> Option<&'static Manager> {
        MANAGERS.iter().find(|manager| manager.program == program)
    }

    #[test]
    fn root_installs_without_sudo() {
        let commands = PACKAGE.plan(manager("apt-get"), Privilege::Root).unwrap();

        assert_eq!(commands[0], ["apt-get", "update"]);
        assert_eq!(commands[1].last(), Some(&"postgresql"));
    }

    #[test]
    fn another_user_installs_with_a_sudo_that_never_asks() {
        let commands = PACKAGE.plan(manager("apt-get"), Privilege::Sudo).unwrap();

        assert!(
            commands
                .iter()
                .all(|command| command.starts_with(&["sudo", "-n"]))
        );
    }

    #[test]
    fn who_may_not_install_is_told_what_to_run_and_what_else_to_do() {
        let message = PACKAGE
            .plan(manager("apt-get"), Privilege::None)
            .unwrap_err()
            .to_string();

        assert!(message.contains(
            "sudo apt-get update && sudo env DEBIAN_FRONTEND=noninteractive apt-get install"
        ));
        assert!(message.ends_with("or name a server"));
    }

    #[test]
    fn an_unknown_system_is_told_so_even_where_we_are_root() {
        for unknown in [None, manager("dnf")] {
            let message = PACKAGE
                .plan(unknown, Privilege::Root)
                .unwrap_err()
                .to_string();

            assert!(message.contains("no package manager that is known to have it"));
            assert!(message.ends_with("either install PostgreSQL,\nor name a server"));
        }
    }
}
