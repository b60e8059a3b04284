//! The image is built a second time, as somebody else would: from a clone in another place, with everything compiled anew.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::case::{Case, Trial};
use crate::image::difference;
use crate::image::stamp::Stamp;
use crate::image::{IMAGE, fresh, layout, read, write};
use crate::machine::medium::Medium;
use crate::shell::{output, root, run};

pub const CASES: &[Case] = &[Case {
    id: "T1",
    title: "built again from its commit in another place, every byte is the same (a whole release build)",
    expected: [8, 8],
    needs: &[],
    is_smoke: false,
    run: rebuilt,
}];

/// List of Debian's packages in the root file system.
const PACKAGES: &str = "usr/lib/wegovnow/packages";

/// Files of cargo's home that spare the second build most downloads. No credentials.
const CARGO_HOME: [&str; 3] = ["config.toml", "registry/cache", "registry/index"];

/// How the network is reached is not what is tried here.
const KEPT: [&str; 8] =
    ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "CARGO_BUILD_JOBS"];

/// Lines of the build's output that are shown when it fails.
const TAIL: usize = 20;

fn rebuilt(trial: &mut Trial) -> Result<()> {
    let first = trial.bench.image.clone();
    let scratch = [fresh(trial.run.file("one"))?, fresh(trial.run.file("other"))?];
    let slot = first.partition(layout::ROOT_A, &scratch[0])?;
    let stamp = Stamp::of(&slot)?;
    let is_committed = !stamp.commit.ends_with("-changed");
    trial.holds(&format!("it was built from what is committed: {}", stamp.commit), is_committed);
    ensure!(is_committed, "nobody can build this again: commit, build the image, and try it then");

    let place = Place::new(&trial.run.dir, trial.bench.other_user.as_deref())?;
    place.clone_tree(&stamp.commit)?;
    let certificate = place.top.join("certificate.pem");
    write(&certificate, content(&slot, "etc/rauc/keyring.pem")?)?;
    place.hand_over()?;
    let toolchain = place.toolchain()?;
    let log = trial.run.file("build.log");
    println!("   building in {} as {}; {}", place.tree.display(), place.user.as_deref().unwrap_or("ourselves"), log.display());
    let start = Instant::now();
    place.build(&stamp, &certificate, &toolchain, &log)?;
    trial.time("second build, everything compiled anew", start.elapsed());
    let image = place.tree.join(IMAGE);
    let is_same = compare(trial, &first, &Medium::Raw(image.clone()), &scratch)?;
    if !is_same {
        run(Command::new("cp").arg("--sparse=always").arg(&image).arg(trial.run.file("second.img")))?;
    }
    Ok(())
}

/// Whether all of it is the same.
fn compare(trial: &mut Trial, first: &Medium, second: &Medium, scratch: &[PathBuf; 2]) -> Result<bool> {
    let packages = |medium: &Medium, scratch: &Path| content(&medium.partition(layout::ROOT_A, scratch)?, PACKAGES);
    let are_packages_same = packages(first, &scratch[0])? == packages(second, &scratch[1])?;
    trial.holds("Debian gave both builds the same packages", are_packages_same);
    ensure!(are_packages_same, "Debian has other versions since the image was built: build it again, and try it then");
    let parts = difference::parts(first.file()?, second.file()?, &trial.run.file("look"))?;
    for part in &parts {
        trial.holds(&part.to_string(), part.difference.is_none());
    }
    Ok(parts.iter().all(|part| part.difference.is_none()))
}

fn content(squashfs: &Path, name: &str) -> Result<Vec<u8>> {
    let done = Command::new("unsquashfs").arg("-cat").arg(squashfs).arg(name).stderr(Stdio::inherit()).output()?;
    ensure!(done.status.success() && !done.stdout.is_empty(), "there is no {name} in {}", squashfs.display());
    Ok(done.stdout)
}

/// Where the second build is made: nothing in it has the path, the length of path or the owner that it had in the first.
struct Place {
    top: PathBuf,
    home: PathBuf,
    tree: PathBuf,
    user: Option<String>,
}

impl Place {
    /// Another user may not come where we are: their place is where everyone has temporary files that are large.
    fn new(run: &Path, user: Option<&str>) -> Result<Place> {
        let large = env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
        let top = match user {
            Some(_) => large.join(format!("wegovnow-again-{}", std::process::id())),
            None => run.join("again"),
        };
        let home = fresh(top.clone())?.join("home/of/somebody-else");
        fs::create_dir_all(&home)?;
        let tree = home.join("a/clone/with/a/path/of/another/length/wegovnow");
        Ok(Place { top, home, tree, user: user.map(str::to_owned) })
    }

    fn clone_tree(&self, commit: &str) -> Result<()> {
        let script = "umask 027; git clone --quiet --no-hardlinks --no-checkout \"$1\" \"$2\"; \
                      git -C \"$2\" -c advice.detachedHead=false checkout --quiet --detach \"$3\"";
        let mut clone = Command::new("sh");
        clone.args(["-euc", script, "clone"]).arg(root()).arg(&self.tree).arg(commit);
        run(&mut clone).with_context(|| format!("commit {commit} cannot be checked out: was the image built elsewhere?"))?;
        let own = env::var_os("CARGO_HOME").map(PathBuf::from);
        let own = own.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
        let own = own.context("neither CARGO_HOME nor HOME is set: set one")?;
        for name in CARGO_HOME.into_iter().filter(|name| own.join(name).exists()) {
            let to = self.cargo_home().join(name);
            fs::create_dir_all(to.parent().unwrap_or(&self.home))?;
            run(Command::new("cp").arg("-R").arg(own.join(name)).arg(to))?;
        }
        Ok(())
    }

    fn cargo_home(&self) -> PathBuf {
        self.home.join("cargo")
    }

    /// Gives all that was made so far to the other user.
    fn hand_over(&self) -> Result<()> {
        let Some(user) = &self.user else { return Ok(()) };
        run(Command::new("chown").args(["-R", "--no-dereference", &format!("{user}:")]).arg(&self.top))
    }

    /// A compiler in another place, and its folder of programs. Debian's own stays where it is.
    fn toolchain(&self) -> Result<PathBuf> {
        let own = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        if own == Path::new("/usr") {
            return Ok(own.join("bin"));
        }
        let to = fresh(self.top.join("compiler"))?;
        for folder in ["bin", "lib", "libexec"].into_iter().filter(|folder| own.join(folder).exists()) {
            // Links, where the file system and the owner allow them.
            let link = Command::new("cp").arg("-al").arg(own.join(folder)).arg(&to).stderr(Stdio::null()).status();
            if !link.is_ok_and(|status| status.success()) {
                run(Command::new("cp").args(["-a", "--force"]).arg(own.join(folder)).arg(&to))?;
            }
        }
        Ok(to.join("bin"))
    }

    /// `cargo x image`, with what it must not depend on changed: paths, user, name of the machine, language, time zone, umask.
    fn build(&self, stamp: &Stamp, certificate: &Path, toolchain: &Path, log: &Path) -> Result<()> {
        let mut words: Vec<String> = Vec::new();
        let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        if output(Command::new("id").arg("-u"))?.trim() == "0" {
            add(&["unshare", "--uts", "sh", "-euc", "hostname elsewhere; exec \"$@\"", "sh"]);
        }
        if let Some(user) = &self.user {
            let group = output(Command::new("id").args(["-g", user]))?;
            let (user, group) = (format!("--reuid={user}"), format!("--regid={}", group.trim()));
            add(&["setpriv", &user, &group, "--init-groups", "--inh-caps=-all"]);
        }
        add(&["sh", "-euc", "umask 027; exec \"$@\"", "sh", "cargo", "x", "image", "--any-versions"]);
        add(&["--version", &stamp.version, "--variant", &stamp.variant.to_string(), "--certificate"]);
        let (program, arguments) = words.split_first().context("no command")?;

        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", toolchain.display());
        let mut command = Command::new(program);
        command.args(arguments).arg(certificate).current_dir(&self.tree).env_clear();
        command.envs(KEPT.into_iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.env("HOME", &self.home).env("PATH", path).env("CARGO_HOME", self.cargo_home());
        command.env("XDG_CACHE_HOME", self.home.join("kept"));
        let zone =
            if env::var("TZ").is_ok_and(|zone| zone.starts_with("Pacific")) { "Asia/Kolkata" } else { "Pacific/Kiritimati" };
        command.env("TZ", zone).env("LC_ALL", language()?);
        let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
        if let Err(error) = run(&mut command) {
            let text = String::from_utf8_lossy(&read(log)?).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            bail!("the second build failed: {error:#}\n   {}", lines[lines.len().saturating_sub(TAIL)..].join("\n   "));
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Gigabytes; what tells of a difference was copied out.
        let _ = fs::remove_dir_all(&self.top);
    }
}

/// A language of this machine that is not the one we run in: sorting and messages are others there.
fn language() -> Result<String> {
    let own = ["LC_ALL", "LANG"].into_iter().find_map(|name| env::var(name).ok()).unwrap_or_else(|| "C".to_owned());
    let all = output(Command::new("locale").arg("-a"))?;
    Ok(other_language(&all, &own))
}

fn other_language(all: &str, own: &str) -> String {
    // `de_DE.utf8` and `de_DE.UTF-8` are the same.
    let plain = |name: &str| name.to_lowercase().replace('-', "");
    let others = || all.lines().filter(|name| plain(name) != plain(own) && *name != "POSIX");
    let found = others().find(|name| !name.starts_with('C')).or_else(|| others().next());
    found.unwrap_or("C").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_another_one_where_there_is_one() {
        assert_eq!(other_language("C\nC.utf8\nPOSIX\n", "C.UTF-8"), "C");
        assert_eq!(other_language("C\nC.utf8\nPOSIX\n", "C"), "C.utf8");
        assert_eq!(other_language("C\nC.utf8\nPOSIX\nde_DE.utf8\nfr_FR\n", "de_DE.UTF-8"), "fr_FR");
        assert_eq!(other_language("", "C"), "C");
    }

    #[test]
    fn a_place_is_gone_when_it_was_used() {
        let run = tempfile::tempdir().unwrap();
        let place = Place::new(run.path(), None).unwrap();
        assert!(place.home.is_dir() && place.tree.starts_with(&place.home));
        let top = place.top.clone();
        drop(place);
        assert!(!top.exists());
    }
}
