use super::*;

fn checked(text: &str) -> Result<Config, ConfigError> {
    Config::check(parse(text, "a.toml")?, Flags::default(), &Environment::default())
}

#[test]
fn mistakes_are_told_with_line_and_nearest_key() {
    for (text, said) in [
        ("\nplace_nam = \"x\"", "a.toml, line 2: unknown key \"place_nam\"; did you mean \"place_name\"?"),
        ("data = \"/x\"\n[limits]\nconections = 3", "a.toml, line 3: unknown key \"conections\"; did you mean \"connections\"?"),
        ("qqqqqqqqq = 1", "a.toml, line 1: unknown key \"qqqqqqqqq\""),
        ("listen = \"somewhere\"", "listen = somewhere: expected an address and a port, such as 127.0.0.1:8311"),
        ("center = [91.0, 0.0]", "center = [91.0, 0.0]: expected latitude and longitude in degrees, such as [60.17, 24.94]"),
        ("center = [1.0]", "center = [1.0]: expected latitude and longitude in degrees, such as [60.17, 24.94]"),
        ("[limits]\nhead_s = 0", "limits.head_s = 0: expected 1 to 3600 seconds"),
        ("[limits]\nconnections = 0", "limits.connections = 0: out of range: see the manual page"),
    ] {
        assert_eq!(checked(text).map(|_| ()).map_err(|error| error.to_string()), Err(said.to_owned()), "{text}");
    }
    let broken = checked("data = \"/x\"\nstaff = [").map(|_| ()).unwrap_err().to_string();
    assert!(broken.starts_with("a.toml, line 2: "), "{broken}");
    let wrong_type = checked("\n\nstaff_all = \"yes\"").map(|_| ()).unwrap_err().to_string();
    assert!(wrong_type.starts_with("a.toml, line 3: "), "{wrong_type}");
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_the_environment() {
    let raw = parse("data = \"/file\"\nstaff = [\"anna\"]\nplace_name = \"Library\"", "a.toml").unwrap();
    let environment = Environment { state: Some("/state".into()), runtime: Some("/runtime".into()), credentials: None };
    let flags = Flags { place_name: Some("Station".to_owned()), staff: vec!["bo".to_owned()], ..Flags::default() };
    let config = Config::check(raw, flags, &environment).unwrap();
    assert_eq!(config.data, PathBuf::from("/file"));
    assert_eq!(config.socket, Some(PathBuf::from("/runtime/wegovnowd.sock")));
    assert_eq!(config.place_name, "Station");
    assert_eq!(config.staff.names.into_iter().collect::<Vec<_>>(), ["anna", "bo"]);
    assert!(!config.staff.everyone);
    assert_eq!(config.machine, None);
    let config = Config::check(Raw::default(), Flags::default(), &environment).unwrap();
    assert_eq!(config.data, PathBuf::from("/state"));
    let config = Config::check(Raw::default(), Flags::default(), &Environment::default()).unwrap();
    assert_eq!((config.data, config.limits), (PathBuf::from(DATA_DIR), Limits::default()));
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let missing = Config::load(Some(Path::new("/nowhere/at/all.toml")), Flags::default(), &Environment::default());
    assert!(matches!(missing, Err(ConfigError::Read { .. })));
}

#[test]
fn typing_mistakes_are_counted() {
    for (a, b, count) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("socket", "sockte", 2)] {
        assert_eq!(mistakes(a, b), count, "{a} {b}");
    }
}

#[test]
fn the_seal_is_the_credential_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment { credentials: Some(folder.path().to_owned()), ..Environment::default() };
    assert!(Environment::default().seal().unwrap().is_none());
    assert!(environment.seal().unwrap().is_none(), "a box may have other credentials");
    std::fs::write(folder.path().join(SEAL), "short").unwrap();
    let error = environment.seal().unwrap_err().to_string();
    assert!(error.contains(SEAL) && error.contains("at least 16 bytes"), "{error}");
    std::fs::write(folder.path().join(SEAL), [7; 32]).unwrap();
    assert!(environment.seal().unwrap().is_some());
}

#[test]
fn the_caretakers_file_is_named_in_the_file_or_on_the_command_line() {
    let raw = || parse("machine = \"/run/box/status.json\"", "a.toml").unwrap();
    let config = Config::check(raw(), Flags::default(), &Environment::default()).unwrap();
    assert_eq!(config.machine, Some(PathBuf::from("/run/box/status.json")));
    let flags = Flags { machine: Some("/elsewhere".into()), ..Flags::default() };
    assert_eq!(Config::check(raw(), flags, &Environment::default()).unwrap().machine, Some(PathBuf::from("/elsewhere")));
}
