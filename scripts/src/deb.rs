//! `cargo x deb`: our programs as Debian packages, for towns that keep their own machines.
//!
//! Packages are made by `dpkg-deb` from a staged tree; they depend on the programs, our files and the time of the commit alone.

mod recipe;
#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::recipe::{RECIPES, Recipe};
use crate::shell::{self, cargo, output, target_dir};
use crate::step::Report;

/// Debian packages that building needs. dpkg-dev finds what a program's libraries are called.
const TOOLS: &str = "dpkg dpkg-dev gzip";

const OVERLAY: &str = "images/overlay";

/// Options of `cargo x deb`.
#[derive(Args)]
pub struct Options {
    /// Directory to write the packages to
    #[arg(long, default_value = "out/deb")]
    out: PathBuf,
    /// Take the programs from this directory instead of building them
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Make this package alone; may be given more than once
    #[arg(long, value_parser = RECIPES.map(|recipe| recipe.name))]
    only: Vec<String>,
    /// Who answers for the packages
    #[arg(long, default_value = "WeGovNow maintainers <wegovnow@localhost>")]
    maintainer: String,
}

/// What all packages have in common.
struct Make<'m> {
    /// What is laid over `/`.
    overlay: &'m Path,
    programs: &'m Path,
    out: &'m Path,
    version: String,
    architecture: String,
    maintainer: &'m str,
    /// Seconds since 1970 of the last commit.
    epoch: u64,
}

pub fn run(options: &Options) -> Result<Report> {
    crate::image::need(TOOLS)?;
    crate::image::need_typeface()?;
    let wanted = |recipe: &&Recipe| options.only.is_empty() || options.only.iter().any(|name| name == recipe.name);
    let (recipes, absent): (Vec<&Recipe>, Vec<&Recipe>) =
        RECIPES.iter().filter(wanted).partition(|recipe| Path::new(recipe.folder).join("Cargo.toml").is_file());
    for recipe in absent {
        println!("{}: {} is not in this tree, left out", recipe.name, recipe.folder);
    }
    let programs = match &options.programs {
        Some(folder) => folder.clone(),
        None => build(&recipes)?,
    };
    let epoch = crate::image::Stamp::now(None, crate::image::Variant::Development)?.epoch;
    let make = Make {
        overlay: Path::new(OVERLAY),
        programs: &programs,
        out: &options.out,
        // The time makes a later commit a later version.
        version: format!("{}+{epoch}", env!("CARGO_PKG_VERSION")),
        architecture: output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned(),
        maintainer: &options.maintainer,
        epoch,
    };
    for recipe in recipes {
        let package = make.package(recipe).with_context(|| format!("package {}", recipe.name))?;
        println!("{}  {:.1} MB", package.display(), fs::metadata(&package)?.len() as f64 / 1e6);
    }
    Ok(Report::default())
}

fn build(recipes: &[&Recipe]) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--release", "--locked"]);
    for recipe in recipes {
        let package = Path::new(recipe.folder).join("Cargo.toml");
        let text = fs::read_to_string(&package).with_context(|| format!("cannot read {}", package.display()))?;
        let name =
            text.parse::<toml::Table>()?.get("package").and_then(|package| Some(package.get("name")?.as_str()?.to_owned()));
        command.args(["-p", &name.with_context(|| format!("{} names no package", package.display()))?]);
        command.args(["--bin", recipe.name]);
    }
    shell::run(&mut command)?;
    Ok(target_dir().join("release"))
}

impl Make<'_> {
    /// Stages and packs one package.
    fn package(&self, recipe: &Recipe) -> Result<PathBuf> {
        let program = self.programs.join(recipe.name);
        ensure!(program.is_file(), "there is no program {}: build it, or give its directory with --programs", program.display());
        let stage = self.out.join("stage").join(recipe.name);
        if stage.exists() {
            fs::remove_dir_all(&stage).with_context(|| format!("cannot empty {}", stage.display()))?;
        }
        put(&stage.join("usr/bin").join(recipe.name), &read(&program)?, 0o755)?;
        for file in recipe.files {
            put(&stage.join(file), &read(&self.overlay.join(file))?, 0o644)?;
        }
        for (link, target) in recipe.links {
            let link = stage.join(link);
            folder(link.parent().unwrap_or(&stage))?;
            symlink(target, &link).with_context(|| format!("cannot make the link {}", link.display()))?;
        }
        let copyright = stage.join("usr/share/doc").join(recipe.name).join("copyright");
        put(&copyright, COPYRIGHT.as_bytes(), 0o644)?;
        if recipe.describes_itself {
            self.manual(recipe, &program, &stage)?;
        }

        let control = stage.join("DEBIAN");
        put(&control.join("control"), self.control(recipe, &program, &stage)?.as_bytes(), 0o644)?;
        put(&control.join("md5sums"), sums(&stage)?.as_bytes(), 0o644)?;
        for (name, script) in recipe.scripts() {
            put(&control.join(name), script.as_bytes(), 0o755)?;
        }
        settle(&stage)?;

        let package = self.out.join(format!("{}_{}_{}.deb", recipe.name, self.version, self.architecture));
        let mut command = Command::new("dpkg-deb");
        // One thread: how many there are would be seen in the packed bytes.
        command.args(["--root-owner-group", "-Zxz", "--threads-max=1", "--build"]).arg(&stage).arg(&package);
        output(command.env("SOURCE_DATE_EPOCH", self.epoch.to_string()))?;
        Ok(package)
    }

    fn control(&self, recipe: &Recipe, program: &Path, stage: &Path) -> Result<String> {
        let libraries = libraries(program, &self.out.join("stage"))?;
        let needs = recipe.depends.iter().map(|need| (*need).to_owned());
        let depends: Vec<String> = libraries.into_iter().chain(needs).collect();
        let kib: u64 = files(stage)?
            .iter()
            .map(|path| fs::symlink_metadata(path).map(|meta| meta.len().div_ceil(1024)))
            .sum::<Result<_, _>>()?;
        let list = |name: &str, packages: &[String]| {
            if packages.is_empty() { String::new() } else { format!("{name}: {}\n", packages.join(", ")) }
        };
        let recommends: Vec<String> = recipe.recommends.iter().map(|name| (*name).to_owned()).collect();
        Ok(format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: {}\nInstalled-Size: {kib}\nSection: admin\nPriority: optional\n{}{}\
             Description: {}\n{}",
            recipe.name,
            self.version,
            self.architecture,
            self.maintainer,
            list("Depends", &depends),
            list("Recommends", &recommends),
            recipe.synopsis,
            recipe.description.lines().map(|line| format!(" {line}\n")).collect::<String>(),
        ))
    }

    /// Manual pages and completions, which the program writes itself.
    fn manual(&self, recipe: &Recipe, program: &Path, stage: &Path) -> Result<()> {
        let pages = self.out.join("stage").join(format!("{}-man", recipe.name));
        folder(&pages)?;
        output(Command::new(program).arg("man").arg(&pages))?;
        for page in sorted(&pages)? {
            // -n leaves out name and time.
            let packed = Command::new("gzip").args(["-9nc"]).arg(&page).output().context("gzip does not start")?;
            ensure!(packed.status.success(), "gzip does not pack {}", page.display());
            let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let section = name.rsplit('.').next().unwrap_or("1").to_owned();
            put(&stage.join(format!("usr/share/man/man{section}/{name}.gz")), &packed.stdout, 0o644)?;
        }
        fs::remove_dir_all(&pages).with_context(|| format!("cannot remove {}", pages.display()))?;
        for (shell, path) in [
            ("bash", format!("usr/share/bash-completion/completions/{}", recipe.name)),
            ("zsh", format!("usr/share/zsh/vendor-completions/_{}", recipe.name)),
            ("fish", format!("usr/share/fish/vendor_completions.d/{}.fish", recipe.name)),
        ] {
            let text = output(Command::new(program).args(["completions", shell]))?;
            put(&stage.join(path), text.as_bytes(), 0o644)?;
        }
        Ok(())
    }
}

/// The packages that hold the libraries a program loads, with the versions it needs. What is no ELF file loads none.
fn libraries(program: &Path, work: &Path) -> Result<Vec<String>> {
    if !read(program)?.starts_with(b"\x7fELF") {
        return Ok(Vec::new());
    }
    // dpkg-shlibdeps looks for a source package round it.
    put(&work.join("debian/control"), b"Source: wegovnow\n", 0o644)?;
    let program = fs::canonicalize(program).with_context(|| format!("cannot find {}", program.display()))?;
    let said = output(Command::new("dpkg-shlibdeps").arg("-O").arg(&program).current_dir(work))?;
    let Some(list) = said.lines().find_map(|line| line.strip_prefix("shlibs:Depends=")) else {
        bail!("dpkg-shlibdeps finds no library of {}: it says {said:?}", program.display());
    };
    Ok(list.split(',').map(|need| need.trim().to_owned()).collect())
}

/// Checksums of every file, as `dpkg --verify` reads them.
fn sums(stage: &Path) -> Result<String> {
    let inside: Vec<PathBuf> = files(stage)?
        .into_iter()
        .filter(|path| !path.is_symlink())
        .filter_map(|path| path.strip_prefix(stage).map(Path::to_owned).ok())
        .filter(|path| !path.starts_with("DEBIAN"))
        .collect();
    output(Command::new("md5sum").args(&inside).current_dir(stage))
}

/// Files and links below a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in sorted(folder)? {
        if path.is_dir() && !path.is_symlink() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Gives every folder the same mode, whatever the umask here is.
fn settle(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    sorted(folder)?.iter().filter(|path| path.is_dir() && !path.is_symlink()).try_for_each(|path| settle(path))
}

fn folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the directory {}", path.display()))
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    folder(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// In Debian's machine-readable format 1.0; the text of the licence lies on every Debian system.
const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: WeGovNow

Files: *
Copyright: the WeGovNow authors
License: GPL-3.0-or-later
 This program is free software: you can redistribute it and/or modify it under
 the terms of the GNU General Public License as published by the Free Software
 Foundation, either version 3 of the License, or (at your option) any later
 version.
 .
 On Debian systems the whole text is in /usr/share/common-licenses/GPL-3.
";
