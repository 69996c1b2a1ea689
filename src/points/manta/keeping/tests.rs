use tempfile::TempDir;

use super::*;

struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("token"), "old-token\n").unwrap();
        fs::write(folder.path().join("secret"), "old-secret").unwrap();
        Self { folder }
    }

    fn kept(&self, name: &str) -> KeptSecret {
        KeptSecret {
            value: Secret::new("x"),
            file: Some(self.path(name)),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn keeper(&self) -> Keeper {
        Keeper::of(&self.kept("token"), &self.kept("secret")).unwrap()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }
}

fn pair() -> Pair {
    Pair::new(Secret::new("new-token"), Secret::new("new-secret")).unwrap()
}

#[test]
fn a_new_pair_replaces_both_files_and_leaves_nothing_beside() {
    let files = Files::new();
    let keeper = files.keeper();
    keeper.prove().unwrap();
    assert!(keeper.left_over().unwrap().is_none());
    keeper.keep(&pair()).unwrap();
    assert_eq!(files.text("token"), "new-token\n");
    assert_eq!(files.text("secret"), "new-secret\n");
    assert_eq!(files.names(), ["secret", "token"]);
}

#[test]
fn proving_changes_nothing_and_giving_up_leaves_nothing() {
    let files = Files::new();
    let keeper = files.keeper();
    keeper.prove().unwrap();
    assert_eq!(files.names(), ["secret", "token", "token.renewed"]);
    keeper.give_up();
    assert_eq!(files.names(), ["secret", "token"]);
    assert_eq!(files.text("token"), "old-token\n");
    assert_eq!(files.text("secret"), "old-secret");
}

#[test]
fn what_one_file_refuses_stays_whole_in_the_private_one_and_is_finished_later() {
    let files = Files::new();
    let keeper = files.keeper();
    keeper.prove().unwrap();
    // The second of the two cannot be replaced: a folder stands where its new content would.
    fs::create_dir(files.path("secret.new")).unwrap();
    let failed = keeper.keep(&pair()).unwrap_err();
    assert_eq!(failed.file, fs::canonicalize(files.path("secret")).unwrap());
    assert_eq!(failed.unfinished.as_deref(), Some(keeper.unfinished()));
    let told = format!("{failed:?} {failed}");
    assert!(
        !told.contains("new-token") && !told.contains("new-secret"),
        "{told}"
    );
    assert_eq!(files.text("secret"), "old-secret");

    fs::remove_dir(files.path("secret.new")).unwrap();
    // Another process, after a crash.
    let keeper = files.keeper();
    let left = keeper.left_over().unwrap().expect("the pair is there");
    keeper.finish(&left).unwrap();
    assert_eq!(files.text("token"), "new-token\n");
    assert_eq!(files.text("secret"), "new-secret\n");
    assert_eq!(files.names(), ["secret", "token"]);
}

#[test]
fn a_pair_that_cannot_be_kept_is_refused_before() {
    let files = Files::new();
    let given = KeptSecret {
        value: Secret::new("x"),
        file: None,
    };
    let of = |token: &KeptSecret, secret: &KeptSecret| Keeper::of(token, secret).unwrap_err();
    let (token, secret) = (files.kept("token"), files.kept("secret"));
    assert!(matches!(of(&given, &secret), Unkept::NotInAFile("token")));
    assert!(matches!(of(&token, &given), Unkept::NotInAFile("secret")));
    assert!(matches!(of(&token, &token), Unkept::OneFile));
    let nowhere = files.kept("nowhere");
    assert!(matches!(of(&token, &nowhere), Unkept::NotWritable { .. }));
    for stands_in_the_way in ["token.new", "secret.new"] {
        let files = Files::new();
        fs::create_dir(files.path(stands_in_the_way)).unwrap();
        let refused = files.keeper().prove().unwrap_err();
        assert!(matches!(refused, Unkept::NotWritable { .. }), "{refused:?}");
    }
}

#[test]
fn a_private_file_that_is_not_whole_is_no_pair() {
    let files = Files::new();
    let keeper = files.keeper();
    fs::write(keeper.unfinished(), r#"{"token":"new-tok"#).unwrap();
    let error = keeper.left_over().unwrap_err();
    assert!(!format!("{error:?}").contains("new-tok"), "{error:?}");
    // It may be somebody's only copy, so no renewal begins over it.
    let refused = keeper.prove().unwrap_err();
    assert!(matches!(refused, Unkept::LeftOver(_)), "{refused:?}");
    fs::write(keeper.unfinished(), "   \n").unwrap();
    assert!(keeper.left_over().unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn files_keep_their_mode_and_what_is_on_its_way_is_private() {
    use std::os::unix::fs::PermissionsExt;

    let files = Files::new();
    let mode = |name: &str| {
        let seen = fs::metadata(files.path(name)).unwrap();
        seen.permissions().mode() & 0o777
    };
    fs::set_permissions(files.path("token"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(files.path("secret"), fs::Permissions::from_mode(0o400)).unwrap();
    let keeper = files.keeper();
    keeper.prove().unwrap();
    assert_eq!(mode("token.renewed"), 0o600);
    keeper.keep(&pair()).unwrap();
    assert_eq!((mode("token"), mode("secret")), (0o640, 0o400));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let files = Files::new();
    std::os::unix::fs::symlink(files.path("token"), files.path("current")).unwrap();
    let keeper = Keeper::of(&files.kept("current"), &files.kept("secret")).unwrap();
    keeper.prove().unwrap();
    keeper.keep(&pair()).unwrap();
    assert_eq!(files.text("token"), "new-token\n");
    assert!(files.path("current").is_symlink());
}
