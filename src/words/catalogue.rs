//! The commands and sentences of `commands/*.toml`, checked as one set.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::Language;
use crate::words::check::Check;
use crate::words::is_command;
use crate::words::reply::Hole;
use crate::words::reply::Line;
use crate::words::reply::Rendered;
use crate::words::reply::Reply;
use crate::words::reply::Word;
use crate::words::template::Template;

/// One TOML file: the embedded one, or the operator's.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name as shown in findings: `commands/reward.toml`.
    pub file: String,
    /// The command, or what several share, with a `_` before it.
    pub scope: String,
    /// The file's text.
    pub text: String,
}

/// What is settled about a command outside Rust.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The command's file name without `.toml`, as the code knows it.
    pub scope: String,
    /// What people may type, the first being canonical; small letters, no slash.
    pub names: Vec<String>,
    /// The name of the right it needs.
    pub right: String,
    /// How often one member may use it: a handful at once, then one in this time.
    pub cooldown: Duration,
}

impl Definition {
    /// The name to show in `language`: the first of that script, with its slash.
    pub fn shown(&self, language: Language) -> String {
        let fits = |name: &&String| (language == Language::English) == name.is_ascii();
        let name = self.names.iter().find(fits).or(self.names.first());
        format!("/{}", name.map(String::as_str).unwrap_or(&self.scope))
    }
}

/// Something wrong with a set of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The key, as `zh-CN.done`.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`: {}", self.file, self.key, self.what)
    }
}

/// All that is wrong with a set of texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Findings(pub Vec<Finding>);

/// The checked set of commands and sentences.
#[derive(Clone, Debug)]
pub struct Words {
    definitions: Vec<Definition>,
    by_name: HashMap<String, usize>,
    sentences: HashMap<(String, String, Language), Template>,
    harmless: fn(&str) -> String,
}

impl Words {
    /// Reads the embedded files, lays the operator's over them key by key, and checks the whole
    /// against the words the code speaks and the names of rights.
    ///
    /// `harmless` makes a person's text fit for a message of the bot's own.
    pub fn load(
        embedded: &[Source],
        overrides: &[Source],
        spoken: &[&'static Word],
        rights: &[&str],
        harmless: fn(&str) -> String,
    ) -> Result<Self, Findings> {
        let mut check = Check::default();
        let mut tables = check.merge(embedded, overrides);
        let mut words = Self {
            definitions: Vec::new(),
            by_name: HashMap::new(),
            sentences: HashMap::new(),
            harmless,
        };
        for (scope, merged) in &mut tables {
            for language in Language::ALL {
                check.sentences(scope, merged, language, spoken, &mut words.sentences);
            }
            if is_command(scope) {
                let definition = check.definition(scope, merged, rights);
                words.definitions.push(definition);
            }
            check.surplus(scope, merged);
        }
        for (at, definition) in words.definitions.iter().enumerate() {
            for name in &definition.names {
                if let Some(other) = words.by_name.insert(name.clone(), at)
                    && other != at
                {
                    let other = &words.definitions[other].scope;
                    // Told of the operator's file, where something can be done about it.
                    let (here, there) = match tables[other].is_the_operators {
                        true => (other, &definition.scope),
                        false => (&definition.scope, other),
                    };
                    check.find(
                        &tables[here].file,
                        "names",
                        format!("`{name}` is also a name of `{there}`: give one of them another"),
                    );
                }
            }
        }
        if check.findings.is_empty() {
            Ok(words)
        } else {
            Err(Findings(check.findings))
        }
    }

    /// The commands, in the order of their files.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The command people call `name` (without slash, small letters).
    pub fn named(&self, name: &str) -> Option<&Definition> {
        self.by_name.get(name).map(|&at| &self.definitions[at])
    }

    /// The command whose file is `scope`.
    pub fn definition(&self, scope: &str) -> Option<&Definition> {
        self.definitions
            .iter()
            .find(|definition| definition.scope == scope)
    }

    /// The name nearest to `word`, if it is one typing slip away.
    pub fn nearest(&self, word: &str) -> Option<&Definition> {
        self.by_name
            .iter()
            .filter(|(name, _)| name.chars().count() >= 2 && strsim::osa_distance(name, word) == 1)
            .min_by_key(|(name, _)| name.as_str())
            .map(|(_, &at)| &self.definitions[at])
    }

    /// A command's one-line summary.
    pub fn summary(&self, scope: &str, language: Language) -> String {
        self.fixed(scope, "summary", language)
    }

    /// A command's usage line.
    pub fn usage(&self, scope: &str, language: Language) -> String {
        self.fixed(scope, "usage", language)
    }

    /// `reply` in `language`, with times in `zone`.
    pub fn render(&self, reply: &Reply, language: Language, zone: &TimeZone) -> Rendered {
        let say = |nested: &Reply| self.render(nested, language, zone).text;
        let said = |line: &Line| {
            self.template(line.word, language).filled(|name| {
                line.holes
                    .iter()
                    .find(|(hole, _)| *hole == name)
                    .map(|(_, hole)| hole.show(language, zone, self.harmless, &say))
                    .unwrap_or_default()
            })
        };
        let lines: Vec<String> = reply.lines.iter().map(said).collect();
        let buttons = reply
            .buttons
            .iter()
            .map(|button| (said(&button.label), button.carries.clone()))
            .collect();
        Rendered {
            text: lines.join("\n"),
            buttons,
        }
    }

    /// What fills a hole, by itself.
    pub fn hole(&self, hole: &Hole, language: Language, zone: &TimeZone) -> String {
        let say = |nested: &Reply| self.render(nested, language, zone).text;
        hole.show(language, zone, self.harmless, &say)
    }

    /// A sentence without holes, as text.
    pub fn plain(&self, word: &'static Word, language: Language) -> String {
        self.template(word, language).filled(|_| String::new())
    }

    fn fixed(&self, scope: &str, key: &str, language: Language) -> String {
        let at = (scope.to_owned(), key.to_owned(), language);
        self.sentences
            .get(&at)
            .map(|template| template.filled(|_| String::new()))
            .unwrap_or_default()
    }

    fn template(&self, word: &'static Word, language: Language) -> &Template {
        let at = (word.scope.to_owned(), word.key.to_owned(), language);
        self.sentences
            .get(&at)
            .expect("every word the code speaks was found when the set was loaded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::SHARED;

    static DONE: Word = Word::new("reward", "done", &["member", "amount"]);
    static HELLO: Word = Word::new(SHARED, "hello", &[]);

    fn source(scope: &str, text: &str) -> Source {
        Source {
            file: format!("commands/{scope}.toml"),
            scope: scope.to_owned(),
            text: text.to_owned(),
        }
    }

    fn good() -> Vec<Source> {
        vec![
            source(
                "_shared",
                "[zh-CN]\nhello = \"你好\"\n[en-US]\nhello = \"hello\"\n",
            ),
            source(
                "reward",
                "names = [\"reward\", \"奖励\"]\nright = \"give\"\ncooldown = \"2s\"\n\
                 [zh-CN]\nsummary = \"发\"\nusage = \"/奖励\"\ndone = \"{member} {amount}\"\n\
                 [en-US]\nsummary = \"give\"\nusage = \"/reward\"\ndone = \"{member} {amount}\"\n",
            ),
        ]
    }

    fn load(embedded: &[Source], overrides: &[Source]) -> Result<Words, Findings> {
        Words::load(
            embedded,
            overrides,
            &[&DONE, &HELLO],
            &["none", "give"],
            |text| text.replace("${", "$ {"),
        )
    }

    #[test]
    fn an_override_changes_only_its_key() {
        let words = load(
            &good(),
            &[source("reward", "[zh-CN]\ndone = \"好 {member}\"\n")],
        )
        .unwrap();
        let reply = Reply::new(&DONE)
            .with("member", Hole::Name("${@&1}x".to_owned()))
            .with("amount", Hole::Signed(1_666));
        let say = |language| words.render(&reply, language, &TimeZone::UTC).text;
        assert_eq!(say(Language::Chinese), "好 $ {@&1}x");
        assert_eq!(say(Language::English), "$ {@&1}x +1,666");
        assert_eq!(
            words.named("奖励").unwrap().shown(Language::English),
            "/reward"
        );
        assert_eq!(words.nearest("rewarrd").unwrap().scope, "reward");
        assert!(words.nearest("points").is_none());
    }

    #[test]
    fn all_findings_come_at_once_with_file_key_and_fix() {
        let bad = source(
            "reward",
            "names = []\nright = \"giv\"\ncooldwon = \"2s\"\n[zh-CN]\ndone = \"{membr}\"\ndoone = \"x\"\n",
        );
        let findings = load(&good(), &[bad]).unwrap_err().to_string();
        for part in [
            "commands/reward.toml: `names`",
            "`right`: there is no right `giv`: `give` is near",
            "`cooldwon`: unknown key: `cooldown` is near",
            "`zh-CN.done`: the hole `{membr}` is never filled: `member` is near",
            "`zh-CN.doone`: nothing says this sentence: `done` is near",
        ] {
            assert!(findings.contains(part), "{part} not in:\n{findings}");
        }
    }
}
