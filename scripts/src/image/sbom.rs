//! What is in an image, package by package, for those who must know (CycloneDX 1.5, JSON): Debian's and ours.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::base::Base;
use super::stamp::Stamp;
use super::{layout, read};
use crate::metadata::{Metadata, Package};

/// Packages of the workspace whose programs are in the image.
const PROGRAMS: [&str; 6] = ["appliance", "caretaker", "kiosk", "panel", "tui", "init"];

/// The same text from the same packages: it names no time but the commit's, and its serial number is made of its content.
pub fn make(base: &Base, stamp: &Stamp) -> Result<String> {
    let debian = String::from_utf8(read(&base.packages)?).context("the list of packages is no text")?;
    let metadata = Metadata::read()?;
    let mut components: Vec<Value> = debian.lines().map(debian_component).collect::<Result<_>>()?;
    components.extend(metadata.shipped(&PROGRAMS).into_iter().map(crate_component));
    let digest = layout::derive("sbom", serde_json::to_vec(&components)?);
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": format!("urn:uuid:{}", gpt::Guid::custom(digest)),
        "version": 1,
        "metadata": {
            "component": { "type": "firmware", "name": "wegovnow", "version": stamp.version, "licenses": [{ "license": { "id": "GPL-3.0-or-later" } }] },
            "properties": [{ "name": "commit", "value": stamp.commit }],
        },
        "components": components,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// A line of the list: package, version, architecture, source package and its version.
fn debian_component(line: &str) -> Result<Value> {
    let [name, version, architecture, source, source_version] = line.split(' ').collect::<Vec<_>>()[..] else {
        anyhow::bail!("the list of packages has the line {line:?}")
    };
    // purl-spec, type deb: a version's plus and colon are written as escapes.
    let escaped = version.replace('+', "%2B").replace(':', "%3A");
    Ok(json!({
        "type": "library",
        "name": name,
        "version": version,
        "purl": format!("pkg:deb/debian/{name}@{escaped}?arch={architecture}&distro=bookworm"),
        "properties": [{ "name": "source", "value": format!("{source} {source_version}") }],
    }))
}

fn crate_component(package: &Package) -> Value {
    let Package { name, version, license, source, .. } = package;
    let kind = if source.is_none() { "application" } else { "library" };
    let mut component = json!({ "type": kind, "name": name, "version": version, "purl": format!("pkg:cargo/{name}@{version}") });
    if let Some(license) = license {
        component["licenses"] = json!([{ "expression": license }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_debian_is_named_with_where_it_is_from() {
        let component = debian_component("libc6 2.36-9+deb12u14 amd64 glibc 2.36-9+deb12u14").unwrap();
        assert_eq!(component["purl"], "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=bookworm");
        assert_eq!(component["properties"][0]["value"], "glibc 2.36-9+deb12u14");
        assert!(debian_component("libc6").is_err());
    }
}
