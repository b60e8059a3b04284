//! The folder that is published: image, its manifest, update, list of what is in it, and their sums.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::bundle::Signer;
use super::stamp::{Stamp, Variant};
use super::{bundle, difference, flags, fresh, slot, write};
use crate::machine::medium::Medium;
use crate::shell::{cargo, run, target_dir};

/// The technician's tool, which makes manifests and reads them.
const FLASH: &str = "wegovnow-flash";

/// Key of manifests that are not for use: who has this checkout has it.
const DEVELOPMENT: &str = "out/keys/flash-development";

/// What `sha256sum --check` reads.
const SUMS: &str = "SHA256SUMS";

/// What a folder is made of.
pub struct Release<'a> {
    pub image: &'a Path,
    /// Boot image and root file system of the same build.
    pub slot: [&'a Path; 2],
    pub stamp: &'a Stamp,
    pub signer: &'a Signer,
    /// Directory with the flasher, where it is built already.
    pub programs: Option<&'a Path>,
    /// Secret key that signs the manifest; see `wegovnow-flash key`.
    pub key: Option<&'a Path>,
}

impl Release<'_> {
    /// Makes the folder anew. All in it but the signatures is the same for the same image.
    pub fn make(&self, folder: &Path, work: &Path) -> Result<()> {
        let Stamp { version, .. } = self.stamp;
        self.is_one_build(work)?;
        let flash = self.flash()?;
        let key = self.manifest_key(&flash)?;
        let folder = fresh(folder.to_owned())?;
        let packed = format!("wegovnow-{version}.img.xz");
        pack(self.image, &folder.join(&packed))?;
        // What comes after the image's name is how the flasher finds it.
        let manifest = format!("{packed}.manifest");
        let mut describe = Command::new(&flash);
        describe.arg("manifest").arg(folder.join(&packed)).args(["--version", version.as_str(), "--key"]).arg(&key);
        run(describe.arg("--out").arg(folder.join(&manifest)))?;
        let update = format!("wegovnow-{version}.raucb");
        bundle::make(&folder.join(&update), self.slot[0], self.slot[1], self.stamp, self.signer, work)?;
        let list = format!("wegovnow-{version}.cdx.json");
        let from = self.image.with_extension("cdx.json");
        fs::copy(&from, folder.join(&list)).with_context(|| format!("cannot copy {}", from.display()))?;
        let mut sums = String::new();
        for name in [packed, manifest, update, list] {
            let mut hash = Sha256::new();
            std::io::copy(&mut File::open(folder.join(&name))?, &mut hash).with_context(|| format!("cannot read {name}"))?;
            sums += &format!("{}  {name}\n", slot::hex(&hash.finalize()));
        }
        write(&folder.join(SUMS), sums)
    }

    /// A folder with the image of one build and the update of another would be found out on a box only.
    fn is_one_build(&self, work: &Path) -> Result<()> {
        let scratch = fresh(work.join("release"))?;
        for (name, part) in [(super::layout::BOOT_A, self.slot[0]), (super::layout::ROOT_A, self.slot[1])] {
            let partition = Medium::Raw(self.image.to_owned()).partition(name, &scratch)?;
            let at = difference::first(&partition, part)?;
            let length = fs::metadata(part).with_context(|| format!("cannot read {}", part.display()))?.len();
            ensure!(
                at.is_none_or(|at| at >= length),
                "{} is not what {} has in {name}: build the image again",
                part.display(),
                self.image.display()
            );
        }
        fs::remove_dir_all(scratch).context("cannot tidy up")
    }

    fn flash(&self) -> Result<PathBuf> {
        if let Some(programs) = self.programs {
            let flash = programs.join(FLASH);
            ensure!(flash.is_file(), "no program {FLASH} in {}", programs.display());
            return Ok(flash);
        }
        let mut build = cargo(&["build", "--release", "--locked", "--target", super::TARGET, "-p", "flash"]);
        run(build.env("CARGO_ENCODED_RUSTFLAGS", flags(&[])))?;
        Ok(target_dir().join(super::TARGET).join("release").join(FLASH))
    }

    /// The one given, or one of this checkout's own that nobody else's technicians believe.
    fn manifest_key(&self, flash: &Path) -> Result<PathBuf> {
        if let Some(key) = self.key {
            return Ok(key.to_owned());
        }
        ensure!(
            self.stamp.variant == Variant::Development,
            "a release needs --manifest-key, made once by `{FLASH} key FILE`: the development key is for development"
        );
        let key = PathBuf::from(DEVELOPMENT);
        if !key.is_file() {
            fs::create_dir_all(key.parent().unwrap_or(Path::new(".")))?;
            run(Command::new(flash).arg("key").arg(&key).stdout(Stdio::null()))?;
        }
        Ok(key)
    }
}

/// Packs a file; the same bytes whatever the number of cores.
fn pack(from: &Path, to: &Path) -> Result<()> {
    let out = File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
    // With the plus blocks are made even by a single thread, which would otherwise make one stream of it.
    let mut xz = Command::new("xz");
    xz.args(["--compress", "--stdout", "-6", "--block-size=24MiB", "--threads=+0"]).arg(from);
    run(xz.env_remove("XZ_OPT").env_remove("XZ_DEFAULTS").stdout(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_not_described_by_a_development_key() {
        let stamp =
            |variant| Stamp { version: "1.0.0".into(), programs: "1.0.0".into(), commit: "abc".into(), epoch: 1, variant };
        let signer = Signer { certificate: "crt".into(), key: None };
        let (release, here) = (stamp(Variant::Release), Path::new("."));
        let folder = Release { image: here, slot: [here, here], stamp: &release, signer: &signer, programs: None, key: None };
        let error = folder.manifest_key(Path::new("wegovnow-flash")).unwrap_err().to_string();
        assert!(error.contains("--manifest-key"), "{error}");
        let given = Release { key: Some(Path::new("given")), ..folder };
        assert_eq!(given.manifest_key(Path::new("wegovnow-flash")).unwrap(), Path::new("given"));
    }

    #[test]
    fn packing_is_the_same_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("disk");
        fs::write(&from, b"a kiosk".repeat(10_000)).unwrap();
        let packed = ["one", "other"].map(|name| {
            let to = dir.path().join(name);
            pack(&from, &to).unwrap();
            fs::read(to).unwrap()
        });
        assert_eq!(packed[0], packed[1]);
        assert!(packed[0].starts_with(b"\xfd7zXZ\0") && packed[0].len() < 2000);
    }
}
