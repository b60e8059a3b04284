//! Updates: the two images of a slot, byte for byte those of a new disk, in a bundle that RAUC checks and installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::stamp::{Stamp, Variant};
use super::{fresh, read, write};
use crate::shell::run;

/// What a box must call itself to take it; `images/overlay/etc/rauc/system.conf` says the same.
const COMPATIBLE: &str = "wegovnow-x86_64";

/// Who signs updates, and whom a box believes.
#[derive(Clone)]
pub struct Signer {
    pub certificate: PathBuf,
    /// Absent where only an image is built.
    pub key: Option<PathBuf>,
}

impl Signer {
    /// The one given, or one of this checkout's own that nobody else's boxes believe.
    pub fn of(certificate: Option<&Path>, key: Option<&Path>, variant: Variant) -> Result<Signer> {
        match (certificate, variant) {
            (Some(certificate), _) => Ok(Signer { certificate: certificate.to_owned(), key: key.map(Path::to_owned) }),
            (None, Variant::Release) => {
                bail!("a release needs --certificate (and --key for bundles): the development key is for development")
            }
            (None, Variant::Development) => development(Path::new("out/keys"), "development"),
        }
    }
}

/// Makes a key and its certificate where there are none yet. The certificate signs code and itself.
pub fn development(dir: &Path, name: &str) -> Result<Signer> {
    let (key, certificate) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.crt")));
    if !certificate.is_file() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", "3650", "-subj"]);
        openssl.arg(format!("/O=WeGovNow {name}, not for use/CN={name}"));
        for extension in [
            "keyUsage=critical,digitalSignature,keyCertSign",
            "extendedKeyUsage=codeSigning",
            "basicConstraints=critical,CA:true",
        ] {
            openssl.args(["-addext", extension]);
        }
        run(openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).stderr(std::process::Stdio::null()))?;
    }
    Ok(Signer { certificate, key: Some(key) })
}

/// Packs both images of a slot.
pub fn make(out: &Path, boot: &Path, root: &Path, stamp: &Stamp, signer: &Signer, work: &Path) -> Result<()> {
    let key = signer.key.as_deref().context("a bundle is signed: give --key")?;
    let staging = fresh(work.join("bundle"))?;
    // RAUC tells by the ending that they go to raw slots.
    for (name, image) in [("boot.img", boot), ("rootfs.img", root)] {
        let to = staging.join(name);
        fs::hard_link(image, &to)
            .or_else(|_| fs::copy(image, &to).map(drop))
            .with_context(|| format!("cannot put {name} into the bundle"))?;
    }
    write(&staging.join("manifest.raucm"), manifest(stamp))?;
    if out.exists() {
        fs::remove_file(out).with_context(|| format!("cannot replace {}", out.display()))?;
    }
    let mut rauc = Command::new("rauc");
    rauc.arg(format!("--cert={}", signer.certificate.display())).arg(format!("--key={}", key.display()));
    run(rauc.arg("bundle").arg(&staging).arg(out))?;
    fs::remove_dir_all(&staging).context("cannot tidy up")
}

/// RAUC 1.8 drops `[meta.…]` when it packs; the description stays, and says for what the bundle is.
fn manifest(stamp: &Stamp) -> String {
    let Stamp { version, commit, variant, .. } = stamp;
    format!(
        "[update]\ncompatible={COMPATIBLE}\nversion={version}\ndescription={variant}\nbuild={commit}\n\n[bundle]\nformat=verity\n\n\
         [image.boot]\nfilename=boot.img\n\n[image.rootfs]\nfilename=rootfs.img\n"
    )
}

/// The certificate that boxes of this image check updates with.
pub fn keyring(signer: &Signer) -> Result<Vec<u8>> {
    read(&signer.certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn box_and_bundle_call_themselves_the_same() {
        let configuration = include_str!("../../../images/overlay/etc/rauc/system.conf");
        assert!(configuration.contains(&format!("compatible={COMPATIBLE}\n")));
        let stamp = Stamp {
            version: "0.2.0".to_owned(),
            programs: "0.1.0".to_owned(),
            commit: "abc".to_owned(),
            epoch: 1,
            variant: Variant::Development,
        };
        let manifest = manifest(&stamp);
        // Empty values are refused by RAUC.
        assert!(manifest.lines().all(|line| !line.ends_with('=')), "{manifest}");
        for class in ["boot", "rootfs"] {
            assert!(manifest.contains(&format!("[image.{class}]")) && configuration.contains(&format!("[slot.{class}.0]")));
        }
    }

    #[test]
    fn a_release_is_not_signed_with_a_development_key() {
        let error = Signer::of(None, None, Variant::Release).err().unwrap();
        assert!(error.to_string().contains("--certificate"), "{error}");
    }
}
