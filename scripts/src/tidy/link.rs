//! Links of the documents lead somewhere.

use super::File;

pub fn check(files: &[File], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in (1..).zip(file.text.lines()) {
            for target in targets(line) {
                let path = target.split('#').next().unwrap_or_default();
                let is_elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
                let from_top = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
                if !is_elsewhere && !exists(&from_top) {
                    wrong.push(format!("{}:{number}: the link to {target} leads nowhere", file.path));
                }
            }
        }
    }
    wrong
}

/// Targets of the Markdown links and pictures of a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_found() {
        let text =
            "See [the map](ARCHITECTURE.md#map), ![home](picture/home.png) and [them](https://example.org).\n[gone](gone.md)\n";
        let exists = |path: &str| ["docs/ARCHITECTURE.md", "docs/picture/home.png"].contains(&path);
        let wrong = check(&[File { path: "docs/a.md".to_owned(), text: text.to_owned() }], &exists);
        assert_eq!(wrong, ["docs/a.md:2: the link to gone.md leads nowhere"]);
    }
}
