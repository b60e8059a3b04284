//! One durable report through the HTTP API of the real daemon.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Report, ms, quantile};
use crate::site::{Site, report as new_report};

/// Reports one after the other, then by eight clients at the same time.
pub fn measure(report: &mut Report) -> Result<()> {
    println!("\napi: one durable report over HTTP on the Unix socket");
    let mut appliance = Site::new()?;
    appliance.start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for clients in [1_usize, 8] {
        let each = 800 / clients;
        let started = Instant::now();
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let http = appliance.client().expect("a client");
                runtime.spawn(async move {
                    let mut times = Vec::new();
                    for number in 0..each {
                        let new = new_report(client * each + number);
                        let sent = Instant::now();
                        http.file_report(&new).await?;
                        times.push(sent.elapsed());
                    }
                    anyhow::Ok(times)
                })
            })
            .collect();
        let mut times: Vec<Duration> = Vec::new();
        for task in tasks {
            times.extend(runtime.block_on(task)??);
        }
        let rate = times.len() as f64 / started.elapsed().as_secs_f64();
        let (median, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
        report.bar(
            &format!("file a report, {clients} clients: p99"),
            format!("{}, median {}, {rate:.0}/s", ms(p99), ms(median)),
            "< 50 ms",
            p99 < Duration::from_millis(50),
        );
    }
    appliance.stop()
}
