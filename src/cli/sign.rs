//! `guildpoints sign`: a request to the mall as it is signed, for comparing with another program.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use super::UNUSABLE;
use super::settings;
use crate::config::Environment;
use crate::config::Variable;
use crate::points::sign::Parts;
use crate::support::clock::Clock;
use crate::support::secret::Secret;

/// What `sign` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Method and path take no part in the signature; they are shown for completeness.\n\n\
    Examples:\n  \
    guildpoints sign --config bot.toml GET /api/core/open/getUserPoint -q guildId=1 -q userId=2\n  \
    guildpoints sign --app-key KEY --secret-env SECRET POST /api/core/open/modifyUserPoint -b '{…}'"
)]
pub(super) struct Arguments {
    /// The settings file that has the key and the secret
    #[arg(long, value_name = "FILE", conflicts_with_all = ["app_key", "secret_env"], required_unless_present = "app_key")]
    config: Option<PathBuf>,
    /// The key, where no settings file is named
    #[arg(long, value_name = "KEY", requires = "secret_env")]
    app_key: Option<String>,
    /// The variable that has the secret, where no settings file is named
    #[arg(long, value_name = "NAME", requires = "app_key")]
    secret_env: Option<String>,
    /// GET or POST; POST where there is a body
    method: Option<String>,
    /// The path of the endpoint
    path: Option<String>,
    /// A parameter of the query, decoded; may be repeated
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair)]
    query: Vec<(String, String)>,
    /// The body, exactly as it is sent
    #[arg(short, long, value_name = "TEXT")]
    body: Option<String>,
    /// A file with the body, taken byte for byte
    #[arg(long, value_name = "FILE", conflicts_with = "body")]
    body_file: Option<PathBuf>,
    /// The nonce; a fresh one by default
    #[arg(long)]
    nonce: Option<String>,
    /// Milliseconds since 1970; now by default
    #[arg(long, value_name = "MS")]
    timestamp: Option<u64>,
    /// The value of an Authorization header, where one is sent
    #[arg(long, value_name = "VALUE")]
    authorization: Option<String>,
}

/// Prints the headers, the masked signing string and the signature.
pub(super) fn sign(arguments: &Arguments) -> ExitCode {
    let (app_key, secret) = match keys(arguments) {
        Ok(keys) => keys,
        Err(code) => return code,
    };
    let body = match body(arguments) {
        Ok(body) => body,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(UNUSABLE);
        }
    };
    let nonce = arguments
        .nonce
        .clone()
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    let timestamp = match arguments.timestamp {
        Some(given) => given.to_string(),
        None => Clock::system().now_ms().to_string(),
    };
    let parts = Parts {
        app_key: app_key.expose(),
        nonce: &nonce,
        timestamp: &timestamp,
        authorization: arguments.authorization.as_deref(),
        query: &arguments.query,
        body: body.as_deref(),
    };
    let method = match (&arguments.method, &body) {
        (Some(method), _) => method.to_uppercase(),
        (None, Some(_)) => "POST".to_owned(),
        (None, None) => "GET".to_owned(),
    };
    println!(
        "{method} {}",
        arguments.path.as_deref().unwrap_or("(path not given)")
    );
    println!("AppKey: {}", app_key.expose());
    println!("Nonce: {nonce}");
    println!("Timestamp: {timestamp}");
    if let Some(authorization) = &arguments.authorization {
        println!("Authorization: {authorization}");
    }
    println!("Signature: {}", parts.signature(&secret));
    println!();
    println!("{}", parts.masked());
    caution(arguments);
    ExitCode::SUCCESS
}

/// Source: points-backends, 1.2.4: raw and encoded readings of the rules differ for such values.
fn caution(arguments: &Arguments) {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    for (name, value) in &arguments.query {
        if !value.bytes().all(unreserved) {
            eprintln!(
                "note: the rules do not say whether `{name}` is signed before or after percent-encoding; this is before. Keep to A-Z a-z 0-9 - . _ ~"
            );
        }
    }
}

fn keys(arguments: &Arguments) -> Result<(Secret, Secret), ExitCode> {
    if let Some(path) = &arguments.config {
        let config = settings::load(path)?;
        return match config.mall {
            Some(mall) => Ok((mall.app_key, mall.app_secret)),
            None => {
                eprintln!("error: the settings have no `[mall]`");
                Err(ExitCode::from(UNUSABLE))
            }
        };
    }
    let name = arguments.secret_env.as_deref().unwrap_or_default();
    let environment = Environment::of_process();
    let why = match environment.variable(name) {
        Variable::Text("") => "is empty",
        Variable::Text(secret) => {
            let app_key = arguments.app_key.as_deref().unwrap_or_default();
            return Ok((Secret::new(app_key), Secret::new(secret)));
        }
        Variable::Unset => "is not set",
        Variable::NotText => "is not UTF-8",
    };
    eprintln!("error: variable `{name}` {why}");
    Err(ExitCode::from(UNUSABLE))
}

fn body(arguments: &Arguments) -> anyhow::Result<Option<String>> {
    use anyhow::Context;

    match &arguments.body_file {
        None => Ok(arguments.body.clone()),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read `{}`", path.display()))
            .map(Some),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
