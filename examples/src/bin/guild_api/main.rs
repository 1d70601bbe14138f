//! A small web service as a team would write it: axum, SQLite, and cached functions in front of the database.
//!
//! Read `cached.rs` first, then `events.rs`, then `routes.rs`. `replay/` puts the service under a real workload and
//! looks for stale reads.

mod args;
mod cached;
mod db;
mod events;
mod model;
mod replay;
mod routes;
mod seed;

use anyhow::{Context, anyhow, bail};
use args::Command;
use cache_runtime::Cache;
use db::Db;
use routes::App;
use seed::Scale;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How many guilds an empty database gets.
const GUILDS: u64 = 1_000;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(status) => status,
        Err(error) => {
            eprintln!("guild_api: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> anyhow::Result<ExitCode> {
    match args::parse(lexopt::Parser::from_env()).context("see --help")? {
        Command::Help => print!("{}", args::HELP),
        Command::Serve => serve().await?,
        Command::Replay(options) => {
            let report = replay::run(&options).await?;
            print!("{report}");
            return Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve() -> anyhow::Result<()> {
    let cache = Cache::from_env().await?;
    cache.install();
    let db = database().await?;
    if seed::seed(&db, Scale(GUILDS)).await.context("the database cannot be filled")? {
        forget_former_database(&cache).await;
    }
    let address = variable("GUILD_API_ADDR")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(&address);
    let listener = listener.await.with_context(|| format!("GUILD_API_ADDR: cannot listen on `{address}`"))?;
    eprintln!("guild_api: http://{}/guilds/42/members", listener.local_addr()?);
    let app = App { db: Arc::new(db), cache: cache.clone() };
    let interrupted = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    axum::serve(listener, routes::router(app)).with_graceful_shutdown(interrupted).await?;
    cache.shutdown(Duration::from_secs(5)).await;
    Ok(())
}

async fn database() -> anyhow::Result<Db> {
    match variable("DATABASE_URL")? {
        Some(url) if !url.starts_with("sqlite:") => bail!("DATABASE_URL: it should begin with `sqlite:`"),
        // As text, for these errors repeat their causes.
        Some(url) => Db::open(&url).await.map_err(|error| anyhow!("DATABASE_URL: {error}")),
        None => Db::temporary().await.context("no temporary database can be made"),
    }
}

/// A Redis that outlived the database remembers rows of the former one. If it cannot be told, it does so for their TTLs.
async fn forget_former_database(cache: &Cache) {
    if let Err(error) = cache.clear().await {
        eprintln!("guild_api: serving without Redis for now: {error}");
    }
}

fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).context(name.to_owned()),
    }
}
