use std::collections::BTreeMap;

use super::*;

/// A folder of small programs that stand for ours.
fn programs(folder: &Path) {
    for recipe in &RECIPES {
        let script = "#!/bin/sh\ncase $1 in\nman) echo .TH x 1 >\"$2/wegovnowd.1\" ;;\ncompletions) echo \"for $2\" ;;\nesac\n";
        put(&folder.join(recipe.name), script.as_bytes(), 0o755).unwrap();
    }
}

fn make(programs: &Path, out: &Path) -> BTreeMap<&'static str, PathBuf> {
    let overlay = shell::root().join(OVERLAY);
    let make = Make {
        overlay: &overlay,
        programs,
        out,
        version: "0.1.0+1700000000".to_owned(),
        architecture: "amd64".to_owned(),
        maintainer: "Someone <someone@example.org>",
        epoch: 1_700_000_000,
    };
    RECIPES.iter().map(|recipe| (recipe.name, make.package(recipe).unwrap())).collect()
}

fn deb(arguments: &[&str], package: &Path) -> String {
    let mut command = Command::new("dpkg-deb");
    output(command.args(&arguments[..1]).arg(package).args(&arguments[1..]).env("TZ", "UTC")).unwrap()
}

#[test]
fn packages_hold_what_their_recipes_say() {
    if !shell::have("dpkg-deb") {
        println!("skipped: dpkg-deb is not installed");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    programs(&place.path().join("programs"));
    let packages = make(&place.path().join("programs"), &place.path().join("out"));
    for recipe in &RECIPES {
        let package = &packages[recipe.name];
        assert_eq!(deb(&["--field", "Package"], package).trim(), recipe.name);
        assert_eq!(deb(&["--field", "Version"], package).trim(), "0.1.0+1700000000");
        assert!(deb(&["--field", "Description"], package).lines().count() > 1);
        let depends = deb(&["--field", "Depends"], package);
        assert!(recipe.depends.iter().all(|need| depends.contains(need)), "{depends}");

        let listing = deb(&["--contents"], package);
        let has = |mode: &str, path: &str| {
            let found =
                listing.lines().find(|line| line.split(" -> ").next().is_some_and(|line| line.ends_with(&format!(" ./{path}"))));
            let line = found.unwrap_or_else(|| panic!("{path} is not in {}:\n{listing}", recipe.name));
            assert!(line.starts_with(mode) && line.contains("root/root"), "{line}");
        };
        has("-rwxr-xr-x", &format!("usr/bin/{}", recipe.name));
        has("-rw-r--r--", &format!("usr/share/doc/{}/copyright", recipe.name));
        recipe.files.iter().for_each(|file| has("-rw-r--r--", file));
        recipe.links.iter().for_each(|(link, _)| has("l", link));
        if recipe.describes_itself {
            has("-rw-r--r--", "usr/share/man/man1/wegovnowd.1.gz");
            has("-rw-r--r--", "usr/share/bash-completion/completions/wegovnowd");
            has("-rw-r--r--", "usr/share/zsh/vendor-completions/_wegovnowd");
            has("-rw-r--r--", "usr/share/fish/vendor_completions.d/wegovnowd.fish");
        }
        assert!(listing.lines().all(|line| line.contains(" 2023-11-14 22:13 ")), "another time than the commit's:\n{listing}");

        // Unpacked, every sum is right and every script is sound shell.
        let unpacked = place.path().join("unpacked").join(recipe.name);
        folder(&unpacked).unwrap();
        output(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&unpacked)).unwrap();
        output(Command::new("md5sum").args(["--quiet", "--check", "DEBIAN/md5sums"]).current_dir(&unpacked)).unwrap();
        for (name, _) in recipe.scripts() {
            output(Command::new("sh").arg("-n").arg(unpacked.join("DEBIAN").join(name))).unwrap();
        }
        assert_eq!(unpacked.join("DEBIAN/postinst").exists(), !recipe.units.is_empty());
    }
}

#[test]
fn two_builds_in_different_places_are_the_same() {
    if !shell::have("dpkg-deb") {
        println!("skipped: dpkg-deb is not installed");
        return;
    }
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    programs(&one.path().join("programs"));
    let first = make(&one.path().join("programs"), &one.path().join("out"));
    programs(&other.path().join("elsewhere"));
    let second = make(&other.path().join("elsewhere"), &other.path().join("deeper/out"));
    for (name, package) in first {
        assert!(read(&package).unwrap() == read(&second[name]).unwrap(), "{name} differs");
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let place = tempfile::tempdir().unwrap();
    let make = Make {
        overlay: place.path(),
        programs: place.path(),
        out: place.path(),
        version: "1".to_owned(),
        architecture: "amd64".to_owned(),
        maintainer: "Someone <someone@example.org>",
        epoch: 0,
    };
    let error = make.package(&RECIPES[0]).unwrap_err().to_string();
    assert!(error.contains("wegovnowd") && error.contains("--programs"), "{error}");
}

#[test]
fn files_of_recipes_are_in_the_overlay() {
    for recipe in &RECIPES {
        for file in recipe.files {
            assert!(shell::root().join(OVERLAY).join(file).is_file(), "{}: {file}", recipe.name);
        }
    }
}

#[test]
fn libraries_of_a_real_program_are_found() {
    if !shell::have("dpkg-shlibdeps") {
        println!("skipped: dpkg-dev is not installed");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let found = libraries(Path::new("/bin/ls"), place.path()).unwrap();
    assert!(found.iter().any(|need| need.starts_with("libc6")), "{found:?}");
}
