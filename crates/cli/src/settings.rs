//! The producer's settings: from a file, from the command line, and what this command adds.

use milena::knobs::{Checked, Draft};
use milena::properties;
use milena_schema::Registry;
use std::path::Path;

/// What holds here unless it is set.
const OURS: [(&str, &str); 2] = [
    // Someone is looking at the terminal: a cluster or a topic that is not there should be told soon.
    ("max.block.ms", "15000"),
    // What a broker's log calls it.
    ("client.id", "milena"),
];

/// Settings in the order in which they were given, later ones winning.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    settings: Vec<Setting>,
}

#[derive(Debug, Clone)]
struct Setting {
    name: String,
    value: String,
    /// Where it was given, as an error says it.
    origin: String,
}

impl Given {
    /// Reads a Java properties file.
    pub(crate) fn read_file(&mut self, path: &Path) -> Result<(), String> {
        let name = path.display();
        let text = std::fs::read(path).map_err(|error| format!("--config {name}: {error}"))?;
        let settings = properties::parse(text).map_err(|error| format!("--config {name}, {error}"))?;
        for (knob, value) in settings {
            self.set(&knob, &value, &format!("--config {name}"));
        }
        Ok(())
    }

    /// Reads `NAME=VALUE`.
    pub(crate) fn read_property(&mut self, property: &str) -> Result<(), String> {
        let (name, value) = property
            .split_once('=')
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or_else(|| format!("-X {property}: write it as NAME=VALUE"))?;
        self.set(name.trim(), value, "-X");
        Ok(())
    }

    /// Sets one.
    pub(crate) fn set(&mut self, name: &str, value: &str, origin: &str) {
        self.remove(name);
        self.settings.push(Setting { name: name.into(), value: value.into(), origin: origin.into() });
    }

    /// Takes one back.
    pub(crate) fn remove(&mut self, name: &str) {
        self.settings.retain(|setting| setting.name != name);
    }

    /// Whether there is a broker to begin with.
    pub(crate) fn has_bootstrap_servers(&self) -> bool {
        self.is_set("bootstrap.servers")
    }

    fn is_set(&self, name: &str) -> bool {
        self.settings.iter().any(|setting| setting.name == name)
    }

    /// Checks them, one by one and together; the error has a line for each mistake, with where it was made.
    pub(crate) fn check(&self) -> Result<Checked, String> {
        let mut draft = Draft::new();
        self.pairs().for_each(|(name, value)| draft.keep(name, value));
        draft.build().map_err(|error| {
            let lines = error.mistakes().iter().map(|mistake| match self.origin(&mistake.knob) {
                Some(origin) => format!("{origin}: {mistake}"),
                None => mistake.to_string(),
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    /// Names and values, as a producer takes them. Those of a schema registry may stand in the same file, and are not its.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let ours = OURS.into_iter().filter(|(name, _)| !self.is_set(name));
        let own = self.settings.iter().filter(|setting| !setting.is_for_registry());
        own.map(|setting| (&*setting.name, &*setting.value)).chain(ours)
    }

    /// The schema registry that the settings name; the error has a line for each mistake, with where it was made.
    pub(crate) fn registry(&self) -> Result<Registry, String> {
        let own = self.settings.iter().filter(|setting| setting.is_for_registry());
        Registry::from_properties(own.map(|setting| (&setting.name, &setting.value))).map_err(|error| {
            let lines = error.mistakes().iter().map(|mistake| match self.origin(&mistake.knob) {
                Some(origin) => format!("{origin}: {mistake}"),
                None => mistake.to_string(),
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    fn origin(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|setting| setting.name == name).map(|setting| &*setting.origin)
    }
}

impl Setting {
    /// Whether it is a schema registry's and no producer's.
    fn is_for_registry(&self) -> bool {
        milena::knobs::find(&self.name).is_none() && milena_schema::registry::knobs::find(&self.name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn given(properties: &[&str]) -> Given {
        let mut given = Given::default();
        given.set("bootstrap.servers", "localhost:9092", "-b");
        properties.iter().for_each(|property| given.read_property(property).unwrap());
        given
    }

    #[test]
    fn the_later_setting_wins() {
        let checked = given(&["linger.ms=1", "linger.ms = 7"]).check().unwrap();
        assert_eq!(checked.config.linger, Duration::from_millis(7));
    }

    #[test]
    fn a_first_record_waits_fifteen_seconds_unless_told_otherwise() {
        assert_eq!(given(&[]).check().unwrap().config.max_block, Duration::from_secs(15));
        assert_eq!(given(&["max.block.ms=60000"]).check().unwrap().config.max_block, Duration::from_secs(60));
    }

    #[test]
    fn every_mistake_is_told_with_its_origin() {
        let error = given(&["ackz=1", "linger.ms=soon"]).check().unwrap_err();
        assert!(error.contains("-X: ackz: no such setting; did you mean acks?"), "{error}");
        assert!(error.contains("-X: linger.ms = \"soon\""), "{error}");
        assert!(Given::default().read_property("acks").is_err());
    }
}
