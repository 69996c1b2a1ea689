//! Manta's books: bots with their credentials, plans and clients.
//!
//! Invariants: a bot has one pair at a time and every earlier token is remembered as dead; with a
//! file, the line is written before the change is made. The caller holds a lock around it all.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::io;

use serde::Deserialize;
use serde::Serialize;

use super::bucket::Bucket;
use super::pass::Pair;
use super::shapes::MantaShapes;
use crate::sandbox::fault::Die;
use crate::sandbox::service::FactFile;

/// A client of a bot. Never anything personal: no name, no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MantaClient {
    /// Manta's own encoded id.
    pub id: String,
    /// `line`, `facebook`, `instagram`, `liveChat` or `whatsapp`.
    pub platform: String,
    /// The id that platform gave them.
    pub platform_client_id: String,
    /// The operator's own id for them, if they are bound to one.
    pub customer_id: Option<String>,
    /// Their points.
    pub points: i64,
}

/// One line of the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A bot exists, with this plan.
    Bot {
        /// Its id.
        id: String,
        /// Whether its plan includes the open API.
        plan_open: bool,
    },
    /// A bot's pair; an earlier one is dead.
    Pair {
        /// The bot.
        bot: String,
        /// Token and secret.
        pair: Pair,
    },
    /// A token that was replaced, written when the file is shortened.
    Dead {
        /// The token.
        token: String,
    },
    /// A client, new or changed.
    Client {
        /// The bot.
        bot: String,
        /// The client.
        client: MantaClient,
    },
    /// A client is no more.
    Gone {
        /// The bot.
        bot: String,
        /// The client's encoded id.
        client: String,
    },
    /// The choices in force.
    Shapes(MantaShapes),
}

/// The whole state of the service.
pub struct Books {
    bots: BTreeMap<String, Bot>,
    /// The bot of every token that was ever good, dead ones with `None`.
    tokens: HashMap<String, Option<String>>,
    /// Where chance is asked for: the order of shuffled entries.
    pub die: Die,
    /// The rate limit's permits.
    pub bucket: Bucket,
    shapes: MantaShapes,
    file: Option<FactFile>,
}

/// A bot's state.
#[derive(Default)]
pub struct Bot {
    /// Whether its plan includes the open API.
    pub plan_open: bool,
    /// Its clients by encoded id.
    pub clients: BTreeMap<String, MantaClient>,
    pair: Option<Pair>,
}

/// What a token is good for.
#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// It is the current one of this bot.
    Of(&'a str),
    /// It was replaced.
    Dead,
    /// It never was one.
    Unknown,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            bots: BTreeMap::new(),
            tokens: HashMap::new(),
            die: Die::new(0),
            bucket: Bucket::default(),
            shapes: MantaShapes::default(),
            file: None,
        }
    }
}

impl Books {
    /// Takes in what a file says.
    pub fn recall(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            self.take(fact);
        }
    }

    /// The fewest facts that tell the whole state.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![Fact::Shapes(self.shapes.clone())];
        let dead = self.tokens.iter().filter(|(_, bot)| bot.is_none());
        facts.extend(dead.map(|(token, _)| Fact::Dead {
            token: token.clone(),
        }));
        for (id, bot) in &self.bots {
            facts.push(Fact::Bot {
                id: id.clone(),
                plan_open: bot.plan_open,
            });
            facts.extend(bot.pair.iter().map(|pair| Fact::Pair {
                bot: id.clone(),
                pair: pair.clone(),
            }));
            facts.extend(bot.clients.values().map(|client| Fact::Client {
                bot: id.clone(),
                client: client.clone(),
            }));
        }
        facts
    }

    /// Writes every later change into this file first.
    pub fn keep_in(&mut self, file: FactFile) {
        self.file = Some(file);
    }

    /// The file, if there is one.
    pub fn file(&self) -> Option<&FactFile> {
        self.file.as_ref()
    }

    /// Makes a change, in the file first.
    pub fn tell(&mut self, fact: Fact) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.append(&fact)?;
        }
        self.take(fact);
        Ok(())
    }

    /// A bot by its id.
    pub fn bot(&self, id: &str) -> Option<&Bot> {
        self.bots.get(id)
    }

    /// The ids of all bots.
    pub fn bots(&self) -> impl Iterator<Item = &str> {
        self.bots.keys().map(String::as_str)
    }

    /// A bot's credentials.
    ///
    /// # Panics
    ///
    /// If there is no such bot.
    pub fn pair(&self, bot: &str) -> &Pair {
        let pair = self.bots.get(bot).and_then(|bot| bot.pair.as_ref());
        pair.unwrap_or_else(|| panic!("there is no bot `{bot}`"))
    }

    /// What a token is good for.
    pub fn token(&self, token: &str) -> Token<'_> {
        match self.tokens.get(token) {
            Some(Some(bot)) => Token::Of(bot),
            Some(None) => Token::Dead,
            None => Token::Unknown,
        }
    }

    /// The clients of a bot in the order of their encoded ids.
    pub fn clients(&self, bot: &str) -> Vec<MantaClient> {
        let found = self.bots.get(bot).map(|bot| bot.clients.values());
        found.into_iter().flatten().cloned().collect()
    }

    /// The choices in force.
    pub fn shapes(&self) -> &MantaShapes {
        &self.shapes
    }

    /// The text with all tokens and secrets blotted out, should a caller have sent one.
    pub fn without_secrets(&self, text: String) -> String {
        let pairs = self.bots.values().filter_map(|bot| bot.pair.as_ref());
        let secrets = pairs.map(|pair| pair.secret.as_str());
        secrets
            .chain(self.tokens.keys().map(String::as_str))
            .filter(|secret| text.contains(secret))
            .fold(text.clone(), |text, secret| text.replace(secret, "***"))
    }

    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Bot { id, plan_open } => {
                self.bots.entry(id).or_default().plan_open = plan_open;
            }
            Fact::Pair { bot, pair } => {
                self.tokens.insert(pair.token.clone(), Some(bot.clone()));
                let old = self.bots.entry(bot).or_default().pair.replace(pair);
                if let Some(old) = old {
                    self.tokens.insert(old.token, None);
                }
            }
            Fact::Dead { token } => {
                self.tokens.insert(token, None);
            }
            Fact::Client { bot, client } => {
                let clients = &mut self.bots.entry(bot).or_default().clients;
                clients.insert(client.id.clone(), client);
            }
            Fact::Gone { bot, client } => {
                if let Some(bot) = self.bots.get_mut(&bot) {
                    bot.clients.remove(&client);
                }
            }
            Fact::Shapes(shapes) => self.shapes = shapes,
        }
    }
}
