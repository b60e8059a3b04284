//! Subcommands, log, signals.

use std::process::ExitCode;

use anyhow::Context;
use appliance::cli::{self, Cli, Command, exit};
use appliance::config::{Config, ConfigError, Environment, Flags};
use appliance::{demo, log, set_up, upkeep};
use clap::{CommandFactory, Parser};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(serve) => self::serve(serve),
        Command::Init(init) => set_up::init(&init),
        Command::Town(cli::Town::Import { data, file, border, replace }) => {
            set_up::import(&data.dir(), &file, border.as_deref(), replace)
        }
        Command::Town(cli::Town::Update { data, files, replace }) => set_up::update(&data.dir(), &files, replace),
        Command::Town(cli::Town::Info { data }) => set_up::info(&data.dir()),
        Command::Demo(demo) => demo::run(&demo),
        Command::Export { data, json, out } => upkeep::export(&data.dir(), &out, json),
        Command::Verify { data } => upkeep::verify(&data.dir()),
        Command::Compact { data } => upkeep::compact(&data.dir()),
        Command::Health { socket } => upkeep::health(socket),
        Command::Man { dir } => man(&dir),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "wegovnowd", &mut std::io::stdout());
            Ok(exit::DONE)
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("wegovnowd: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() { exit::USAGE } else { exit::FAILED })
        }
    }
}

fn serve(serve: cli::Serve) -> anyhow::Result<u8> {
    log::start();
    let flags = Flags {
        data: serve.data.data,
        socket: serve.socket,
        listen: serve.listen,
        place_name: serve.place_name,
        center: serve.center,
        staff: serve.staff,
        staff_all: serve.staff_all,
        machine: serve.machine,
    };
    let config = Config::load(serve.config.as_deref(), flags, &Environment::read())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let asked = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            asked.cancel();
        });
        let serving = appliance::serve(config, shutdown).await?;
        if let (Some(file), Some(address)) = (serve.listen_file, serving.tcp) {
            std::fs::write(&file, format!("{address}\n")).with_context(|| format!("cannot write {}", file.display()))?;
        }
        serving.stopped().await?;
        Ok(exit::DONE)
    })
}

fn man(dir: &std::path::Path) -> anyhow::Result<u8> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
    clap_mangen::generate_to(Cli::command(), dir).with_context(|| format!("cannot write manual pages to {}", dir.display()))?;
    Ok(exit::DONE)
}
