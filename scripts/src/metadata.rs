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
    dependencies: Vec<String>,
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
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = self.workspace_members.iter().map(String::as_str).collect();
        while let Some(id) = waiting.pop() {
            if reached.insert(id) {
                waiting.extend(nodes.get(id).into_iter().flat_map(|node| node.dependencies.iter().map(String::as_str)));
            }
        }
        self.packages.iter().filter(|package| reached.contains(package.id.as_str())).collect()
    }
}
