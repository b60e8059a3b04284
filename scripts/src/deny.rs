//! Dependencies: licences, sources, bans, advisories, by the one table in `deny.toml`.
//!
//! cargo-deny does all of it where it is installed. Building it takes longer than every other step on a bare machine, so the first three
//! are also done here over `cargo metadata`, from the same table; only advisories need it, and a database that must be reachable.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::licence;
use crate::metadata::{Metadata, Package};
use crate::shell::{self, cache_dir, cargo, have};
use crate::step::Tally;

const ADVISORIES: &str = "https://github.com/RustSec/advisory-db";

/// The part of `deny.toml` that is read here.
#[derive(Deserialize)]
struct Table {
    licenses: Licenses,
    sources: Sources,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    allow_registry: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// What the table forbids, line by line.
fn judge(table: &str, packages: &[&Package]) -> Result<Vec<String>> {
    let table: Table = toml::from_str(table).context("deny.toml")?;
    let mut wrong = Vec::new();
    for exception in &table.licenses.exceptions {
        if !packages.iter().any(|package| package.name == exception.name) {
            wrong.push(format!("deny.toml: nothing is built on {} any more, take its exception away", exception.name));
        }
    }
    for package in packages {
        let allowed = |name: &str| {
            let excepted = table.licenses.exceptions.iter().filter(|exception| exception.name == package.name);
            table.licenses.allow.iter().chain(excepted.flat_map(|exception| &exception.allow)).any(|allowed| allowed == name)
        };
        let named = format!("{} {}", package.name, package.version);
        match package.license.as_deref().map(|expression| (expression, licence::is_covered(expression, &allowed))) {
            Some((_, Ok(true))) => {}
            Some((expression, Ok(false))) => wrong.push(format!("{named}: licence {expression} is not allowed in deny.toml")),
            Some((expression, Err(error))) => wrong.push(format!("{named}: licence {expression:?} cannot be read: {error}")),
            None => wrong.push(format!("{named}: names no licence")),
        }
        if let Some(source) = &package.source {
            let registry = source.strip_prefix("registry+").unwrap_or(source);
            if !table.sources.allow_registry.iter().any(|allowed| allowed == registry) {
                wrong.push(format!("{named}: comes from {source}, which is not allowed in deny.toml"));
            }
        }
        if let Some(ban) = table.bans.deny.iter().find(|ban| ban.name == package.name) {
            wrong.push(format!("{named}: banned: {}", ban.reason));
        }
    }
    Ok(wrong)
}

pub fn run() -> Result<Tally> {
    if let Some(mut deny) = cargo_deny()? {
        shell::run(deny.args(["check", "--hide-inclusion-graph", "licenses", "sources", "bans"]))?;
    } else {
        let metadata = Metadata::read()?;
        let packages = metadata.used();
        let wrong = judge(&std::fs::read_to_string("deny.toml").context("cannot read deny.toml")?, &packages)?;
        if !wrong.is_empty() {
            bail!("{}", wrong.join("\n   "));
        }
        println!("{} packages: licences, sources and bans as deny.toml has them", packages.len());
        let twice = twice(&packages);
        if !twice.is_empty() {
            println!("in more than one version (allowed): {}", twice.join(", "));
        }
    }
    advisories()?;
    Ok(Tally::default())
}

/// Crates that are there in more than one version.
fn twice(packages: &[&Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name} {}", versions.join("/")))
        .collect()
}

fn advisories() -> Result<()> {
    let reached = have("git")
        && Command::new("timeout")
            .args(["20", "git", "ls-remote", "--quiet", ADVISORIES, "HEAD"])
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !reached {
        println!("advisories not checked: database cannot be reached");
        return Ok(());
    }
    if cargo_deny()?.is_none() {
        println!("building cargo-deny, once, to check advisories");
        let tools = cache_dir()?.join("tools");
        shell::run(cargo(&["install", "cargo-deny", "--locked", "--quiet", "--root"]).arg(tools))?;
    }
    let mut deny = cargo_deny()?.context("cargo-deny was built and is not there")?;
    shell::run(deny.args(["check", "advisories"]))
}

/// cargo-deny, where it is installed.
fn cargo_deny() -> Result<Option<Command>> {
    let ours = cache_dir()?.join("tools/bin/cargo-deny");
    let program = if ours.is_file() {
        ours
    } else if have("cargo-deny") {
        "cargo-deny".into()
    } else {
        return Ok(None);
    };
    let mut command = Command::new(program);
    command.arg("deny");
    Ok(Some(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "matcher", allow = ["MPL-2.0"] }]
        [sources]
        allow-registry = ["https://registry.example/index"]
        [bans]
        deny = [{ crate = "openssl", reason = "no C library to patch" }]
    "#;

    fn package(name: &str, license: Option<&str>, source: &str) -> Package {
        let (name, version, id) = (name.to_owned(), "1.0.0".to_owned(), name.to_owned());
        Package {
            name,
            version,
            id,
            license: license.map(str::to_owned),
            source: Some(source.to_owned()),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_allowed_is_named() {
        let home = "registry+https://registry.example/index";
        let packages = [
            package("good", Some("MIT OR GPL-2.0-only"), home),
            package("matcher", Some("MPL-2.0"), home),
            package("copied", Some("MPL-2.0"), home),
            package("silent", None, home),
            package("forked", Some("MIT"), "git+https://example.org/fork"),
            package("openssl", Some("MIT"), home),
        ];
        let wrong = judge(TABLE, &packages.iter().collect::<Vec<_>>()).unwrap();
        let named: Vec<&str> = wrong.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(named, ["copied", "silent", "forked", "openssl"], "{wrong:?}");
    }

    #[test]
    fn an_exception_nobody_needs_is_named() {
        let wrong = judge(TABLE, &[]).unwrap();
        assert!(wrong.iter().any(|line| line.contains("matcher")), "{wrong:?}");
    }
}
