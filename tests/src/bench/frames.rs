//! How soon a finger sees that it was felt, and how soon another screen stands there.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::screen::{Part, Picture, Screen, Spot};
use super::{Report, ms, quantile};

/// How often the whole way is walked after the first time, when it is only learnt.
const WALKS: usize = 10;
/// How often each place is pressed and left again.
const PRESSES: usize = 10;
/// What may differ between two pictures of the same screen: a caret.
const SPECK: f64 = 0.001;
/// Round a finger: what changes first is under it.
const FINGER: (u32, u32) = (120, 60);
/// Pixels from the left where no button is.
const EDGE: u32 = 2;
/// Two touches of the same button within half a second count once: nobody is so fast.
const PAUSE: Duration = Duration::from_millis(600);

/// One touch of a way through the screens.
pub struct Step {
    /// What is touched.
    pub what: &'static str,
    pub at: Spot,
}

/// Walks a way that ends where it began, and measures each touch of it.
pub fn measure(report: &mut Report, screen: &Screen, way: &[Step]) -> Result<()> {
    let home = screen.still()?;
    // What each screen looks like at rest, learnt on the first walk.
    let mut screens: Vec<Picture> = Vec::new();
    for step in way {
        let before = screen.picture()?;
        screen.press(step.at)?;
        screen.lift()?;
        screen.wait_until("another screen", |picture| picture.changed(&before) > 0.02).with_context(|| step.what.to_owned())?;
        screens.push(screen.still()?);
    }
    let end = screens.last().context("the way has no step")?;
    anyhow::ensure!(end.changed(&home) < SPECK, "the way does not end where it began");

    let (mut felt, mut shown) = (Vec::new(), Vec::new());
    let mut slowest = (Duration::ZERO, "");
    for walk in 0..WALKS {
        for (step, goal) in way.iter().zip(&screens) {
            let under = part(step.at);
            // Elsewhere, as between two touches. Sideways: lists follow a finger up and down.
            screen.slide((EDGE, step.at.1))?;
            screen.still()?;
            let before = screen.part(under)?;
            for _ in 0..if walk == 0 { PRESSES } else { 0 } {
                // Pressed, seen, and let go elsewhere: nothing happens but that.
                let at = Instant::now();
                screen.press(step.at)?;
                screen.wait_for_change(under, &before).with_context(|| format!("{} pressed", step.what))?;
                felt.push(at.elapsed());
                screen.slide((EDGE, step.at.1))?;
                screen.lift()?;
                screen.wait_until(&format!("{} let go", step.what), |_| {
                    screen.part(under).is_ok_and(|now| now.changed(&before) == 0.0)
                })?;
            }
            let at = Instant::now();
            screen.press(step.at)?;
            screen.wait_for_change(under, &before).with_context(|| format!("{} pressed", step.what))?;
            felt.push(at.elapsed());
            let lifted = Instant::now();
            screen.lift()?;
            screen.wait_until(step.what, |picture| picture.changed(goal) < SPECK)?;
            let took = lifted.elapsed();
            if took > slowest.0 {
                slowest = (took, step.what);
            }
            shown.push(took);
            std::thread::sleep(PAUSE.saturating_sub(lifted.elapsed()));
        }
    }
    let (count, worst) = (felt.len(), quantile(&mut felt, 0.99));
    report.bar(
        &format!("a finger comes down until it is seen, {count} times"),
        format!("median {}, p99 {}", ms(quantile(&mut felt, 0.5)), ms(worst)),
        "p99 < 50 ms",
        worst < Duration::from_millis(50),
    );
    let worst = quantile(&mut shown, 1.0);
    report.bar(
        &format!("it is lifted until the whole next screen stands, {} times", shown.len()),
        format!("median {}, worst {} ({})", ms(quantile(&mut shown, 0.5)), ms(worst), slowest.1),
        "< 150 ms",
        worst < Duration::from_millis(150),
    );
    Ok(())
}

fn part((x, y): Spot) -> Part {
    Part { x: x.saturating_sub(FINGER.0 / 2), y: y.saturating_sub(FINGER.1 / 2), width: FINGER.0, height: FINGER.1 }
}
