//! `cargo xtask plants`: puts real historical defects back into a copy of our code, one at a time, and runs the simulator until
//! it finds each. A plant that survives tells that the simulator has become too weak.

mod bed;
mod patch;
mod table;

use crate::workspace::{root, target};
use anyhow::{Result, bail, ensure};
use bed::{Bed, Built, Grown, Snapshot};
use patch::Patch;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

/// Arguments of `cargo xtask plants`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Schedules that each plant has to be found within
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    schedules: u64,
    /// Writes what was found into the plants' heads and into docs/plants.md
    #[arg(long)]
    record: bool,
    /// Applies the one plant that is named, as far as it applies, in target/plants/open: to be mended there
    #[arg(long, conflicts_with_all = ["record", "write"])]
    open: bool,
    /// Writes the one plant that is named anew, from what target/plants/open has that the working tree has not
    #[arg(long, conflicts_with = "record")]
    write: bool,
    /// Only these plants, by the beginning of their file names in crates/testkit/plants
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// What became of a plant.
struct Found<'a> {
    /// `None` for the code as it is.
    plant: Option<&'a Patch>,
    grown: Result<Grown>,
}

/// Grows every plant, or those named, and fails if one survives, or if the code without any is not green.
pub(crate) fn run(args: &Args) -> Result<()> {
    let plants = patch::all(&args.names)?;
    if args.open || args.write {
        let [plant] = &plants[..] else { bail!("name one plant: {} match", plants.len()) };
        let bed = Bed::new(&target().join("plants/open"));
        return if args.open { bed.open(&Snapshot::take()?, plant) } else { bed.write(plant) };
    }
    let begun = Instant::now();
    let snapshot = Snapshot::take()?;
    let bed = Bed::new(&target().join("plants"));
    let plants = &plants[..];
    bed.turn_over(plants)?;
    // While the simulator runs with one plant, the next is built.
    let (built, waiting) = sync_channel(1);
    let mut found = std::thread::scope(|scope| {
        scope.spawn(move || {
            // The code as it is comes first: what is found in it would be found in every plant.
            for plant in [None].into_iter().chain(plants.iter().map(Some)) {
                let grown = bed.plant(&snapshot, plant);
                if built.send((plant, grown)).is_err() {
                    return;
                }
            }
        });
        let watch = |(plant, grown): (_, Result<Built>)| {
            let found = Found { plant, grown: grown.and_then(|built| built.run(plant, args.schedules)) };
            println!("{}", found.line());
            found
        };
        waiting.into_iter().map(watch).collect::<Vec<_>>()
    });
    found.sort_by_key(|found| found.plant.map(|plant| plant.name.clone()));
    if args.record {
        ensure!(args.names.is_empty(), "--record is for all plants together");
        table::record(&root(), &found)?;
    }
    judge(&found, args.schedules, begun)
}

/// The last line, and whether all is as it should be.
fn judge(found: &[Found<'_>], schedules: u64, begun: Instant) -> Result<()> {
    let caught = found.iter().filter(|found| found.plant.is_some() && found.is_well()).count();
    let mut survived: Vec<_> = found.iter().filter(|found| !found.is_well()).map(Found::name).collect();
    let green = !survived.contains(&"nothing");
    survived.retain(|name| *name != "nothing");
    println!(
        "{caught} of {} plants caught within {schedules} schedules each, the code without plants is {}, {} s",
        found.len() - 1,
        if green { "green" } else { "not green" },
        begun.elapsed().as_secs()
    );
    ensure!(survived.is_empty(), "not caught: {}", survived.join(", "));
    ensure!(green, "the simulator finds something in the code as it is");
    Ok(())
}

impl Found<'_> {
    fn name(&self) -> &str {
        self.plant.map_or("nothing", |plant| &plant.name)
    }

    /// A plant is to be caught, and the code without one is not.
    fn is_well(&self) -> bool {
        let caught = self.grown.as_ref().is_ok_and(|grown| grown.catch.is_some());
        self.grown.is_ok() && caught == self.plant.is_some()
    }

    fn line(&self) -> String {
        let name = self.name();
        match &self.grown {
            Err(error) => format!("{name}: {error:#}"),
            Ok(Grown { catch, schedules, built, ran }) => {
                let what = match (catch, self.plant) {
                    (Some(catch), Some(plant)) => format!("caught by {}", catch.beside(plant)),
                    (Some(catch), None) => format!("VIOLATED {}", catch.text),
                    (None, Some(_)) => "SURVIVES".to_owned(),
                    (None, None) => "green".to_owned(),
                };
                format!(
                    "{name}: {what}; {schedules} schedules, {:.1} s, built in {:.1} s",
                    ran.as_secs_f64(),
                    built.as_secs_f64()
                )
            }
        }
    }
}
