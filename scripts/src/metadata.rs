//! What cargo knows about the packages of the workspace and everything they stand on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::{cargo, output};

/// The platform that is built and judged: what others need (Windows, Android) is not ours.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// `cargo metadata`, as far as we read it.
#[derive(Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub id: String,
    pub license: Option<String>,
    /// Absent for packages of the workspace.
    pub source: Option<String>,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `dev` or `build`; absent for what ends up in the program.
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// As in [`Dependency`].
    kind: Option<String>,
}

impl Metadata {
    pub fn read() -> Result<Metadata> {
        let text = output(&mut cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM]))?;
        serde_json::from_str(&text).context("cargo metadata says something we do not understand")
    }

    /// Packages of the workspace.
    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Packages that something of ours is built on, ours included.
    pub fn used(&self) -> Vec<&Package> {
        self.reached(self.ours(), |_| true)
    }

    /// Packages that end up in programs of ours, themselves included; not what only builds or tests them.
    pub fn shipped(&self, programs: &[&str]) -> Vec<&Package> {
        let from = self.ours().filter(|package| programs.contains(&package.name.as_str()));
        self.reached(from, |edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()))
    }

    fn reached<'a>(&'a self, from: impl Iterator<Item = &'a Package>, goes: impl Fn(&Edge) -> bool) -> Vec<&'a Package> {
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = from.map(|package| package.id.as_str()).collect();
        while let Some(id) = waiting.pop() {
            if reached.insert(id) {
                let edges = nodes.get(id).into_iter().flat_map(|node| &node.deps);
                waiting.extend(edges.filter(|edge| goes(edge)).map(|edge| edge.pkg.as_str()));
            }
        }
        self.packages.iter().filter(|package| reached.contains(package.id.as_str())).collect()
    }
}
